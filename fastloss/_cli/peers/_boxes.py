"""Overlaps of boxes for a library with NumPy's names (torch, jax.numpy), as users write them."""

from __future__ import annotations

import math
from typing import Any


def overlap(lib: Any, a: Any, b: Any, kind: str, eps: float, constant: Any) -> Any:
    """iou, giou, diou or ciou of corner boxes; `constant` stops the gradient."""
    ax1, ay1, ax2, ay2 = (a[..., i] for i in range(4))
    bx1, by1, bx2, by2 = (b[..., i] for i in range(4))
    zero = lib.zeros_like(ax1 + bx1)
    iw = lib.maximum(lib.minimum(ax2, bx2) - lib.maximum(ax1, bx1), zero)
    ih = lib.maximum(lib.minimum(ay2, by2) - lib.maximum(ay1, by1), zero)
    inner = iw * ih
    union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inner
    iou = inner / (union + eps)
    if kind == "iou":
        return iou
    cw = lib.maximum(ax2, bx2) - lib.minimum(ax1, bx1)
    ch = lib.maximum(ay2, by2) - lib.minimum(ay1, by1)
    if kind == "giou":
        return iou - (cw * ch - union) / (cw * ch + eps)
    rho2 = ((bx1 + bx2 - ax1 - ax2) ** 2 + (by1 + by2 - ay1 - ay2) ** 2) / 4
    diou = iou - rho2 / (cw * cw + ch * ch + eps)
    if kind == "diou":
        return diou
    angle = lib.arctan((bx2 - bx1) / (by2 - by1)) - lib.arctan((ax2 - ax1) / (ay2 - ay1))
    v = 4 / math.pi**2 * angle * angle
    return diou - constant(v / (1 - iou + v + eps)) * v


KINDS = {
    "box_iou": "iou",
    "generalized_box_iou": "giou",
    "distance_box_iou": "diou",
    "complete_box_iou": "ciou",
}
