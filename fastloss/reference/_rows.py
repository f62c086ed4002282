"""What the losses with one term per row share: class indices, class weights, reduction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._common import (
    as_float,
    check_reduction,
    deliver,
    like,
    log_softmax,
    quotient,
    reduced,
    wanted,
)


def class_axis(x: np.ndarray) -> int:
    if x.ndim == 0:
        raise ValueError("input needs a class axis")
    return 0 if x.ndim == 1 else 1


def class_weights(weight: Any, x: np.ndarray) -> np.ndarray:
    classes = x.shape[class_axis(x)]
    w = np.ones(classes, x.dtype) if weight is None else like(weight, x)
    if w.shape != (classes,):
        raise ValueError(f"weight has shape {w.shape}, but input has {classes} classes")
    return w


def check_indices(target: Any, x: np.ndarray, ignore_index: int) -> tuple[np.ndarray, np.ndarray]:
    """(index, ignored): class indices with 0 in the ignored rows, and which rows those are."""
    t = np.asarray(target)
    if t.dtype.kind not in "iu":
        raise TypeError(f"class indices must be integers, got {t.dtype}")
    axis = class_axis(x)
    rows = x.shape[:axis] + x.shape[axis + 1 :]
    if t.shape != rows:
        raise ValueError(f"target has shape {t.shape}, but input of {x.shape} needs {rows}")
    t = t.astype(np.int64)
    ignored = t == ignore_index
    index = np.where(ignored, 0, t)
    if index.size and (index.min() < 0 or index.max() >= x.shape[axis]):
        raise IndexError(f"target must lie in 0..{x.shape[axis] - 1} or be {ignore_index}")
    return index, ignored


def negative_scores(
    scores: np.ndarray, index: np.ndarray, ignored: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Per row -w[t] scores[t], and w[t] with 0 in the ignored rows."""
    axis = class_axis(scores)
    picked = np.take_along_axis(scores, np.expand_dims(index, axis), axis).squeeze(axis)
    row_weight = np.where(ignored, 0, w[index]).astype(scores.dtype)
    with np.errstate(invalid="ignore"):
        return np.where(ignored, 0, -row_weight * picked), row_weight


def add_at(array: np.ndarray, index: np.ndarray, rows: np.ndarray) -> None:
    """array[t] += rows, for the class t of each row."""
    axis = class_axis(array)
    places = np.expand_dims(index, axis)
    picked = np.take_along_axis(array, places, axis)
    np.put_along_axis(array, places, picked + np.expand_dims(rows, axis), axis)


def _spread(x: np.ndarray, w: np.ndarray, smoothing: float) -> tuple[int, np.ndarray, np.ndarray]:
    """The class axis, the weights along it, and the part of each class that smoothing adds."""
    axis = class_axis(x)
    along = w.reshape((-1,) + (1,) * (x.ndim - axis - 1))
    return axis, along, smoothing / x.shape[axis] * along


def probability_rows(
    x: np.ndarray, target: Any, w: np.ndarray, smoothing: float, slopes: bool
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Cross entropy with class probabilities: the rows, their gradient and second derivative."""
    y = np.asarray(target)
    if y.dtype.kind != "f":
        raise TypeError(f"class probabilities must be floats, got {y.dtype}")
    axis, along, even = _spread(x, w, smoothing)
    logp = log_softmax(x, axis)
    k = (1 - smoothing) * like(y, x) * along + even
    with np.errstate(invalid="ignore"):
        rows = -(k * logp).sum(axis=axis)
        if not slopes:
            return rows, None, None
        p, total = np.exp(logp), k.sum(axis=axis, keepdims=True)
        return rows, p * total - k, total * p * (1 - p)


def index_rows(
    x: np.ndarray,
    index: np.ndarray,
    ignored: np.ndarray,
    w: np.ndarray,
    smoothing: float,
    slopes: bool,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Cross entropy with class indices: rows, gradient, second derivative; 0 where ignored."""
    axis, _, even = _spread(x, w, smoothing)
    logp = log_softmax(x, axis)
    rows, row_weight = negative_scores(logp, index, ignored, w)
    if smoothing:
        with np.errstate(invalid="ignore"):
            uniform = -(even * logp).sum(axis=axis)
        rows = (1 - smoothing) * rows + np.where(ignored, 0, uniform)
    if not slopes:
        return rows, None, None
    row_weight = (1 - smoothing) * row_weight
    p, total = np.exp(logp), np.expand_dims(row_weight, axis) + even.sum()
    gradient, curve = p * total - even, total * p * (1 - p)
    add_at(gradient, index, -row_weight)
    blank(ignored, gradient, curve)
    return rows, gradient, curve


def blank(ignored: np.ndarray, *derivatives: np.ndarray) -> None:
    """Zeros in the ignored rows: set, not multiplied, so that NaN there stays out."""
    for derivative in derivatives:
        axis = class_axis(derivative)
        derivative[np.broadcast_to(np.expand_dims(ignored, axis), derivative.shape)] = 0


def finish_rows(
    x: np.ndarray,
    rows: np.ndarray,
    gradient: np.ndarray | None,
    curve: np.ndarray | None,
    divisor: Any,
    reduction: str,
    grad: Any,
    hess: Any,
) -> Any:
    loss = reduced(rows.astype(x.dtype, copy=False), reduction, divisor)
    if gradient is None:
        return loss

    def scaled(derivative: Any) -> np.ndarray:
        if reduction != "mean":
            return derivative
        # zeros, those of ignored rows above all, stay zeros when nothing counts and the loss is 0/0
        return np.where((derivative == 0) & (divisor == 0), 0, quotient(derivative, divisor))

    if not wanted(hess):
        return loss, deliver(grad, scaled(gradient), x)
    return loss, deliver(grad, scaled(gradient), x), deliver(hess, scaled(curve), x)


def function_rows(
    input: Any,
    target: Any,
    function: Callable[[np.ndarray], tuple[np.ndarray, ...]],
    weight: Any,
    ignore_index: int,
    reduction: str,
    grad: Any,
    hess: Any,
) -> Any:
    """A weighted function of log P_t of each row, which returns value and both derivatives by it.

    With d = [c = t] - P the gradient is f' d, the second derivative f'' d^2 - f' P (1 - P).
    """
    check_reduction(reduction)
    x = as_float(input)
    w = class_weights(weight, x)
    index, ignored = check_indices(target, x, ignore_index)
    axis, logp = class_axis(x), log_softmax(x, class_axis(x))
    _, row_weight = negative_scores(logp, index, ignored, w)
    with np.errstate(all="ignore"):
        own = np.take_along_axis(logp, np.expand_dims(index, axis), axis)
        value, slope, curve = (np.asarray(f, x.dtype) for f in function(own))
        rows = np.where(ignored, 0, row_weight * value.squeeze(axis))
        gradient = second = None
        if wanted(grad) or wanted(hess):
            p, each = np.exp(logp), np.expand_dims(row_weight, axis)
            d = -p
            add_at(d, index, np.ones_like(rows))
            gradient = each * slope * d
            second = each * (curve * d * d - slope * p * (1 - p))
            blank(ignored, gradient, second)
    return finish_rows(x, rows, gradient, second, row_weight.sum(), reduction, grad, hess)
