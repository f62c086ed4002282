"""The parts that overlaps of boxes are made of, each with its derivative by the first box."""

from __future__ import annotations

import numpy as np

from ._dual import Dual, clamped, maximum, minimum

FORMATS = ("xyxy", "xywh", "cxcywh")


def check_boxes(boxes: np.ndarray, name: str, columns: int = 4) -> None:
    if boxes.ndim == 0 or boxes.shape[-1] != columns:
        raise ValueError(f"{name} needs {columns} numbers on its last axis, got {boxes.shape}")


def check_format(fmt: str, allowed: tuple[str, ...]) -> None:
    if fmt not in allowed:
        raise ValueError(f"fmt must be one of {allowed}, got {fmt!r}")


class Box:
    """Corners and sizes of boxes in any of the formats, differentiable if `slopes`."""

    def __init__(self, boxes: np.ndarray, fmt: str, slopes: bool = False) -> None:
        seeds = np.eye(4, dtype=boxes.dtype) if slopes else [None] * 4
        a, b, c, d = (Dual(boxes[..., i], seeds[i]) for i in range(4))
        if fmt == "xyxy":
            self.x1, self.y1, self.x2, self.y2 = a, b, c, d
            self.w, self.h = c - a, d - b
        elif fmt == "xywh":
            self.x1, self.y1, self.x2, self.y2 = a, b, a + c, b + d
            self.w, self.h = c, d
        else:
            self.x1, self.y1, self.x2, self.y2 = a - c / 2, b - d / 2, a + c / 2, b + d / 2
            self.w, self.h = c, d


def intersection(p: Box, t: Box, strict: bool) -> Dual:
    """Common area. Strict: none unless both sides overlap, with derivative 0 for touching boxes."""
    across = minimum(p.x2, t.x2) - maximum(p.x1, t.x1)
    down = minimum(p.y2, t.y2) - maximum(p.y1, t.y1)
    if strict:
        return (across * down).only_where((across.value > 0) & (down.value > 0))
    return clamped(across) * clamped(down)


def enclosure(p: Box, t: Box, clamp: bool) -> tuple[Dual, Dual]:
    """Width and height of the smallest box around both."""
    across = maximum(p.x2, t.x2) - minimum(p.x1, t.x1)
    down = maximum(p.y2, t.y2) - minimum(p.y1, t.y1)
    return (clamped(across), clamped(down)) if clamp else (across, down)


def centre_distance(p: Box, t: Box, across: Dual, down: Dual, eps: float) -> Dual:
    """Squared distance of the centres over the squared diagonal of the enclosure."""
    sx, sy = (t.x1 - p.x1) + (t.x2 - p.x2), (t.y1 - p.y1) + (t.y2 - p.y2)
    return (sx * sx + sy * sy) / 4 / (across * across + down * down + eps)


def aspect(p: Box, t: Box, iou: np.ndarray, eps: float) -> Dual:
    """alpha v with v = (4/pi^2) (atan(w2/h2) - atan(w1/h1))^2 and a constant alpha.

    The derivative of atan(w/h) is (h dw - w dh) / (w^2 + h^2): finite for h = 0, and taken as 0
    where a box is a point and w/h is 0/0.
    """
    w, h, tw, th = p.w.value, p.h.value, t.w.value, t.h.value
    angle = np.arctan(np.divide(tw, th)) - np.arctan(np.divide(w, h))
    v = 4 / np.pi**2 * angle * angle
    alpha = v / (1 - iou + v + eps)
    if p.w.slope is None:
        return Dual(alpha * v)
    square = w * w + h * h
    turn = np.where(square == 0, 0, -8 / np.pi**2 * alpha * angle / square)
    turn = np.where((tw == 0) & (th == 0), 0, turn).astype(iou.dtype)
    slope = turn[..., None] * (h[..., None] * p.w.slope - w[..., None] * p.h.slope)
    return Dual(alpha * v, slope)
