"""Losses of a row of class scores per label. The examples share two rows of three classes."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "cross_entropy",
    "distribution_focal_loss",
    "nll_loss",
    "poly1_cross_entropy",
    "softmax_focal_loss",
]

_cross_entropy = _core.cross_entropy
_nll = _core.nll_loss
_row_of_probability = _core.row_of_probability
_distribution_focal = _core.distribution_focal_loss
_LOSSES = _core.losses()
_CROSS_ENTROPY = _LOSSES["cross_entropy"]
_NLL = _LOSSES["nll"]
_DFL = _LOSSES["distribution_focal"]
_POLY1 = _LOSSES["poly1_cross_entropy"]
_FOCAL = _LOSSES["softmax_focal"]


@direct
def cross_entropy(
    input,
    target,
    weight=None,
    ignore_index=-100,
    reduction="mean",
    label_smoothing=0.0,
    *,
    grad=False,
    hess=False,
):
    """Cross entropy of logits, against class indices or class probabilities.

    ::

        value = -sum_c k_c log P_c    grad = K P - k    hess = K P (1 - P)
        P = softmax(input)            C classes         K = sum_c k_c
        indices t:        k_c = (1 - e) w_t [c = t] + e w_c / C   e = label_smoothing, w = weight
        probabilities y:  k_c = w_c ((1 - e) y_c + e / C)

    Parameters
    ----------
    input : array_like of float32 or float64, shape (N, C, ...) or (C,)
        Logits. Their dtype is that of the gradient and of the values for "none".
    target : array_like
        Class indices of any integer dtype, shape (N, ...) or (); or, floats of the shape of
        `input`, class probabilities.
    weight : array_like, shape (C,), optional
        One factor per class.
    ignore_index : int
        Rows with this target, in the range of classes or not, have loss and gradient 0.
    reduction : {"mean", "sum", "none"}
        The mean divides by the sum of w_t over the rows that are not ignored: NaN if there are
        none. With probabilities it divides by the number of rows.
    label_smoothing : float in [0, 1]
        Share of the target that is spread over all classes.
    grad, hess : bool or ndarray
        As for `binary_cross_entropy`. The Hessian of a row is not diagonal: `hess` is its diagonal,
        the second derivative by each score alone.

    Returns
    -------
    loss : float, or ndarray of shape (N, ...) or () for "none"
    grad, hess : ndarray of `input`'s shape and dtype, where asked for

    Raises
    ------
    IndexError
        A class index out of range; the message names the first. Nothing has been written by then.
    ValueError
        As for `mse_loss`; `label_smoothing` out of range, `ignore_index` >= 0 with probabilities.
    TypeError
        A dtype that cannot be used: floats or bool as class indices, integers as probabilities.

    References
    ----------
    ``torch.nn.functional.cross_entropy``.

    Examples
    --------
    >>> import fastloss as fl
    >>> logits = [[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]
    >>> loss, grad = fl.cross_entropy(logits, [0, 1], grad=True)
    >>> print(f"{loss:.4f}", *grad.round(4), sep=", ")
    0.9076, [-0.1674  0.1224  0.045 ], [ 0.045  -0.3776  0.3326]
    >>> round(fl.cross_entropy(logits, [0, -100], label_smoothing=0.1), 4)
    0.5076
    >>> fl.cross_entropy(logits, [0, 1], reduction="none", hess=True)[2].round(4)
    array([[0.2227, 0.1848, 0.0819],
           [0.0819, 0.1848, 0.2227]])
    """
    return _cross_entropy(
        _CROSS_ENTROPY, input, target, weight, ignore_index, reduction, label_smoothing, grad, hess
    )


@direct
def nll_loss(
    input, target, weight=None, ignore_index=-100, reduction="mean", *, grad=False, hess=False
):
    """Negative log likelihood: the target's entry of rows of log-probabilities.

    ::

        value = -w_t x_t    grad = -w_t at class t, 0 at the others    hess = 0
        x = input           w = weight

    Parameters
    ----------
    input : array_like of float32 or float64, shape (N, C, ...) or (C,)
        Log-probabilities.
    target : array_like of any integer dtype, shape (N, ...) or ()
        Class indices.
    weight, ignore_index, reduction, grad, hess : as for `cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `cross_entropy`

    Raises
    ------
    IndexError, ValueError, TypeError : as for `cross_entropy`

    References
    ----------
    ``torch.nn.functional.nll_loss``.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.nll_loss([[-0.5, -1.0, -4.0], [-3.0, -2.0, -0.25]], [0, 2], reduction="sum")
    0.75
    """
    return _nll(_NLL, input, target, weight, ignore_index, reduction, grad, hess)


@direct
def distribution_focal_loss(
    input, target, *, reduction="mean", weight=None, grad=False, hess=False
):
    """Cross entropy against a position between two bins.

    ::

        value = -(k + 1 - d) log P_k - (d - k) log P_{k+1}    P = softmax(input) over R bins
        d = target clamped to [0, R - 1.01]                   k = floor(d)
        grad = P, less k + 1 - d at bin k and d - k at bin k + 1
        hess = P (1 - P)

    Parameters
    ----------
    input : array_like of float32 or float64, shape (..., R)
        Logits of R >= 2 bins.
    target : array_like, shape (...)
        Positions in units of bins.
    weight, reduction, grad, hess : as for `cross_entropy`
        But the weights are those of positions, and the mean divides by their number.

    Returns
    -------
    loss, grad, hess : as for `cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; fewer than 2 bins (no position is out of range)

    References
    ----------
    X. Li et al., Generalized focal loss (2020).

    Examples
    --------
    >>> import fastloss as fl
    >>> logits = [[0.0, 1.0, 2.0, 0.0]]
    >>> loss, grad = fl.distribution_focal_loss(logits, [1.25], grad=True)
    >>> round(loss, 4), grad.round(4)
    (1.2438, array([[ 0.0826, -0.5255,  0.3603,  0.0826]]))
    """
    return _distribution_focal(_DFL, input, target, weight, reduction, grad, hess)


@direct
def poly1_cross_entropy(
    input,
    target,
    *,
    epsilon=1.0,
    reduction="mean",
    weight=None,
    ignore_index=-100,
    grad=False,
    hess=False,
):
    """Cross entropy whose linear term in 1 - P_t counts 1 + epsilon times.

    ::

        value = w_t (-log P_t + e (1 - P_t))       P = softmax(input), e = epsilon, w = weight
        grad = w_t (1 + e P_t) (P - [c = t])       t = target
        hess = w_t ((1 + e P_t) P (1 - P) - e P_t ([c = t] - P)^2)

    Parameters
    ----------
    input : array_like of float32 or float64, shape (N, C, ...) or (C,)
        Logits.
    target : array_like of any integer dtype, shape (N, ...) or ()
        Class indices.
    epsilon : float
        0 is the cross entropy; the paper advises 1 or 2 for images, -1 for detection.
    reduction, weight, ignore_index, grad, hess : as for `cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `cross_entropy`

    Raises
    ------
    IndexError, ValueError, TypeError : as for `cross_entropy`; `epsilon` not finite

    References
    ----------
    Leng et al., PolyLoss: a polynomial expansion perspective of classification losses (2022).

    Examples
    --------
    >>> import fastloss as fl
    >>> logits = [[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]
    >>> loss, grad = fl.poly1_cross_entropy(logits, [0, 1], grad=True)
    >>> print(f"{loss:.4f}", *grad.round(4), sep=", ")
    1.4526, [-0.2787  0.2038  0.075 ], [ 0.056  -0.4701  0.414 ]
    """
    return _row_of_probability(
        _POLY1, input, target, weight, ignore_index, epsilon, reduction, grad, hess
    )


@direct
def softmax_focal_loss(
    input,
    target,
    *,
    gamma=2.0,
    reduction="mean",
    weight=None,
    ignore_index=-100,
    grad=False,
    hess=False,
):
    """Cross entropy of logits that counts rows the less, the better their class is predicted.

    ::

        value = -w_t Q^g l                         P = softmax(input), Q = 1 - P_t, l = log P_t
        grad = -w_t s ([c = t] - P)                g = gamma, t = target, w = weight
        hess = w_t (s P (1 - P) + b ([c = t] - P)^2)
        s = Q^g - g P_t Q^(g-1) l                  b = g P_t Q^(g-1) (2 + l - (g - 1) P_t l / Q)

    Parameters
    ----------
    input : array_like of float32 or float64, shape (N, C, ...) or (C,)
        Logits.
    target : array_like of any integer dtype, shape (N, ...) or ()
        Class indices.
    gamma : float >= 0
        0 is the cross entropy; a larger one favours hard rows more.
    reduction, weight, ignore_index, grad, hess : as for `cross_entropy`
        The weights, one per class, are the alpha of the paper; the mean divides by those of the
        rows' classes.

    Returns
    -------
    loss, grad, hess : as for `cross_entropy`
        The loss is not convex in one score: `hess` may be negative.

    Raises
    ------
    IndexError, ValueError, TypeError : as for `cross_entropy`; `gamma` < 0 or not finite

    References
    ----------
    Lin et al., Focal loss for dense object detection (2017), with the softmax for the sigmoid.

    Examples
    --------
    >>> import fastloss as fl
    >>> logits = [[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]
    >>> loss, grad = fl.softmax_focal_loss(logits, [0, 1], grad=True)
    >>> print(f"{loss:.4f}", *grad.round(4), sep=", ")
    0.4243, [-0.0491  0.0359  0.0132], [ 0.0491 -0.4119  0.3628]
    """
    return _row_of_probability(
        _FOCAL, input, target, weight, ignore_index, gamma, reduction, grad, hess
    )
