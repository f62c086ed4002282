"""Accuracy, confusion, precision and recall, label by label."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def _rows(scores: np.ndarray) -> np.ndarray:
    """Scores (N, C, ...) as rows of classes, in the order of the labels."""
    scores = np.moveaxis(scores, 1 if scores.ndim > 1 else 0, -1)
    return scores.reshape(-1, scores.shape[-1])


def _order(row: np.ndarray) -> list[int]:
    """Classes by descending score; NaN first, ties by index."""
    return sorted(range(len(row)), key=lambda c: (not math.isnan(row[c]), -row[c], c))


def accuracy(
    input: Any,
    target: Any,
    *,
    topk: Any = 1,
    weight: Any = None,
    ignore_index: int | None = -100,
) -> Any:
    """The share of labels among the first `topk` classes by score."""
    input, target = np.asarray(input), np.asarray(target)
    weight = np.ones(target.shape) if weight is None else np.asarray(weight, np.float64)
    ks = topk if isinstance(topk, (tuple, list)) else (topk,)
    hits, total = dict.fromkeys(ks, 0.0), 0.0
    rows = _rows(input) if input.dtype.kind == "f" else input.reshape(-1)
    for row, t, w in zip(rows, target.reshape(-1), weight.reshape(-1), strict=True):
        if t == ignore_index:
            continue
        total += w
        for k in ks:
            if input.dtype.kind != "f":
                hits[k] += w * (row == t)
            elif not math.isnan(row[t]):
                hits[k] += w * (t in _order(row)[:k])
    shares = tuple(float(hits[k] / total) if total else math.nan for k in ks)
    return shares if isinstance(topk, (tuple, list)) else shares[0]


def confusion_matrix(
    input: Any,
    target: Any,
    *,
    num_classes: int | None = None,
    weight: Any = None,
    ignore_index: int | None = -100,
    normalize: str | None = None,
) -> Any:
    """Rows: the right class; columns: the class that was named."""
    input, target = np.asarray(input), np.asarray(target)
    if input.dtype.kind == "f":
        num_classes = input.shape[1 if input.ndim > 1 else 0]
        input = np.array([_order(row)[0] for row in _rows(input)], int)
    kept = np.ones(target.shape, bool) if ignore_index is None else target != ignore_index
    if num_classes is None:
        num_classes = int(max(input.max(initial=-1), target[kept].max(initial=-1))) + 1
    matrix = np.zeros((num_classes, num_classes), np.int64 if weight is None else np.float64)
    weight = np.ones(target.shape, int) if weight is None else np.asarray(weight)
    for p, t, w, keep in zip(
        input.reshape(-1), target.reshape(-1), weight.reshape(-1), kept.reshape(-1), strict=True
    ):
        if keep:
            matrix[t, p] += w
    if normalize is None:
        return matrix
    axis: Any = {"true": 1, "pred": 0, "all": (0, 1)}[normalize]
    total = matrix.sum(axis=axis, keepdims=True)
    return np.where(total == 0, 0.0, matrix / np.where(total == 0, 1, total))


def precision_recall_f1(
    input: Any,
    target: Any,
    *,
    average: str | None = "macro",
    zero_division: float = 0.0,
    num_classes: int | None = None,
    weight: Any = None,
    ignore_index: int | None = -100,
) -> Any:
    """Precision, recall and F1 from true positives, false positives and false negatives."""
    matrix = confusion_matrix(
        input, target, num_classes=num_classes, weight=weight, ignore_index=ignore_index
    ).astype(np.float64)
    tp = np.diag(matrix)
    fp, fn = matrix.sum(axis=0) - tp, matrix.sum(axis=1) - tp
    if average == "micro":
        tp, fp, fn = tp.sum(keepdims=True), fp.sum(keepdims=True), fn.sum(keepdims=True)

    def divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.where(b == 0, zero_division, a / np.where(b == 0, 1, b))

    scores = (
        divided(tp, tp + fp),
        divided(tp, tp + fn),
        divided(2 * tp, 2 * tp + fp + fn),
    )
    if average in (None, "none"):
        return scores
    if average == "micro":
        return tuple(float(s[0]) for s in scores)
    weights = tp + fn if average == "weighted" else (tp + fp + fn > 0).astype(float)

    def mean(s: np.ndarray) -> float:
        w = np.where(np.isnan(s), 0, weights)
        return float(np.nansum(s * w) / w.sum()) if w.sum() else zero_division

    return tuple(map(mean, scores))
