"""Losses of relative errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import elementwise, quotient
from .._points import pair, point, positive, sign
from .._samples import WEIGHED, amounts, residuals_of_ones, smooth_amounts


@point(
    formula="|r| / max(|t|, ε)",
    sample=residuals_of_ones,
    options=(*WEIGHED, {"eps": 1.0}),
)
def mape_loss(
    input: Any,
    target: Any,
    *,
    eps: float = 2.220446049250313e-16,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """|r| / m, m = max(|t|, eps); gradient sign(r) / m (scikit-learn)."""
    positive("eps", eps, zero=True)
    x, t = pair(input, target)
    with np.errstate(invalid="ignore", over="ignore"):
        r = x - t
    m = np.maximum(np.abs(t), x.dtype.type(eps))
    return elementwise(
        x,
        quotient(np.abs(r), m),
        lambda: quotient(sign(r), m),
        lambda: np.zeros_like(r),
        reduction,
        weight,
        grad,
        hess,
    )


@point(
    formula="(ln(1 + x) − ln(1 + t))²",
    sample=amounts,
    smooth_sample=smooth_amounts,
    options=WEIGHED,
)
def msle_loss(
    input: Any,
    target: Any,
    *,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """d^2, d = log(1 + x) - log(1 + t); gradient 2 d / (1 + x), then 2 (1 - d) / (1 + x)^2."""
    x, t = pair(input, target)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (x - t) / (1 + t)  # loses nothing near x = t
        d = np.where(np.abs(ratio) < 0.5, np.log1p(ratio), np.log1p(x) - np.log1p(t))
    return elementwise(
        x,
        d * d,
        lambda: 2 * d / (1 + x),
        lambda: 2 * (1 - d) / (1 + x) ** 2,
        reduction,
        weight,
        grad,
        hess,
    )
