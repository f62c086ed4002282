"""Losses of scores x for targets t = -1 and +1."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import elementwise, sigmoid, softplus
from .._points import pair, point
from .._registry import Variant
from .._samples import (
    WEIGHED,
    distances,
    scores_graded,
    scores_signed,
    smooth_distances,
    smooth_scores,
    with_weights,
)


@point(
    formula="exp(−t x)",
    sample=scores_signed,
    smooth_sample=smooth_scores,
    options=WEIGHED,
)
def exponential_loss(
    input: Any,
    target: Any,
    *,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """e = exp(-t x); gradient -t e, second derivative t^2 e (Freund & Schapire 1997)."""
    x, t = pair(input, target)
    with np.errstate(over="ignore", invalid="ignore"):
        value = np.exp(-t * x)
    return elementwise(
        x, value, lambda: -t * value, lambda: t * t * value, reduction, weight, grad, hess
    )


@point(
    formula="x if t = 1, max(0, margin − x) if t = −1",
    sample=distances,
    smooth_sample=smooth_distances,
    options=(*WEIGHED, {"margin": 0.5}, {"margin": -1.0}),
    peer="torch.nn.functional.hinge_embedding_loss",
)
def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    reduction: str = "mean",
    *,
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """x where t is not -1, plus max(0, margin - x) where it is not 1 (torch).

    Gradient 1 where t is not -1, less 1 where it is not 1 and x <= margin.
    """
    x, t = pair(input, target)
    near, apart = t != -1, t != 1
    rest = x.dtype.type(margin) - x
    with np.errstate(over="ignore", invalid="ignore"):
        value = np.where(near, x, 0) + np.where(apart, np.maximum(rest, 0), 0)
    return elementwise(
        x,
        value,
        lambda: near.astype(x.dtype) - (apart & (rest >= 0)),
        lambda: np.zeros_like(x),
        reduction,
        weight,
        grad,
        hess,
    )


@point(
    formula="max(0, 1 − t x)",
    sample=scores_signed,
    smooth_sample=smooth_scores,
    options=with_weights({}),
)
def hinge_loss(
    input: Any,
    target: Any,
    *,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """max(0, 1 - t x), t = -1 or +1; gradient -t where t x < 1, else 0 (Cortes & Vapnik 1995)."""
    x, t = pair(input, target)
    with np.errstate(over="ignore", invalid="ignore"):
        margin = 1 - t * x
    return elementwise(
        x,
        np.maximum(margin, 0),
        lambda: np.where(margin > 0, -t, 0),
        lambda: np.zeros_like(x),
        reduction,
        weight,
        grad,
        hess,
    )


@point(
    formula="ln(1 + exp(−t x))",
    sample=scores_signed,
    smooth_sample=smooth_scores,
    options=WEIGHED,
    variants=(Variant(scores_graded),),
    peer="torch.nn.functional.soft_margin_loss",
)
def soft_margin_loss(
    input: Any,
    target: Any,
    reduction: str = "mean",
    *,
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """softplus(-t x); gradient -t s(-t x), second derivative t^2 s(t x) s(-t x)."""
    x, t = pair(input, target)
    with np.errstate(over="ignore", invalid="ignore"):
        u = t * x
        value = softplus(-u)
    return elementwise(
        x,
        value,
        lambda: -t * sigmoid(-u),
        lambda: t * t * sigmoid(u) * sigmoid(-u),
        reduction,
        weight,
        grad,
        hess,
    )


@point(
    formula="max(0, 1 − t x)²",
    sample=scores_signed,
    smooth_sample=smooth_scores,
    options=WEIGHED,
)
def squared_hinge_loss(
    input: Any,
    target: Any,
    *,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """m^2 with m = max(0, 1 - t x); gradient -2 t m, second derivative 2 t^2 where t x < 1."""
    x, t = pair(input, target)
    with np.errstate(over="ignore", invalid="ignore"):
        margin = 1 - t * x
        m = np.maximum(margin, 0)
        value = m * m
    return elementwise(
        x,
        value,
        lambda: -2 * t * m,
        lambda: np.where(margin > 0, 2 * t * t, 0),
        reduction,
        weight,
        grad,
        hess,
    )
