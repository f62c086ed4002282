"""Losses of relative errors: what is off by a tenth counts the same for small and large targets."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "mape_loss",
    "msle_loss",
]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_MAPE = _LOSSES["mape"]
_MSLE = _LOSSES["msle"]


@direct
def mape_loss(
    input,
    target,
    *,
    eps=2.220446049250313e-16,
    reduction="mean",
    weight=None,
    grad=False,
    hess=False,
):
    """Absolute error as a share of the target (mean absolute percentage error; 1 is 100 %).

    ::

        value = |r| / m         r = input - target, m = max(|target|, eps)
        grad = sign(r) / m      hess = 0

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predictions.
    target : array_like, shape of `input`
        True values. At 0 the loss is |input| / eps: weigh or leave out what may be 0.
    eps : float, >= 0
        The least denominator; scikit-learn's is the default.
    reduction, weight, grad, hess : as for `msle_loss`
        The derivative at the kink, r = 0, is 0.

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; ``eps`` out of range

    References
    ----------
    A. de Myttenaere et al., Mean absolute percentage error for regression models (2016).
    ``sklearn.metrics.mean_absolute_percentage_error``.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.mape_loss([110.0, 9.0, 2.0], [100.0, 10.0, 2.0], grad=True)
    >>> round(loss, 4), grad.round(4)
    (0.0667, array([ 0.0033, -0.0333,  0.    ]))
    """
    return _pointwise(_MAPE, input, target, weight, None, (eps,), reduction, grad, hess)


@direct
def msle_loss(input, target, *, reduction="mean", weight=None, grad=False, hess=False):
    """Squared error of logarithms (mean squared logarithmic error).

    ::

        value = d^2                    d = log(1 + input) - log(1 + target)
        grad = 2 d / (1 + input)
        hess = 2 (1 - d) / (1 + input)^2      negative far above the target

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predictions, > -1: at -1 the loss is infinite, below it is NaN, for that element alone.
    target : array_like, shape of `input`
        True values, > -1.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, weighted or not; of nothing it is NaN.
    weight : array_like, optional
        Factors of the elements, broadcast to the shape of `input`.
    grad, hess : bool or ndarray
        As for `mse_loss`.

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`

    References
    ----------
    ``sklearn.metrics.mean_squared_log_error``.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.msle_loss([2.0, 9.0, 0.5], [2.0, 4.0, 1.0], grad=True)
    >>> round(loss, 4), grad.round(4)
    (0.1877, array([ 0.    ,  0.0462, -0.1279]))
    """
    return _pointwise(_MSLE, input, target, weight, None, (), reduction, grad, hess)
