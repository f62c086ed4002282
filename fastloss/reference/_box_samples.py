"""Boxes for the registry: random ones mixed with every degenerate relation of two boxes."""

from __future__ import annotations

from typing import Any

import numpy as np


def _random(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    corner = rng.uniform(0, 50, (*shape, 2))
    return np.concatenate([corner, corner + rng.uniform(1, 40, (*shape, 2))], axis=-1)


def _relatives(rng: np.random.Generator, other: np.ndarray) -> np.ndarray:
    """For each box of `other` one that stands to it in a relation drawn by chance."""
    x1, y1, x2, y2 = np.moveaxis(other, -1, 0)
    w, h = x2 - x1, y2 - y1
    relations = np.stack(
        [
            _random(rng, other.shape[:-1]),
            np.stack([x1 + 0.1 * w, y1 + 0.1 * h, x2 - 0.2 * w, y2 - 0.1 * h], -1),  # inside
            np.stack([x1 - 2, y1 - 3, x2 + 1, y2 + 2], -1),  # around
            np.stack([x2, y1, x2 + 7, y2], -1),  # touches on the right
            np.stack([x1 - 5, y2, x2, y2 + 4], -1),  # touches below
            other,  # identical
            np.stack([x1, y1, x1, y1], -1),  # a point, in its corner
            np.stack([x1, y1 + 1, x2, y1 + 1], -1),  # no height
            np.stack([x1 + 1, y1, x1 + 1, y2], -1),  # no width
            np.stack([x2, y2, x1, y1], -1),  # inverted
            np.stack([x1 + 4, y2, x2, y1], -1),  # inverted in y
            other + 1000,  # far apart
            np.stack([x1, y1, x2 + 3, y2], -1),  # three common sides
        ]
    )
    draw = rng.integers(0, len(relations), other.shape[:-1])
    return np.take_along_axis(relations, draw[None, ..., None], 0)[0]


def aligned(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (..., 4) of corners: random, nested, touching, identical, empty, inverted, far."""
    boxes2 = np.round(_random(rng, shape), 1)
    boxes1 = _relatives(rng, boxes2)
    return boxes1.astype(dtype), boxes2.astype(dtype)


def smooth_aligned(
    rng: np.random.Generator, shape: tuple, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that overlap, contain each other or are apart, with no equal sides."""
    boxes2 = _random(rng, shape)
    near = boxes2 + rng.uniform(-0.9, 0.9, boxes2.shape)
    apart = _random(rng, shape)
    boxes1 = np.where(rng.random((*shape, 1)) < 0.5, near, apart)
    # sizes stay positive: a side of at least 1 moves by less than 1 only where it grows
    size = np.maximum(boxes1[..., 2:] - boxes1[..., :2], 0.5)
    boxes1 = np.concatenate([boxes1[..., :2], boxes1[..., :2] + size], axis=-1)
    return boxes1.astype(dtype), boxes2.astype(dtype)


def _to_centre(boxes: np.ndarray) -> np.ndarray:
    low, high = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=-1)


def centred(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """`aligned` as centre and size."""
    boxes1, boxes2 = aligned(rng, shape, np.float64)
    return _to_centre(boxes1).astype(dtype), _to_centre(boxes2).astype(dtype)


def smooth_centred(
    rng: np.random.Generator, shape: tuple, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    boxes1, boxes2 = smooth_aligned(rng, shape, np.float64)
    return _to_centre(boxes1).astype(dtype), _to_centre(boxes2).astype(dtype)


def pairs(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """(..., N, 4) and (..., M, 4) for shape (..., N, M), relatives on the diagonal."""
    *batch, rows, columns = shape
    boxes2 = np.round(_random(rng, (*batch, columns)), 1)
    boxes1 = np.round(_random(rng, (*batch, rows)), 1)
    both = min(rows, columns)
    boxes1[..., :both, :] = _relatives(rng, boxes2[..., :both, :])
    return boxes1.astype(dtype), boxes2.astype(dtype)


def smooth_pairs(
    rng: np.random.Generator, shape: tuple, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    *batch, rows, columns = shape
    return (
        _random(rng, (*batch, rows)).astype(dtype),
        _random(rng, (*batch, columns)).astype(dtype),
    )


def single(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray]:
    """One set of boxes (..., 4), some empty or inverted."""
    return (aligned(rng, shape, dtype)[0],)


def flat(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray]:
    """The same as one list (N, 4)."""
    return (aligned(rng, shape, dtype)[0].reshape(-1, 4),)


def rotated(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray]:
    """(..., 5): position, size and an angle in degrees."""
    angle = rng.uniform(-180, 180, (*shape, 1))
    return (np.concatenate([_to_centre(_random(rng, shape)), angle], -1).astype(dtype),)


def quadrilaterals(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray]:
    """(..., 8): four corners of rectangles, upright and then turned by an angle."""
    x1, y1, x2, y2 = np.moveaxis(_random(rng, shape), -1, 0)
    corners = np.stack([x1 + 1j * y1, x2 + 1j * y1, x2 + 1j * y2, x1 + 1j * y2], -1)
    turned = corners * np.exp(1j * rng.uniform(-3, 3, (*shape, 1)))
    return (np.stack([turned.real, turned.imag], -1).reshape(*shape, 8).astype(dtype),)


def _gaussian(rng: np.random.Generator, shape: tuple) -> np.ndarray:
    """Centres, sizes, and angles in radians."""
    sizes = rng.uniform(1, 40, (*shape, 2))
    return np.concatenate(
        [rng.uniform(0, 50, (*shape, 2)), sizes, rng.uniform(-4, 4, (*shape, 1))], -1
    )


def smooth_gaussians(
    rng: np.random.Generator, shape: tuple, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (..., 5) of rotated boxes, half of them close to each other."""
    boxes2 = _gaussian(rng, shape)
    near = boxes2 + rng.uniform(-0.3, 0.3, boxes2.shape) * [1, 1, 1, 1, 0.3]
    boxes1 = np.where(rng.random((*shape, 1)) < 0.5, near, _gaussian(rng, shape))
    return boxes1.astype(dtype), boxes2.astype(dtype)


def gaussians(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """The same with equal, flat, empty and far boxes and large angles among them."""
    boxes1, boxes2 = smooth_gaussians(rng, shape, np.float64)
    x, y, w, h, angle = np.moveaxis(boxes2, -1, 0)
    relations = np.stack(
        [
            boxes1,
            boxes2,
            np.stack([x + 1, y, 0 * w, h, angle], -1),
            np.stack([x, y + 2, 0 * w, 0 * h, angle], -1),
            np.stack([x + 1000, y, w, h, angle + 1], -1),
            np.stack([x + 1, y + 1, -w, h, angle + 500], -1),
            np.stack([x, y, h, w, angle + np.pi / 2], -1),
        ]
    )
    draw = rng.choice(len(relations), boxes2.shape[:-1], p=[0.4] + [0.1] * 6)
    boxes1 = np.take_along_axis(relations, draw[None, ..., None], 0)[0]
    return boxes1.astype(dtype), boxes2.astype(dtype)


def gaussian_pairs(
    rng: np.random.Generator, shape: tuple, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """(..., N, 5) and (..., M, 5) for shape (..., N, M)."""
    *batch, rows, columns = shape
    boxes1, boxes2 = smooth_gaussians(rng, (*batch, max(rows, columns)), dtype)
    return boxes1[..., :rows, :], boxes2[..., :columns, :]


def turned_pairs(
    rng: np.random.Generator, shape: tuple, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs with angles in degrees; one box is flat, one inverted."""
    boxes1, boxes2 = smooth_turned_pairs(rng, shape, dtype)
    boxes1[..., :1, 2] = 0
    boxes1[..., 1:2, 3] *= -1
    return boxes1, boxes2


def smooth_turned_pairs(
    rng: np.random.Generator, shape: tuple, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    boxes1, boxes2 = (b.copy() for b in gaussian_pairs(rng, shape, np.float64))
    for boxes in (boxes1, boxes2):
        boxes[..., 4] *= 180 / np.pi
    return boxes1.astype(dtype), boxes2.astype(dtype)


def corner_pairs(
    rng: np.random.Generator, shape: tuple, dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """The same as four corners each."""

    def corners(b: np.ndarray) -> np.ndarray:
        middle = b[..., 0] + 1j * b[..., 1]
        turn, w, h = np.exp(1j * b[..., 4]), b[..., 2] / 2, b[..., 3] / 2
        four = [
            middle + (i * w + j * 1j * h) * turn for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        points = np.stack(four, -1)
        return np.stack([points.real, points.imag], -1).reshape(*b.shape[:-1], 8).astype(dtype)

    boxes1, boxes2 = gaussian_pairs(rng, shape, np.float64)
    return corners(boxes1), corners(boxes2)


def box_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    """One weight for each box."""
    return rng.uniform(0.1, 2, args[0].shape[:-1]).astype(args[0].dtype)


def trailing_box_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    """Weights along the last axis of boxes alone, which broadcast."""
    return rng.uniform(0.1, 2, args[0].shape[:-1][-1:]).astype(args[0].dtype)
