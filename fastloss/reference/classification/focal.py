"""Log losses with a factor that fades. p = s(x) is the logistic function, q = 1 - p = s(-x)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import bce_with_logits, elementwise, sigmoid, softplus
from .._points import pair, point, positive, sign, unit
from .._registry import Variant
from .._samples import WEIGHED, logits_hard, logits_soft, with_weights


@point(
    formula="−(1−p)^γ⁺ ln p if t = 1 else −m^γ⁻ ln(1−m), m = max(0, p − clip)",
    terms=0.25,
    sample=logits_hard,
    options=(
        *WEIGHED,
        {"clip": 0.0},
        {"gamma_neg": 0.0, "gamma_pos": 0.0, "clip": 0.25},
        {"gamma_neg": 2.0, "gamma_pos": 0.5, "clip": 0.125},
        {"eps": 0.25},
    ),
    variants=(Variant(logits_soft, ({}, {"clip": 0.0}, {"gamma_neg": 1.0, "eps": 0.125})),),
)
def asymmetric_loss(
    input: Any,
    target: Any,
    *,
    gamma_neg: float = 4.0,
    gamma_pos: float = 1.0,
    clip: float = 0.05,
    eps: float = 1e-8,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """w b, with w = u^g and b = -t log max(p, eps) - (1-t) log max(n, eps) (Ridnik 2021).

    n = min(1, q + clip), u = t q + (1-t) (1-n), g = t gamma_pos + (1-t) gamma_neg. With
    k = (1-t) [n < 1]: u' = (k - t) p q, b' = k [n >= eps] p q / n - t [p >= eps] q.
    """
    positive("gamma_neg", gamma_neg, zero=True)
    positive("gamma_pos", gamma_pos, zero=True)
    unit("clip", clip)
    unit("eps", eps)
    x, t = pair(input, target)
    clip, eps = x.dtype.type(clip), x.dtype.type(eps)
    p, q = sigmoid(x), sigmoid(-x)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        n, far = np.minimum(q + clip, 1), np.maximum(p - clip, 0)
        log_p = np.where(p >= eps, -softplus(-x), np.where(p < eps, np.log(eps), p))
        # near 1 from what it lacks, else from itself
        log_n = np.where(far < 0.25, np.log1p(-far), np.log(n)) if clip else -softplus(x)
        share = p * q / n if clip else p
        log_n = np.where(n >= eps, log_n, np.where(n < eps, np.log(eps), n))
        u, g = t * q + (1 - t) * far, t * gamma_pos + (1 - t) * gamma_neg
        w, b = u**g, -t * log_p - (1 - t) * log_n
        above = (1 - t) * (q + clip <= 1)
        on_p, on_n = t * (p >= eps), above * (n >= eps)
        turn = above - t
        # p q / u as one quantity: it is finite where u vanishes with q
        ratio = np.where(t == 1, p, np.where(u > 0, p * q / u, 0))
        w1 = g * w * ratio * turn
        w2 = w1 * ((g - 1) * ratio * turn + q - p)
        b1 = on_n * share - on_p * q
        b2 = on_n * share * (share + q - p) + on_p * p * q
    return elementwise(
        x,
        w * b,
        lambda: w1 * b + w * b1,
        lambda: w2 * b + 2 * w1 * b1 + w * b2,
        reduction,
        weight,
        grad,
        hess,
    )


@point(
    formula="|p − t|^β bce(x, t)",
    terms=0.5,
    sample=logits_soft,
    options=(*WEIGHED, {"beta": 0.0}, {"beta": 1.0}, {"beta": 1.5}, {"beta": 3.0}),
)
def quality_focal_loss(
    input: Any,
    target: Any,
    *,
    beta: float = 2.0,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """m^beta b with m = |p - t| and b = bce(x, t) (Li 2020).

    With s = sign(p - t): m' = s p q, b' = p - t. Gradient and second derivative are 0 where a
    power below 0 of m = 0 occurs in them.
    """
    positive("beta", beta, zero=True)
    x, t = pair(input, target)
    p, q = sigmoid(x), sigmoid(-x)
    slope = (1 - t) * p - t * q
    m, s = np.abs(slope), sign(slope)
    with np.errstate(invalid="ignore", over="ignore"):
        b = bce_with_logits(x, t)

    def power(exponent: float) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.where((m == 0) & (exponent < 0), 0, m**exponent).astype(x.dtype)

    f1 = beta * power(beta - 1) * s * p * q
    f2 = beta * (
        (beta - 1) * power(beta - 2) * (p * q) ** 2 + power(beta - 1) * s * p * q * (q - p)
    )
    return elementwise(
        x,
        power(beta) * b,
        lambda: f1 * b + power(beta) * slope,
        lambda: f2 * b + 2 * f1 * slope + power(beta) * p * q,
        reduction,
        weight,
        grad,
        hess,
    )


@point(
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
    x, t = pair(inputs, targets)
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


@point(
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
    x, t = pair(input, target)
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
