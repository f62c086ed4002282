"""The criterion of boxes with keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastloss.detection.results import PoseLoss

from .._common import as_float, bce_with_logits, like, sigmoid
from .._registry import criterion
from ._head import anchors_of
from ._points import chooser, decoded, image_areas, sigmas_of
from .criterion import assigned_batch, box_parts, delivered


@criterion(
    formula="1/n Σ w (ln 2σ² + |e| − ln φ(e))",
    gradients=3,
)
def residual_log_likelihood_loss(
    error: Any, sigma: Any, log_density: Any, *, weight: Any = None, grad: Any = False
) -> Any:
    """The negative logarithm of a Laplace density times a learned one (Li et al. 2021)."""
    e = as_float(error)
    s, d = like(sigma, e), like(log_density, e)
    w = np.ones_like(d) if weight is None else like(weight, e)
    live = np.isfinite(e).all(axis=1) & np.isfinite(s).all(axis=1) & np.isfinite(d)
    n = max(int(live.sum()), 1)
    size = np.minimum(np.abs(e[live]), 100)
    with np.errstate(divide="ignore"):
        each = np.log(s[live]) + np.log(2 * s[live]) + size - d[live, None]
        value = (w[live, None] * each).sum(dtype=float) / n
    grads = np.zeros_like(e), np.zeros_like(s), np.zeros_like(d)
    if not value < 0:
        w = w[live, None] / n
        grads[0][live] = w * np.sign(e[live]) * (np.abs(e[live]) <= 100)
        grads[1][live] = w * 2 / s[live]
        grads[2][live] = -e.shape[1] * w[:, 0]
    return delivered(max(float(value), 0.0), grad, (error, sigma, log_density), grads)


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
    sigma = sigmas_of(sigmas, count)
    anchors = anchors_of(level_sizes, strides, raw.dtype)

    choose = chooser(raw, points, sigma, anchors, decode, keypoint_assignment, level_range)
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
