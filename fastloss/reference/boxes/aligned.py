"""Box i with box i: overlaps by the rules of `bbox_iou`, losses by those of torchvision 0.28."""

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
from .._dual import Dual
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


def _output(overlap: Dual, grad: Any, shape: tuple, dtype: Any) -> Any:
    """The value of an overlap and, if asked for, its derivative."""
    value = np.array(np.broadcast_to(overlap.value, shape), dtype=dtype)
    if not wanted(grad):
        return value
    return value, deliver(grad, overlap.slope, np.empty((*shape, 4), dtype))


KINDS = ("iou", "giou", "diou", "ciou")


@register(
    kind="boxes",
    formula="I/U, − (E−U)/E, − ρ²/c², − αv",
    sample=aligned,
    smooth_sample=smooth_aligned,
    options=tuple({"kind": kind} for kind in KINDS) + ({"kind": "giou", "eps": 1e-3},),
    variants=(
        Variant(centred, tuple({"kind": kind, "fmt": "cxcywh"} for kind in KINDS), smooth_centred),
    ),
    reductions=(),
    shapes=((), (0,), (40,), (3, 7)),
    bench=((10_000,), (1_000_000,)),
    frozen=lambda options: options.get("kind") == "ciou",
)
def bbox_iou(
    boxes1: Any,
    boxes2: Any,
    *,
    kind: str = "iou",
    fmt: str = "xyxy",
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """Overlap of box i with box i: IoU, GIoU, DIoU (Rezatofighi 2019) or CIoU (Zheng 2020).

    I / U with U = w1 h1 + w2 h2 - I + eps; corners: eps is added to both heights, too; centres:
    the sizes as given. GIoU - (E - U)/E with E + eps; DIoU - rho^2 / (c^2 + eps);
    CIoU - alpha v besides, alpha = v / (1 - IoU + v + eps), a constant.
    """
    check_format(fmt, ("xyxy", "cxcywh"))
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    first = as_float(boxes1)
    second = like(boxes2, first)
    check_boxes(first, "boxes1")
    check_same_shape(first, second)
    with np.errstate(all="ignore"):
        p, t = Box(first, fmt, wanted(grad)), Box(second, fmt)
        if fmt == "xyxy":
            p.h, t.h = p.h + eps, t.h + eps
        inter = intersection(p, t, strict=False)
        union = p.w * p.h + t.w * t.h - inter + eps
        overlap = iou = inter / union
        across, down = enclosure(p, t, clamp=False)
        if kind == "giou":
            area = across * down + eps
            overlap = iou - (area - union) / area
        elif kind in ("diou", "ciou"):
            overlap = iou - centre_distance(p, t, across, down, eps)
        if kind == "ciou":
            overlap = overlap - aspect(p, t, iou.value, eps)
        return _output(overlap, grad, first.shape[:-1], first.dtype)


def _box_loss(
    boxes1: Any,
    boxes2: Any,
    formula: Callable[[Box, Box], Dual],
    reduction: str,
    weight: Any,
    grad: Any,
) -> Any:
    """Reduce a loss of aligned corner boxes; the mean divides by their number, and of none is 0."""
    check_reduction(reduction)
    first = as_float(boxes1)
    second = like(boxes2, first)
    check_boxes(first, "boxes1")
    check_same_shape(first, second)
    with np.errstate(all="ignore"):
        loss = formula(Box(first, "xyxy", wanted(grad)), Box(second, "xyxy"))
        shape = first.shape[:-1]
        w = np.broadcast_to(like(1 if weight is None else weight, first), shape)
        value = (w * loss.value).astype(first.dtype)
        divisor = max(value.size, 1)
        result = reduced(value, reduction, divisor)
        if not wanted(grad):
            return result
        slope = w[..., None] * loss.slope
        return result, deliver(grad, slope / divisor if reduction == "mean" else slope, first)


def _loss_iou(p: Box, t: Box, eps: float) -> tuple[Dual, Dual]:
    """(IoU, union) as the losses have them: eps in the denominator alone."""
    inter = intersection(p, t, strict=True)
    union = p.w * p.h + t.w * t.h - inter
    return inter / (union + eps), union


def _aligned_loss(**fields: Any) -> Any:
    return register(
        kind="boxes",
        sample=aligned,
        smooth_sample=smooth_aligned,
        options=({}, {"eps": 1e-3}, {"weight": box_weight}, {"weight": trailing_box_weight}),
        shapes=((), (0,), (40,), (3, 7)),
        bench=((10_000,), (1_000_000,)),
        **fields,
    )


@_aligned_loss(formula="1 − I/U")
def box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    reduction: str = "none",
    eps: float = 1e-7,
    *,
    weight: Any = None,
    grad: Any = False,
) -> Any:
    """1 - I / (U + eps), by the rules of torchvision's other box losses."""
    return _box_loss(
        boxes1, boxes2, lambda p, t: 1 - _loss_iou(p, t, eps)[0], reduction, weight, grad
    )


@_aligned_loss(formula="1 − I/U + (E−U)/E", peer="torchvision.ops.generalized_box_iou_loss")
def generalized_box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    reduction: str = "none",
    eps: float = 1e-7,
    *,
    weight: Any = None,
    grad: Any = False,
) -> Any:
    """1 - IoU + (E - U) / (E + eps), E the area of the enclosure (Rezatofighi 2019)."""

    def formula(p: Box, t: Box) -> Dual:
        iou, union = _loss_iou(p, t, eps)
        across, down = enclosure(p, t, clamp=False)
        area = across * down
        return 1 - (iou - (area - union) / (area + eps))

    return _box_loss(boxes1, boxes2, formula, reduction, weight, grad)


@_aligned_loss(formula="1 − I/U + ρ²/c²", peer="torchvision.ops.distance_box_iou_loss")
def distance_box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    reduction: str = "none",
    eps: float = 1e-7,
    *,
    weight: Any = None,
    grad: Any = False,
) -> Any:
    """1 - IoU + rho^2 / (c^2 + eps), c the diagonal of the enclosure (Zheng 2020)."""

    def formula(p: Box, t: Box) -> Dual:
        across, down = enclosure(p, t, clamp=False)
        return 1 - _loss_iou(p, t, eps)[0] + centre_distance(p, t, across, down, eps)

    return _box_loss(boxes1, boxes2, formula, reduction, weight, grad)


@_aligned_loss(
    formula="1 − I/U + ρ²/c² + αv",
    peer="torchvision.ops.complete_box_iou_loss",
    frozen=lambda options: True,
)
def complete_box_iou_loss(
    boxes1: Any,
    boxes2: Any,
    reduction: str = "none",
    eps: float = 1e-7,
    *,
    weight: Any = None,
    grad: Any = False,
) -> Any:
    """DIoU loss + alpha v, alpha = v / (1 - IoU + v + eps) (Zheng 2020).

    As in torchvision eps serves alpha alone; the DIoU part has 1e-7 always.
    """

    def formula(p: Box, t: Box) -> Dual:
        iou = _loss_iou(p, t, 1e-7)[0]
        across, down = enclosure(p, t, clamp=False)
        distance = centre_distance(p, t, across, down, 1e-7)
        return 1 - iou + distance + aspect(p, t, iou.value, eps)

    return _box_loss(boxes1, boxes2, formula, reduction, weight, grad)
