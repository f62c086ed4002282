"""Losses that weigh errors above and below the target differently: quantiles and expectiles."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "expectile_loss",
    "quantile_loss",
]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_EXPECTILE = _LOSSES["expectile"]
_QUANTILE = _LOSSES["quantile"]


@direct
def expectile_loss(
    input, target, *, expectile=0.5, reduction="mean", weight=None, grad=False, hess=False
):
    """Squared error with a factor for each side: its best constant is the expectile.

    ::

        value = c r^2    grad = 2 c r    hess = 2 c    r = input - target
        c = expectile where r < 0, 1 - expectile elsewhere

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predicted expectiles.
    target : array_like, shape of `input`
        True values.
    expectile : float in [0, 1]
        Which expectile; 0.5, the mean, gives half of `mse_loss`.
    reduction, weight, grad, hess : as for `quantile_loss`
        The second derivative jumps at r = 0 and is that of r > 0 there.

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; ``expectile`` out of range

    References
    ----------
    W. Newey and J. Powell, Asymmetric least squares estimation and testing (1987).

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.expectile_loss([3.0, 0.0], [1.0, 1.0], expectile=0.75, grad=True)
    >>> loss, grad
    (0.875, array([ 0.5 , -0.75]))
    """
    return _pointwise(_EXPECTILE, input, target, weight, None, (expectile,), reduction, grad, hess)


@direct
def quantile_loss(
    input, target, *, quantile=0.5, reduction="mean", weight=None, grad=False, hess=False
):
    """Absolute error with a factor for each side (pinball loss): its best constant is the quantile.

    ::

        value = c |r|    grad = c sign(r)    hess = 0    r = input - target
        c = quantile where r < 0, 1 - quantile elsewhere

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predicted quantiles.
    target : array_like, shape of `input`
        True values.
    quantile : float in [0, 1]
        Which quantile; 0.5, the median, gives half of `l1_loss`.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, weighted or not; of nothing it is NaN.
    weight : array_like, optional
        Factors of the elements, broadcast to the shape of `input`.
    grad, hess : bool or ndarray
        As for `mse_loss`. The derivative at the kink, r = 0, is 0.

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; ``quantile`` out of range

    References
    ----------
    R. Koenker and G. Bassett, Regression quantiles (1978). ``sklearn.metrics.mean_pinball_loss``.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.quantile_loss([3.0, 0.0], [1.0, 1.0], quantile=0.75, grad=True)
    >>> loss, grad
    (0.625, array([ 0.125, -0.375]))
    """
    return _pointwise(_QUANTILE, input, target, weight, None, (quantile,), reduction, grad, hess)
