"""Losses of rows whose right classes should lead the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import (
    as_float,
    bce_with_logits,
    check_reduction,
    check_same_shape,
    like,
    sigmoid,
    wanted,
)
from .._registry import Variant, register
from .._row_samples import (
    MARGIN_BENCH,
    MARGIN_SHAPES,
    class_lists,
    class_weight,
    label_masks,
    last_axis_weight,
    matrix_indices,
    rows_weight,
    small_matrix_indices,
    tied_matrix_indices,
)
from .._rows import class_weights, finish_rows


def _matrix(input: Any) -> tuple[np.ndarray, np.ndarray]:
    """The scores, and the same as one or more rows."""
    x = as_float(input)
    if x.ndim not in (1, 2) or x.shape[-1] == 0:
        raise ValueError(f"input has shape {x.shape}, but rows of at least one class are needed")
    return x, np.atleast_2d(x)


def _check_classes(target: Any, lowest: int, classes: int) -> np.ndarray:
    t = np.asarray(target)
    if t.dtype.kind not in "iu":
        raise TypeError(f"class indices must be integers, got {t.dtype}")
    if t.size and (t.min() < lowest or t.max() >= classes):
        raise IndexError(f"target must lie in {lowest}..{classes - 1}")
    return t.astype(np.int64)


@register(
    kind="rowwise",
    formula="w_t/C Σ_{c≠t} max(0, m − x_t + x_c)^p",
    sample=matrix_indices,
    options=(
        {},
        {"p": 2},
        {"margin": 0.25, "weight": class_weight},
        {"p": 2, "margin": -0.5, "weight": class_weight},
    ),
    variants=(
        Variant(small_matrix_indices, ({}, {"p": 2})),
        Variant(tied_matrix_indices, ({}, {"p": 2, "margin": 0.5}), matrix_indices),
    ),
    shapes=MARGIN_SHAPES,
    bench=MARGIN_BENCH,
    hess=True,
    peer="torch.nn.functional.multi_margin_loss",
)
def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    reduction: str = "mean",
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """w_t / C sum over c != t of max(0, margin - x_t + x_c)^p (torch).

    Gradient: the slopes at the other classes, less their sum at class t. Second derivative: the
    curvatures at the other classes, their sum at t. The mean divides by the number of rows.
    """
    check_reduction(reduction)
    if p not in (1, 2) or not np.isfinite(margin):
        raise ValueError(f"p must be 1 or 2 and margin finite, got {p} and {margin}")
    x, rows = _matrix(input)
    t = _check_classes(target, 0, rows.shape[1])
    if t.ndim > 1 or t.size != len(rows):
        raise ValueError(f"target has shape {t.shape}, but input of {x.shape} has {len(rows)} rows")
    w = class_weights(weight, rows)[t.reshape(-1, 1)]
    each = np.arange(len(rows)), t.ravel()
    z = x.dtype.type(margin) - rows[each][:, None] + rows
    inside = z > 0
    inside[each] = False
    h = np.where(inside, z, 0)

    def with_target(others: np.ndarray, sign: int) -> np.ndarray:
        others = (w * others / x.dtype.type(rows.shape[1])).astype(x.dtype)
        others[each] = sign * others.sum(axis=1)
        return others.reshape(x.shape)

    value = (w * h**p).sum(axis=1) / rows.shape[1]
    slopes, curves = (
        with_target(inside * p * h ** (p - 1), -1),
        with_target(inside * p * (p - 1), 1),
    )
    gradient = slopes if wanted(grad) or wanted(hess) else None
    return finish_rows(
        x, value.reshape(t.shape), gradient, curves, len(rows), reduction, grad, hess
    )


@register(
    kind="rowwise",
    formula="1/C Σ_k Σ_c max(0, 1 − x_{t_k} + x_c)",
    sample=class_lists,
    shapes=MARGIN_SHAPES,
    bench=MARGIN_BENCH,
    hess=True,
    peer="torch.nn.functional.multilabel_margin_loss",
)
def multilabel_margin_loss(
    input: Any, target: Any, reduction: str = "mean", *, grad: Any = False, hess: Any = False
) -> Any:
    """1 / C sum over right classes t_k and wrong classes c of max(0, 1 - x_{t_k} + x_c) (torch).

    The right classes stand before the first -1 of each row of the target.
    """
    check_reduction(reduction)
    x, rows = _matrix(input)
    t = np.asarray(target)
    check_same_shape(x, t)
    value, gradient = np.zeros(len(rows)), np.zeros(rows.shape)
    lists = _check_classes(t, -1, rows.shape[1]).reshape(rows.shape)
    for n, (row, full) in enumerate(zip(rows, lists, strict=True)):
        ends = np.flatnonzero(full == -1)
        right = full[: ends[0]] if ends.size else full
        wrong = np.setdiff1d(np.arange(row.size), right)
        for k in right:
            z = 1 - row[k] + row[wrong]
            value[n] += z[z > 0].sum()
            gradient[n, wrong[z > 0]] += 1
            gradient[n, k] -= (z > 0).sum()
    value, gradient = value / rows.shape[1], gradient / rows.shape[1]
    return finish_rows(
        x,
        value.reshape(x.shape[:-1]),
        gradient.reshape(x.shape) if wanted(grad) or wanted(hess) else None,
        np.zeros(x.shape),
        len(rows),
        reduction,
        grad,
        hess,
    )


@register(
    kind="rowwise",
    formula="−1/C Σ_c w_c (t_c ln p_c + (1−t_c) ln q_c)",
    sample=label_masks,
    options=({}, {"weight": last_axis_weight}, {"weight": rows_weight}),
    shapes=((5,), (7, 5), (0, 5), (3, 5, 4), (2, 3, 2, 2)),
    bench=MARGIN_BENCH,
    hess=True,
    peer="torch.nn.functional.multilabel_soft_margin_loss",
)
def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    *,
    grad: Any = False,
    hess: Any = False,
) -> Any:
    """Binary cross entropy of logits, averaged over the last axis (torch).

    Gradient w (p - t) / C, second derivative w p q / C; the mean divides by the number of rows.
    """
    check_reduction(reduction)
    x = as_float(input)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"input has shape {x.shape}, but rows of at least one class are needed")
    check_same_shape(x, np.asarray(target))
    t, p = like(target, x), sigmoid(x)
    w = np.broadcast_to(like(1 if weight is None else weight, x), x.shape) / x.shape[-1]
    value = (w * bce_with_logits(x, t)).sum(axis=-1)
    gradient = w * (p - t) if wanted(grad) or wanted(hess) else None
    curve = w * p * sigmoid(-x)
    return finish_rows(x, value, gradient, curve, value.size, reduction, grad, hess)
