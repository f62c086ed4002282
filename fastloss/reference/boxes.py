"""Overlaps of boxes, their losses and conversions.

Aligned overlaps follow the rules of `bbox_iou`; losses and matrices follow torchvision 0.28. At
equal sides max and min share the derivative in halves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ._box_samples import (
    aligned,
    box_weight,
    centred,
    pairs,
    quadrilaterals,
    rotated,
    single,
    smooth_aligned,
    smooth_centred,
    smooth_pairs,
    trailing_box_weight,
)
from ._common import as_float, check_reduction, check_same_shape, deliver, like, reduced, wanted
from ._dual import Dual
from ._formats import corners_to, from_four, to_corner, to_four, to_middle
from ._overlap import (
    FORMATS,
    Box,
    aspect,
    centre_distance,
    check_boxes,
    check_format,
    enclosure,
    intersection,
)
from ._registry import Variant, register


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


@_aligned_loss(formula="1 − I/U + ρ²/c² + αv", peer="torchvision.ops.complete_box_iou_loss")
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


def _matrix(
    boxes1: Any, boxes2: Any, fmt: str, formula: Callable[[Box, Box, Dual, Dual], Dual], grad: Any
) -> Any:
    """An overlap of every box of boxes1 with every box of boxes2: (..., N, M)."""
    check_format(fmt, FORMATS)
    first = as_float(boxes1)
    second = like(boxes2, first)
    check_boxes(first, "boxes1")
    check_boxes(second, "boxes2")
    p = Box(first[..., :, None, :], fmt, wanted(grad))
    t = Box(second[..., None, :, :], fmt)
    with np.errstate(all="ignore"):
        inter = intersection(p, t, strict=False)
        union = p.w * p.h + t.w * t.h - inter
        overlap = formula(p, t, inter / union, union)
        return _output(overlap, grad, np.shape(inter.value), first.dtype)


def _pairwise(**fields: Any) -> Any:
    return register(
        kind="pairs",
        sample=pairs,
        smooth_sample=smooth_pairs,
        reductions=(),
        shapes=((0, 3), (13, 13), (5, 9), (2, 6, 4)),
        bench=((100, 100), (1000, 1000)),
        **fields,
    )


@_pairwise(
    formula="I/U", options=({}, {"fmt": "xywh"}, {"fmt": "cxcywh"}), peer="torchvision.ops.box_iou"
)
def box_iou(boxes1: Any, boxes2: Any, fmt: str = "xyxy", *, grad: Any = False) -> Any:
    """I / U of every pair, with no eps: two empty boxes give NaN (torchvision)."""
    return _matrix(boxes1, boxes2, fmt, lambda p, t, iou, union: iou, grad)


@_pairwise(formula="I/U − (E−U)/E", peer="torchvision.ops.generalized_box_iou")
def generalized_box_iou(boxes1: Any, boxes2: Any, *, grad: Any = False) -> Any:
    """IoU - (E - U)/E of every pair, sides of the enclosure clamped at 0, no eps (torchvision)."""

    def formula(p: Box, t: Box, iou: Dual, union: Dual) -> Dual:
        across, down = enclosure(p, t, clamp=True)
        area = across * down
        return iou - (area - union) / area

    return _matrix(boxes1, boxes2, "xyxy", formula, grad)


@_pairwise(
    formula="I/U − ρ²/c²", options=({}, {"eps": 1e-3}), peer="torchvision.ops.distance_box_iou"
)
def distance_box_iou(boxes1: Any, boxes2: Any, eps: float = 1e-7, *, grad: Any = False) -> Any:
    """IoU - rho^2 / (c^2 + eps) of every pair (torchvision)."""
    return _matrix(
        boxes1,
        boxes2,
        "xyxy",
        lambda p, t, iou, union: iou - centre_distance(p, t, *enclosure(p, t, clamp=True), eps),
        grad,
    )


@_pairwise(
    formula="I/U − ρ²/c² − αv", options=({}, {"eps": 1e-3}), peer="torchvision.ops.complete_box_iou"
)
def complete_box_iou(boxes1: Any, boxes2: Any, eps: float = 1e-7, *, grad: Any = False) -> Any:
    """DIoU - alpha v of every pair, alpha = v / (1 - IoU + v + eps) constant (torchvision)."""

    def formula(p: Box, t: Box, iou: Dual, union: Dual) -> Dual:
        distance = centre_distance(p, t, *enclosure(p, t, clamp=True), eps)
        return iou - distance - aspect(p, t, iou.value, eps)

    return _matrix(boxes1, boxes2, "xyxy", formula, grad)


ROTATED = ("xywhr", "cxcywhr", "xyxyxyxy")


def _transform(**fields: Any) -> Any:
    return register(
        kind="transform",
        gradients=0,
        reductions=(),
        shapes=((), (0,), (30,), (3, 7)),
        bench=((10_000,), (1_000_000,)),
        **fields,
    )


@_transform(
    formula="w h",
    sample=single,
    options=({}, {"fmt": "xywh"}, {"fmt": "cxcywh"}),
    peer="torchvision.ops.box_area",
)
def box_area(boxes: Any, fmt: str = "xyxy") -> Any:
    """(x2 - x1) (y2 - y1), or w h of the other formats; negative for some inverted boxes."""
    check_format(fmt, FORMATS)
    b = as_float(boxes)
    check_boxes(b, "boxes")
    box = Box(b, fmt)
    return np.asarray(box.w.value * box.h.value, dtype=b.dtype)


def _stack(parts: Iterable[np.ndarray], dtype: Any) -> np.ndarray:
    """Columns side by side; the dtype is named because 0-d arithmetic may widen it."""
    return np.stack(list(parts), axis=-1).astype(dtype, copy=False)


@_transform(
    formula="xyxy ↔ xywh ↔ cxcywh",
    sample=single,
    options=tuple({"in_fmt": a, "out_fmt": b} for a in FORMATS for b in FORMATS),
    variants=(
        Variant(rotated, tuple({"in_fmt": a, "out_fmt": b} for a in ROTATED[:2] for b in ROTATED)),
        Variant(quadrilaterals, tuple({"in_fmt": "xyxyxyxy", "out_fmt": b} for b in ROTATED)),
    ),
    peer="torchvision.ops.box_convert",
)
def box_convert(boxes: Any, in_fmt: str, out_fmt: str) -> Any:
    """Boxes in another format, upright or rotated, r in degrees counter-clockwise (torchvision)."""
    upright = in_fmt in FORMATS and out_fmt in FORMATS
    if not upright and not (in_fmt in ROTATED and out_fmt in ROTATED):
        raise ValueError(f"cannot convert boxes from {in_fmt!r} to {out_fmt!r}")
    b = as_float(boxes)
    check_boxes(b, "boxes", 4 if upright else 8 if in_fmt == "xyxyxyxy" else 5)
    if in_fmt == out_fmt:
        return b.copy()
    if upright:
        box = Box(b, in_fmt)
        corners = _stack((c.value for c in (box.x1, box.y1, box.x2, box.y2)), b.dtype)
        return _stack(corners_to(corners, out_fmt), b.dtype)
    if in_fmt == "cxcywhr":
        b = _stack(to_corner(b), b.dtype)
    elif in_fmt == "xyxyxyxy":
        b = _stack(from_four(b), b.dtype)
    if out_fmt == "cxcywhr":
        b = _stack(to_middle(b), b.dtype)
    elif out_fmt == "xyxyxyxy":
        b = _stack(to_four(b), b.dtype)
    return b
