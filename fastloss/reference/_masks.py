"""Inputs of the losses for segmentation: (input, target) for each mode of `dice_loss`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._row_samples import class_indices, class_probabilities, class_weight, ignoring

Arrays = tuple[np.ndarray, np.ndarray]


def masks(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logits with 0/1 masks of the same shape; the last channel of axis 1 is empty."""
    mask = rng.integers(0, 2, shape)
    if len(shape) > 1:
        mask[:, -1] = 0
    return (2 * rng.normal(size=shape)).astype(dtype), mask.astype(dtype)


def soft_masks(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    return (2 * rng.normal(size=shape)).astype(dtype), rng.random(shape).astype(dtype)


def probability_masks(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Probabilities with 0/1 masks."""
    return (rng.uniform(0.05, 0.95, shape).astype(dtype), rng.integers(0, 2, shape).astype(dtype))


def labels(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logits (N, C, ...) with class indices (N, ...); the last class is absent."""
    logits, target = class_indices(rng, shape, dtype)
    return logits, np.minimum(target, max(shape[1] - 2, 0))


def with_probabilities(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Probabilities (N, C, ...) with class indices (N, ...)."""
    probabilities = class_probabilities(rng, shape, dtype)[1]
    return probabilities, labels(rng, shape, dtype)[1]


def some_classes(rng: np.random.Generator, args: tuple) -> list[int]:
    """All classes but the first; the first alone if there is no other."""
    return list(range(1, args[0].shape[1])) or [0]


BINARY: tuple[dict[str, Any], ...] = (
    {},
    {"per_image": True},
    {"smooth_nr": 1.0, "smooth_dr": 1.0},
    {"squared": True},
    {"smooth_nr": 0.0, "smooth_dr": 0.0, "skip_absent": True},
)

MULTILABEL = tuple(
    {"mode": "multilabel", **option}
    for option in (
        *BINARY,
        {"classes": some_classes},
        {"class_weight": class_weight, "per_image": True},
        {"class_weight": class_weight, "classes": some_classes},
        {"average": "micro"},
        {"average": "micro", "per_image": True, "classes": some_classes, "squared": True},
    )
)

MULTICLASS = tuple({**option, "mode": "multiclass"} for option in MULTILABEL)


def without_logits(options: tuple) -> tuple:
    return tuple({**option, "from_logits": False} for option in options)


IGNORED_MASKS = ignoring(masks, 9)
IGNORED_LABELS = ignoring(labels, 255)
