"""Types of fastloss.regression.residual. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "huber_loss",
    "l1_loss",
    "log_cosh_loss",
    "mse_loss",
    "rmse_loss",
    "smooth_l1_loss",
]

@overload
def huber_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    delta: float = ...,
    weight: Array | None = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def huber_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    delta: float = ...,
    weight: Array | None = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def huber_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    delta: float = ...,
    weight: Array | None = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def huber_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    delta: float = ...,
    weight: Array | None = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def huber_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    delta: float = ...,
    weight: Array | None = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def huber_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    delta: float = ...,
    weight: Array | None = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    weight: Array | None = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    weight: Array | None = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    weight: Array | None = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def log_cosh_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def log_cosh_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def log_cosh_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def log_cosh_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def log_cosh_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def log_cosh_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def mse_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def mse_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    weight: Array | None = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def mse_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def mse_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    weight: Array | None = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def mse_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def mse_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    weight: Array | None = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def rmse_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def rmse_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def rmse_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def rmse_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def rmse_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def rmse_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def smooth_l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    beta: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def smooth_l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    beta: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def smooth_l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    beta: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def smooth_l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    beta: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def smooth_l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    beta: float = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def smooth_l1_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    beta: float = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
