"""Losses of rows whose right classes should lead. The examples share two rows of three classes."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
]

_multi_margin = _core.multi_margin_loss
_multilabel_margin = _core.multilabel_margin_loss
_multilabel_soft_margin = _core.multilabel_soft_margin_loss
_LOSSES = _core.losses()
_MULTI_MARGIN = _LOSSES["multi_margin"]
_MULTILABEL_MARGIN = _LOSSES["multilabel_margin"]
_MULTILABEL_SOFT_MARGIN = _LOSSES["multilabel_soft_margin"]


@direct
def multi_margin_loss(
    input, target, p=1, margin=1.0, weight=None, reduction="mean", *, grad=False, hess=False
):
    """Multiclass hinge loss: how far other classes come within a margin of the right one.

    ::

        value = w_t / C sum_{c != t} h_c^p    h_c = max(0, margin - x_t + x_c)    x = input
        grad = w_t / C p h_c^(p-1) [h_c > 0] at c != t, less their sum at t       t = target
        hess = w_t / C p (p - 1) [h_c > 0] at c != t, their sum at t              w = weight

    Parameters
    ----------
    input : array_like of float32 or float64, shape (N, C) or (C,)
        Scores. Their dtype is that of the gradient and of the values for "none".
    target : array_like of any integer dtype, shape (N,)
        Class indices; for one row also a single one.
    p : {1, 2}
        Power of the hinges.
    margin : float
    weight : array_like, shape (C,), optional
        One factor per class.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of rows, weighted or not: NaN if there are none.
    grad, hess : bool or ndarray
        As for `cross_entropy`.

    Returns
    -------
    loss : float, or ndarray of `target`'s shape for "none"
    grad, hess : ndarray of `input`'s shape and dtype, where asked for
        A score that is NaN exceeds no margin and adds nothing, as in torch.

    Raises
    ------
    IndexError
        A class index out of range; the message names the first. Nothing has been written by then.
    ValueError, TypeError : as for `cross_entropy`; `p` neither 1 nor 2, `margin` not finite

    References
    ----------
    ``torch.nn.functional.multi_margin_loss``, whose loss of no rows is uninitialised memory.

    Examples
    --------
    >>> import fastloss as fl
    >>> scores = [[2.0, 1.5, 0.0], [0.0, 1.0, 2.0]]
    >>> loss, grad = fl.multi_margin_loss(scores, [0, 1], reduction="none", grad=True)
    >>> print(*loss.round(4), *grad.round(4), sep=", ")
    0.1667, 0.6667, [-0.3333  0.3333  0.    ], [ 0.     -0.3333  0.3333]
    """
    return _multi_margin(_MULTI_MARGIN, input, target, (p, margin), weight, reduction, grad, hess)


@direct
def multilabel_margin_loss(input, target, reduction="mean", *, grad=False, hess=False):
    """Multilabel hinge loss: how far wrong classes come within 1 of each right one.

    ::

        value = 1 / C sum_k sum_c h_kc    h_kc = max(0, 1 - x_{t_k} + x_c)    x = input
        grad = 1 / C sum_k [h_kc > 0] at wrong classes c, -1 / C sum_c [h_kc > 0] at right ones
        hess = 0

    The right classes t_k of a row stand in `target` before the first -1, all others are wrong.

    Parameters
    ----------
    input : array_like of float32 or float64, shape (N, C) or (C,)
        Scores.
    target : array_like of any integer dtype, shape of `input`
        Lists of class indices, each ended by -1 where it does not fill its row. What stands behind
        is not read, but must be an index or -1 too. A class that stands twice counts twice.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of rows: NaN if there are none.
    grad, hess : bool or ndarray
        As for `cross_entropy`.

    Returns
    -------
    loss : float, or ndarray of shape (N,) or () for "none"
    grad, hess : ndarray of `input`'s shape and dtype, where asked for
        A score that is NaN exceeds no margin and adds nothing, as in torch.

    Raises
    ------
    IndexError
        A class index out of range; the message names the first. Nothing has been written by then.
    ValueError, TypeError : as for `cross_entropy`

    References
    ----------
    ``torch.nn.functional.multilabel_margin_loss``, whose mean of no rows is uninitialised memory.

    Examples
    --------
    >>> import fastloss as fl
    >>> scores = [[2.0, 1.5, 0.0], [0.0, 1.0, 2.0]]
    >>> loss, grad = fl.multilabel_margin_loss(scores, [[0, -1, 0], [1, 2, -1]], grad=True)
    >>> print(f"{loss:.4f}", *grad.round(4), sep=", ")
    0.0833, [-0.1667  0.1667  0.    ], [0. 0. 0.]
    """
    return _multilabel_margin(_MULTILABEL_MARGIN, input, target, reduction, grad, hess)


@direct
def multilabel_soft_margin_loss(
    input, target, weight=None, reduction="mean", *, grad=False, hess=False
):
    """Binary cross entropy of logits, averaged over the classes of each row.

    ::

        value = -1 / C sum_c w_c (t_c log P_c + (1 - t_c) log(1 - P_c))    P = 1 / (1 + e^-input)
        grad = w (P - t) / C    hess = w P (1 - P) / C                     t = target, w = weight

    Parameters
    ----------
    input : array_like of float32 or float64, shape (..., C)
        Logits.
    target : array_like, shape of `input`
        Probabilities or labels of 0 and 1: float, integer or bool.
    weight : array_like, optional
        Factors that broadcast to `input`'s shape, such as one per class.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of rows, weighted or not: NaN if there are none.
    grad, hess : bool or ndarray
        As for `binary_cross_entropy`.

    Returns
    -------
    loss : float, or ndarray of shape (...) for "none"
    grad, hess : ndarray of `input`'s shape and dtype, where asked for

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; an `input` without classes

    References
    ----------
    ``torch.nn.functional.multilabel_soft_margin_loss``.

    Examples
    --------
    >>> import fastloss as fl
    >>> logits = [[2.0, 1.5, 0.0], [0.0, 1.0, 2.0]]
    >>> loss, grad = fl.multilabel_soft_margin_loss(logits, [[1, 1, 0], [0, 1, 1]], grad=True)
    >>> print(f"{loss:.4f}", *grad.round(4), sep=", ")
    0.3591, [-0.0199 -0.0304  0.0833], [ 0.0833 -0.0448 -0.0199]
    """
    return _multilabel_soft_margin(
        _MULTILABEL_SOFT_MARGIN, input, target, weight, reduction, grad, hess
    )
