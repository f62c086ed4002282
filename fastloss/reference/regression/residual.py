"""Losses of the residual r = input - target."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import (
    as_float,
    check_reduction,
    check_same_shape,
    deliver,
    elementwise,
    like,
    quotient,
    wanted,
)
from .._points import point, sign
from .._samples import WEIGHED, residuals, smooth_residuals, with_weights


def _pair(input: Any, target: Any) -> tuple[np.ndarray, np.ndarray]:
    x = as_float(input)
    t = like(target, x)
    check_same_shape(x, t)
    with np.errstate(invalid="ignore", over="ignore"):
        return x, x - t


def _point(**fields: Any) -> Any:
    return point(sample=residuals, smooth_sample=smooth_residuals, **fields)


@_point(formula="r²", options=with_weights({}), peer="torch.nn.functional.mse_loss")
def mse_loss(
    input: Any,
    target: Any,
    reduction: str = "mean",
    weight: Any = None,
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """r^2; gradient 2 r, second derivative 2. A weighted mean divides by the weights (torch)."""
    x, r = _pair(input, target)
    with np.errstate(over="ignore"):
        value = r * r
    return elementwise(
        x,
        value,
        lambda: 2 * r,
        lambda: np.full_like(r, 2),
        reduction,
        weight,
        grad,
        hess,
        divide_by_weight=True,
    )


@_point(formula="√(mean r²)", options=with_weights({}))
def rmse_loss(
    input: Any,
    target: Any,
    *,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """L = sqrt(sum w r^2 / W), W the sum of weights for the mean and 1 for the sum.

    Gradient g = w r / (W L), second derivative (w/W - g^2) / L; both 0 where L is 0.
    'none' gives sqrt(w) |r|.
    """
    check_reduction(reduction)
    x, r = _pair(input, target)
    w = np.broadcast_to(like(1 if weight is None else weight, x), x.shape)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if reduction == "none":
            root = np.sqrt(w)
            loss: Any = np.asarray(root * np.abs(r), dtype=x.dtype)
            first, second = root * sign(r), np.zeros_like(r)
        else:
            share = quotient(w, w.sum()) if reduction == "mean" else w
            value = np.sqrt(quotient((w * r * r).sum(), w.sum() if reduction == "mean" else 1))
            loss = float(value)
            slope = np.zeros_like(r) if value == 0 else share * r / value
            curve = np.zeros_like(r) if value == 0 else (share - slope * slope) / value
            first, second = slope, curve
    if not wanted(grad) and not wanted(hess):
        return loss
    if not wanted(hess):
        return loss, deliver(grad, first, x)
    return loss, deliver(grad, first, x), deliver(hess, second, x)


@_point(formula="|r|", options=with_weights({}), peer="torch.nn.functional.l1_loss")
def l1_loss(
    input: Any,
    target: Any,
    reduction: str = "mean",
    weight: Any = None,
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """|r|; gradient sign(r), 0 at r = 0. A weighted mean divides by the weights (torch)."""
    x, r = _pair(input, target)
    return elementwise(
        x,
        np.abs(r),
        lambda: sign(r),
        lambda: np.zeros_like(r),
        reduction,
        weight,
        grad,
        hess,
        divide_by_weight=True,
    )


@_point(
    formula="r²/(2β) if |r| < β else |r| − β/2",
    options=with_weights({}, {"beta": 0.0}, {"beta": 0.5}, {"beta": 2.5}),
    peer="torch.nn.functional.smooth_l1_loss",
)
def smooth_l1_loss(
    input: Any,
    target: Any,
    reduction: str = "mean",
    beta: float = 1.0,
    *,
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """r^2 / (2 beta) if |r| < beta, else |r| - beta/2; beta = 0 is l1_loss (Girshick 2015).

    Gradient r / beta inside, sign(r) outside; second derivative 1/beta inside, 0 outside.
    """
    x, r = _pair(input, target)
    if beta < 0:
        raise ValueError(f"beta must be at least 0, got {beta}")
    size = np.abs(r)
    if beta == 0:
        value, inside = size, np.zeros(r.shape, bool)
    else:
        # not (size >= beta), so that NaN takes the quadratic branch and propagates
        inside = ~(size >= beta)
        with np.errstate(over="ignore"):
            value = np.where(inside, r * r / (2 * beta), size - beta / 2)
    return elementwise(
        x,
        value,
        lambda: np.where(inside, quotient(r, beta), sign(r)),
        lambda: np.where(inside, quotient(1, beta), 0),
        reduction,
        weight,
        grad,
        hess,
    )


@_point(
    formula="r²/2 if |r| ≤ δ else δ(|r| − δ/2)",
    options=with_weights({}, {"delta": 0.5}, {"delta": 2.5}),
    peer="torch.nn.functional.huber_loss",
)
def huber_loss(
    input: Any,
    target: Any,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Any = None,
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """r^2 / 2 if |r| <= delta, else delta (|r| - delta/2) (Huber 1964).

    Gradient clip(r, -delta, delta); second derivative 1 inside, 0 outside. Unlike mse_loss and
    l1_loss, torch 2.13 divides a weighted mean by the number of elements here.
    """
    x, r = _pair(input, target)
    if delta <= 0:
        raise ValueError(f"delta must be positive, got {delta}")
    size = np.abs(r)
    with np.errstate(over="ignore", invalid="ignore"):
        value = np.where(size <= delta, r * r / 2, delta * (size - delta / 2))
    return elementwise(
        x,
        value,
        lambda: np.clip(r, -delta, delta),
        lambda: (size <= delta).astype(r.dtype),
        reduction,
        weight,
        grad,
        hess,
    )


@_point(formula="ln cosh r", options=WEIGHED)
def log_cosh_loss(
    input: Any,
    target: Any,
    *,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """log cosh r = |r| + log(1 + e^(-2|r|)) - log 2; gradient tanh r, second derivative 1 - tanh^2.

    Near zero the three terms cancel, and 1/2 log(1 + sinh^2 r) does not.
    """
    x, r = _pair(input, target)
    size = np.abs(r)
    with np.errstate(over="ignore"):
        e = np.exp(-2 * size)
        near = np.log1p(np.sinh(np.minimum(size, 1)) ** 2) / 2
    return elementwise(
        x,
        np.where(size < 1, near, size + np.log1p(e) - np.log(x.dtype.type(2))),
        lambda: np.tanh(r),
        lambda: 4 * e / (1 + e) ** 2,
        reduction,
        weight,
        grad,
        hess,
    )
