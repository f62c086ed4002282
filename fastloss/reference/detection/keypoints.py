"""The criterion of boxes with keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastloss.detection.results import PoseLoss

from .._common import as_float, bce_with_logits, like, sigmoid
from .._registry import criterion
from ._head import Anchors, anchors_of
from .criterion import Image, assigned_batch, box_parts, delivered

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


@criterion(
    formula="detection_loss + B (12 Σ K/Σv Σv(1−e^(−d²/8σ²a)) + ΣBCE(visible)) / nK",
    gradients=3,
    result=PoseLoss,
)
def pose_loss(
    boxes: Any,
    scores: Any,
    keypoints: Any,
    batch_idx: Any,
    cls: Any,
    bboxes: Any,
    target_keypoints: Any,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = (8, 16, 32),
    gains: Sequence[float] = (7.5, 12.0, 1.0, 0.5, 1.5),
    sigmas: Any = None,
    decode: str = "cell",
    keypoint_assignment: bool = False,
    level_range: Sequence[float] | None = None,
    topk: int = 10,
    topk2: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    class_weight: Any = None,
    min_side: Sequence[float] = (16, 16),
    grad: Any = False,
) -> Any:
    """detection_loss, keypoint similarity and visibility of the foreground (Maji et al. 2022)."""
    raw = as_float(keypoints)
    points = like(target_keypoints, raw)
    count = points.shape[1] if points.ndim == 3 else 1
    if sigmas is None:
        sigmas = np.array(COCO) / 1000 if count == 17 else np.full(count, 1 / count)
    sigma = np.asarray(sigmas, float)
    anchors = anchors_of(level_sizes, strides, raw.dtype)

    def choose(
        b: int, image: Image, candidate: np.ndarray, overlap: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if level_range is not None:
            candidate = suitable(image, candidate, anchors.stride, level_range)
        if keypoint_assignment and len(image.rows):
            goal = points[image.rows]
            near, some = similarities(image, goal, raw[b], sigma, anchors, decode)
            overlap = np.where(some[:, None], near, overlap)
        return candidate, overlap

    batch = assigned_batch(
        boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk, topk2, alpha, beta,
        min_side, choose=choose,
    )  # fmt: skip
    box, dfl, z_grad = box_parts(batch, gains[0], gains[4])
    bce, x_grad = batch.class_part(gains[3], class_weight)
    images = len(raw)
    n = sum(len(front) for _, _, front, _, _ in batch.fronts())
    pose = kobj = 0.0
    grads = np.zeros_like(raw)
    for b, image, front, owner, _ in batch.fronts():
        stride = anchors.stride[front]
        area = (image_areas(image)[owner] / stride**2)[:, None]
        goal = points[image.rows[owner]]  # (front, K, 2 or 3)
        visible = goal[..., 2] != 0 if goal.shape[2] == 3 else np.ones(goal.shape[:2], bool)
        own = np.moveaxis(
            raw[b][:, front].reshape(count, -1, len(front)), 2, 0
        )  # (front, K, 2 or 3)
        centre = np.stack([anchors.x, anchors.y], -1)[front, None]
        wanted = goal[..., :2] * anchors.size / stride[:, None, None]
        gap = decoded(own[..., :2], centre, decode) - wanted
        per = 1 / ((2 * sigma) ** 2 * (area + 1e-9) * 2)
        near = np.exp(-(gap**2).sum(-1) * per)
        factor = count / (visible.sum(axis=1, keepdims=True) + 1e-9)
        pose += float((factor * (1 - near) * visible).sum())
        slope = np.zeros_like(own)
        common = gains[1] * images / (n * count) * factor * visible * near * 2 * per
        slope[..., :2] = common[..., None] * gap * (1 if decode == "anchor" else 2)
        if own.shape[2] == 3:
            kobj += float(bce_with_logits(own[..., 2], visible).sum())
            slope[..., 2] = gains[2] * images / (n * count) * (sigmoid(own[..., 2]) - visible)
        grads[b][:, front] = np.moveaxis(slope, 0, 2).reshape(-1, len(front))
    pose, kobj = gains[1] * pose / max(n * count, 1), gains[2] * kobj / max(n * count, 1)
    loss = PoseLoss(images * (box + pose + kobj + bce + dfl), box, pose, kobj, bce, dfl)
    return delivered(loss, grad, (boxes, scores, keypoints), (z_grad, x_grad, grads))
