"""Negative log-likelihoods: losses for counts, amounts, and predictions that know their error.

The mean of the distribution is positive, so scores are its logarithm unless told otherwise.
"""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "gamma_nll_loss",
    "gaussian_nll_loss",
    "poisson_nll_loss",
    "tweedie_loss",
]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_POISSON = _LOSSES["poisson_nll"]
_GAUSSIAN = _LOSSES["gaussian_nll"]
_GAMMA = _LOSSES["gamma_nll"]
_TWEEDIE = _LOSSES["tweedie"]


@direct
def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    eps=1e-8,
    reduction="mean",
    *,
    weight=None,
    grad=False,
    hess=False,
):
    """Negative log-likelihood of counts, Poisson distributed.

    ::

        log_input:  value = exp(x) - t x          x = input, t = target
                    grad = exp(x) - t             hess = exp(x)
        else:       value = x - t log m           m = x + eps
                    grad = 1 - t / m              hess = t / m^2
        full:       + t log t - t + log(2 pi t) / 2 where t > 1

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Logarithms of the expected counts, or the expected counts. Their dtype is that of
        derivatives and of values for "none".
    target : array_like, shape of `input`
        Counts, of any dtype.
    log_input : bool
        Whether `input` is a logarithm.
    full : bool
        Add Stirling's approximation of log t!, which no derivative sees.
    eps : float, >= 0
        Keeps the logarithm finite where ``log_input=False``.
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
    ValueError, TypeError : as for `mse_loss`; parameters out of range

    References
    ----------
    ``torch.nn.functional.poisson_nll_loss``, but a target of another shape is an error.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> counts = np.array([0, 1, 4])
    >>> loss, grad = fl.poisson_nll_loss(np.log([0.5, 1.0, 2.0]), counts, grad=True)
    >>> round(loss, 4), grad.round(4)
    (0.2425, array([ 0.1667,  0.    , -0.6667]))
    """
    options = (log_input, full, eps)
    return _pointwise(_POISSON, input, target, weight, None, options, reduction, grad, hess)


@direct
def gaussian_nll_loss(
    input,
    target,
    var,
    full=False,
    eps=1e-6,
    reduction="mean",
    *,
    weight=None,
    grad=False,
    hess=False,
):
    """Negative log-likelihood under normal distributions whose variances are predicted too.

    ::

        value = (log v + r^2 / v) / 2        r = input - target, v = max(var, eps)
        by input:  grad = r / v              hess = 1 / v
        by var:    grad = (1 - r^2/v) / (2 v)    hess = (r^2/v - 1/2) / v^2
        full:      + log(2 pi) / 2

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Expected values.
    target : array_like, shape of `input`
        True values.
    var : array_like, or float
        Variances, >= 0: in the shape of `input`, with one axis of length 1 in it, or with the last
        axis left out. A number is a constant, by which nothing is differentiated.
    full : bool
        Add the constant part.
    eps : float, >= 0
        The least variance. As in torch, the derivatives pass where it is applied.
    reduction, weight : as for `poisson_nll_loss`
    grad, hess : bool, ndarray, or tuple of 2
        As for `mse_loss`; where `var` is an array, buffers are a tuple, for `input` and `var`.

    Returns
    -------
    loss : float, or ndarray of `input`'s shape for "none"
    grad, hess : ndarray, or tuple of 2
        By `input`, where `var` is a number; ``(by input, by var)`` where it is an array, each in
        the shape of what it belongs to and the dtype of `input`.

    Raises
    ------
    ValueError
        As for `mse_loss`; a negative variance, found during the pass: buffers, and `input` itself
        if it is one, may have been overwritten.
    TypeError
        A dtype that cannot be used.

    References
    ----------
    D. Nix and A. Weigend, Estimating the mean and variance of the target probability distribution
    (1994). ``torch.nn.functional.gaussian_nll_loss``.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> input, target = np.array([2.5, 0.0, 8.0, 1.0]), [3.0, -0.5, 4.0, 1.0]
    >>> round(fl.gaussian_nll_loss(input, target, 1.0), 4)
    2.0625
    >>> loss, (by_input, by_var) = fl.gaussian_nll_loss(input, target, [1, 1, 16, 1], grad=True)
    >>> round(loss, 4), by_input, by_var.round(4)
    (0.5341, array([-0.125 ,  0.125 ,  0.0625,  0.    ]), array([0.0938, 0.0938, 0.    , 0.125 ]))
    """
    options = (full, eps)
    return _core.gaussian_nll(_GAUSSIAN, input, target, var, weight, options, reduction, grad, hess)


@direct
def gamma_nll_loss(
    input,
    target,
    *,
    log_input=True,
    eps=1e-8,
    reduction="mean",
    weight=None,
    grad=False,
    hess=False,
):
    """Negative log-likelihood of positive amounts, gamma distributed.

    ::

        log_input:  value = s + x             x = input, t = target, s = t exp(-x)
                    grad = 1 - s              hess = s
        else:       value = s + log m         m = x + eps, s = t / m
                    grad = (1 - s) / m        hess = (2 s - 1) / m^2

    The mean is exp(x) or m. The shape k of the distribution is no parameter: it is a factor k of
    this loss and a constant, and changes no minimum.

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Logarithms of the expected amounts (what boosting wants), or the expected amounts.
    target : array_like, shape of `input`
        Amounts, > 0.
    log_input : bool
        Whether `input` is a logarithm.
    eps : float, >= 0
        Keeps the logarithm finite where ``log_input=False``.
    reduction, weight, grad, hess : as for `poisson_nll_loss`

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; parameters out of range

    References
    ----------
    P. McCullagh and J. Nelder, Generalized linear models (1989). The objective "gamma" of LightGBM.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> loss, grad = fl.gamma_nll_loss(np.log([0.5, 1.0, 2.0]), [1.0, 1.0, 1.0], grad=True)
    >>> round(loss, 4), grad.round(4)
    (1.1667, array([-0.3333,  0.    ,  0.1667]))
    """
    return _pointwise(_GAMMA, input, target, weight, None, (log_input, eps), reduction, grad, hess)


@direct
def tweedie_loss(
    input, target, *, power=1.5, reduction="mean", weight=None, grad=False, hess=False
):
    """Negative log-likelihood of amounts that are often exactly 0, on the logarithm of their mean.

    ::

        value = exp(b x) / b - t exp(a x) / a    x = input, t = target, a = 1 - power, b = 2 - power
        grad = exp(b x) - t exp(a x)
        hess = b exp(b x) - a t exp(a x)

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Logarithms of the expected amounts.
    target : array_like, shape of `input`
        Amounts: >= 0 for a power below 2, > 0 from there on, anything for 0.
    power : float, 0 or >= 1
        The variance grows as mean^power. 0 is the squared error of the mean, 1 `poisson_nll_loss`,
        between 1 and 2 sums of gamma distributed amounts, 2 `gamma_nll_loss`, 3 the inverse
        Gaussian distribution; all but for terms that depend on t alone.
    reduction, weight, grad, hess : as for `poisson_nll_loss`

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; parameters out of range

    References
    ----------
    B. Jørgensen, Exponential dispersion models (1987). The objective "tweedie" of LightGBM and
    XGBoost, where power is ``tweedie_variance_power``.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> loss, grad = fl.tweedie_loss(np.log([0.25, 1.0, 4.0]), [0.0, 1.0, 4.0], grad=True)
    >>> round(loss, 4), grad.round(4)
    (4.3333, array([0.1667, 0.    , 0.    ]))
    """
    return _pointwise(_TWEEDIE, input, target, weight, None, (power,), reduction, grad, hess)
