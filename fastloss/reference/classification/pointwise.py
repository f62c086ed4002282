"""Losses of one number per element. p = s(x) is the logistic function, q = 1 - p = s(-x)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import (
    as_float,
    bce_with_logits,
    check_same_shape,
    elementwise,
    like,
    sigmoid,
    softplus,
)
from .._registry import Variant, register
from .._samples import (
    POINTWISE_BENCH,
    POINTWISE_SHAPES,
    logits_hard,
    logits_soft,
    probabilities_soft,
    scores_signed,
    smooth_probabilities,
    smooth_scores,
    trailing_weight,
    with_weights,
)


def _pair(input: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    x = as_float(input)
    t = like(target, x)
    check_same_shape(x, t)
    return x, t


def _point(**fields: Any) -> Any:
    return register(
        kind="pointwise", hess=True, shapes=POINTWISE_SHAPES, bench=POINTWISE_BENCH, **fields
    )


@_point(
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
    x, t = _pair(input, target)
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


@_point(
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
    x, t = _pair(input, target)
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


@_point(
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
    x, t = _pair(input, target)
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


@_point(
    formula="α_t (1−p_t)^γ bce(x, t)",
    sample=logits_hard,
    options=with_weights(
        {},
        {"alpha": -1, "gamma": 2.0},
        {"alpha": 0.0, "gamma": 0.0},
        {"alpha": 1.0, "gamma": 0.5},
        {"alpha": 0.6, "gamma": 1.0},
        {"gamma": 1.5},
        {"gamma": 3.0},
        {"gamma": 5.0},
    ),
    variants=(Variant(logits_soft, ({}, {"gamma": 0.5}, {"gamma": 0.0}, {"gamma": 1.5})),),
    peer="torchvision.ops.sigmoid_focal_loss",
)
def sigmoid_focal_loss(
    inputs: Any,
    targets: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    reduction: str = "none",
    *,
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """a m^gamma b with a = alpha t + (1-alpha)(1-t), m = t q + (1-t) p, b = bce(x, t).

    alpha = -1 leaves a out (Lin et al. 2017; torchvision). With c = 1 - 2 t and d = p q,
    m' = c d and b' = p - t. The ratio d / m is taken as one quantity: it is p for t = 1 and q for
    t = 0, so that m^(gamma-1) d = m^gamma (d/m) is finite for gamma < 1, too.
    """
    if not 0 <= alpha <= 1 and alpha != -1:
        raise ValueError(f"alpha must lie in [0, 1] or be -1, got {alpha}")
    if not gamma >= 0:
        raise ValueError(f"gamma must be at least 0, got {gamma}")
    x, t = _pair(inputs, targets)
    p, q = sigmoid(x), sigmoid(-x)
    a = alpha * t + (1 - alpha) * (1 - t) if alpha >= 0 else np.ones_like(x)
    m = t * q + (1 - t) * p
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        scale = a * m**gamma
        b = bce_with_logits(x, t)
        ratio = np.where(t == 1, p, np.where(t == 0, q, p * q / m))
    slope = (1 - t) * p - t * q
    turn = (1 - 2 * t) * ratio
    return elementwise(
        x,
        scale * b,
        lambda: scale * (slope + gamma * turn * b),
        lambda: scale * (p * q + gamma * turn * (2 * slope + ((gamma - 1) * turn + q - p) * b)),
        reduction,
        weight,
        grad,
        hess,
    )


@_point(
    formula="(t if t > 0 else α p^γ) bce(x, t)",
    sample=logits_soft,
    options=with_weights(
        {}, {"gamma": 0.0}, {"gamma": 0.5}, {"gamma": 1.5, "alpha": 0.25}, {"gamma": 3.0}
    ),
)
def varifocal_loss(
    input: Any,
    target: Any,
    *,
    alpha: float = 0.75,
    gamma: float = 2.0,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """f b with b = bce(x, t), f = t where t > 0 and f = alpha p^gamma elsewhere (Zhang 2021).

    Gradient f (p - t) + f' b, second derivative f p q + 2 f' (p - t) + f'' b, where
    f' = gamma f q and f'' = gamma f q (gamma q - p) for the negatives, 0 for the positives.
    """
    if not gamma >= 0:
        raise ValueError(f"gamma must be at least 0, got {gamma}")
    x, t = _pair(input, target)
    p, q = sigmoid(x), sigmoid(-x)
    negative = np.where(t > 0, 0, 1).astype(x.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        f = np.where(t > 0, t, alpha * p**gamma)
        b = bce_with_logits(x, t)
    f1 = negative * gamma * f * q
    slope = (1 - t) * p - t * q
    return elementwise(
        x,
        f * b,
        lambda: f * slope + f1 * b,
        lambda: f * p * q + 2 * f1 * slope + f1 * (gamma * q - p) * b,
        reduction,
        weight,
        grad,
        hess,
    )
