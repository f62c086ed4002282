"""Losses of the residual r = input - target.

The examples share four predictions, one of them far off, so that the losses can be compared: the
squared error follows the outlier, the others do not.
"""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "huber_loss",
    "l1_loss",
    "log_cosh_loss",
    "mse_loss",
    "rmse_loss",
    "smooth_l1_loss",
]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_MSE = _LOSSES["mse"]
_RMSE = _LOSSES["rmse"]
_L1 = _LOSSES["l1"]
_SMOOTH_L1 = _LOSSES["smooth_l1"]
_HUBER = _LOSSES["huber"]
_LOG_COSH = _LOSSES["log_cosh"]


@direct
def mse_loss(input, target, reduction="mean", weight=None, *, grad=False, hess=False):
    """Squared error.

    ::

        value = r^2    grad = 2 r    hess = 2

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predictions. Their dtype is that of the derivatives and of the values for "none".
    target : array_like, shape of `input`
        True values; floats, integers or bool.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, or by the sum of the broadcast weights. Of
        nothing, or of weights that sum to 0, it is NaN.
    weight : array_like, optional
        Factors of the elements, broadcast to the shape of `input`.
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
        with an argument. Nothing has been written by then.
    TypeError
        A dtype that cannot be used.

    References
    ----------
    ``torch.nn.functional.mse_loss``, but shapes that differ are an error instead of a warning.
    What all functions share stands in ``docs/conventions.md``.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> input, target = np.array([2.5, 0.0, 8.0, 1.0]), [3.0, -0.5, 4.0, 1.0]
    >>> fl.mse_loss(input, target)
    4.125
    >>> fl.mse_loss(input, target, weight=[1, 1, 0, 2], grad=True)
    (0.125, array([-0.25,  0.25,  0.  ,  0.  ]))
    """
    return _pointwise(_MSE, input, target, weight, None, (), reduction, grad, hess)


@direct
def rmse_loss(input, target, *, reduction="mean", weight=None, grad=False, hess=False):
    """Root of the mean squared error: an error in the unit of the target.

    ::

        L = sqrt(sum w r^2 / W)            W = sum w for "mean", 1 for "sum"; w = 1 without weight
        grad g = w r / (W L)    hess = (w / W - g^2) / L    both 0 where L = 0
        "none":  value = sqrt(w) |r|    grad = sqrt(w) sign(r)    hess = 0

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predictions. Their dtype is that of the derivatives and of the values for "none".
    target : array_like, shape of `input`
        True values; floats, integers or bool.
    reduction : {"mean", "sum", "none"}
        Of the squares, before the root. Of nothing the mean is NaN.
    weight : array_like, optional
        Factors of the squares, broadcast to the shape of `input`.
    grad, hess : bool or ndarray
        As for `mse_loss`. The true Hessian is not diagonal here; this is its diagonal.

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError
        As for `mse_loss`.

    References
    ----------
    ``sklearn.metrics.root_mean_squared_error``, for one output.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> input, target = np.array([2.5, 0.0, 8.0, 1.0]), [3.0, -0.5, 4.0, 1.0]
    >>> round(fl.rmse_loss(input, target), 4)
    2.031
    >>> fl.rmse_loss(input, target, reduction="none")
    array([0.5, 0.5, 4. , 0. ])
    """
    return _pointwise(_RMSE, input, target, weight, None, (), reduction, grad, hess)


@direct
def l1_loss(input, target, reduction="mean", weight=None, *, grad=False, hess=False):
    """Absolute error.

    ::

        value = |r|    grad = sign(r), 0 at r = 0    hess = 0

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predictions. Their dtype is that of the derivatives and of the values for "none".
    target : array_like, shape of `input`
        True values; floats, integers or bool.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, or by the sum of the broadcast weights. Of
        nothing, or of weights that sum to 0, it is NaN.
    weight : array_like, optional
        Factors of the elements, broadcast to the shape of `input`.
    grad, hess : bool or ndarray
        As for `mse_loss`. Where `input` is NaN the loss is NaN, but the derivative 0.

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError
        As for `mse_loss`.

    References
    ----------
    ``torch.nn.functional.l1_loss``.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> input, target = np.array([2.5, 0.0, 8.0, 1.0]), [3.0, -0.5, 4.0, 1.0]
    >>> fl.l1_loss(input, target, grad=True)
    (1.25, array([-0.25,  0.25,  0.25,  0.  ]))
    """
    return _pointwise(_L1, input, target, weight, None, (), reduction, grad, hess)


@direct
def smooth_l1_loss(
    input, target, reduction="mean", beta=1.0, *, weight=None, grad=False, hess=False
):
    """Absolute error, rounded off near zero: Huber's loss over its threshold.

    ::

        |r| < beta:  value = r^2 / (2 beta)    grad = r / beta    hess = 1 / beta
        elsewhere:   value = |r| - beta / 2    grad = sign(r)     hess = 0

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predictions. Their dtype is that of the derivatives and of the values for "none".
    target : array_like, shape of `input`
        True values; floats, integers or bool.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, weighted or not; of nothing it is NaN.
    beta : float, >= 0
        Where the parabola ends, in the unit of the target. 0 gives `l1_loss`.
    weight : array_like, optional
        Factors of the elements, broadcast to the shape of `input`.
    grad, hess : bool or ndarray
        As for `mse_loss`.

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError
        As for `mse_loss`; a `beta` that is negative or not finite.

    References
    ----------
    R. Girshick, Fast R-CNN (2015). ``torch.nn.functional.smooth_l1_loss``, which has no `weight`.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> input, target = np.array([2.5, 0.0, 8.0, 1.0]), [3.0, -0.5, 4.0, 1.0]
    >>> fl.smooth_l1_loss(input, target, grad=True)
    (0.9375, array([-0.125,  0.125,  0.25 ,  0.   ]))
    >>> fl.smooth_l1_loss(input, target, "none", beta=0.5)
    array([0.25, 0.25, 3.75, 0.  ])
    """
    return _pointwise(_SMOOTH_L1, input, target, weight, None, (beta,), reduction, grad, hess)


@direct
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None, *, grad=False, hess=False):
    """Squared error near zero, absolute error far away.

    ::

        |r| <= delta:  value = r^2 / 2                  grad = r                hess = 1
        elsewhere:     value = delta (|r| - delta / 2)  grad = delta sign(r)    hess = 0

    Parameters
    ----------
    input : array_like of float32 or float64, any shape
        Predictions. Their dtype is that of the derivatives and of the values for "none".
    target : array_like, shape of `input`
        True values; floats, integers or bool.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of elements, weighted or not; of nothing it is NaN.
    delta : float, > 0
        Where the parabola ends, in the unit of the target.
    weight : array_like, optional
        Factors of the elements, broadcast to the shape of `input`.
    grad, hess : bool or ndarray
        As for `mse_loss`.

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError
        As for `mse_loss`; a `delta` that is not positive or not finite.

    References
    ----------
    P. J. Huber, Robust estimation of a location parameter (1964).
    ``torch.nn.functional.huber_loss``, whose weighted mean divides by the number of elements.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> input, target = np.array([2.5, 0.0, 8.0, 1.0]), [3.0, -0.5, 4.0, 1.0]
    >>> fl.huber_loss(input, target, "sum", delta=2.0, hess=True)
    (6.25, array([-0.5,  0.5,  2. ,  0. ]), array([1., 1., 0., 1.]))
    """
    return _pointwise(_HUBER, input, target, weight, None, (delta,), reduction, grad, hess)


@direct
def log_cosh_loss(input, target, *, reduction="mean", weight=None, grad=False, hess=False):
    """Logarithm of the hyperbolic cosine: squared near zero, linear far away, smooth throughout.

    ::

        value = log cosh r    grad = tanh r    hess = 1 - tanh(r)^2

    Parameters
    ----------
    input, target : as for `mse_loss`
        Finite ones of any size give finite results.
    reduction, weight, grad, hess : as for `huber_loss`

    Returns
    -------
    loss, grad, hess : as for `mse_loss`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`

    References
    ----------
    P. Green, Bayesian reconstructions from emission tomography data using a modified EM algorithm
    (1990).

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> input, target = np.array([2.5, 0.0, 8.0, 1.0]), [3.0, -0.5, 4.0, 1.0]
    >>> loss, grad = fl.log_cosh_loss(input, target, grad=True)
    >>> round(loss, 4), grad.round(4)
    (0.8869, array([-0.1155,  0.1155,  0.2498,  0.    ]))
    """
    return _pointwise(_LOG_COSH, input, target, weight, None, (), reduction, grad, hess)
