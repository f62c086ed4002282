"""Areas and formats of boxes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .._box_samples import (
    flat,
    quadrilaterals,
    rotated,
    single,
)
from .._common import as_float
from .._formats import corners_to, from_four, to_corner, to_four, to_middle
from .._overlap import (
    FORMATS,
    Box,
    check_boxes,
    check_format,
)
from .._registry import Variant, register

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
    options=tuple({"in_fmt": a, "out_fmt": b} for a in FORMATS for b in FORMATS[::-1]),
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


@_transform(
    formula="x to [0, W], y to [0, H]",
    sample=single,
    options=({"size": (30, 40)}, {"size": (1e4, 0.5)}),
    peer="torchvision.ops.clip_boxes_to_image",
)
def clip_boxes_to_image(boxes: Any, size: Any) -> Any:
    """Corners cut to an image of (height, width) (torchvision)."""
    b = as_float(boxes)
    check_boxes(b, "boxes")
    height, width = size
    return np.clip(b, 0, np.array([width, height] * 2, b.dtype)).astype(b.dtype)


@register(
    kind="transform",
    gradients=0,
    reductions=(),
    shapes=((0,), (30,)),
    bench=((10_000,), (1_000_000,)),
    formula="w, h ≥ least",
    sample=flat,
    options=({"min_size": 2.0}, {"min_size": 0}, {"min_size": -30}),
    peer="torchvision.ops.remove_small_boxes",
)
def remove_small_boxes(boxes: Any, min_size: float) -> Any:
    """Indices of the boxes whose sides are both at least min_size (torchvision)."""
    b = as_float(boxes)
    check_boxes(b, "boxes")
    least = b.dtype.type(min_size)
    return np.flatnonzero((b[:, 2] - b[:, 0] >= least) & (b[:, 3] - b[:, 1] >= least))
