"""Losses for real-valued targets."""

from fastloss import _core

__all__ = ["huber_loss", "l1_loss", "mse_loss", "rmse_loss", "smooth_l1_loss"]

_pointwise = _core.pointwise
_LOSSES = _core.losses()
_MSE = _LOSSES["mse"]
_RMSE = _LOSSES["rmse"]
_L1 = _LOSSES["l1"]
_SMOOTH_L1 = _LOSSES["smooth_l1"]
_HUBER = _LOSSES["huber"]


def mse_loss(input, target, reduction="mean", weight=None, *, grad=False, hess=False):
    return _pointwise(_MSE, input, target, weight, None, (), reduction, grad, hess)


def rmse_loss(input, target, *, reduction="mean", weight=None, grad=False, hess=False):
    return _pointwise(_RMSE, input, target, weight, None, (), reduction, grad, hess)


def l1_loss(input, target, reduction="mean", weight=None, *, grad=False, hess=False):
    return _pointwise(_L1, input, target, weight, None, (), reduction, grad, hess)


def smooth_l1_loss(
    input, target, reduction="mean", beta=1.0, *, weight=None, grad=False, hess=False
):
    return _pointwise(_SMOOTH_L1, input, target, weight, None, (beta,), reduction, grad, hess)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None, *, grad=False, hess=False):
    return _pointwise(_HUBER, input, target, weight, None, (delta,), reduction, grad, hess)
