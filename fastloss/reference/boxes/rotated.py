"""Rotated boxes as Gaussians (Llerena et al. 2021), the angle in radians."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._box_samples import box_weight, gaussian_pairs, gaussians, smooth_gaussians
from .._common import as_float, check_reduction, check_same_shape, deliver, like, reduced, wanted
from .._dual import Dual, apply
from .._overlap import check_boxes
from .._registry import register
from .._turned import cosine, parts, sine


def root(a: Dual) -> Dual:
    """sqrt(a); at 0 the derivative is 0."""
    value = np.sqrt(a.value)
    return apply(a, value, np.where(value == 0, 0, 0.5 / value))


def gaussian(boxes: np.ndarray, floor: float, slopes: bool) -> tuple[Dual, ...]:
    """Centre and variances of boxes, and what turns x and y into their axes."""
    x, y, w, h, angle = parts(boxes, "cxcywhr", slopes)
    angle = angle * (-180 / np.pi)  # as it stands: radians
    return x, y, w * w / 12 + floor, h * h / 12 + floor, cosine(angle), sine(angle)


def distance(
    boxes1: np.ndarray, boxes2: np.ndarray, floor: float, eps: float, slopes: bool
) -> Dual:
    """1 - ProbIoU, from the sum of both covariances [[a, k], [k, b]]."""
    x1, y1, across1, down1, c1, s1 = gaussian(boxes1, floor, slopes)
    x2, y2, across2, down2, c2, s2 = gaussian(boxes2, floor, False)
    a = across1 * c1 * c1 + down1 * s1 * s1 + (across2 * c2 * c2 + down2 * s2 * s2)
    b = across1 * s1 * s1 + down1 * c1 * c1 + (across2 * s2 * s2 + down2 * c2 * c2)
    k = (across1 - down1) * c1 * s1 + (across2 - down2) * c2 * s2
    dx, dy = x1 - x2, y1 - y2
    det = a * b - k * k
    apart = (a * dy * dy + b * dx * dx - k * dx * dy * 2) / 4 / (det + eps)
    own = root(across1 * down1) * root(across2 * down2) * 4 + eps
    ratio = det / own + eps
    bd = apart + apply(ratio, np.log(ratio.value), 1 / ratio.value) / 2
    out = (bd.value < eps) | (bd.value > 100)
    slope = None if bd.slope is None else np.where(out[..., None], 0, bd.slope)
    held = Dual(np.clip(bd.value, eps, 100), slope)
    return root(apply(held, -np.expm1(-held.value), np.exp(-held.value)) + eps)


@register(
    kind="boxes",
    formula="√(1 − e^(−B))",
    sample=gaussians,
    smooth_sample=smooth_gaussians,
    options=({}, {"floor": 0.01}, {"eps": 1e-3}, {"weight": box_weight}),
    shapes=((), (0,), (40,), (3, 7)),
    bench=((10_000,), (1_000_000,)),
)
def probiou_loss(
    boxes1: Any,
    boxes2: Any,
    *,
    floor: float = 0.0,
    reduction: str = "mean",
    weight: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """1 - ProbIoU, the Hellinger distance of two Gaussians."""
    check_reduction(reduction)
    first = as_float(boxes1)
    second = like(boxes2, first)
    check_boxes(first, "boxes1", 5)
    check_same_shape(first, second)
    with np.errstate(all="ignore"):
        loss = distance(first, second, floor, eps, wanted(grad))
        shape = first.shape[:-1]
        w = np.broadcast_to(like(1 if weight is None else weight, first), shape)
        value = np.asarray(w * loss.value).astype(first.dtype)
        divisor = max(value.size, 1)
        result = reduced(value, reduction, divisor)
        if not wanted(grad):
            return result
        slope = w[..., None] * loss.slope
        return result, deliver(grad, slope / divisor if reduction == "mean" else slope, first)


@register(
    kind="pairs",
    formula="1 − √(1 − e^(−B))",
    sample=gaussian_pairs,
    reductions=(),
    options=({}, {"floor": 0.01}, {"eps": 1e-3}),
    shapes=((0, 3), (13, 13), (5, 9), (2, 6, 4)),
    bench=((100, 100), (1000, 1000)),
)
def probiou(
    boxes1: Any, boxes2: Any, *, floor: float = 0.0, eps: float = 1e-7, grad: Any = False
) -> Any:
    """ProbIoU of every pair."""
    first = as_float(boxes1)
    second = like(boxes2, first)
    check_boxes(first, "boxes1", 5)
    check_boxes(second, "boxes2", 5)
    with np.errstate(all="ignore"):
        pairs = 1 - distance(
            first[..., :, None, :], second[..., None, :, :], floor, eps, wanted(grad)
        )
        value = np.asarray(pairs.value, first.dtype)
        if not wanted(grad):
            return value
        return value, deliver(grad, pairs.slope, np.empty((*value.shape, 5), first.dtype))
