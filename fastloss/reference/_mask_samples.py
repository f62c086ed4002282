"""Masks for the registry: blobs of pixels, full and empty ones, and the same as run lengths."""

from __future__ import annotations

from typing import Any

import numpy as np


def blobs(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    """(..., N, H, W): ellipses, noise, and now and then nothing or everything."""
    *lead, height, width = shape
    y, x = np.mgrid[:height, :width]
    cy, cx = (rng.uniform(0, side, (*lead, 1, 1)) for side in (height, width))
    ry, rx = rng.uniform(0.5, 1, (2, *lead, 1, 1)) * max(height, width) / 2
    masks = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1
    chance = rng.random((*lead, 1, 1))
    masks = np.where(chance < 0.2, rng.random(shape) < 0.5, masks)
    return (masks | (chance > 0.9)) & ((chance < 0.8) | (chance > 0.85))


def mask_pairs(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple:
    """(..., N, H, W) and (..., M, H, W) for shape (..., N, M, H, W); one of bool, one of uint8."""
    *lead, n, m, height, width = shape
    first = blobs(rng, (*lead, n, height, width))
    return first, 3 * blobs(rng, (*lead, m, height, width)).astype(np.uint8)


def runs_of(mask: np.ndarray) -> list[int]:
    """Run lengths of a mask, column by column, 0 first."""
    pixels = np.concatenate([[0], mask.T.ravel() != 0]).astype(int)
    edges = np.flatnonzero(np.diff(pixels))
    return np.diff([0, *edges, mask.size]).tolist()


def text_of(counts: list[int]) -> bytes:
    """Run lengths as COCO compresses them."""
    text = bytearray()
    for i, count in enumerate(counts):
        x = count - counts[i - 2] if i > 2 else count
        more = True
        while more:
            five, x = x & 31, x >> 5
            more = x != (-1 if five & 16 else 0)
            text.append(48 + five + 32 * more)
    return bytes(text)


def mask_runs(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[list, list]:
    """Lists of run lengths as numbers, and as text."""
    first, second = mask_pairs(rng, (3, 2, *shape[-2:]), dtype)
    size = list(shape[-2:])
    return (
        [{"size": size, "counts": runs_of(mask)} for mask in first],
        [{"size": size, "counts": text_of(runs_of(mask))} for mask in second],
    )


def single_masks(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray]:
    """(..., H, W), each with a pixel or more."""
    masks = blobs(rng, shape).astype(np.int16)
    masks[..., shape[-2] // 2, shape[-1] // 2] = -1
    return (masks,)


def crowd(rng: np.random.Generator, args: tuple) -> np.ndarray:
    """A flag for each mask of the second argument."""
    count = args[1].shape[-3] if isinstance(args[1], np.ndarray) else len(args[1])
    return rng.integers(0, 2, count)
