"""Types of fastloss.classification.margin_rows. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
]

@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = ...,
    margin: float = ...,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int,
    margin: float,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = ...,
    margin: float = ...,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = ...,
    margin: float = ...,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int,
    margin: float,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = ...,
    margin: float = ...,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = ...,
    margin: float = ...,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int,
    margin: float,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = ...,
    margin: float = ...,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def multilabel_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def multilabel_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def multilabel_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def multilabel_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def multilabel_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def multilabel_margin_loss(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
