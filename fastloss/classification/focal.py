"""Log losses that count easy elements less. The examples share three labelled elements."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "asymmetric_loss",
    "quality_focal_loss",
    "sigmoid_focal_loss",
    "varifocal_loss",
]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_ASYMMETRIC = _LOSSES["asymmetric"]
_FOCAL = _LOSSES["sigmoid_focal"]
_QUALITY = _LOSSES["quality_focal"]
_VFL = _LOSSES["varifocal"]


@direct
def asymmetric_loss(
    input,
    target,
    *,
    gamma_neg=4.0,
    gamma_pos=1.0,
    clip=0.05,
    eps=1e-8,
    reduction="mean",
    weight=None,
    grad=False,
    hess=False,
):
    """Focal loss of many labels per sample, which forgets negatives that are easy enough.

    ::

        value = u^g b    p = 1 / (1 + exp(-input)), t = target
        n = min(1 - p + clip, 1)
        b = -t log max(p, eps) - (1 - t) log max(n, eps)
        u = t (1 - p) + (1 - t) (1 - n)
        g = t gamma_pos + (1 - t) gamma_neg
        grad = w' b + u^g b'    hess = w'' b + 2 w' b' + u^g b''    w = u^g, by input

    Parameters
    ----------
    input, target : as for `binary_cross_entropy_with_logits`
    gamma_neg, gamma_pos : float, >= 0
        How fast easy negatives and positives fade.
    clip : float in [0, 1]
        Negatives of a probability below it count nothing; 0 switches that off.
    eps : float in [0, 1]
        The least argument of a logarithm; below it, a logarithm is constant.
    reduction, weight, grad, hess : as for `binary_cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; parameters out of range

    References
    ----------
    T. Ridnik et al., Asymmetric loss for multi-label classification (2021). The authors' code adds
    all elements (``reduction="sum"``) and can leave the factor u^g out of the gradient; here the
    gradient is always that of the value.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.asymmetric_loss([2.0, -1.0, 0.0], [1, 0, 1], reduction="none").round(4)
    array([0.0151, 0.0006, 0.3466])
    """
    options = (gamma_neg, gamma_pos, clip, eps)
    return _pointwise(_ASYMMETRIC, input, target, weight, None, options, reduction, grad, hess)


@direct
def quality_focal_loss(
    input, target, *, beta=2.0, reduction="mean", weight=None, grad=False, hess=False
):
    """Log loss against a quality, weighted by the distance from it.

    ::

        value = m^beta b    p = 1 / (1 + exp(-input)), q = 1 - p, t = target
        b = -t log p - (1 - t) log q           the log loss
        m = |p - t|, s = sign(p - t) p q / m
        grad = m^beta (p - t + beta s b)
        hess = m^beta (p q + beta s (2 (p - t) + ((beta - 1) s + q - p) b))

    Parameters
    ----------
    input : as for `binary_cross_entropy_with_logits`
    target : array_like, shape of `input`
        Quality in [0, 1], for instance the overlap of the predicted box; 0 marks a negative.
    beta : float, >= 0
        How fast easy elements fade. Below 1, the gradient grows without bound near p = t, and is 0
        there; so does the second derivative below 2.
    reduction, weight, grad, hess : as for `binary_cross_entropy`

    Returns
    -------
    loss, grad, hess : as for `binary_cross_entropy`

    Raises
    ------
    ValueError, TypeError : as for `mse_loss`; ``beta`` out of range

    References
    ----------
    X. Li et al., Generalized focal loss (2020).

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.quality_focal_loss([2.0, -1.0, 0.0], [0.5, 0.0, 1.0], reduction="none").round(4)
    array([0.1634, 0.0227, 0.1733])
    """
    return _pointwise(_QUALITY, input, target, weight, None, (beta,), reduction, grad, hess)


@direct
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


@direct
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
