"""numba: the loops that a user would write, value and gradient in one pass."""

from __future__ import annotations

from collections.abc import Callable
from math import atan, exp, log, pi, sqrt
from typing import Any

import numba
import numpy as np
from numba import njit, prange

from . import summarise
from ._numba_points import FAST, POINTS

_parallel = False


def version() -> str:
    return numba.__version__


def set_threads(n: int) -> None:
    global _parallel
    _parallel = n > 1
    numba.set_num_threads(n)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return njit(parallel=_parallel, fastmath=FAST)(function)


def pointwise(point: Callable[..., Any]) -> Callable[..., Any]:
    def loop(x, t):
        grad = np.empty_like(x)
        scale = x.dtype.type(1 / x.size)
        total = 0.0
        for i in prange(x.size):
            value, slope = point(x[i], t[i])
            total += value
            grad[i] = slope * scale
        return total / x.size, grad

    return compiled(loop)


def rmse(x, t):
    grad = np.empty_like(x)
    total = 0.0
    for i in prange(x.size):
        r = x[i] - t[i]
        total += r * r
        grad[i] = r
    root = sqrt(total / x.size)
    scale = x.dtype.type(1 / (root * x.size))
    for i in prange(x.size):
        grad[i] *= scale
    return root, grad


def cross_entropy(x, t):
    n, c = x.shape
    grad = np.empty_like(x)
    scale = x.dtype.type(1 / n)
    total = 0.0
    for i in prange(n):
        row = x[i]
        top = row[0]
        for j in range(1, c):
            top = max(top, row[j])
        norm = row[0] * 0
        for j in range(c):
            e = exp(row[j] - top)
            grad[i, j] = e
            norm += e
        total += log(norm) + top - row[t[i]]
        inverse = scale / norm
        for j in range(c):
            grad[i, j] *= inverse
        grad[i, t[i]] -= scale
    return total / n, grad


def nll(x, t):
    n = x.shape[0]
    grad = np.zeros_like(x)
    total = 0.0
    for i in prange(n):
        total -= x[i, t[i]]
        grad[i, t[i]] = -1 / n
    return total / n, grad


def distribution_focal(x, t):
    n, bins = x.shape
    grad = np.empty_like(x)
    total = 0.0
    for i in prange(n):
        d = min(max(t[i], 0), bins - 1.01)
        low = int(d)
        right = d - low
        top = x[i, 0]
        for j in range(1, bins):
            top = max(top, x[i, j])
        norm = x[i, 0] * 0
        for j in range(bins):
            grad[i, j] = exp(x[i, j] - top)
            norm += grad[i, j]
        total += log(norm) + top - (1 - right) * x[i, low] - right * x[i, low + 1]
        for j in range(bins):
            grad[i, j] /= norm * n
        grad[i, low] -= (1 - right) / n
        grad[i, low + 1] -= right / n
    return total / n, grad


def dice(x, t):
    grad = np.empty_like(x)
    inner = both = 0.0
    for i in prange(x.size):
        p = 1 / (1 + exp(-x[i]))
        grad[i] = p
        inner += p * t[i]
        both += p + t[i]
    above, below = 2 * inner + 1e-5, both + 1e-5
    for i in prange(x.size):
        p = grad[i]
        grad[i] = (above - 2 * t[i] * below) / (below * below) * p * (1 - p)
    return 1 - above / below, grad


def complete_iou(a, b):
    n = a.shape[0]
    grad = np.empty_like(a)
    total = 0.0
    for i in prange(n):
        x1, y1, x2, y2 = a[i]
        u1, v1, u2, v2 = b[i]
        w, h, tw, th = x2 - x1, y2 - y1, u2 - u1, v2 - v1
        left, top = x1 > u1, y1 > v1
        right, bottom = x2 < u2, y2 < v2
        iw = max(min(x2, u2) - max(x1, u1), 0)
        ih = max(min(y2, v2) - max(y1, v1), 0)
        inner = iw * ih
        union = w * h + tw * th - inner + 1e-7
        iou = inner / union
        cw, ch = max(x2, u2) - min(x1, u1), max(y2, v2) - min(y1, v1)
        sx, sy = u1 + u2 - x1 - x2, v1 + v2 - y1 - y2
        c2 = cw * cw + ch * ch + 1e-7
        rho = (sx * sx + sy * sy) / 4
        angle = atan(tw / th) - atan(w / h)
        v = 4 / pi**2 * angle * angle
        alpha = v / (1 - iou + v + 1e-7)
        total += 1 - iou + rho / c2 + alpha * v
        per_inner, per_area = (union + inner) / (union * union), inner / (union * union)
        turn = alpha * 8 / pi**2 * angle / (w * w + h * h)
        gx, gy = iw > 0, ih > 0
        far = 2 * rho / (c2 * c2)
        for side in range(2):
            sign = 1 if side else -1
            inx = (right if side else left) * gx * sign * ih
            iny = (bottom if side else top) * gy * sign * iw
            outx = sign * (not right if side else not left) * cw
            outy = sign * (not bottom if side else not top) * ch
            dx = -per_inner * inx + per_area * sign * h - sx / (2 * c2) - far * outx
            dy = -per_inner * iny + per_area * sign * w - sy / (2 * c2) - far * outy
            grad[i, 2 * side] = (dx - sign * turn * h) / n
            grad[i, 2 * side + 1] = (dy + sign * turn * w) / n
    return total / n, grad


def pairwise_iou(a, b):
    out = np.empty((a.shape[0], b.shape[0]), a.dtype)
    for i in prange(a.shape[0]):
        x1, y1, x2, y2 = a[i]
        area = (x2 - x1) * (y2 - y1)
        for j in range(b.shape[0]):
            iw = max(min(x2, b[j, 2]) - max(x1, b[j, 0]), 0)
            ih = max(min(y2, b[j, 3]) - max(y1, b[j, 1]), 0)
            inner = iw * ih
            out[i, j] = inner / (area + (b[j, 2] - b[j, 0]) * (b[j, 3] - b[j, 1]) - inner)
    return out


def penalty(first: float, second: float) -> Callable[..., Any]:
    def loop(w):
        grad = np.empty_like(w)
        total = 0.0
        for i in prange(w.size):
            total += first * abs(w[i]) + second / 2 * w[i] * w[i]
            grad[i] = first * np.sign(w[i]) + second * w[i]
        return total, grad

    return compiled(loop)


LOOPS = {
    "rmse_loss": rmse,
    "cross_entropy": cross_entropy,
    "nll_loss": nll,
    "distribution_focal_loss": distribution_focal,
    "dice_loss": dice,
    "complete_box_iou_loss": complete_iou,
    "box_iou": pairwise_iou,
}
PENALTIES = {"l1_penalty": (1.0, 0.0), "l2_penalty": (0.0, 1.0), "elastic_net_penalty": (0.5, 0.5)}


def prepare(
    name: str, arrays: tuple, options: dict[str, Any]
) -> dict[str, Callable[[], Any]] | None:
    flat = name in POINTS or name in PENALTIES or name in ("rmse_loss", "dice_loss")
    args = [a.ravel() for a in arrays] if flat else list(arrays)
    if name in POINTS:
        loop = pointwise(POINTS[name])
    elif name in PENALTIES:
        loop = penalty(*PENALTIES[name])
    elif name in LOOPS:
        loop = compiled(LOOPS[name])
    else:
        return None
    return {"fresh": lambda: loop(*args)}


def summary(result: Any) -> list[float]:
    return summarise(*result) if isinstance(result, tuple) else summarise(result)
