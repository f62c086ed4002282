"""Metrics of labels: how often they are right, and how they are confused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, overload

from numpy.typing import NDArray

from fastloss import _core

__all__ = ["PrecisionRecallF1", "accuracy", "confusion_matrix", "precision_recall_f1"]


class PrecisionRecallF1(NamedTuple):
    """Numbers, or with ``average="none"`` arrays with one number per class."""

    precision: Any
    recall: Any
    f1: Any


@overload
def accuracy(
    input: Any,
    target: Any,
    *,
    topk: int = ...,
    weight: Any = ...,
    ignore_index: int | None = ...,
) -> float: ...
@overload
def accuracy(
    input: Any,
    target: Any,
    *,
    topk: Sequence[int],
    weight: Any = ...,
    ignore_index: int | None = ...,
) -> tuple[float, ...]: ...
def accuracy(
    input: Any,
    target: Any,
    *,
    topk: int | Sequence[int] = 1,
    weight: Any = None,
    ignore_index: int | None = -100,
) -> float | tuple[float, ...]:
    """The share of labels that are right, or among the best `topk` classes.

    Formula::

        sum_i w_i [rank of class t_i among the scores of row i < topk] / sum_i w_i

    Parameters
    ----------
    input : array_like
        Scores (logits or probabilities, float32 or float64) of shape (N, C, ...) or (C,); or
        integer labels of the shape of `target`. Of equal scores the lower class comes first. A
        NaN comes before every number, but a row whose own score is NaN is never right.
    target : array_like of any integer dtype, shape (N, ...) or ()
        The right labels.
    topk : int, or a tuple or list of int
        How many classes may be named, from 1 to C.
    weight : array_like of target's shape, optional
        A factor for each label.
    ignore_index : int or None
        Labels of `target` that are left out; None: none are.

    Returns
    -------
    float, or a tuple of them for a sequence of `topk`
        NaN if no label is left.

    Raises
    ------
    IndexError
        A label of `target` out of range of the scores' classes.
    ValueError
        Shapes that do not match, `topk` out of range.
    TypeError
        A dtype that cannot be used.

    References
    ----------
    ``sklearn.metrics.accuracy_score`` and ``top_k_accuracy_score``.

    Examples
    --------
    >>> from fastloss.metrics import accuracy
    >>> scores = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3], [0.2, 0.5, 0.3]]
    >>> accuracy(scores, [0, 1, 1, 0])
    0.5
    >>> accuracy(scores, [0, 1, 1, 0], topk=(1, 2))
    (0.5, 0.75)
    """
    value: float | tuple[float, ...] = _core.accuracy(input, target, topk, weight, ignore_index)
    return value


def confusion_matrix(
    input: Any,
    target: Any,
    *,
    num_classes: int | None = None,
    weight: Any = None,
    ignore_index: int | None = -100,
    normalize: str | None = None,
) -> NDArray[Any]:
    """How often class i (row) was taken for class j (column).

    Formula::

        M_ij = sum_n w_n [target_n = i] [input_n = j]

    Parameters
    ----------
    input : array_like
        Integer labels of the shape of `target`, or scores (float32 or float64) of shape
        (N, C, ...) or (C,), of which the best class counts.
    target : array_like of any integer dtype, shape (N, ...) or ()
        The right labels.
    num_classes : int, optional
        C; of labels it is the largest one + 1 unless told.
    weight : array_like of target's shape, optional
        A factor for each label.
    ignore_index : int or None
        Labels of `target` that are left out; None: none are.
    normalize : {None, "true", "pred", "all"}
        Divide by the sum of the row, of the column, or of everything; 0 where that is 0.

    Returns
    -------
    ndarray of shape (C, C)
        int64 counts; float64 with `weight` or `normalize`.

    Raises
    ------
    IndexError
        A label out of range.
    ValueError
        Shapes that do not match, `num_classes` or `normalize` out of their domain.
    TypeError
        A dtype that cannot be used.

    References
    ----------
    ``sklearn.metrics.confusion_matrix``.

    Examples
    --------
    >>> from fastloss.metrics import confusion_matrix
    >>> print(confusion_matrix([0, 1, 1, 2], [0, 0, 1, 2]))
    [[1 1 0]
     [0 1 0]
     [0 0 1]]
    """
    matrix: NDArray[Any] = _core.confusion_matrix(
        input, target, num_classes, weight, ignore_index, normalize
    )
    return matrix


def precision_recall_f1(
    input: Any,
    target: Any,
    *,
    average: str | None = "macro",
    zero_division: float = 0.0,
    num_classes: int | None = None,
    weight: Any = None,
    ignore_index: int | None = -100,
) -> PrecisionRecallF1:
    """Precision, recall and F1 of the classes, or their mean.

    Formula::

        precision = TP / (TP + FP)    recall = TP / (TP + FN)    F1 = 2 TP / (2 TP + FP + FN)

    Parameters
    ----------
    input, target, num_classes, weight, ignore_index : as for `confusion_matrix`
    average : {"macro", "micro", "weighted", "none"}
        The mean over the classes that occur in input or target; of the sums over all classes;
        the mean weighted by the classes' labels in target; one number per class.
    zero_division : 0, 1 or NaN
        What 0 / 0 is. Means leave NaN out.

    Returns
    -------
    PrecisionRecallF1
        A named tuple of three floats, or of three arrays of shape (C,) for "none".

    Raises
    ------
    IndexError, ValueError, TypeError
        As for `confusion_matrix`; `average` or `zero_division` out of their domain.

    References
    ----------
    ``sklearn.metrics.precision_recall_fscore_support``.

    Examples
    --------
    >>> from fastloss.metrics import precision_recall_f1
    >>> scores = precision_recall_f1([0, 1, 1, 2], [0, 0, 1, 2])
    >>> [round(x, 4) for x in scores]
    [0.8333, 0.8333, 0.7778]
    >>> precision_recall_f1([0, 1, 1, 2], [0, 0, 1, 2], average="none").recall
    array([0.5, 1. , 1. ])
    """
    return PrecisionRecallF1(
        *_core.precision_recall_f1(
            input, target, num_classes, average, zero_division, weight, ignore_index
        )
    )
