"""Types of fastloss.boxes.rotated. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "probiou",
    "probiou_loss",
]

@overload
def probiou(
    boxes1: Array,
    boxes2: Array,
    *,
    floor: float = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def probiou(
    boxes1: Array,
    boxes2: Array,
    *,
    floor: float = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def probiou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    floor: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def probiou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    floor: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def probiou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    floor: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def probiou_loss(
    boxes1: Array,
    boxes2: Array,
    *,
    floor: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
