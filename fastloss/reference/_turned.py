"""Rotated boxes: their parts with derivatives by the numbers of a format, and what they share."""

from __future__ import annotations

import numpy as np

from ._dual import Dual, apply

WIDTHS = {"xywhr": 5, "cxcywhr": 5, "xyxyxyxy": 8}


def sine(a: Dual) -> Dual:
    return apply(a, np.sin(a.value), np.cos(a.value))


def cosine(a: Dual) -> Dual:
    return apply(a, np.cos(a.value), -np.sin(a.value))


def length(x: Dual, y: Dual) -> Dual:
    """sqrt(x^2 + y^2); at 0 the derivative is 0."""
    value = np.hypot(x.value, y.value)
    per = np.where(value == 0, 0, 1 / value)
    return x._with(value, (x.value * per, x), (y.value * per, y))


def direction(x: Dual, y: Dual) -> Dual:
    """atan2(y, x); at 0 the derivative is 0."""
    square = x.value**2 + y.value**2
    per = np.where(square == 0, 0, 1 / square)
    return x._with(np.arctan2(y.value, x.value), (-y.value * per, x), (x.value * per, y))


def parts(boxes: np.ndarray, fmt: str, slopes: bool = False) -> tuple[Dual, ...]:
    """Centre x, y, width, height, and the angle by which x turns towards y, in radians."""
    n = boxes.shape[-1]
    seeds = np.eye(n, dtype=boxes.dtype) if slopes else [None] * n
    numbers = [Dual(boxes[..., i], seeds[i]) for i in range(n)]
    if fmt == "xyxyxyxy":
        x, y, x2, y2, x3, y3 = numbers[:6]
        w, h = length(x2 - x, y2 - y), length(x3 - x2, y3 - y2)
        angle = direction(x2 - x, y2 - y)
    else:
        x, y, w, h, r = numbers
        angle = r * (-np.pi / 180)
    if fmt != "cxcywhr":  # x, y is the corner
        c, s = cosine(angle), sine(angle)
        x, y = x + (w * c - h * s) / 2, y + (w * s + h * c) / 2
    return x, y, w, h, angle


def corners(box: np.ndarray) -> np.ndarray:
    """(4, 2) of x, y, w, h, angle, in order around the box."""
    x, y, w, h, angle = box
    across, down = (
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([-np.sin(angle), np.cos(angle)]),
    )
    signs = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return np.array([[x, y] + (i * w * across + j * h * down) / 2 for i, j in signs])


def cut(polygon: list[np.ndarray], start: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
    """The part of a polygon to the left of a line (Sutherland and Hodgman 1974)."""

    def side(point: np.ndarray) -> float:
        (ax, ay), (bx, by) = end - start, point - start
        return ax * by - ay * bx

    kept = []
    for p, q in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        a, b = side(p), side(q)
        if a >= 0:
            kept.append(p)
        if (a >= 0) != (b >= 0):
            kept.append(p + (q - p) * (a / (a - b)))
    return kept


def area(polygon: list[np.ndarray]) -> float:
    if not polygon:
        return 0.0
    x, y = np.transpose(polygon - polygon[0])
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


def inside(start: np.ndarray, end: np.ndarray, box: np.ndarray) -> tuple[float, float]:
    """From which to which fraction a segment runs inside of a box (Liang and Barsky 1984)."""
    x, y, w, h, angle = box
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    p, q = turn @ (start - [x, y]), turn @ (end - [x, y])
    low, high = 0.0, 1.0
    for a, b, half in zip(p, q, (w / 2, h / 2), strict=True):
        if a == b:
            if abs(a) > half:
                return 0.0, 0.0
            continue
        first, second = sorted(((-half - a) / (b - a), (half - a) / (b - a)))
        low, high = max(low, first), min(high, second)
    return (low, high) if low < high else (0.0, 0.0)


def shared(first: np.ndarray, second: np.ndarray) -> tuple[float, np.ndarray]:
    """The area in both of two boxes x, y, w, h, angle, and its derivative by the first.

    It grows by what the edges of the first, as far as they lie in the second, sweep on their way
    outwards.
    """
    mine, other = corners(first), corners(second)
    polygon = list(mine)
    for i in range(4):
        polygon = cut(polygon, other[i], other[(i + 1) % 4])
    value = min(max(area(polygon), 0.0), first[2] * first[3], second[2] * second[3])
    slope = np.zeros(5)
    across = np.array([np.cos(first[4]), np.sin(first[4])])
    down = np.array([-across[1], across[0]])
    for i, normal in enumerate((-down, across, down, -across)):
        start, end = mine[i], mine[(i + 1) % 4]
        low, high = inside(start, end, second)
        size = float(np.hypot(*(end - start))) * (high - low)
        middle = start + (end - start) * (low + high) / 2 - first[:2]
        slope[:2] += size * normal
        slope[3 if i % 2 == 0 else 2] += size / 2
        slope[4] += size * float(normal @ [-middle[1], middle[0]])
    return value, slope
