"""What was made of IoU, DIoU and CIoU later on, by the rules of `bbox_iou`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._box_samples import (
    aligned,
    box_weight,
    centred,
    smooth_aligned,
    smooth_centred,
    trailing_box_weight,
)
from .._common import as_float, check_reduction, check_same_shape, deliver, like, reduced, wanted
from .._dual import Dual, absolute, apply, constant, exp, maximum, power
from .._overlap import (
    Box,
    aspect,
    centre_distance,
    check_boxes,
    check_format,
    enclosure,
    intersection,
)
from .._registry import Variant, register
from .aligned import KINDS

FORMATS = ("xyxy", "xywh", "cxcywh")


def iou_of(p: Box, t: Box, eps: float) -> tuple[Dual, Dual]:
    """(IoU, union) with eps in the union, as the training of detectors has them."""
    inter = intersection(p, t, strict=False)
    union = p.w * p.h + t.w * t.h - inter + eps
    return inter / union, union


def penalties(p: Box, t: Box, kind: str, eps: float) -> list[Dual]:
    """What GIoU, DIoU and CIoU take from the IoU."""
    iou, union = iou_of(p, t, eps)
    across, down = enclosure(p, t, clamp=False)
    if kind == "iou":
        return []
    if kind == "giou":
        area = across * down + eps
        return [(area - union) / area]
    distance = centre_distance(p, t, across, down, eps)
    return [distance] if kind == "diou" else [distance, aspect(p, t, iou.value, eps)]


def boxes_of(
    first: np.ndarray, second: np.ndarray, fmt: str, eps: float, slopes: bool, higher: bool = True
) -> Any:
    """Both sets; of corners the heights have eps added."""
    check_format(fmt, FORMATS)
    p, t = Box(first, fmt, slopes), Box(second, fmt)
    if fmt == "xyxy" and higher:
        p.h, t.h = p.h + eps, t.h + eps
    return p, t


def _loss(
    boxes1: Any,
    boxes2: Any,
    formula: Callable[[Box, Box], Dual],
    fmt: str,
    eps: float,
    reduction: str,
    weight: Any,
    grad: Any,
) -> Any:
    """Reduce a loss of aligned boxes; the mean divides by their number, and of none is 0."""
    check_reduction(reduction)
    first = as_float(boxes1)
    second = like(boxes2, first)
    check_boxes(first, "boxes1")
    check_same_shape(first, second)
    with np.errstate(all="ignore"):
        loss = formula(*boxes_of(first, second, fmt, eps, wanted(grad)))
        shape = first.shape[:-1]
        w = np.broadcast_to(like(1 if weight is None else weight, first), shape)
        value = np.asarray(w * loss.value).astype(first.dtype)
        divisor = max(value.size, 1)
        result = reduced(value, reduction, divisor)
        if not wanted(grad):
            return result
        slope = w[..., None] * loss.slope
        return result, deliver(grad, slope / divisor if reduction == "mean" else slope, first)


def _variant(*options: dict[str, Any], **fields: Any) -> Any:
    """Register with these options, in every format."""
    first = options[0]
    return register(
        kind="boxes",
        sample=aligned,
        smooth_sample=smooth_aligned,
        options=(
            *options,
            {**first, "eps": 1e-3},
            {**first, "weight": box_weight},
            {**first, "weight": trailing_box_weight},
        ),
        variants=(
            Variant(centred, tuple({**o, "fmt": "cxcywh"} for o in options), smooth_centred),
            Variant(aligned, ({**first, "fmt": "xywh"},), smooth_aligned),
        ),
        shapes=((), (0,), (40,), (3, 7)),
        bench=((10_000,), (1_000_000,)),
        **fields,
    )


def efficient(p: Box, t: Box, eps: float) -> Dual:
    """The EIoU loss without a focus."""
    iou = iou_of(p, t, eps)[0]
    across, down = enclosure(p, t, clamp=False)
    dw, dh = p.w - t.w, p.h - t.h
    loss = 1 - iou + centre_distance(p, t, across, down, eps)
    return loss + dw * dw / (across * across + eps) + dh * dh / (down * down + eps)


@_variant(
    {},
    {"focal_gamma": 0.5},
    {"focal_gamma": 0.5, "detach": False},
    {"focal_gamma": 2.5, "detach": False},
    formula="IoU^γ (1 − IoU + ρ²/c² + Δw²/cw² + Δh²/ch²)",
    frozen=lambda options: options.get("focal_gamma") and options.get("detach", True),
)
def efficient_box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    *,
    focal_gamma: float = 0.0,
    detach: bool = True,
    fmt: str = "xyxy",
    reduction: str = "mean",
    weight: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """IoU^gamma (DIoU loss + (w1 - w2)^2 / cw^2 + the same of heights) (Zhang 2021)."""

    def formula(p: Box, t: Box) -> Dual:
        loss, iou = efficient(p, t, eps), iou_of(p, t, eps)[0]
        if not focal_gamma:
            return loss
        factor = power(iou, focal_gamma)
        if factor.slope is not None:  # at IoU = 0 none, whatever the power
            factor = Dual(factor.value, np.where(iou.value[..., None] == 0, 0, factor.slope))
        return (constant(factor) if detach else factor) * loss

    return _loss(boxes1, boxes2, formula, fmt, eps, reduction, weight, grad)


def scylla(p: Box, t: Box, eps: float) -> Dual:
    """IoU - (distance + shape) / 2, cut to [-1, 1]."""
    iou = iou_of(p, t, eps)[0]
    across, down = enclosure(p, t, clamp=False)
    sx, sy = ((t.x1 - p.x1) + (t.x2 - p.x2)) / 2, ((t.y1 - p.y1) + (t.y2 - p.y2)) / 2
    square = sx * sx + sy * sy
    apart = square.value >= np.finfo(square.value.dtype).tiny
    shift = Dual(np.where(apart, square.value, 1), square.slope)
    angle = (absolute(sx * sy) * 2 / shift).only_where(apart)
    gamma = 2 - angle
    rx, ry = sx * sx / (across * across + eps), sy * sy / (down * down + eps)
    distance = 2 - exp(gamma * rx * -1) - exp(gamma * ry * -1)
    shape = Dual(np.zeros_like(iou.value))
    for a, b in ((p.w, t.w), (p.h, t.h)):
        largest = maximum(absolute(a), absolute(b))
        largest = maximum(
            largest, Dual(np.full_like(largest.value, np.finfo(iou.value.dtype).tiny))
        )
        off = 1 - exp(absolute(a - b) * -1 / largest)
        shape = off * off * off * off + shape
    overlap = iou - (distance + shape) / 2
    cut = (overlap.value < -1) | (overlap.value > 1)
    inside = overlap.slope if overlap.slope is None else np.where(cut[..., None], 0, overlap.slope)
    return Dual(np.clip(overlap.value, -1, 1), inside)


@_variant({}, formula="1 − IoU + (distance + shape)/2")
def scylla_box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    *,
    fmt: str = "xyxy",
    reduction: str = "mean",
    weight: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """1 - clip(IoU - (distance + shape) / 2, -1, 1) with the angle in closed form (YOLOv6)."""
    return _loss(
        boxes1, boxes2, lambda p, t: 1 - scylla(p, t, eps), fmt, eps, reduction, weight, grad
    )


@_variant(
    {},
    formula="focus e^(ρ²/c²) (1 − IoU)",
    frozen=lambda options: True,  # the enclosing box, and the focus
)
def wise_box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    *,
    version: int = 1,
    running_mean: float | None = None,
    momentum: float = 1 - 0.5 ** (1 / 7000),
    gamma: float = 0.5,
    alpha: float = 1.9,
    delta: float = 3.0,
    fmt: str = "xyxy",
    reduction: str = "mean",
    weight: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """focus exp(rho^2 / c^2) (1 - IoU); c^2 and the focus are constants (Tong 2023)."""
    mean: Any = running_mean
    if version != 1 and np.size(boxes1):
        first = as_float(boxes1)
        with np.errstate(all="ignore"):
            p, t = boxes_of(first, like(boxes2, first), fmt, eps, False)
            mean = mean + momentum * float(np.mean(1 - iou_of(p, t, eps)[0].value) - mean)

    def formula(p: Box, t: Box) -> Dual:
        iou = iou_of(p, t, eps)[0]
        across, down = (constant(side) for side in enclosure(p, t, clamp=False))
        distance = centre_distance(p, t, across, down, eps)
        held = distance.value > 1
        if distance.slope is not None:
            distance = Dual(distance.value, np.where(held[..., None], 0, distance.slope))
        distance = Dual(np.where(held, 1, distance.value), distance.slope)
        loss = exp(distance) * (1 - iou)
        if version == 1:
            return loss
        outlier = np.maximum(1 - iou.value, 0) / max(mean, 1e-30)
        focus = outlier**gamma if version == 2 else outlier / delta * alpha ** (delta - outlier)
        return Dual(focus.astype(iou.value.dtype)) * loss

    result = _loss(boxes1, boxes2, formula, fmt, eps, reduction, weight, grad)
    if version == 1:
        return result
    return (*result, mean) if wanted(grad) else (result, mean)


def corner_penalty(p: Box, t: Box, image_size: Any) -> Dual:
    """Squared distances of upper left and lower right corners, in diagonals of the image."""
    height, width = image_size
    away = [a - b for a, b in ((p.x1, t.x1), (p.y1, t.y1), (p.x2, t.x2), (p.y2, t.y2))]
    square = [d * d for d in away]
    return (square[0] + square[1] + (square[2] + square[3])) / (height**2 + width**2)


@_variant(
    {"image_size": (60, 80)},
    {"image_size": (480.0, 640.0)},
    formula="1 − IoU + (d₁² + d₂²)/(W² + H²)",
)
def mpdiou_loss(
    boxes1: Any,
    boxes2: Any,
    *,
    image_size: Any,
    fmt: str = "xyxy",
    reduction: str = "mean",
    weight: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """1 - IoU + (d1^2 + d2^2) / (W^2 + H^2) (Ma and Xu 2023)."""
    return _loss(
        boxes1,
        boxes2,
        lambda p, t: 1 - iou_of(p, t, eps)[0] + corner_penalty(p, t, image_size),
        fmt,
        eps,
        reduction,
        weight,
        grad,
    )


@_variant(
    *({"kind": kind} for kind in KINDS),
    {"kind": "iou", "alpha": 1.0},
    {"kind": "diou", "alpha": 0.5},
    {"kind": "giou", "alpha": 2.0},
    formula="1 − IoU^α + penalties^α",
    frozen=lambda options: options.get("kind") == "ciou",
)
def alpha_box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    *,
    kind: str = "iou",
    alpha: float = 3.0,
    fmt: str = "xyxy",
    reduction: str = "mean",
    weight: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """1 - IoU^alpha plus every penalty of the kind to the power alpha (He 2021)."""

    def formula(p: Box, t: Box) -> Dual:
        loss = 1 - power(iou_of(p, t, eps)[0], alpha)
        for penalty in penalties(p, t, kind, eps):
            loss = loss + power(penalty, alpha)
        return loss

    return _loss(boxes1, boxes2, formula, fmt, eps, reduction, weight, grad)


def _scaled(b: Box, ratio: float) -> Box:
    """A box scaled about its centre."""
    out = Box.__new__(Box)
    k = (1 - ratio) / 2
    across, down = (b.x2 - b.x1) * k, (b.y2 - b.y1) * k
    out.x1, out.x2, out.y1, out.y2 = b.x1 + across, b.x2 - across, b.y1 + down, b.y2 - down
    out.w, out.h = b.w * ratio, b.h * ratio
    return out


@_variant(
    *({"kind": kind} for kind in KINDS),
    {"kind": "iou", "ratio": 1.25},
    {"kind": "ciou", "ratio": 1.5},
    formula="1 − IoU(scaled) + penalties",
    frozen=lambda options: options.get("kind") == "ciou",
)
def inner_box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    *,
    kind: str = "iou",
    ratio: float = 0.75,
    fmt: str = "xyxy",
    reduction: str = "mean",
    weight: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """The loss of the kind with the IoU of boxes scaled about their centres (Zhang 2023)."""

    def formula(p: Box, t: Box) -> Dual:
        loss = 1 - iou_of(_scaled(p, ratio), _scaled(t, ratio), eps)[0]
        for penalty in penalties(p, t, kind, eps):
            loss = loss + penalty
        return loss

    return _loss(boxes1, boxes2, formula, fmt, eps, reduction, weight, grad)


def wasserstein(p: Box, t: Box, constant_: float, eps: float) -> Dual:
    """exp(-sqrt(W + eps) / C)."""
    dx, dy = (t.x1 - p.x1) + (t.x2 - p.x2), (t.y1 - p.y1) + (t.y2 - p.y2)
    dw, dh = p.w - t.w, p.h - t.h
    square = ((dx * dx + dy * dy) + (dw * dw + dh * dh)) / 4 + eps
    root = np.sqrt(square.value)
    slope = np.where(root == 0, 0, 0.5 / root)
    return exp(apply(square, root, slope) / -constant_)


@_variant({}, {"constant": 50.0}, formula="1 − e^(−√W₂/C)")
def nwd_loss(
    boxes1: Any,
    boxes2: Any,
    *,
    constant: float = 12.8,
    fmt: str = "xyxy",
    reduction: str = "mean",
    weight: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """1 - exp(-sqrt(W + eps) / C), W between the Gaussians of two boxes (Wang 2021)."""
    return _loss(
        boxes1,
        boxes2,
        lambda p, t: 1 - wasserstein(p, t, constant, eps),
        fmt,
        eps,
        reduction,
        weight,
        grad,
    )
