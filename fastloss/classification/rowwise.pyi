"""Types of fastloss.classification.rowwise. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "cross_entropy",
    "distribution_focal_loss",
    "nll_loss",
    "poly1_cross_entropy",
    "softmax_focal_loss",
]

@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    reduction: Literal["mean", "sum"] = ...,
    label_smoothing: float = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: Literal["none"],
    label_smoothing: float = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    *,
    reduction: Literal["none"],
    label_smoothing: float = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    reduction: Literal["mean", "sum"] = ...,
    label_smoothing: float = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: Literal["none"],
    label_smoothing: float = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    *,
    reduction: Literal["none"],
    label_smoothing: float = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    reduction: Literal["mean", "sum"] = ...,
    label_smoothing: float = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: Literal["none"],
    label_smoothing: float = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    *,
    reduction: Literal["none"],
    label_smoothing: float = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def distribution_focal_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def distribution_focal_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def distribution_focal_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def distribution_focal_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def distribution_focal_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def distribution_focal_loss(
    input: Array,
    target: Array,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: Literal["none"],
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    *,
    reduction: Literal["none"],
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: Literal["none"],
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    *,
    reduction: Literal["none"],
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: Literal["none"],
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    ignore_index: int = ...,
    *,
    reduction: Literal["none"],
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def poly1_cross_entropy(
    input: Array,
    target: Array,
    *,
    epsilon: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def poly1_cross_entropy(
    input: Array,
    target: Array,
    *,
    epsilon: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def poly1_cross_entropy(
    input: Array,
    target: Array,
    *,
    epsilon: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def poly1_cross_entropy(
    input: Array,
    target: Array,
    *,
    epsilon: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def poly1_cross_entropy(
    input: Array,
    target: Array,
    *,
    epsilon: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def poly1_cross_entropy(
    input: Array,
    target: Array,
    *,
    epsilon: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def softmax_focal_loss(
    input: Array,
    target: Array,
    *,
    gamma: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def softmax_focal_loss(
    input: Array,
    target: Array,
    *,
    gamma: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def softmax_focal_loss(
    input: Array,
    target: Array,
    *,
    gamma: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def softmax_focal_loss(
    input: Array,
    target: Array,
    *,
    gamma: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def softmax_focal_loss(
    input: Array,
    target: Array,
    *,
    gamma: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def softmax_focal_loss(
    input: Array,
    target: Array,
    *,
    gamma: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    ignore_index: int = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
