"""Conversions between formats of boxes; rotated ones pass through xywhr (torchvision)."""

from __future__ import annotations

import numpy as np


def _turned(angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of degrees."""
    radians = angle * np.pi / 180
    return np.cos(radians), np.sin(radians)


def to_corner(b: np.ndarray) -> tuple:
    """cxcywhr -> xywhr: the top left corner of the box before its turn is carried along."""
    cx, cy, w, h, r = np.moveaxis(b, -1, 0)
    cos, sin = _turned(r)
    return cx - w / 2 * cos - h / 2 * sin, cy - h / 2 * cos + w / 2 * sin, w, h, r


def to_middle(b: np.ndarray) -> tuple:
    """xywhr -> cxcywhr."""
    x, y, w, h, r = np.moveaxis(b, -1, 0)
    cos, sin = _turned(r)
    return x + w / 2 * cos + h / 2 * sin, y - w / 2 * sin + h / 2 * cos, w, h, r


def to_four(b: np.ndarray) -> tuple:
    """xywhr -> xyxyxyxy: top left, top right, bottom right, bottom left."""
    x, y, w, h, r = np.moveaxis(b, -1, 0)
    cos, sin = _turned(r)
    right, down = (w * cos, -w * sin), (h * sin, h * cos)
    x2, y2 = x + right[0], y + right[1]
    return x, y, x2, y2, x2 + down[0], y2 + down[1], x + down[0], y + down[1]


def from_four(b: np.ndarray) -> tuple:
    """xyxyxyxy -> xywhr: angle and width of the first side, height of the second."""
    x1, y1, x2, y2, x3, y3 = np.moveaxis(b[..., :6], -1, 0)
    angle = np.arctan2(y1 - y2, x2 - x1) * 180 / np.pi
    return x1, y1, np.hypot(x2 - x1, y1 - y2), np.hypot(x3 - x2, y3 - y2), angle


def corners_to(b: np.ndarray, fmt: str) -> tuple:
    x1, y1, x2, y2 = np.moveaxis(b, -1, 0)
    if fmt == "cxcywh":
        return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
    return (x1, y1, x2 - x1, y2 - y1) if fmt == "xywh" else (x1, y1, x2, y2)
