"""Losses for class labels and probabilities."""

from fastloss import _core

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "distribution_focal_loss",
    "hinge_loss",
    "nll_loss",
    "sigmoid_focal_loss",
    "varifocal_loss",
]

_pointwise = _core.pointwise
_cross_entropy = _core.cross_entropy
_nll = _core.nll_loss
_distribution_focal = _core.distribution_focal_loss
_LOSSES = _core.losses()
_BCE = _LOSSES["binary_cross_entropy"]
_BCE_LOGITS = _LOSSES["binary_cross_entropy_with_logits"]
_HINGE = _LOSSES["hinge"]
_SIGMOID_FOCAL = _LOSSES["sigmoid_focal"]
_VARIFOCAL = _LOSSES["varifocal"]
_CROSS_ENTROPY = _LOSSES["cross_entropy"]
_NLL = _LOSSES["nll"]
_DISTRIBUTION_FOCAL = _LOSSES["distribution_focal"]


def binary_cross_entropy(input, target, weight=None, reduction="mean", *, grad=False, hess=False):
    return _pointwise(_BCE, input, target, weight, None, (), reduction, grad, hess)


def binary_cross_entropy_with_logits(
    input, target, weight=None, reduction="mean", pos_weight=None, *, grad=False, hess=False
):
    return _pointwise(_BCE_LOGITS, input, target, weight, pos_weight, (), reduction, grad, hess)


def hinge_loss(input, target, *, reduction="mean", weight=None, grad=False, hess=False):
    return _pointwise(_HINGE, input, target, weight, None, (), reduction, grad, hess)


def sigmoid_focal_loss(
    inputs,
    targets,
    alpha=0.25,
    gamma=2.0,
    reduction="none",
    *,
    weight=None,
    grad=False,
    hess=False,
):
    return _pointwise(
        _SIGMOID_FOCAL, inputs, targets, weight, None, (alpha, gamma), reduction, grad, hess
    )


def varifocal_loss(
    input,
    target,
    *,
    alpha=0.75,
    gamma=2.0,
    reduction="mean",
    weight=None,
    grad=False,
    hess=False,
):
    return _pointwise(
        _VARIFOCAL, input, target, weight, None, (alpha, gamma), reduction, grad, hess
    )


def cross_entropy(
    input,
    target,
    weight=None,
    ignore_index=-100,
    reduction="mean",
    label_smoothing=0.0,
    *,
    grad=False,
):
    return _cross_entropy(
        _CROSS_ENTROPY, input, target, weight, ignore_index, reduction, label_smoothing, grad
    )


def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean", *, grad=False):
    return _nll(_NLL, input, target, weight, ignore_index, reduction, grad)


def distribution_focal_loss(input, target, *, reduction="mean", weight=None, grad=False):
    return _distribution_focal(
        _DISTRIBUTION_FOCAL, input, target, weight, reduction, grad
    )
