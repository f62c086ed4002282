"""Realistic inputs for the registry: `sampler(rng, shape, dtype)` gives positional arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

Arrays = tuple[np.ndarray, ...]

POINTWISE_SHAPES = ((), (1,), (0,), (37,), (4, 5), (2, 3, 4))
POINTWISE_BENCH = ((16,), (100_000,), (10_000_000,))


def residuals(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Predictions and targets; one in eight exact, and one in eight off by 0.5 or 1 (kinks)."""
    target = np.round(rng.normal(size=shape), 2).astype(dtype)
    draw = rng.random(shape)
    offset = np.where(
        draw < 0.25, rng.choice([0.5, -0.5, 1.0, -1.0], shape), rng.normal(size=shape)
    )
    offset = np.where(draw < 0.125, 0, offset)
    return (target + offset).astype(dtype), target


def smooth_residuals(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    target = rng.normal(size=shape)
    return (target + 1.5 * rng.normal(size=shape)).astype(dtype), target.astype(dtype)


def logits_soft(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logits with targets in [0, 1], among them exact 0 and 1."""
    return (
        (3 * rng.normal(size=shape)).astype(dtype),
        np.clip(rng.uniform(-0.5, 1.5, shape), 0, 1).astype(dtype),
    )


def logits_hard(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logits with 0/1 targets."""
    return ((3 * rng.normal(size=shape)).astype(dtype), rng.integers(0, 2, shape).astype(dtype))


def probabilities_soft(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Probabilities, some exactly 0 or 1 (kinks), with targets in [0, 1]."""
    return (
        np.clip(rng.uniform(-0.2, 1.2, shape), 0, 1).astype(dtype),
        np.clip(rng.uniform(-0.5, 1.5, shape), 0, 1).astype(dtype),
    )


def smooth_probabilities(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    return (
        rng.uniform(0.05, 0.95, shape).astype(dtype),
        np.clip(rng.uniform(-0.5, 1.5, shape), 0, 1).astype(dtype),
    )


def scores_signed(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Scores with targets -1 and +1, some exactly on the margin (kinks)."""
    target = rng.choice([-1.0, 1.0], shape)
    scores = np.where(rng.random(shape) < 0.2, target, 2 * rng.normal(size=shape))
    return scores.astype(dtype), target.astype(dtype)


def smooth_scores(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    return (
        (2 * rng.normal(size=shape)).astype(dtype),
        rng.choice([-1.0, 1.0], shape).astype(dtype),
    )


def scores_graded(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Scores with targets of any size."""
    return (2 * rng.normal(size=shape)).astype(dtype), rng.normal(size=shape).astype(dtype)


def distances(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Distances with targets -1 and +1, a few 0; some on the margin (kinks)."""
    x = np.where(rng.random(shape) < 0.2, rng.choice([0.5, 1.0], shape), 2 * rng.random(shape))
    return x.astype(dtype), rng.choice([-1.0, 1.0, -1.0, 1.0, 0.0], shape).astype(dtype)


def smooth_distances(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    return (
        (2 * rng.random(shape)).astype(dtype),
        rng.choice([-1.0, 1.0], shape).astype(dtype),
    )


def log_probabilities(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Log-probabilities with probabilities, some exactly 0."""
    x = -rng.exponential(2, shape)
    return x.astype(dtype), np.maximum(rng.uniform(-0.2, 1, shape), 0).astype(dtype)


def log_probabilities_both(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    return (
        (-rng.exponential(2, shape)).astype(dtype),
        (-rng.exponential(2, shape)).astype(dtype),
    )


def log_counts(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logarithms of expected counts, with counts."""
    return rng.normal(size=shape).astype(dtype), rng.poisson(1.5, shape).astype(dtype)


def counts(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Expected counts, with counts."""
    return rng.gamma(2, size=shape).astype(dtype), rng.poisson(1.5, shape).astype(dtype)


def log_amounts(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Logarithms of expected amounts, with amounts, some exactly 0."""
    t = np.where(rng.random(shape) < 0.2, 0, rng.gamma(2, size=shape))
    return rng.normal(size=shape).astype(dtype), t.astype(dtype)


def amounts_above_zero(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    return (
        (0.1 + rng.gamma(2, size=shape)).astype(dtype),
        (0.1 + rng.gamma(2, size=shape)).astype(dtype),
    )


def amounts(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Predicted and true amounts, some exactly 0, some equal."""
    t = np.where(rng.random(shape) < 0.2, 0, 10 * rng.gamma(1, size=shape))
    x = np.where(rng.random(shape) < 0.2, t, 10 * rng.gamma(1, size=shape))
    return np.where(rng.random(shape) < 0.1, 0, x).astype(dtype), t.astype(dtype)


def smooth_amounts(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    return (
        rng.gamma(2, size=shape).astype(dtype),
        rng.gamma(2, size=shape).astype(dtype),
    )


def residuals_of_ones(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Predictions of targets that keep away from 0."""
    target = rng.choice([-1, 1], shape) * rng.uniform(0.5, 3, shape)
    return (target + rng.normal(size=shape)).astype(dtype), target.astype(dtype)


def variances(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """Predictions, targets, and a variance for each."""
    return *residuals(rng, shape, dtype), rng.uniform(0.25, 3, shape).astype(dtype)


def smooth_variances(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """All of them larger than the eps that is tried."""
    return *residuals(rng, shape, dtype), rng.uniform(0.75, 3, shape).astype(dtype)


def variances_of_rows(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """The last axis of the variances left out."""
    return *residuals(rng, shape, dtype), rng.uniform(0.25, 3, shape[:-1]).astype(dtype)


def variances_along(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """The first axis of the variances of length 1."""
    narrow = ((1,) if shape else ()) + shape[1:]
    return *residuals(rng, shape, dtype), rng.uniform(0.25, 3, narrow).astype(dtype)


def elementwise_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    """Weights of the input's full shape, some of them zero."""
    weight = rng.uniform(0.1, 2, args[0].shape)
    return np.where(rng.random(args[0].shape) < 0.1, 0.05, weight).astype(args[0].dtype)


def trailing_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    """Weights along the last axis alone, which broadcast."""
    return rng.uniform(0.1, 2, args[0].shape[-1:]).astype(args[0].dtype)


def leading_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    """Weights along the first axis alone, as a column that broadcasts."""
    shape = args[0].shape[:1] + (1,) * (args[0].ndim - 1)
    return rng.uniform(0.1, 2, shape).astype(args[0].dtype)


def scalar_weight(rng: np.random.Generator, args: tuple) -> np.ndarray:
    return np.asarray(rng.uniform(0.1, 2), dtype=args[0].dtype)


WEIGHTS: tuple[dict[str, Any], ...] = tuple(
    {"weight": weight}
    for weight in (elementwise_weight, trailing_weight, leading_weight, scalar_weight)
)


# For losses that share their weights' code with others: once without, once with.
WEIGHED: tuple[dict[str, Any], ...] = ({}, {"weight": trailing_weight})


def with_weights(*options: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The options, unweighted and then once more with elementwise weights, and every broadcast."""
    weighted = tuple({**option, "weight": elementwise_weight} for option in options)
    return (*options, *weighted, *WEIGHTS)


def parameters(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    """One array of parameters, some exactly zero (kinks)."""
    values = rng.normal(size=shape)
    return (np.where(rng.random(shape) < 0.2, 0, values).astype(dtype),)


def smooth_parameters(rng: np.random.Generator, shape: tuple, dtype: Any) -> Arrays:
    return (rng.normal(size=shape).astype(dtype),)


def parameter_list(rng: np.random.Generator, shape: tuple, dtype: Any) -> tuple[list[np.ndarray]]:
    """A list of arrays of several shapes."""
    return ([rng.normal(size=s).astype(dtype) for s in (shape, (3,), (2, 2))],)
