"""Penalties on parameters: one array, or a list, tuple or dict of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._common import as_float, deliver
from ._registry import Variant, register
from ._samples import parameter_list, parameters, smooth_parameters


def _penalty(
    params: Any,
    grad: Any,
    value: Callable[[np.ndarray], np.ndarray],
    slope: Callable[[np.ndarray], np.ndarray],
) -> Any:
    """Sum `value` over every array; `slope` of each is its gradient, in the container's form."""
    if isinstance(params, dict):
        keys, arrays = list(params), [as_float(w) for w in params.values()]
    elif isinstance(params, (list, tuple)):
        keys, arrays = list(range(len(params))), [as_float(w) for w in params]
    else:
        keys, arrays = [None], [as_float(params)]
    loss = float(sum(value(w).sum(dtype=np.float64) for w in arrays))
    if grad is False or grad is None:
        return loss
    if grad is True:
        buffers = [True] * len(keys)
    else:
        buffers = [grad] if keys == [None] else [grad[key] for key in keys]
    slopes = [deliver(b, slope(w), w) for b, w in zip(buffers, arrays, strict=True)]
    if isinstance(params, dict):
        return loss, dict(zip(keys, slopes, strict=True))
    return loss, (slopes if isinstance(params, (list, tuple)) else slopes[0])


def _penalty_loss(**fields: Any) -> Any:
    strengths: tuple[dict[str, Any], ...] = ({}, {"strength": 0.0}, {"strength": 0.3})
    options = fields.pop("options", strengths)
    return register(
        kind="penalty",
        sample=parameters,
        smooth_sample=smooth_parameters,
        variants=(Variant(parameter_list, options),),
        options=options,
        reductions=(),
        shapes=((), (0,), (37,), (4, 5)),
        bench=((16,), (100_000,), (10_000_000,)),
        **fields,
    )


@_penalty_loss(formula="λ Σ|w|")
def l1_penalty(params: Any, *, strength: float = 1.0, grad: Any = False) -> Any:
    """strength * sum |w|; gradient strength * sign(w), 0 at w = 0 (lasso, Tibshirani 1996)."""
    return _penalty(params, grad, lambda w: strength * np.abs(w), lambda w: strength * np.sign(w))


@_penalty_loss(formula="λ/2 Σw²")
def l2_penalty(params: Any, *, strength: float = 1.0, grad: Any = False) -> Any:
    """strength/2 * sum w^2; gradient strength * w, which is torch's weight_decay."""
    return _penalty(params, grad, lambda w: strength / 2 * w * w, lambda w: strength * w)


@_penalty_loss(
    formula="λ (ρ Σ|w| + (1−ρ)/2 Σw²)",
    options=({}, {"strength": 0.3, "l1_ratio": 0.0}, {"strength": 2.0, "l1_ratio": 1.0}),
)
def elastic_net_penalty(
    params: Any, *, strength: float = 1.0, l1_ratio: float = 0.5, grad: Any = False
) -> Any:
    """strength * (l1_ratio sum |w| + (1 - l1_ratio)/2 sum w^2), scikit-learn's elastic net."""
    lasso, ridge = strength * l1_ratio, strength * (1 - l1_ratio)
    return _penalty(
        params,
        grad,
        lambda w: lasso * np.abs(w) + ridge / 2 * w * w,
        lambda w: lasso * np.sign(w) + ridge * w,
    )
