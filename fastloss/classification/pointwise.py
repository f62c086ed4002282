"""Losses of one number per element and label. The examples share three labelled elements."""

from fastloss import _core

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "hinge_loss",
    "sigmoid_focal_loss",
    "varifocal_loss",
]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_BCE = _LOSSES["binary_cross_entropy"]
_BCE_LOGITS = _LOSSES["binary_cross_entropy_with_logits"]
_HINGE = _LOSSES["hinge"]
_FOCAL = _LOSSES["sigmoid_focal"]
_VFL = _LOSSES["varifocal"]


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


def hinge_loss(input, target, *, reduction="mean", weight=None, grad=False, hess=False):
    """Distance from the right side of the margin (support vector machines).

    ::

        value = max(0, 1 - t x)    grad = -t where t x < 1, else 0    hess = 0

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Scores x.
    target : array_like, shape of `input`
        Labels t, -1 and +1: not 0 and 1, which are not checked for.
    reduction, weight, grad, hess : as for `binary_cross_entropy`
        The derivative at the kink, t x = 1, is 0.

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`

    References
    ----------
    C. Cortes and V. Vapnik, Support-vector networks (1995).

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.hinge_loss([2.0, -0.5, 0.0], [1, -1, 1], reduction="none", grad=True)
    (array([0. , 0.5, 1. ]), array([ 0.,  1., -1.]))
    """
    return _pointwise(_HINGE, input, target, weight, None, (), reduction, grad, hess)


def sigmoid_focal_loss(
    inputs, targets, alpha=0.25, gamma=2.0, reduction="none", *, weight=None, grad=False, hess=False
):
    """Log loss of logits that counts easy examples less.

    ::

        value = a m^gamma b    p = 1 / (1 + exp(-inputs)), q = 1 - p, t = targets
        b = -t log p - (1 - t) log q              the log loss
        m = t q + (1 - t) p                       the probability of being wrong
        a = alpha t + (1 - alpha) (1 - t)         or 1 where alpha = -1
        grad = a m^gamma (p - t + gamma s b)      s = (1 - 2 t) p q / m
        hess = a m^gamma (p q + gamma s (2 (p - t) + ((gamma - 1) s + q - p) b))

    Parameters
    ----------
    inputs, targets : as for `binary_cross_entropy_with_logits`
    alpha : float in [0, 1], or -1
        Share of the positives; -1 switches it off.
    gamma : float, >= 0
        How fast easy examples fade; 0 gives the log loss times a.
    reduction, weight, grad, hess : as for `binary_cross_entropy`
        But the default `reduction` is torchvision's, "none".

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; parameters out of range

    References
    ----------
    T.-Y. Lin et al., Focal loss for dense object detection (2017).
    ``torchvision.ops.sigmoid_focal_loss``.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.sigmoid_focal_loss([2.0, -1.0, 0.0], [1, 0, 1]).round(4)
    array([0.0005, 0.017 , 0.0433])
    """
    return _pointwise(_FOCAL, inputs, targets, weight, None, (alpha, gamma), reduction, grad, hess)


def varifocal_loss(
    input, target, *, alpha=0.75, gamma=2.0, reduction="mean", weight=None, grad=False, hess=False
):
    """Log loss against a quality, weighted by it; negatives count by their probability.

    ::

        value = f b    p = 1 / (1 + exp(-input)), q = 1 - p, t = target
        b = -t log p - (1 - t) log q           the log loss
        t > 0:  f = t                grad = t (p - t)                      hess = t p q
        else:   f = alpha p^gamma    grad = f (p + gamma q b)
                                     hess = f (p q + 2 gamma p q + gamma q (gamma q - p) b)

    Parameters
    ----------
    input : as for `binary_cross_entropy_with_logits`
    target : array_like, shape of `input`
        Quality in [0, 1], for instance the overlap of the predicted box; 0 marks a negative.
    alpha, gamma : float, >= 0
        Factor of the negatives, and how fast easy ones fade.
    reduction, weight, grad, hess : as for `binary_cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; parameters out of range

    References
    ----------
    H. Zhang et al., VarifocalNet: an IoU-aware dense object detector (2021).

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.varifocal_loss([2.0, -1.0, 0.0], [0.9, 0.0, 0.5], reduction="none").round(4)
    array([0.2942, 0.017 , 0.3466])
    """
    return _pointwise(_VFL, input, target, weight, None, (alpha, gamma), reduction, grad, hess)
