"""The criterion of rotated boxes. Derivatives are carried along from (l, t, r, b, angle)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastloss.detection.results import OBBDetectionLoss

from .._common import as_float, like
from .._dual import Dual, clamped, dual
from .._registry import criterion
from ._assign import alignment, assign
from ._head import Anchors, anchors_of, bin_gradient, distances
from .criterion import Batch, Image, delivered, sides

EPS = 1e-7


def _chain(d: Dual, value: np.ndarray, slope: np.ndarray) -> Dual:
    """A function of one Dual, from its value and derivative."""
    return Dual(value, None if d.slope is None else slope[..., None] * d.slope)


def _cos_sin(angle: Dual) -> tuple[Dual, Dual]:
    c, s = np.cos(angle.value), np.sin(angle.value)
    return _chain(angle, c, -s), _chain(angle, s, c)


def _covariance(box: list[Dual], floor: float) -> tuple[Dual, Dual, Dual]:
    _, _, w, h, angle = box
    c, s = _cos_sin(angle)
    wide, high = w * w / 12 + floor, h * h / 12 + floor
    return wide * c * c + high * s * s, wide * s * s + high * c * c, (wide - high) * c * s


def probiou(p: list[Dual], t: list[Dual], floor: float) -> Dual:
    """1 - Hellinger distance of two boxes (x, y, w, h, angle) as Gaussians."""
    (a1, b1, k1), (a2, b2, k2) = _covariance(p, floor), _covariance(t, floor)
    dx, dy = p[0] - t[0], p[1] - t[1]
    a, b, k = a1 + a2, b1 + b2, k1 + k2
    d = a * b - k * k
    apart = (a * dy * dy + b * dx * dx) / ((d + EPS) * 4) - k * dx * dy / ((d + EPS) * 2)
    product = clamped(a1 * b1 - k1 * k1) * clamped(a2 * b2 - k2 * k2)
    positive = product.value > 0
    root = np.sqrt(product.value)
    n = _chain(product, root, np.where(positive, 0.5 / np.where(positive, root, 1), 0)) * 4 + EPS
    ratio = d / n + EPS
    total = apart + _chain(ratio, np.log(ratio.value) / 2, 0.5 / ratio.value)
    inside = (total.value >= EPS) & (total.value <= 100)
    bd = np.clip(total.value, EPS, 100)
    hd = np.sqrt(1 - np.exp(-bd) + EPS)
    return _chain(total, 1 - hd, np.where(inside, -np.exp(-bd) / (2 * hd), 0))


def rotated(d: np.ndarray, angle: np.ndarray, ax: np.ndarray, ay: np.ndarray, slopes: bool) -> Any:
    """(4, n) distances and (n,) angles to boxes (x, y, w, h, angle) in strides."""
    seeds = np.eye(5, dtype=d.dtype) if slopes else [None] * 5
    left, top, right, bottom, turn = (
        Dual(value, None if seed is None else np.broadcast_to(seed, (*value.shape, 5)))
        for value, seed in zip((*d, angle), seeds, strict=True)
    )
    c, s = _cos_sin(turn)
    xf, yf = (right - left) / 2, (bottom - top) / 2
    return [xf * c - yf * s + ax, xf * s + yf * c + ay, left + right, top + bottom, turn]


def _region(objects: np.ndarray, x: np.ndarray, y: np.ndarray, min_side: Any) -> np.ndarray:
    """(objects, anchors): anchors inside each rotated box, narrow sides of which grow."""
    dtype = objects.dtype.type
    cx, cy, w, h, angle = objects.T
    w, h = (np.where(v < dtype(min_side[0]), dtype(min_side[1]), v) for v in (w, h))
    c, s = np.cos(angle), np.sin(angle)
    v1, v2 = np.stack([w / 2 * c, w / 2 * s], -1), np.stack([-h / 2 * s, h / 2 * c], -1)
    corner = np.stack([cx, cy], -1) + v1 + v2
    ap = np.stack([x, y], -1)[None] - corner[:, None]
    inside = np.ones(ap.shape[:2], bool)
    for side in (-2 * v2, -2 * v1):
        along = (ap * side[:, None]).sum(-1)
        inside &= (along >= 0) & (along <= (side * side).sum(-1)[:, None])
    valid = (objects.sum(axis=1) > 0) & (objects[:, 2] >= 2) & (objects[:, 3] >= 2)
    return inside & valid[:, None]


def _assigned(
    z: np.ndarray, x: np.ndarray, theta: np.ndarray, batch_idx: Any, labels: np.ndarray,
    bboxes: Any, anchors: Anchors, topk: int, topk2: int | None, alpha: float, beta: float,
    min_side: Any,
) -> list[Image]:  # fmt: skip
    image_of = np.asarray(batch_idx).reshape(-1).astype(int)
    targets = like(bboxes, z).reshape(-1, 5) * np.array([*anchors.size, *anchors.size, 1], z.dtype)
    images = []
    for b in range(len(z)):
        d, logp = distances(z[b])
        rows = np.flatnonzero(image_of == b)
        boxes = rotated(d, theta[b], anchors.x, anchors.y, False)
        predicted = np.stack([v.value for v in boxes], -1)
        image = Image(d, logp, predicted, rows, targets[rows])
        scale = np.stack([anchors.stride] * 4 + [np.ones_like(anchors.stride)], -1)
        first = [dual(v) for v in np.moveaxis(image.targets[:, None], -1, 0)]
        second = [dual(v) for v in np.moveaxis((predicted * scale)[None], -1, 0)]
        overlap = np.maximum(probiou(first, second, 0.0).value, 0)
        px, py = anchors.x * anchors.stride, anchors.y * anchors.stride
        candidate = _region(image.targets, px, py, min_side)
        overlap = np.where(candidate, overlap, 0).astype(z.dtype)
        metric = alignment(x[b][labels[rows]], overlap, alpha, beta)
        image.owner, image.score = assign(overlap, np.where(candidate, metric, 0), topk, topk2)
        images.append(image)
    return images


@criterion(
    formula="B (7.5 Σw(1−ProbIoU) + 0.5 ΣBCE + 1.5 Σw DFL + Σw sin²(2Δθ)) / max(Σw, 1)",
    gradients=3,
    result=OBBDetectionLoss,
)
def obb_detection_loss(
    boxes: Any,
    scores: Any,
    angles: Any,
    batch_idx: Any,
    cls: Any,
    bboxes: Any,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = (8, 16, 32),
    gains: Sequence[float] = (7.5, 0.5, 1.5, 1.0),
    topk: int = 10,
    topk2: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    class_weight: Any = None,
    min_side: Sequence[float] = (16, 16),
    grad: Any = False,
) -> Any:
    """detection_loss of rotated boxes: ProbIoU (Llerena et al. 2021), and a loss of the angle."""
    z, x, theta = as_float(boxes), as_float(scores), as_float(angles)[:, 0]
    anchors = anchors_of(level_sizes, strides, z.dtype)
    labels = np.asarray(cls).reshape(-1).astype(int)
    images = _assigned(
        z, x, theta, batch_idx, labels, bboxes, anchors, topk, topk2, alpha, beta, min_side
    )
    batch = Batch(z, x, anchors, images, labels)
    z_grad, theta_grad = np.zeros_like(z), np.zeros_like(theta)
    box = dfl = turn = 0.0
    for b, image, front, owner, w in batch.fronts():
        ax, ay, stride = anchors.x[front], anchors.y[front], anchors.stride[front]
        target = image.targets[owner] / np.stack([stride] * 4 + [np.ones_like(stride)], -1)
        tx, ty, tw, th, angle = target.T
        p = rotated(image.distances[:, front], theta[b, front], ax, ay, True)
        overlap = probiou(p, [dual(v) for v in target.T], 0.01)
        box += float((w * (1 - overlap.value)).sum(dtype=float))

        ox, oy = tx - ax, ty - ay
        along = ox * np.cos(angle) + oy * np.sin(angle)
        across = oy * np.cos(angle) - ox * np.sin(angle)
        goal = np.stack([tw / 2 - along, th / 2 - across, tw / 2 + along, th / 2 + across])
        value, by_logit = sides(image, front, goal, anchors)
        dfl += float((w * value).sum(dtype=float))

        off = theta[b, front] - angle
        off = off - np.pi * np.round(off / np.pi)
        share = np.exp(-(np.log((tw + 1e-9) / (th + 1e-9)) ** 2) / 9)
        turn += float((w * share * np.sin(2 * off) ** 2).sum(dtype=float))

        assert overlap.slope is not None
        by_box = -overlap.slope.T * (gains[0] * batch.scale * w)
        logp = None if image.logp is None else image.logp[:, :, front]
        z_front = z[b][:, front]
        slope_box = bin_gradient(z_front, image.distances[:, front], logp, by_box[:4])
        z_grad[b][:, front] = slope_box + by_logit.reshape(z_front.shape) * (
            gains[2] * batch.scale * w
        )
        by_turn = gains[3] * batch.scale * w * share * 2 * np.sin(4 * off)
        theta_grad[b, front] = by_box[4] + by_turn
    bce, x_grad = batch.class_part(gains[1], class_weight)
    sums = [gains[0] * box, gains[2] * dfl, gains[3] * turn]
    box, dfl, turn = (value / batch.total for value in sums)
    loss = OBBDetectionLoss(len(z) * (box + bce + dfl + turn), box, bce, dfl, turn)
    slopes = (z_grad, x_grad, theta_grad[:, None])
    return delivered(loss, grad, (boxes, scores, angles), slopes)
