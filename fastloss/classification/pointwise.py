"""Losses of one number per element and label. The examples share three labelled elements."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_BCE = _LOSSES["binary_cross_entropy"]
_BCE_LOGITS = _LOSSES["binary_cross_entropy_with_logits"]
_KL_DIV = _LOSSES["kl_div"]


@direct
def binary_cross_entropy(input, target, weight=None, reduction="mean", *, grad=False, hess=False):
    """Log loss of probabilities.

    ::

        value = -t max(log x, -100) - (1 - t) max(log(1 - x), -100)    x = input, t = target
        grad = (x - t) / max(x (1 - x), 1e-12)
        hess = t / max(x^2, 1e-24) + (1 - t) / max((1 - x)^2, 1e-24)

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Probabilities, in [0, 1]. Their dtype is that of derivatives and of values for "none".
    target : array_like, shape of `input`
        Labels 0 and 1 of any dtype, bool too, or probabilities.
    weight : array_like, optional
        Factors of the elements, broadcast to the shape of `input`.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, weighted or not; of nothing it is NaN.
    grad, hess : bool or ndarray
        True: also return the derivative with respect to `input`, and the diagonal of the second
        one. An array of `input`'s shape and dtype is filled and returned; ``grad=input`` computes
        in place. `hess` implies `grad`.

    Returns
    -------
    loss : float, or ndarray of `input`'s shape for "none"
    grad, hess : ndarray of `input`'s shape and dtype
        Where asked for: ``(loss, grad)`` or ``(loss, grad, hess)``. Those of the sum for "none".

    Raises
    ------
    ValueError
        Shapes that do not fit, an unknown `reduction`, a buffer that is read-only or shares memory
        with an argument: nothing has been written by then. An `input` outside [0, 1]: found
        during the pass, so buffers, and `input` itself if it is one, may have been overwritten.
    TypeError
        A dtype that cannot be used.

    References
    ----------
    ``torch.nn.functional.binary_cross_entropy``, whose clamps these are: a wrong certainty costs
    100. What all functions share stands in ``docs/conventions.md``.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.binary_cross_entropy([0.75, 0.2, 0.5], [1, 0, 1], grad=True)
    >>> round(loss, 4), grad.round(4)
    (0.4013, array([-0.4444,  0.4167, -0.6667]))
    """
    return _pointwise(_BCE, input, target, weight, None, (), reduction, grad, hess)


@direct
def binary_cross_entropy_with_logits(
    input, target, weight=None, reduction="mean", pos_weight=None, *, grad=False, hess=False
):
    """Log loss of logits: `binary_cross_entropy` after the logistic function, without its clamps.

    ::

        value = -c t log p - (1 - t) log q    p = 1 / (1 + exp(-input)), q = 1 - p
        grad = (1 - t) p - c t q              t = target, c = pos_weight
        hess = (c t + 1 - t) p q

    Parameters
    ----------
    input, target : array_like
        Logits, of which finite ones of any size give finite results; labels as for
        `binary_cross_entropy`.
    weight, reduction, grad, hess : as for `binary_cross_entropy`
    pos_weight : array_like, optional
        Factor of the positive part, broadcast to the shape of `input`: one number per class where
        classes are the last axis.

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`

    References
    ----------
    ``torch.nn.functional.binary_cross_entropy_with_logits``.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.binary_cross_entropy_with_logits([2.0, -1.0, 0.0], [1, 0, 1], grad=True)
    >>> round(loss, 4), grad.round(4)
    (0.3778, array([-0.0397,  0.0896, -0.1667]))
    """
    return _pointwise(_BCE_LOGITS, input, target, weight, pos_weight, (), reduction, grad, hess)


@direct
def kl_div(
    input, target, reduction="mean", log_target=False, *, weight=None, grad=False, hess=False
):
    """Kullback-Leibler divergence, element by element, from log-probabilities to probabilities.

    ::

        value = t (log t - x)       grad = -t         hess = 0    x = input, t = target, 0 log 0 = 0
        log_target:
        value = exp(t) (t - x)      grad = -exp(t)    hess = 0

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Log-probabilities of the model.
    target : array_like, shape of `input`
        True probabilities, or their logarithms.
    reduction : {"mean", "sum", "none", "batchmean"}
        "batchmean", the sum over the length of the first axis, is the divergence; "mean" divides by
        the number of elements. Of nothing, both are NaN.
    log_target : bool
        Whether `target` holds logarithms.
    weight, grad, hess : as for `binary_cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`

    References
    ----------
    ``torch.nn.functional.kl_div``, but a target of another shape is an error.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> input, target = np.log([[0.5, 0.25, 0.25]]), [[0.5, 0.5, 0.0]]
    >>> loss, grad = fl.kl_div(input, target, "batchmean", grad=True)
    >>> round(loss, 4), grad
    (0.3466, array([[-0.5, -0.5, -0. ]]))
    """
    return _pointwise(_KL_DIV, input, target, weight, None, (log_target,), reduction, grad, hess)
