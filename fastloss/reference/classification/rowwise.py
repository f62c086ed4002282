"""Losses of rows of class scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import (
    as_float,
    check_reduction,
    like,
    log_softmax,
    wanted,
)
from .._registry import register
from .._row_samples import (
    CROSS_ENTROPY,
    CROSS_ENTROPY_VARIANTS,
    FOCAL,
    INDEX_VARIANTS,
    NLL,
    POLY1,
    ROW_BENCH,
    ROW_SHAPES,
    bins,
    class_indices,
    rows_trailing_weight,
    rows_weight,
)
from .._rows import (
    add_at,
    check_indices,
    class_weights,
    finish_rows,
    function_rows,
    index_rows,
    negative_scores,
    probability_rows,
)


@register(
    kind="rowwise",
    formula="−w_t ln softmax(x)_t",
    sample=class_indices,
    options=CROSS_ENTROPY,
    variants=CROSS_ENTROPY_VARIANTS,
    shapes=ROW_SHAPES,
    bench=ROW_BENCH,
    hess=True,
    peer="torch.nn.functional.cross_entropy",
)
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """-sum_c k_c log P_c, P = softmax over axis 1 (0 for a vector); gradient K P - k (torch).

    Second derivative K P (1 - P), K = sum k.

    Class indices t, e = label_smoothing: k_c = (1-e) w_t [c = t] + (e/C) w_c; ignored rows are 0;
    the mean divides by the sum of w_t over the rows that count. Class probabilities y:
    k_c = w_c ((1-e) y_c + e/C); the mean divides by the number of rows.
    """
    check_reduction(reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must lie in [0, 1], got {label_smoothing}")
    x = as_float(input)
    w, slopes = class_weights(weight, x), wanted(grad) or wanted(hess)
    if np.shape(target) == x.shape:
        if ignore_index >= 0:
            raise ValueError("ignore_index needs class indices, but target holds probabilities")
        rows, gradient, curve = probability_rows(x, target, w, label_smoothing, slopes)
        divisor: Any = rows.size
    else:
        index, ignored = check_indices(target, x, ignore_index)
        rows, gradient, curve = index_rows(x, index, ignored, w, label_smoothing, slopes)
        divisor = np.where(ignored, 0, w[index]).sum()
    return finish_rows(x, rows, gradient, curve, divisor, reduction, grad, hess)


@register(
    kind="rowwise",
    formula="−w_t x_t",
    sample=class_indices,
    options=NLL,
    variants=INDEX_VARIANTS,
    shapes=ROW_SHAPES,
    bench=ROW_BENCH,
    hess=True,
    terms=1.0,
    peer="torch.nn.functional.nll_loss",
)
def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """-w_t x_t of log-probabilities x; gradient -w_t at the class t of each row (torch).

    Ignored rows are 0; the mean divides by the sum of w_t over the rows that count.
    """
    check_reduction(reduction)
    x = as_float(input)
    index, ignored = check_indices(target, x, ignore_index)
    rows, row_weight = negative_scores(x, index, ignored, class_weights(weight, x))
    gradient = None
    if wanted(grad) or wanted(hess):
        gradient = np.zeros_like(x)
        add_at(gradient, index, -row_weight)
    return finish_rows(x, rows, gradient, np.zeros_like(x), row_weight.sum(), reduction, grad, hess)


@register(
    kind="rowwise",
    formula="−(k+1−d) ln P_k − (d−k) ln P_{k+1}",
    sample=bins,
    options=({}, {"weight": rows_weight}, {"weight": rows_trailing_weight}),
    shapes=((2,), (16,), (7, 16), (0, 16), (3, 4, 17)),
    bench=((1000, 16), (400_000, 16)),
    hess=True,
)
def distribution_focal_loss(
    input: Any,
    target: Any,
    *,
    reduction: str = "mean",
    weight: Any = None,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """-(k+1-d) log P_k - (d-k) log P_{k+1}, P = softmax over the R bins, k = floor(d) (Li 2020).

    d is the target clamped to [0, R - 1.01]; gradient P - (k+1-d)[k] - (d-k)[k+1],
    second derivative P (1 - P).
    """
    check_reduction(reduction)
    x = as_float(input)
    if x.ndim == 0 or x.shape[-1] < 2:
        raise ValueError(f"input needs at least 2 bins on its last axis, got shape {x.shape}")
    d = like(target, x)
    if d.shape != x.shape[:-1]:
        raise ValueError(f"target has shape {d.shape}, but input of {x.shape} needs {x.shape[:-1]}")
    d = np.clip(d, 0, x.shape[-1] - 1.01).astype(x.dtype)
    k = np.floor(np.where(np.isnan(d), 0, d)).astype(np.int64)[..., None]
    left, right = k + 1 - d[..., None], d[..., None] - k
    left, right = left.astype(x.dtype), right.astype(x.dtype)
    logp = log_softmax(x, -1)
    low, high = np.take_along_axis(logp, k, -1), np.take_along_axis(logp, k + 1, -1)
    w = np.broadcast_to(like(1 if weight is None else weight, x), d.shape)
    rows = w * -(left * low + right * high).squeeze(-1)
    gradient = curve = None
    if wanted(grad) or wanted(hess):
        p = np.exp(logp)
        gradient, curve = p.copy(), w[..., None] * p * (1 - p)
        np.put_along_axis(gradient, k, np.take_along_axis(gradient, k, -1) - left, -1)
        np.put_along_axis(gradient, k + 1, np.take_along_axis(gradient, k + 1, -1) - right, -1)
        gradient = w[..., None] * gradient
    return finish_rows(x, rows, gradient, curve, d.size, reduction, grad, hess)


@register(
    kind="rowwise",
    formula="−w_t ((1−P_t)^γ ln P_t)",
    sample=class_indices,
    options=FOCAL,
    variants=INDEX_VARIANTS,
    shapes=ROW_SHAPES,
    bench=ROW_BENCH,
    hess=True,
)
def softmax_focal_loss(
    input: Any,
    target: Any,
    *,
    gamma: float = 2.0,
    reduction: str = "mean",
    weight: Any = None,
    ignore_index: int = -100,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """-w_t (1 - P_t)^gamma log P_t, P = softmax over axis 1 (Lin 2017).

    Ignored rows are 0; the mean divides by the sum of w_t over the rows that count.
    """
    if not 0 <= gamma < np.inf:
        raise ValueError(f"gamma must be finite and >= 0, got {gamma}")

    def of_log_probability(logp: np.ndarray) -> tuple[np.ndarray, ...]:
        p, q = np.exp(logp), -np.expm1(logp)
        plogp = np.where(p == 0, 0, p * logp)
        # where q is 0 what its powers are multiplied by is less than they are large
        once = np.where(q == 0, 0, gamma * q ** (gamma - 1))
        twice = np.where(q == 0, 0, gamma * (gamma - 1) * q ** (gamma - 2))
        value = -(q**gamma) * logp
        slope = -(q**gamma) + once * plogp
        curve = 2 * once * p + once * plogp - twice * p * plogp
        return value, slope, curve

    return function_rows(
        input, target, of_log_probability, weight, ignore_index, reduction, grad, hess
    )


@register(
    kind="rowwise",
    formula="w_t (−ln P_t + ε (1 − P_t))",
    sample=class_indices,
    options=POLY1,
    variants=INDEX_VARIANTS,
    shapes=ROW_SHAPES,
    bench=ROW_BENCH,
    hess=True,
)
def poly1_cross_entropy(
    input: Any,
    target: Any,
    *,
    epsilon: float = 1.0,
    reduction: str = "mean",
    weight: Any = None,
    ignore_index: int = -100,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """w_t (-log P_t + epsilon (1 - P_t)), P = softmax over axis 1 (Leng 2022).

    Ignored rows are 0; the mean divides by the sum of w_t over the rows that count.
    """
    if not np.isfinite(epsilon):
        raise ValueError(f"epsilon must be finite, got {epsilon}")

    def of_log_probability(logp: np.ndarray) -> tuple[np.ndarray, ...]:
        bent = epsilon * np.exp(logp)
        return -logp - epsilon * np.expm1(logp), -1 - bent, -bent

    return function_rows(
        input, target, of_log_probability, weight, ignore_index, reduction, grad, hess
    )
