"""Penalties on parameters."""

from fastloss import _core

__all__ = ["elastic_net_penalty", "l1_penalty", "l2_penalty"]

_penalty = _core.penalty
_LOSSES = _core.losses()
_L1 = _LOSSES["l1_penalty"]
_L2 = _LOSSES["l2_penalty"]
_ELASTIC_NET = _LOSSES["elastic_net_penalty"]


def l1_penalty(params, *, strength=1.0, grad=False):
    return _penalty(_L1, params, strength, (), grad)


def l2_penalty(params, *, strength=1.0, grad=False):
    return _penalty(_L2, params, strength, (), grad)


def elastic_net_penalty(params, *, strength=1.0, l1_ratio=0.5, grad=False):
    return _penalty(_ELASTIC_NET, params, strength, (l1_ratio,), grad)
