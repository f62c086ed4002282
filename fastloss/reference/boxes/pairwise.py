"""Every box with every other, by the rules of torchvision 0.28."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._box_samples import (
    corner_pairs,
    pairs,
    smooth_pairs,
    smooth_turned_pairs,
    turned_pairs,
)
from .._common import as_float, deliver, like, wanted
from .._dual import Dual
from .._overlap import (
    FORMATS,
    Box,
    aspect,
    centre_distance,
    check_boxes,
    check_format,
    enclosure,
    intersection,
)
from .._registry import Variant, register
from .._turned import WIDTHS, parts, shared
from .aligned import KINDS, _output
from .variants import boxes_of, corner_penalty, efficient, iou_of, penalties, scylla, wasserstein


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


def _turned_iou(boxes1: Any, boxes2: Any, fmt: str, grad: Any) -> Any:
    """I / U of rotated boxes, pair by pair, with I by clipping polygons."""
    first = as_float(boxes1)
    second = like(boxes2, first)
    check_boxes(first, "boxes1", WIDTHS[fmt])
    check_boxes(second, "boxes2", WIDTHS[fmt])
    with np.errstate(all="ignore"):
        mine = parts(first[..., :, None, :], fmt, wanted(grad))
        other = parts(second[..., None, :, :], fmt)
        shape = np.broadcast_shapes(mine[0].value.shape, other[0].value.shape)
        numbers = [
            np.stack([np.broadcast_to(part.value, shape) for part in box], -1).astype(np.float64)
            for box in (mine, other)
        ]
        signs = np.where(numbers[0] < 0, -1.0, 1.0)
        for box in numbers:
            box[..., 2:4] = abs(box[..., 2:4])
        signs[..., [0, 1, 4]] = 1
        inter, slopes = np.zeros(shape), np.zeros((*shape, 5))
        for i in np.ndindex(*shape):
            inter[i], slopes[i] = shared(numbers[0][i], numbers[1][i])
        area = numbers[0][..., 2] * numbers[0][..., 3]
        union = area + numbers[1][..., 2] * numbers[1][..., 3] - inter
        iou = inter / union
        own = np.zeros_like(slopes)  # d area
        own[..., 2], own[..., 3] = numbers[0][..., 3], numbers[0][..., 2]
        by_part = signs * ((1 + iou)[..., None] * slopes - iou[..., None] * own) / union[..., None]
        terms = [(by_part[..., k], Dual(np.broadcast_to(d.value, shape), d.slope)) for k, d in
                 enumerate(mine)]  # fmt: skip
        overlap = mine[0]._with(iou, *terms)
        value = np.asarray(iou, first.dtype)
        if not wanted(grad):
            return value
        model = np.empty((*shape, WIDTHS[fmt]), first.dtype)
        return value, deliver(grad, overlap.slope, model)


@_pairwise(
    formula="I/U",
    options=({}, {"fmt": "xywh"}, {"fmt": "cxcywh"}),
    variants=(
        Variant(turned_pairs, ({"fmt": "xywhr"}, {"fmt": "cxcywhr"}), smooth_turned_pairs),
        Variant(corner_pairs, ({"fmt": "xyxyxyxy"},), corner_pairs),
    ),
    peer="torchvision.ops.box_iou",
)
def box_iou(boxes1: Any, boxes2: Any, fmt: str = "xyxy", *, grad: Any = False) -> Any:
    """I / U of every pair, with no eps: two empty boxes give NaN (torchvision)."""
    if fmt in WIDTHS:
        return _turned_iou(boxes1, boxes2, fmt, grad)
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
    formula="I/U − ρ²/c² − αv",
    options=({}, {"eps": 1e-3}),
    peer="torchvision.ops.complete_box_iou",
    frozen=lambda options: True,
)
def complete_box_iou(boxes1: Any, boxes2: Any, eps: float = 1e-7, *, grad: Any = False) -> Any:
    """DIoU - alpha v of every pair, alpha = v / (1 - IoU + v + eps) constant (torchvision)."""

    def formula(p: Box, t: Box, iou: Dual, union: Dual) -> Dual:
        distance = centre_distance(p, t, *enclosure(p, t, clamp=True), eps)
        return iou - distance - aspect(p, t, iou.value, eps)

    return _matrix(boxes1, boxes2, "xyxy", formula, grad)


PAIR_KINDS: tuple[dict[str, Any], ...] = (
    *({"kind": kind} for kind in (*KINDS, "eiou", "siou")),
    {"kind": "mpdiou", "image_size": (60, 80)},
    {"kind": "nwd", "constant": 20.0},
)


@_pairwise(
    formula="any overlap",
    options=(
        *PAIR_KINDS,
        *({**options, "fmt": "cxcywh"} for options in PAIR_KINDS[3:]),
        {"kind": "giou", "eps": 1e-3},
        {"kind": "eiou", "eps": 1e-3, "fmt": "xywh"},
    ),
    frozen=lambda options: options.get("kind") == "ciou",
)
def pairwise_box_iou(
    boxes1: Any,
    boxes2: Any,
    *,
    kind: str = "iou",
    fmt: str = "xyxy",
    image_size: Any = None,
    constant: Any = None,
    eps: float = 1e-7,
    grad: Any = False,
) -> Any:
    """`bbox_iou`, or one minus a loss of `variants`, of every pair."""
    first = as_float(boxes1)
    second = like(boxes2, first)
    check_boxes(first, "boxes1")
    check_boxes(second, "boxes2")
    shape = np.broadcast_shapes(first[..., :, None, 0].shape, second[..., None, :, 0].shape)
    with np.errstate(all="ignore"):
        p, t = boxes_of(
            first[..., :, None, :], second[..., None, :, :], fmt, eps, wanted(grad), kind != "nwd"
        )
        if kind == "eiou":
            overlap = 1 - efficient(p, t, eps)
        elif kind == "siou":
            overlap = scylla(p, t, eps)
        elif kind == "nwd":
            overlap = wasserstein(p, t, constant, eps)
        else:
            overlap = iou_of(p, t, eps)[0]
            terms = penalties(p, t, kind, eps) if kind in KINDS else []
            for penalty in terms or ([corner_penalty(p, t, image_size)] if image_size else []):
                overlap = overlap - penalty
        return _output(overlap, grad, shape, first.dtype)
