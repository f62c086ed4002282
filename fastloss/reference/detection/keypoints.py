"""The criterion of boxes with keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastloss.detection.results import PoseLoss

from .._common import as_float, bce_with_logits, like, sigmoid
from .._registry import criterion
from .criterion import assigned_batch, box_parts, delivered

COCO = (26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89)


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
    topk: int = 10,
    topk2: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    class_weight: Any = None,
    min_side: Sequence[float] = (16, 16),
    grad: Any = False,
) -> Any:
    """detection_loss, keypoint similarity and visibility of the foreground (Maji et al. 2022)."""
    batch = assigned_batch(
        boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk, topk2, alpha, beta,
        min_side,
    )  # fmt: skip
    raw, anchors = as_float(keypoints), batch.anchors
    points = like(target_keypoints, raw)
    count = points.shape[1] if points.ndim == 3 else 1
    box, dfl, z_grad = box_parts(batch, gains[0], gains[4])
    bce, x_grad = batch.class_part(gains[3], class_weight)
    if sigmas is None:
        sigmas = np.array(COCO) / 1000 if count == 17 else np.full(count, 1 / count)
    sigma = np.asarray(sigmas, float)
    images = len(raw)
    n = sum(len(front) for _, _, front, _, _ in batch.fronts())
    pose = kobj = 0.0
    grads = np.zeros_like(raw)
    for b, image, front, owner, _ in batch.fronts():
        stride = anchors.stride[front]
        x1, y1, x2, y2 = (image.targets[owner] / stride[:, None]).T
        area = ((x2 - x1) * (y2 - y1))[:, None]
        goal = points[image.rows[owner]]  # (front, K, 2 or 3)
        visible = goal[..., 2] != 0 if goal.shape[2] == 3 else np.ones(goal.shape[:2], bool)
        own = np.moveaxis(
            raw[b][:, front].reshape(count, -1, len(front)), 2, 0
        )  # (front, K, 2 or 3)
        centre = np.stack([anchors.x, anchors.y], -1)[front, None]
        gap = 2 * own[..., :2] + centre - 0.5 - goal[..., :2] * anchors.size / stride[:, None, None]
        per = 1 / ((2 * sigma) ** 2 * (area + 1e-9) * 2)
        near = np.exp(-(gap**2).sum(-1) * per)
        factor = count / (visible.sum(axis=1, keepdims=True) + 1e-9)
        pose += float((factor * (1 - near) * visible).sum())
        slope = np.zeros_like(own)
        common = gains[1] * images / (n * count) * factor * visible * near * 2 * per
        slope[..., :2] = common[..., None] * gap * 2
        if own.shape[2] == 3:
            kobj += float(bce_with_logits(own[..., 2], visible).sum())
            slope[..., 2] = gains[2] * images / (n * count) * (sigmoid(own[..., 2]) - visible)
        grads[b][:, front] = np.moveaxis(slope, 0, 2).reshape(-1, len(front))
    pose, kobj = gains[1] * pose / max(n * count, 1), gains[2] * kobj / max(n * count, 1)
    loss = PoseLoss(images * (box + pose + kobj + bce + dfl), box, pose, kobj, bce, dfl)
    return delivered(loss, grad, (boxes, scores, keypoints), (z_grad, x_grad, grads))
