"""The later losses of boxes in PyTorch, as users write them: from the formula, in eager mode."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch

EPS = 1e-7


class Pair(NamedTuple):
    """What the formulas share."""

    iou: Any
    union: Any
    cw: Any
    ch: Any
    sx: Any
    sy: Any
    sizes: tuple


def pair(a: Any, b: Any) -> Pair:
    ax1, ay1, ax2, ay2 = a.unbind(-1)
    bx1, by1, bx2, by2 = b.unbind(-1)
    w1, h1, w2, h2 = ax2 - ax1, ay2 - ay1 + EPS, bx2 - bx1, by2 - by1 + EPS
    iw = (torch.minimum(ax2, bx2) - torch.maximum(ax1, bx1)).clamp(0)
    ih = (torch.minimum(ay2, by2) - torch.maximum(ay1, by1)).clamp(0)
    union = w1 * h1 + w2 * h2 - iw * ih + EPS
    cw = torch.maximum(ax2, bx2) - torch.minimum(ax1, bx1)
    ch = torch.maximum(ay2, by2) - torch.minimum(ay1, by1)
    sx, sy = (bx1 + bx2 - ax1 - ax2) / 2, (by1 + by2 - ay1 - ay2) / 2
    return Pair(iw * ih / union, union, cw, ch, sx, sy, (w1, h1, w2, h2))


def distance(p: Pair) -> Any:
    return (p.sx**2 + p.sy**2) / (p.cw**2 + p.ch**2 + EPS)


def efficient(a: Any, b: Any, **_: Any) -> Any:
    p = pair(a, b)
    w1, h1, w2, h2 = p.sizes
    sides = (w1 - w2) ** 2 / (p.cw**2 + EPS) + (h1 - h2) ** 2 / (p.ch**2 + EPS)
    return 1 - p.iou + distance(p) + sides


def scylla(a: Any, b: Any, **_: Any) -> Any:
    p = pair(a, b)
    w1, h1, w2, h2 = p.sizes
    sigma = (p.sx**2 + p.sy**2).sqrt()
    sin = torch.minimum(p.sx.abs(), p.sy.abs()) / sigma
    gamma = 2 - torch.cos(2 * torch.asin(sin) - math.pi / 2)
    far = torch.exp(-gamma * (p.sx / p.cw) ** 2) + torch.exp(-gamma * (p.sy / p.ch) ** 2)
    shape = (1 - torch.exp(-(w1 - w2).abs() / torch.maximum(w1, w2))) ** 4
    shape = shape + (1 - torch.exp(-(h1 - h2).abs() / torch.maximum(h1, h2))) ** 4
    return 1 - (p.iou - (2 - far + shape) / 2).clamp(-1, 1)


def wise(a: Any, b: Any, **_: Any) -> Any:
    p = pair(a, b)
    diagonal = (p.cw**2 + p.ch**2 + EPS).detach()
    return torch.exp((p.sx**2 + p.sy**2) / diagonal) * (1 - p.iou)


def corners(a: Any, b: Any, image_size: tuple, **_: Any) -> Any:
    height, width = image_size
    return 1 - pair(a, b).iou + ((a - b) ** 2).sum(-1) / (height**2 + width**2)


def aspect(p: Pair) -> Any:
    w1, h1, w2, h2 = p.sizes
    v = 4 / math.pi**2 * (torch.atan(w2 / h2) - torch.atan(w1 / h1)) ** 2
    return (v / (1 - p.iou + v + EPS)).detach() * v


def penalties(p: Pair, kind: str) -> list[Any]:
    if kind == "giou":
        hull = p.cw * p.ch + EPS
        return [(hull - p.union) / hull]
    return {"iou": [], "diou": [distance(p)], "ciou": [distance(p), aspect(p)]}[kind]


def alpha(a: Any, b: Any, kind: str = "iou", alpha: float = 3.0, **_: Any) -> Any:
    p = pair(a, b)
    return 1 - p.iou**alpha + sum(x**alpha for x in penalties(p, kind))


def scaled(a: Any, ratio: float) -> Any:
    middle, half = (a[..., :2] + a[..., 2:]) / 2, (a[..., 2:] - a[..., :2]) / 2 * ratio
    return torch.cat([middle - half, middle + half], -1)


def inner(a: Any, b: Any, kind: str = "iou", ratio: float = 0.75, **_: Any) -> Any:
    small = pair(scaled(a, ratio), scaled(b, ratio)).iou
    return 1 - small + sum(penalties(pair(a, b), kind))


def wasserstein(a: Any, b: Any, constant: float = 12.8, **_: Any) -> Any:
    p = pair(a, b)
    w1, h1, w2, h2 = p.sizes
    square = p.sx**2 + p.sy**2 + ((w1 - w2) ** 2 + (h1 - h2) ** 2) / 4
    return 1 - torch.exp(-(square + EPS).sqrt() / constant)


def covariance(a: Any) -> tuple:
    across, down = a[..., 2] ** 2 / 12, a[..., 3] ** 2 / 12
    c, s = torch.cos(a[..., 4]), torch.sin(a[..., 4])
    return across * c**2 + down * s**2, across * s**2 + down * c**2, (across - down) * c * s


def hellinger(a: Any, b: Any, **_: Any) -> Any:
    a1, b1, k1 = covariance(a)
    a2, b2, k2 = covariance(b)
    sa, sb, sk = a1 + a2, b1 + b2, k1 + k2
    dx, dy = a[..., 0] - b[..., 0], a[..., 1] - b[..., 1]
    det = sa * sb - sk**2
    far = (sa * dy**2 + sb * dx**2 - 2 * sk * dx * dy) / (4 * (det + EPS))
    own = 4 * ((a1 * b1 - k1**2).clamp(0) * (a2 * b2 - k2**2).clamp(0)).sqrt() + EPS
    bd = (far + torch.log(det / own + EPS) / 2).clamp(EPS, 100)
    return (1 - torch.exp(-bd) + EPS).sqrt()


def mean(loss: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b, **options: loss(a, b, **options).mean()


def pairwise(loss: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b, **options: 1 - loss(a[..., :, None, :], b[..., None, :, :], **options)


def mask_iou(a: Any, b: Any, **_: Any) -> Any:
    first, second = a.flatten(-2).float(), (b != 0).flatten(-2).float()
    both = first @ second.mT
    return both / (first.sum(-1)[..., None] + second.sum(-1)[..., None, :] - both).clamp(1)


LOSSES: dict[str, Callable[..., Any]] = {
    "efficient_box_iou_loss": mean(efficient),
    "scylla_box_iou_loss": mean(scylla),
    "wise_box_iou_loss": mean(wise),
    "mpdiou_loss": mean(corners),
    "alpha_box_iou_loss": mean(alpha),
    "inner_box_iou_loss": mean(inner),
    "nwd_loss": mean(wasserstein),
    "probiou_loss": mean(hellinger),
    "probiou": pairwise(hellinger),
    "pairwise_box_iou": pairwise(lambda a, b, **_: 1 - pair(a, b).iou),
    "mask_iou": mask_iou,
    "clip_boxes_to_image": lambda a, size, **_: torch.stack(
        [a[..., 0::2].clamp(0, size[1]), a[..., 1::2].clamp(0, size[0])], -1
    ).reshape(a.shape),
    "remove_small_boxes": lambda a, min_size, **_: torch.where(
        ((a[:, 2:] - a[:, :2]) >= min_size).all(-1)
    )[0],
}
