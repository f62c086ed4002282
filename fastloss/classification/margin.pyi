"""Types of fastloss.classification.margin. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "exponential_loss",
    "hinge_embedding_loss",
    "hinge_loss",
    "soft_margin_loss",
    "squared_hinge_loss",
]

@overload
def exponential_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def exponential_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def exponential_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def exponential_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def exponential_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def exponential_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def soft_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def soft_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def soft_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def soft_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def soft_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def soft_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def squared_hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def squared_hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def squared_hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def squared_hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def squared_hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def squared_hinge_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
