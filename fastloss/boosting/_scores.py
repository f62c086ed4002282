"""Where boosting starts, and what its raw predictions stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastloss.boosting._losses import Plan, plan

Floats = NDArray[Any]


def initial_score(
    loss: str | Callable[..., Any], y: ArrayLike, weight: ArrayLike | None = None, **params: Any
) -> Any:
    raise NotImplementedError


def link(loss: str | Callable[..., Any], scores: ArrayLike, **params: Any) -> Floats:
    return _LINKS[plan(loss, params).traits.link](np.asarray(scores))


def _sigmoid(scores: Floats) -> Floats:
    small = np.exp(-np.abs(scores))
    return np.where(scores < 0, small, 1) / (1 + small)


def _softmax(scores: Floats) -> Floats:
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Floats = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return result


_LINKS: dict[str, Callable[[Floats], Floats]] = {
    "identity": np.asarray,
    "exp": np.exp,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
}
