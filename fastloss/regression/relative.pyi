"""Types of fastloss.regression.relative. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "mape_loss",
    "msle_loss",
]

@overload
def mape_loss(
    input: Array,
    target: Array,
    *,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def mape_loss(
    input: Array,
    target: Array,
    *,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def mape_loss(
    input: Array,
    target: Array,
    *,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def mape_loss(
    input: Array,
    target: Array,
    *,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def mape_loss(
    input: Array,
    target: Array,
    *,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def mape_loss(
    input: Array,
    target: Array,
    *,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def msle_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def msle_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def msle_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def msle_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def msle_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def msle_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
