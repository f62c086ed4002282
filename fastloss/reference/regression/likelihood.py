"""Negative log-likelihoods. Throughout m is the mean of the distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._common import deliver, elementwise, like, quotient, wanted
from .._points import pair, point, positive
from .._registry import Variant
from .._samples import (
    WEIGHED,
    amounts_above_zero,
    counts,
    log_amounts,
    log_counts,
    smooth_variances,
    trailing_weight,
    variances,
    variances_along,
    variances_of_rows,
    with_weights,
)


def _product(t: np.ndarray, e: np.ndarray) -> np.ndarray:
    """t e, 0 where t is, even if the exponential e is infinite."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where((t == 0) & np.isinf(e), 0, t * e)


@point(
    formula="exp(x) − t x",
    terms=4.0,
    sample=log_counts,
    options=(*WEIGHED, {"full": True}),
    variants=(
        Variant(
            counts,
            (
                {"log_input": False},
                {"log_input": False, "full": True, "eps": 0.5},
                {"log_input": False, "weight": trailing_weight},
            ),
        ),
    ),
    peer="torch.nn.functional.poisson_nll_loss",
)
def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
    *,
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """e^x - t x; gradient e^x - t, second derivative e^x (torch).

    Without log_input x - t log m, m = x + eps; gradient 1 - t/m, second derivative t/m^2. `full`
    adds t log t - t + 1/2 log(2 pi t) where t > 1.
    """
    positive("eps", eps, zero=True)
    x, t = pair(input, target)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        m = np.exp(x) if log_input else x + x.dtype.type(eps)
        value = m - t * x if log_input else x - t * np.log(m)
        if full:
            stirling = t * np.log(t) - t + np.log(2 * math.pi * t) / 2
            value = value + np.where(t > 1, stirling, 0)
    return elementwise(
        x,
        value,
        lambda: m - t if log_input else 1 - quotient(t, m),
        lambda: m if log_input else quotient(t, m * m),
        reduction,
        weight,
        grad,
        hess,
    )


def _fitting_variance(var: Any, x: np.ndarray) -> np.ndarray:
    """The variances in as many axes as x, at most one of them of another length: 1."""
    v = like(var, x)
    if (v < 0).any():
        raise ValueError("var has negative entries")
    if v.shape == x.shape:
        return v
    if x.ndim and v.shape == x.shape[:-1]:
        return v[..., None]
    lengths = [a for a, b in zip(v.shape, x.shape, strict=False) if a != b]
    if v.ndim != x.ndim or lengths != [1]:
        raise ValueError(f"var has shape {v.shape}, but input has shape {x.shape}")
    return v


@point(
    formula="½ (ln v + r²/v)",
    terms=1.0,
    sample=variances,
    smooth_sample=smooth_variances,
    options=(*with_weights({}), {"full": True}, {"eps": 0.5}),
    variants=(
        Variant(variances_of_rows, ({}, {"weight": trailing_weight})),
        Variant(variances_along),
    ),
    gradients=2,
    wrt=(0, 2),
    peer="torch.nn.functional.gaussian_nll_loss",
)
def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
    *,
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """1/2 (log v + r^2/v), v = max(var, eps), + 1/2 log(2 pi) if `full` (Nix & Weigend 1994).

    By input: r/v, then 1/v. By var, unless it is a number: (1 - r^2/v)/(2 v), then
    (r^2/v - 1/2)/v^2, as if eps were not there (torch), and added up where var is broadcast.
    """
    positive("eps", eps, zero=True)
    x, t = pair(input, target)
    number = isinstance(var, (int, float, np.number))
    given = like(var, x) if not number else np.full(x.shape, var, x.dtype)
    each = _fitting_variance(given, x)
    v = np.broadcast_to(np.maximum(each, x.dtype.type(eps)), x.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        r = x - t
        square = r * r / v
        value = (np.log(v) + square) / 2 + (math.log(2 * math.pi) / 2 if full else 0)
    value = value.astype(x.dtype, copy=False)

    grads, hesses = (p if isinstance(p, (tuple, list)) else (p, p) for p in (grad, hess))
    result = elementwise(
        x, value, lambda: r / v, lambda: quotient(1, v), reduction, weight, grads[0], hesses[0]
    )
    if number or not isinstance(result, tuple):
        return result
    half = x.dtype.type(0.5)
    by_var = elementwise(
        x,
        value,
        lambda: half * (1 - square) / v,
        lambda: (square - half) / v / v,
        reduction,
        weight,
        True,
        True,
    )
    out = [result[0]]
    for request, mine, other in zip((grads, hesses), result[1:], by_var[1:], strict=False):
        axes = tuple(i for i in range(x.ndim) if each.shape[i] != x.shape[i])
        total = other.sum(axis=axes, dtype=np.float64).reshape(given.shape)
        buffer = request[1] if wanted(request[1]) else True
        out.append((mine, deliver(buffer, total, given)))
    return tuple(out)


@point(
    formula="t exp(−x) + x",
    terms=4.0,
    sample=log_amounts,
    options=WEIGHED,
    variants=(
        Variant(
            amounts_above_zero,
            ({"log_input": False}, {"log_input": False, "eps": 0.5, "weight": trailing_weight}),
        ),
    ),
)
def gamma_nll_loss(
    input: Any,
    target: Any,
    *,
    log_input: bool = True,
    eps: float = 1e-8,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """s + log m, s = t/m, m = e^x; gradient 1 - s, second derivative s.

    Without log_input m = x + eps; gradient (1 - s)/m, second derivative (2 s - 1)/m^2.
    """
    positive("eps", eps, zero=True)
    x, t = pair(input, target)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        m = np.ones_like(x) if log_input else x + x.dtype.type(eps)
        s = _product(t, np.exp(-x)) if log_input else t / m
        value = s + (x if log_input else np.log(m))
    return elementwise(
        x,
        value,
        lambda: (1 - s) / m,
        lambda: s if log_input else (2 * s - 1) / m / m,
        reduction,
        weight,
        grad,
        hess,
    )


@point(
    formula="exp((2−ρ)x)/(2−ρ) − t exp((1−ρ)x)/(1−ρ)",
    terms=4.0,
    sample=log_amounts,
    options=(
        *WEIGHED,
        {"power": 0.0},
        {"power": 1.0},
        {"power": 1.25},
        {"power": 2.0},
        {"power": 3.0},
    ),
)
def tweedie_loss(
    input: Any,
    target: Any,
    *,
    power: float = 1.5,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """e^(b x)/b - t e^(a x)/a, a = 1 - power, b = 2 - power (Jorgensen 1987).

    Gradient e^(b x) - t e^(a x). Where a or b is 0, x stands for the quotient.
    """
    if not (power == 0 or 1 <= power < math.inf):
        raise ValueError(f"power must be 0 or at least 1, got {power}")
    x, t = pair(input, target)
    a, b = x.dtype.type(1) - x.dtype.type(power), x.dtype.type(2) - x.dtype.type(power)
    with np.errstate(invalid="ignore", over="ignore"):
        e = np.exp(b * x)
        s = _product(t, np.exp(a * x))
        value = (e / b if b else x) - (s / a if a else t * x)
    return elementwise(
        x,
        value,
        lambda: e - s,
        lambda: b * e - a * s,
        reduction,
        weight,
        grad,
        hess,
    )
