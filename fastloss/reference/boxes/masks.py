"""Masks of pixels: their overlaps by COCO's rules, and the boxes around them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._mask_samples import crowd, mask_pairs, mask_runs, single_masks
from .._registry import Variant, register


def _masks(**fields: Any) -> Any:
    return register(
        kind="masks",
        gradients=0,
        reductions=(),
        shapes=((2, 3, 5, 4), (1, 1, 1, 1), (2, 2, 3, 9, 17)),
        **fields,
    )


def _counts(text: bytes | str) -> list[int]:
    """COCO's compressed run lengths: five bits a character, differences from the fourth on."""
    counts: list[int] = []
    x = shift = 0
    for byte in text.encode() if isinstance(text, str) else text:
        five = byte - 48
        x |= (five & 31) << shift
        shift += 5
        if five & 32:
            continue
        if five & 16:
            x -= 1 << shift
        counts.append(x + counts[-2] if len(counts) > 2 else x)
        x = shift = 0
    return counts


def _pixels(masks: Any) -> np.ndarray:
    """Any form of masks as booleans (..., N, H, W)."""
    if not isinstance(masks, (list, tuple)) or not isinstance(masks[0], dict):
        return np.asarray(masks) != 0
    pixels = []
    for mask in masks:
        height, width = mask["size"]
        counts = mask["counts"]
        counts = _counts(counts) if isinstance(counts, (str, bytes)) else counts
        inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
        pixels.append(inside.reshape(width, height).T)
    return np.array(pixels)


@_masks(
    formula="I/U",
    sample=mask_pairs,
    options=({}, {"iscrowd": crowd}),
    variants=(Variant(mask_runs, ({}, {"iscrowd": crowd})),),
    bench=((8, 8, 64, 64), (32, 32, 240, 320)),
    peer="pycocotools.mask.iou",
)
def mask_iou(masks1: Any, masks2: Any, *, iscrowd: Any = None) -> Any:
    """I / U of every pair, I / A1 where the second mask is a crowd, 0 where I = 0 (COCO)."""
    first, second = (_pixels(m)[..., :, :] for m in (masks1, masks2))
    a, b = first[..., :, None, :, :], second[..., None, :, :, :]
    inter = (a & b).sum((-1, -2))
    union = (a | b).sum((-1, -2))
    if iscrowd is not None:
        alone = np.broadcast_to(a.sum((-1, -2)), inter.shape)
        union = np.where(np.asarray(iscrowd, bool)[..., None, :], alone, union)
    return np.where(inter > 0, inter / np.maximum(union, 1), 0.0)


@_masks(
    formula="x₁, y₁, x₂, y₂ of its pixels",
    sample=single_masks,
    bench=((8, 1, 64, 64), (32, 1, 240, 320)),
    peer="torchvision.ops.masks_to_boxes",
)
def masks_to_boxes(masks: Any) -> Any:
    """First and last column and row with a pixel, as float32 (torchvision)."""
    inside = np.asarray(masks) != 0
    boxes = []
    for axis in (-2, -1):
        hit = inside.any(axis)
        first, last = hit.argmax(-1), hit.shape[-1] - 1 - hit[..., ::-1].argmax(-1)
        boxes.append((first, last))
    (x1, x2), (y1, y2) = boxes
    return np.stack([x1, y1, x2, y2], -1).astype(np.float32)
