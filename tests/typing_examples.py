"""What a type checker must find: checked by `make types`, run by the tests as well."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import fastloss as fl

Floats = NDArray[np.floating[Any]]
x: NDArray[np.float32] = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
t: NDArray[np.float32] = np.zeros((2, 3), np.float32)
buffer = np.empty_like(x)


def values() -> None:
    assert_type(fl.mse_loss(x, t), float)
    assert_type(fl.mse_loss([1.0, 2.0], (0, 1), "sum"), float)
    assert_type(fl.mse_loss(x, t, "none"), Floats)
    assert_type(fl.smooth_l1_loss(x, t, reduction="none", beta=0.5), Floats)
    assert_type(fl.huber_loss(x, t, "mean", 2.0, np.ones(3)), float)


def gradients() -> None:
    assert_type(fl.mse_loss(x, t, grad=True), tuple[float, Floats])
    assert_type(fl.l1_loss(x, t, "sum", grad=buffer), tuple[float, Floats])
    assert_type(fl.rmse_loss(x, t, reduction="none", grad=True), tuple[Floats, Floats])
    loss, grad = fl.huber_loss(x, t, grad=True)
    assert_type(loss, float)
    assert_type(grad, Floats)


def second_derivatives() -> None:
    assert_type(fl.mse_loss(x, t, grad=True, hess=True), tuple[float, Floats, Floats])
    assert_type(fl.l1_loss(x, t, hess=True), tuple[float, Floats, Floats])
    assert_type(fl.mse_loss(x, t, "none", grad=buffer, hess=True), tuple[Floats, Floats, Floats])


def settings() -> None:
    assert_type(fl.get_num_threads(), int)
    assert_type(fl.get_config(), dict[str, Any])
    with fl.num_threads(1) as context:
        assert_type(context, fl.num_threads)


def mistakes() -> None:
    fl.mse_loss(x, t, "avg")  # type: ignore[call-overload]  # pyright: ignore
    fl.mse_loss(x, t, grad="yes")  # type: ignore[call-overload]  # pyright: ignore
    fl.set_num_threads("2")  # type: ignore[arg-type]  # pyright: ignore


EXAMPLES = (values, gradients, second_derivatives, settings)
