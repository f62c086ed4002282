"""Penalties on parameters: what a training loop adds to its loss to keep weights small.

All take one array, or a list, tuple or dict of arrays, and sum over everything.
"""

from fastloss import _core
from fastloss._core import direct

__all__ = ["elastic_net_penalty", "l1_penalty", "l2_penalty"]

_penalty = _core.penalty
_LOSSES = _core.losses()
_L1 = _LOSSES["l1_penalty"]
_L2 = _LOSSES["l2_penalty"]
_ELASTIC_NET = _LOSSES["elastic_net_penalty"]


@direct
def l1_penalty(params, *, strength=1.0, grad=False):
    """Sum of absolute values (lasso).

    ::

        value = strength sum |w|    grad = strength sign(w), 0 at w = 0

    Parameters
    ----------
    params : array_like, or list, tuple or dict of array_like
        Parameters of any shapes, float32 or float64, each on its own. A list of plain numbers is
        one array.
    strength : float, >= 0
        Factor of the whole.
    grad : bool or ndarray, or list, tuple or dict of ndarray
        True: also return the gradient. Buffers come in the form of `params`, a dict with its keys
        in the same order; they are filled and may not share memory with any parameter.

    Returns
    -------
    penalty : float
        0.0 of nothing.
    grad : ndarray, list or dict of ndarray
        Where asked for: an array for one, a list for a list or tuple, a dict for a dict, each
        element in its parameter's shape and dtype.

    Raises
    ------
    ValueError
        A negative or infinite `strength`; a buffer of another shape, or one that is read-only or
        shares memory. Nothing has been written by then.
    TypeError
        A dtype other than float32 and float64, buffers in another form than `params`.

    References
    ----------
    R. Tibshirani, Regression shrinkage and selection via the lasso (1996).

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> layer = {"w": np.array([[1.0, -2.0], [0.0, 4.0]]), "b": np.array([0.5])}
    >>> penalty, grad = fl.l1_penalty(layer, strength=0.1, grad=True)
    >>> round(penalty, 4), grad["b"]
    (0.75, array([0.1]))
    """
    return _penalty(_L1, params, strength, (), grad)


@direct
def l2_penalty(params, *, strength=1.0, grad=False):
    """Half the sum of squares (ridge, weight decay).

    ::

        value = strength / 2 sum w^2    grad = strength w

    Parameters
    ----------
    params, grad : as for `l1_penalty`
    strength : float, >= 0
        The ``weight_decay`` of torch's optimizers, which add the same gradient.

    Returns
    -------
    penalty, grad : as for `l1_penalty`

    Raises
    ------
    ValueError, TypeError
        As for `l1_penalty`.

    References
    ----------
    A. E. Hoerl and R. W. Kennard, Ridge regression (1970). ``torch.optim.SGD``.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> fl.l2_penalty(np.array([1.0, -2.0]), strength=0.5, grad=True)
    (1.25, array([ 0.5, -1. ]))
    >>> fl.l2_penalty([np.array([1.0, -2.0]), np.array([3.0])], grad=True)
    (7.0, [array([ 1., -2.]), array([3.])])
    """
    return _penalty(_L2, params, strength, (), grad)


@direct
def elastic_net_penalty(params, *, strength=1.0, l1_ratio=0.5, grad=False):
    """A mixture of `l1_penalty` and `l2_penalty`.

    ::

        value = strength (l1_ratio sum |w| + (1 - l1_ratio) / 2 sum w^2)
        grad  = strength (l1_ratio sign(w) + (1 - l1_ratio) w)    sign(0) = 0

    Parameters
    ----------
    params, grad : as for `l1_penalty`
    strength : float, >= 0
        Factor of the whole, scikit-learn's ``alpha``.
    l1_ratio : float in [0, 1]
        Share of the absolute values.

    Returns
    -------
    penalty, grad : as for `l1_penalty`

    Raises
    ------
    ValueError, TypeError
        As for `l1_penalty`; an `l1_ratio` outside [0, 1].

    References
    ----------
    H. Zou and T. Hastie, Regularization and variable selection via the elastic net (2005).
    The penalty of ``sklearn.linear_model.ElasticNet``.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> fl.elastic_net_penalty(np.array([1.0, -2.0, 0.0]), grad=True)
    (2.75, array([ 1. , -1.5,  0. ]))
    """
    return _penalty(_ELASTIC_NET, params, strength, (l1_ratio,), grad)
