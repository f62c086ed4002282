"""Losses that weigh errors above and below the target differently."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import elementwise
from .._points import pair, point, sign, unit
from .._samples import WEIGHED, residuals, smooth_residuals


def _sides(input: Any, target: Any, below: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Input, residuals, and the factor of each: `below` where negative, 1 - below elsewhere."""
    x, t = pair(input, target)
    with np.errstate(invalid="ignore", over="ignore"):
        r = x - t
    below = x.dtype.type(below)
    return x, r, np.where(r < 0, below, 1 - below)


@point(
    formula="c r², c = τ if r < 0 else 1 − τ",
    sample=residuals,
    smooth_sample=smooth_residuals,
    options=(*WEIGHED, {"expectile": 0.25}, {"expectile": 1.0}, {"expectile": 0.0}),
)
def expectile_loss(
    input: Any,
    target: Any,
    *,
    expectile: float = 0.5,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """c r^2, c = expectile where r < 0, else 1 - expectile; gradient 2 c r (Newey 1987)."""
    unit("expectile", expectile)
    x, r, c = _sides(input, target, expectile)
    with np.errstate(over="ignore"):
        value = c * r * r
    return elementwise(x, value, lambda: 2 * c * r, lambda: 2 * c, reduction, weight, grad, hess)


@point(
    formula="c |r|, c = τ if r < 0 else 1 − τ",
    sample=residuals,
    smooth_sample=smooth_residuals,
    options=(*WEIGHED, {"quantile": 0.25}, {"quantile": 1.0}, {"quantile": 0.0}),
)
def quantile_loss(
    input: Any,
    target: Any,
    *,
    quantile: float = 0.5,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """c |r|, c = quantile where r < 0, else 1 - quantile; gradient c sign(r) (Koenker 1978)."""
    unit("quantile", quantile)
    x, r, c = _sides(input, target, quantile)
    return elementwise(
        x,
        c * np.abs(r),
        lambda: c * sign(r),
        lambda: np.zeros_like(r),
        reduction,
        weight,
        grad,
        hess,
    )
