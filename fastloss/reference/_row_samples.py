"""Inputs of the losses with one term per row: logits with classes, distributions or positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._registry import Variant

Arrays = tuple[np.ndarray, ...]


def class_axis(shape: tuple) -> int:
    return 0 if len(shape) == 1 else 1


def row_shape(shape: tuple) -> tuple:
    """The shape without its class axis."""
    axis = class_axis(shape)
    return shape[:axis] + shape[axis + 1 :]


def class_indices(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logits (N, C, ...) with class indices (N, ...)."""
    classes = shape[class_axis(shape)]
    return (
        (3 * rng.normal(size=shape)).astype(dtype),
        np.asarray(rng.integers(0, classes, row_shape(shape)), dtype=np.int64),
    )


def ignored_indices(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """The same, a third of the rows carrying -100."""
    logits, target = class_indices(rng, shape, dtype)
    return logits, np.where(rng.random(target.shape) < 0.33, -100, target)


def small_indices(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """The same with indices of the smallest integer type."""
    logits, target = class_indices(rng, shape, dtype)
    return logits, target.astype(np.uint8)


def class_probabilities(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logits with a distribution over the classes for each row."""
    raw = rng.random(shape) ** 3 + 1e-3
    total = raw.sum(axis=class_axis(shape), keepdims=True)
    return (3 * rng.normal(size=shape)).astype(dtype), (raw / total).astype(dtype)


def class_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    classes = args[0].shape[class_axis(args[0].shape)]
    return rng.uniform(0.1, 2, classes).astype(args[0].dtype)


def bins(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logits (..., R) and positions (...), some integral, some beyond the ends."""
    target = rng.uniform(-1, shape[-1], shape[:-1])
    target = np.where(rng.random(shape[:-1]) < 0.2, np.round(target), target)
    return (2 * rng.normal(size=shape)).astype(dtype), target.astype(dtype)


def rows_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    """Weights of the second argument's shape."""
    return rng.uniform(0.1, 2, np.shape(args[1])).astype(args[0].dtype)


def rows_trailing_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    return rng.uniform(0.1, 2, np.shape(args[1])[-1:]).astype(args[0].dtype)


def ignoring(sample: Callable[..., Arrays], value: int) -> Callable[..., Arrays]:
    """The sampler with about a fifth of the target entries set to `value`."""

    def with_ignored(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
        input, target = sample(rng, shape, dtype)
        return input, np.where(rng.random(target.shape) < 0.2, value, target).astype(target.dtype)

    return with_ignored


def _as_matrix(shape: tuple) -> tuple:
    """Rows and classes: leading axes counted together."""
    return shape if len(shape) < 2 else (int(np.prod(shape[:-1])), shape[-1])


def matrix_indices(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Scores (N, C) or (C,) with class indices (N,) or (), for losses that know no further axes."""
    return class_indices(rng, _as_matrix(shape), dtype)


def small_matrix_indices(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """The same with indices of the smallest integer type."""
    scores, target = matrix_indices(rng, shape, dtype)
    return scores, target.astype(np.uint8)


def tied_matrix_indices(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """The same with many scores on the margin."""
    scores, target = matrix_indices(rng, shape, dtype)
    return (np.round(scores) / 2).astype(dtype), target


def class_lists(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Scores (N, C) or (C,) with a list of classes per row, ended by -1: empty, some, or all."""
    shape = _as_matrix(shape)
    scores = (2 * rng.normal(size=shape)).astype(dtype)
    target = rng.permuted(np.broadcast_to(np.arange(shape[-1]), shape), axis=-1)
    length = rng.integers(0, min(shape[-1], 6) + 1, (*shape[:-1], 1))
    return scores, np.where(np.arange(shape[-1]) == length, -1, target)


def label_masks(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logits (..., C) with labels of 0 and 1 of the same shape."""
    return (3 * rng.normal(size=shape)).astype(dtype), (rng.random(shape) < 0.3).astype(dtype)


def last_axis_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    """One weight per class of the last axis."""
    return rng.uniform(0.1, 2, args[0].shape[-1:]).astype(args[0].dtype)


ROW_SHAPES = ((5,), (7, 5), (0, 5), (3, 5, 4), (2, 3, 2, 2))
ROW_BENCH = ((8, 10), (256, 1000), (4096, 1000), (512, 32000))
MARGIN_SHAPES = ((5,), (1,), (7, 5), (0, 5), (3, 16), (4, 37), (2, 1100))
MARGIN_BENCH = ((8, 10), (256, 80), (4096, 1000))

CROSS_ENTROPY: tuple[dict[str, Any], ...] = (
    {},
    {"weight": class_weight},
    {"label_smoothing": 0.1},
    {"label_smoothing": 1.0},
    {"weight": class_weight, "label_smoothing": 0.3},
    {"weight": class_weight, "label_smoothing": 0.3, "ignore_index": 1},
)

CROSS_ENTROPY_VARIANTS = (
    Variant(
        ignored_indices,
        ({}, {"weight": class_weight}, {"weight": class_weight, "label_smoothing": 0.2}),
    ),
    Variant(small_indices, ({}, {"ignore_index": 0})),
    Variant(
        class_probabilities,
        (
            {},
            {"weight": class_weight},
            {"label_smoothing": 0.2},
            {"weight": class_weight, "label_smoothing": 1.0},
        ),
    ),
)

NLL: tuple[dict[str, Any], ...] = (
    {},
    {"weight": class_weight},
    {"weight": class_weight, "ignore_index": 2},
)

FOCAL: tuple[dict[str, Any], ...] = (
    {},
    {"gamma": 0.0},
    {"gamma": 1.0, "weight": class_weight},
    {"gamma": 1.5, "ignore_index": 1},
    {"gamma": 3.0, "weight": class_weight},
)

POLY1: tuple[dict[str, Any], ...] = (
    {},
    {"epsilon": -1.0, "weight": class_weight},
    {"epsilon": 2.5, "ignore_index": 1},
)

# Of losses that take class indices alone.
INDEX_VARIANTS = (
    Variant(ignored_indices, ({}, {"weight": class_weight})),
    Variant(small_indices, ({}, {"ignore_index": 0})),
)
