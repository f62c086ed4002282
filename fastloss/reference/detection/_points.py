"""Objects whose keypoints, not their boxes, say which anchors learn them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._head import Anchors

if TYPE_CHECKING:
    from .criterion import Image

COCO = (26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89)


def decoded(raw: np.ndarray, centre: np.ndarray, decode: str) -> np.ndarray:
    """Keypoints in strides."""
    return raw + centre if decode == "anchor" else 2 * raw + centre - 0.5


def similarities(
    image: Image, points: np.ndarray, raw: np.ndarray, sigma: np.ndarray, anchors: Anchors, how: str
) -> tuple[np.ndarray, np.ndarray]:
    """(objects, anchors) mean similarity of the visible keypoints, and whether an object has any.

    `points` are (objects, K, 2 or 3), `raw` (K * numbers, A).
    """
    visible = points[..., 2] > 0 if points.shape[2] == 3 else np.ones(points.shape[:2], bool)
    own = raw.reshape(points.shape[1], -1, raw.shape[1])[:, :2]  # (K, 2, A)
    own = decoded(own, np.stack([anchors.x, anchors.y]), how) * anchors.stride
    gap = own[None] - (points[..., :2] * anchors.size)[..., None]  # (objects, K, 2, A)
    area = image_areas(image)[:, None, None]
    spread = (2 * sigma[None, :, None]) ** 2 * (0.53 * area + 1e-9) * 2
    near = np.where(visible[..., None], np.exp(-(gap**2).sum(axis=2) / spread), 0)
    seen = visible.sum(axis=1)
    return near.sum(axis=1) / np.maximum(seen, 1)[:, None], seen > 0


def image_areas(image: Image) -> np.ndarray:
    """(objects,) areas in pixels, 0 for boxes that are turned inside out."""
    x1, y1, x2, y2 = image.targets.T
    return np.maximum((x2 - x1) * (y2 - y1), 0)


def suitable(
    image: Image, candidate: np.ndarray, stride: np.ndarray, level_range: Sequence[float]
) -> np.ndarray:
    """Candidates on levels for their object's size; all of an object that has none there."""
    side = np.sqrt(image_areas(image))[:, None]
    large = (side >= level_range[0] * stride) | (stride == stride.min())
    small = (side <= level_range[1] * stride) | (stride == stride.max())
    chosen = candidate & large & small
    return np.where(chosen.any(axis=1, keepdims=True), chosen, candidate)


def sigmas_of(sigmas: Any, count: int) -> np.ndarray:
    """Those of COCO where there are 17 keypoints."""
    if sigmas is None:
        sigmas = np.array(COCO) / 1000 if count == 17 else np.full(count, 1 / count)
    return np.asarray(sigmas, float)


def chooser(
    raw: Any, points: Any, sigma: Any, anchors: Anchors, decode: str, by_keypoints: bool,
    level_range: Sequence[float] | None,
) -> Any:  # fmt: skip
    """What keypoints change in the candidates of an image and their overlaps."""

    def choose(
        b: int, image: Image, candidate: np.ndarray, overlap: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if level_range is not None:
            candidate = suitable(image, candidate, anchors.stride, level_range)
        if by_keypoints and len(image.rows):
            goal = points[image.rows]
            near, some = similarities(image, goal, raw[b], sigma, anchors, decode)
            overlap = np.where(some[:, None], near, overlap)
        return candidate, overlap

    return choose
