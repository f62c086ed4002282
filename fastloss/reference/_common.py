"""What every reference shares: dtypes, stable logistic functions, weights and reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

REDUCTIONS = ("mean", "sum", "none")


def as_float(values: Any) -> np.ndarray:
    """An array as it stands if it is float32 or float64; anything else counts as float64."""
    array = np.asarray(values)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def like(values: Any, model: np.ndarray) -> np.ndarray:
    """`values` in the dtype of `model`."""
    return np.asarray(values).astype(model.dtype, copy=False)


def check_reduction(reduction: str) -> None:
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction must be one of {REDUCTIONS}, got {reduction!r}")


def check_same_shape(input: np.ndarray, target: np.ndarray) -> None:
    if input.shape != target.shape:
        raise ValueError(f"target has shape {target.shape}, but input has shape {input.shape}")


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), from exp(-|x|), which never overflows."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e)).astype(x.dtype, copy=False)


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x))."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """x - log(sum(exp(x))), shifted by the maximum."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shifted = x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)
        return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """exp(x) / sum(exp(x)), shifted by the maximum."""
    with np.errstate(invalid="ignore"):
        e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
        return e / np.sum(e, axis=axis, keepdims=True)


def bce_with_logits(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """-(t log s(x) + (1 - t) log(1 - s(x))), with log s(x) = -softplus(-x)."""
    return t * softplus(-x) + (1 - t) * softplus(x)


def quotient(a: Any, b: Any) -> np.ndarray:
    """a / b, where 0/0 is NaN and not an error."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.divide(a, b)


def deliver(request: Any, derivative: Any, model: np.ndarray) -> np.ndarray:
    """The derivative as a fresh array (`request` is True) or in the caller's buffer."""
    derivative = np.broadcast_to(derivative, model.shape)
    if isinstance(request, np.ndarray):
        request[...] = derivative
        return request
    return np.array(derivative, dtype=model.dtype)


def wanted(request: Any) -> bool:
    """Whether `grad` or `hess` asks for an output: True, or a buffer to fill."""
    return request is not False and request is not None


def reduced(value: np.ndarray, reduction: str, divisor: Any) -> float | np.ndarray:
    """The value of a loss: an array for 'none', a Python float for 'mean' and 'sum'."""
    if reduction == "none":
        return np.asarray(value)
    return float(value.sum() if reduction == "sum" else quotient(value.sum(), divisor))


def elementwise(
    x: np.ndarray,
    value: np.ndarray,
    first: Callable[[], np.ndarray],
    second: Callable[[], np.ndarray],
    reduction: str,
    weight: Any,
    grad: Any,
    hess: Any,
    *,
    divide_by_weight: bool = False,
    divisor: int | None = None,
) -> Any:
    """Weight and reduce a loss of single elements, whose derivatives are `first()`, `second()`.

    The mean divides by `divisor`, by default the number of elements or, if `divide_by_weight`, the
    sum of weights.
    """
    check_reduction(reduction)
    w = None if weight is None else np.broadcast_to(like(weight, x), x.shape)
    if divisor is None:
        divisor = w.sum() if w is not None and divide_by_weight else x.size

    def weighted(term: np.ndarray) -> np.ndarray:
        return term if w is None else w * term

    def derivative(term: np.ndarray) -> np.ndarray:
        return quotient(weighted(term), divisor) if reduction == "mean" else weighted(term)

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        loss = reduced(np.asarray(weighted(value), dtype=x.dtype), reduction, divisor)
        if not wanted(grad) and not wanted(hess):
            return loss
        gradient = deliver(grad, derivative(first()), x)
        if not wanted(hess):
            return loss, gradient
        return loss, gradient, deliver(hess, derivative(second()), x)
