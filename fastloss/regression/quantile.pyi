"""Types of fastloss.regression.quantile. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "expectile_loss",
    "quantile_loss",
]

@overload
def expectile_loss(
    input: Array,
    target: Array,
    *,
    expectile: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def expectile_loss(
    input: Array,
    target: Array,
    *,
    expectile: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def expectile_loss(
    input: Array,
    target: Array,
    *,
    expectile: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def expectile_loss(
    input: Array,
    target: Array,
    *,
    expectile: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def expectile_loss(
    input: Array,
    target: Array,
    *,
    expectile: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def expectile_loss(
    input: Array,
    target: Array,
    *,
    expectile: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def quantile_loss(
    input: Array,
    target: Array,
    *,
    quantile: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def quantile_loss(
    input: Array,
    target: Array,
    *,
    quantile: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def quantile_loss(
    input: Array,
    target: Array,
    *,
    quantile: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def quantile_loss(
    input: Array,
    target: Array,
    *,
    quantile: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def quantile_loss(
    input: Array,
    target: Array,
    *,
    quantile: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def quantile_loss(
    input: Array,
    target: Array,
    *,
    quantile: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
