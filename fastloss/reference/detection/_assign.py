"""Task-aligned assignment, written out over every object and every anchor of an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import sigmoid

MARGIN = 1e-9


def inside_regions(
    corners: np.ndarray, x: np.ndarray, y: np.ndarray, min_side: tuple[float, float]
) -> np.ndarray:
    """(objects, anchors): anchors in pixels inside each object, narrow sides of which grow."""
    dtype = corners.dtype.type
    trigger, floor = dtype(min_side[0]), dtype(min_side[1])
    centre = (corners[:, :2] + corners[:, 2:]) / 2
    side = corners[:, 2:] - corners[:, :2]
    side = np.where(side < trigger, floor, side)
    low, high = centre - side / 2, centre + side / 2
    points = np.stack([x, y], axis=-1)
    gaps = np.concatenate(
        [points[None] - low[:, None], high[:, None] - points[None]], axis=-1
    )  # (objects, anchors, 4)
    valid = corners.sum(axis=1) > 0
    return (gaps > dtype(MARGIN)).all(axis=-1) & valid[:, None]


def best(metric: np.ndarray, k: int) -> np.ndarray:
    """A mask of the k largest positive entries of every row, the first of equal ones."""
    order = np.argsort(-metric, axis=1, kind="stable")[:, :k]
    mask = np.zeros(metric.shape, bool)
    np.put_along_axis(mask, order, True, axis=1)
    return mask & (metric > 0)


def assign(
    overlap: np.ndarray, metric: np.ndarray, topk: int, topk2: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """(object or -1, score) of every anchor, from (objects, anchors) overlaps and metrics."""
    anchors = overlap.shape[1]
    if not len(overlap):
        return np.full(anchors, -1), np.zeros(anchors, overlap.dtype)
    chosen = best(metric, topk)
    contested = chosen.sum(axis=0) > 1
    winner = np.argmax(overlap, axis=0)
    chosen[:, contested] = False
    chosen[winner[contested], np.flatnonzero(contested)] = True
    if topk2 is not None and topk2 != topk:
        chosen &= best(np.where(chosen, metric, 0), topk2)
    most_overlap = np.where(chosen, overlap, 0).max(axis=1)
    most_metric = np.where(chosen, metric, 0).max(axis=1)
    owner = np.where(chosen.any(axis=0), np.argmax(chosen, axis=0), -1)
    at = np.where(owner < 0, 0, owner)
    score = (
        metric[at, np.arange(anchors)]
        * most_overlap[at]
        / (most_metric[at] + overlap.dtype.type(1e-9))
    )
    return owner, np.where(owner < 0, 0, score).astype(overlap.dtype)


def alignment(logits: np.ndarray, overlap: np.ndarray, alpha: float, beta: float) -> Any:
    """p^alpha o^beta."""
    dtype = overlap.dtype.type
    return sigmoid(logits) ** dtype(alpha) * overlap ** dtype(beta)
