"""Losses of one number per element. p = s(x) is the logistic function, q = 1 - p = s(-x)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import elementwise, like, sigmoid, softplus
from .._points import pair, point
from .._registry import Variant
from .._samples import (
    WEIGHED,
    log_probabilities,
    log_probabilities_both,
    logits_soft,
    probabilities_soft,
    smooth_probabilities,
    trailing_weight,
    with_weights,
)


@point(
    formula="−t ln x − (1−t) ln(1−x)",
    sample=probabilities_soft,
    smooth_sample=smooth_probabilities,
    options=with_weights({}),
    peer="torch.nn.functional.binary_cross_entropy",
)
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """-(t log x + (1 - t) log(1 - x)) of probabilities x; logs are clamped at -100 (torch).

    Gradient (x - t) / max(x (1 - x), 1e-12), second derivative
    t / max(x, 1e-12)^2 + (1 - t) / max(1 - x, 1e-12)^2.
    """
    x, t = pair(input, target)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.maximum(np.log(x), -100), np.maximum(np.log1p(-x), -100)
    value = (t - 1) * high - t * low
    spread = np.maximum(x * (1 - x), 1e-12)
    return elementwise(
        x,
        value,
        lambda: (x - t) / spread,
        lambda: t / np.maximum(x, 1e-12) ** 2 + (1 - t) / np.maximum(1 - x, 1e-12) ** 2,
        reduction,
        weight,
        grad,
        hess,
    )


@point(
    formula="−c t ln s(x) − (1−t) ln(1−s(x))",
    sample=logits_soft,
    options=(
        *with_weights({}, {"pos_weight": trailing_weight}),
        {"pos_weight": np.float64(3.0)},
        {"pos_weight": np.float64(0.0)},
    ),
    peer="torch.nn.functional.binary_cross_entropy_with_logits",
)
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """c t softplus(-x) + (1 - t) softplus(x), c = pos_weight (torch).

    With l = 1 + (c - 1) t: gradient l p - c t, second derivative l p q.
    """
    x, t = pair(input, target)
    positive = t if pos_weight is None else np.broadcast_to(like(pos_weight, x), x.shape) * t
    both = positive + (1 - t)
    with np.errstate(invalid="ignore", over="ignore"):
        value = positive * softplus(-x) + (1 - t) * softplus(x)
    return elementwise(
        x,
        value,
        # (1 - t) p - c t q, which does not cancel for 0/1 targets
        lambda: (1 - t) * sigmoid(x) - positive * sigmoid(-x),
        lambda: both * sigmoid(x) * sigmoid(-x),
        reduction,
        weight,
        grad,
        hess,
    )


@point(
    formula="t (ln t − x)",
    terms=1.0,
    sample=log_probabilities,
    options=WEIGHED,
    variants=(
        Variant(
            log_probabilities_both,
            ({"log_target": True}, {"log_target": True, "weight": trailing_weight}),
        ),
    ),
    reductions=("mean", "sum", "none", "batchmean"),
    peer="torch.nn.functional.kl_div",
)
def kl_div(
    input: Any,
    target: Any,
    reduction: str = "mean",
    log_target: bool = False,
    *,
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """t log t - t x, or e^t (t - x) for logarithms t; gradient -t or -e^t (torch).

    "batchmean" divides the sum by the length of the first axis.
    """
    x, t = pair(input, target)
    divisor = None
    if reduction == "batchmean":
        reduction, divisor = "mean", x.shape[0] if x.ndim else 1
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        p = np.exp(t) if log_target else t
        value = p * (t - x) if log_target else np.where(t == 0, 0, t * np.log(t)) - t * x
    return elementwise(
        x,
        value,
        lambda: -p,
        lambda: np.zeros_like(x),
        reduction,
        weight,
        grad,
        hess,
        divisor=divisor,
    )
