"""What the references of pointwise losses share."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._common import as_float, check_same_shape, like
from ._registry import register
from ._samples import POINTWISE_BENCH, POINTWISE_SHAPES


def pair(input: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of one shape and dtype."""
    x = as_float(input)
    t = like(target, x)
    check_same_shape(x, t)
    return x, t


def point(**fields: Any) -> Any:
    """Register a pointwise loss."""
    return register(
        kind="pointwise", hess=True, shapes=POINTWISE_SHAPES, bench=POINTWISE_BENCH, **fields
    )


def sign(r: np.ndarray) -> np.ndarray:
    """-1, 0 or 1; 0 for NaN, as torch's absolute value has it (np.sign gives NaN)."""
    return (r > 0).astype(r.dtype) - (r < 0).astype(r.dtype)


def positive(name: str, value: float, *, zero: bool = False) -> None:
    """An error for a parameter that is not positive; with `zero`, 0 will do."""
    if not (value > 0 or zero and value == 0):
        raise ValueError(f"{name} must be {'at least 0' if zero else 'positive'}, got {value}")


def unit(name: str, value: float) -> None:
    """An error for a parameter outside [0, 1]."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in [0, 1], got {value}")
