"""Losses of scores whose sign is the class, and of distances.

The examples share three labelled elements.
"""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "exponential_loss",
    "hinge_embedding_loss",
    "hinge_loss",
    "soft_margin_loss",
    "squared_hinge_loss",
]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_EXPONENTIAL = _LOSSES["exponential"]
_HINGE = _LOSSES["hinge"]
_HINGE_EMBEDDING = _LOSSES["hinge_embedding"]
_SOFT_MARGIN = _LOSSES["soft_margin"]
_SQUARED_HINGE = _LOSSES["squared_hinge"]


@direct
def exponential_loss(input, target, *, reduction="mean", weight=None, grad=False, hess=False):
    """Exponential of the negative margin (AdaBoost): half of the score is the logit.

    ::

        value = exp(-t x)    grad = -t value    hess = t^2 value    x = input, t = target

    Parameters
    ----------
    input, target : as for `hinge_loss`
    reduction, weight, grad, hess : as for `binary_cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`

    References
    ----------
    Y. Freund and R. Schapire, A decision-theoretic generalization of on-line learning and an
    application to boosting (1997).

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.exponential_loss([2.0, -0.5, 0.0], [1, -1, 1], grad=True)
    >>> round(loss, 4), grad.round(4)
    (0.5806, array([-0.0451,  0.2022, -0.3333]))
    """
    return _pointwise(_EXPONENTIAL, input, target, weight, None, (), reduction, grad, hess)


@direct
def hinge_embedding_loss(
    input, target, margin=1.0, reduction="mean", *, weight=None, grad=False, hess=False
):
    """Distances: those of pairs that belong together count, the others where they are too small.

    ::

        t = 1:   value = x                     grad = 1                             x = input
        t = -1:  value = max(0, margin - x)    grad = -1 where x <= margin, else 0    t = target
        else:    the sum of both               hess = 0

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Distances of pairs.
    target : array_like, shape of `input`
        1 for pairs that belong together, -1 for others.
    margin : float
        How far apart others should be.
    reduction, weight, grad, hess : as for `binary_cross_entropy`
        The derivative at the kink, x = margin, is -1, as in torch.

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; a `margin` that is not finite

    References
    ----------
    ``torch.nn.functional.hinge_embedding_loss``, but a target of another shape is an error.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.hinge_embedding_loss([0.5, 0.25, 2.0], [1, -1, -1], reduction="none", grad=True)
    (array([0.5 , 0.75, 0.  ]), array([ 1., -1.,  0.]))
    """
    return _pointwise(
        _HINGE_EMBEDDING, input, target, weight, None, (margin,), reduction, grad, hess
    )


@direct
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


@direct
def soft_margin_loss(input, target, reduction="mean", *, weight=None, grad=False, hess=False):
    """Log loss of logits for labels -1 and +1.

    ::

        value = log(1 + exp(-t x))    s = 1 / (1 + exp(t x))    x = input, t = target
        grad = -t s                   hess = t^2 s (1 - s)

    Parameters
    ----------
    input, target : as for `hinge_loss`
        Finite logits of any size give finite results.
    reduction, weight, grad, hess : as for `binary_cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`

    References
    ----------
    ``torch.nn.functional.soft_margin_loss``, which overflows where t x is below -88; and a target
    of another shape is an error here.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.soft_margin_loss([2.0, -0.5, 0.0], [1, -1, 1], grad=True)
    >>> round(loss, 4), grad.round(4)
    (0.4314, array([-0.0397,  0.1258, -0.1667]))
    """
    return _pointwise(_SOFT_MARGIN, input, target, weight, None, (), reduction, grad, hess)


@direct
def squared_hinge_loss(input, target, *, reduction="mean", weight=None, grad=False, hess=False):
    """Square of `hinge_loss`: smooth at the margin, harder on what is far beyond it.

    ::

        value = m^2    grad = -2 t m    m = max(0, 1 - t x), x = input, t = target
        hess = 2 t^2 where t x < 1, else 0

    Parameters
    ----------
    input, target : as for `hinge_loss`
    reduction, weight, grad, hess : as for `binary_cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`

    References
    ----------
    The loss of ``sklearn.svm.LinearSVC``.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.squared_hinge_loss([2.0, -0.5, 0.0], [1, -1, 1], reduction="none", grad=True)
    (array([0.  , 0.25, 1.  ]), array([-0.,  1., -2.]))
    """
    return _pointwise(_SQUARED_HINGE, input, target, weight, None, (), reduction, grad, hess)
