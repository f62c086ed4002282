"""A head's output as a picture of the image: anchors, distances, boxes, targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._common import log_softmax


@dataclass
class Anchors:
    """Where the anchors are: x, y in strides, their strides, the image's (width, height)."""

    x: np.ndarray
    y: np.ndarray
    stride: np.ndarray
    size: np.ndarray


def anchors_of(level_sizes: Any, strides: Any, dtype: Any) -> Anchors:
    """Cell centres of all levels, finest first, row by row."""
    x, y, s = [], [], []
    for (height, width), stride in zip(level_sizes, strides, strict=True):
        rows, columns = np.mgrid[0:height, 0:width]
        x.append(columns.ravel() + 0.5)
        y.append(rows.ravel() + 0.5)
        s.append(np.full(height * width, stride))
    height, width = level_sizes[0]
    size = np.array([width * strides[0], height * strides[0]], dtype)
    ax, ay, stride_of = (np.concatenate(parts).astype(dtype) for parts in (x, y, s))
    return Anchors(ax, ay, stride_of, size)


def distances(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(4 R, A) logits to (4, A) distances, and the (4, R, A) log-probabilities for R > 1."""
    z = boxes.reshape(4, -1, boxes.shape[-1])
    if z.shape[1] == 1:
        return z[:, 0], None
    logp = log_softmax(z, axis=1)
    bins = np.arange(z.shape[1], dtype=z.dtype)
    return np.einsum("k,ska->sa", bins, np.exp(logp)), logp


def corners(d: np.ndarray, anchors: Anchors) -> np.ndarray:
    """(4, A) distances to (A, 4) corners in strides."""
    x, y = anchors.x, anchors.y
    return np.stack([x - d[0], y - d[1], x + d[2], y + d[3]], axis=-1)


def pixel_corners(bboxes: np.ndarray, size: np.ndarray) -> np.ndarray:
    """(n, 4) centres and sizes in parts of the image to corners in pixels."""
    scaled = bboxes * np.concatenate([size, size])
    half = scaled[:, 2:] / 2
    return np.concatenate([scaled[:, :2] - half, scaled[:, :2] + half], axis=1)


def bin_gradient(
    z: np.ndarray, d: np.ndarray, logp: np.ndarray | None, by_distance: np.ndarray
) -> np.ndarray:
    """Chain rule of `distances`: (4, A) derivatives by distance to (4 R, A) by logit."""
    if logp is None:
        return by_distance
    bins = np.arange(logp.shape[1], dtype=z.dtype)[None, :, None]
    slope = by_distance[:, None] * np.exp(logp) * (bins - d[:, None])
    return slope.reshape(z.shape)
