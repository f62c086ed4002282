"""Types of fastloss.classification.pointwise. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
]

@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    pos_weight: Array | None = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    pos_weight: Array | None = ...,
    *,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    pos_weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    pos_weight: Array | None = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    pos_weight: Array | None = ...,
    *,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    pos_weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    pos_weight: Array | None = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: Literal["none"],
    pos_weight: Array | None = ...,
    *,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = ...,
    *,
    reduction: Literal["none"],
    pos_weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def kl_div(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum", "batchmean"] = ...,
    log_target: bool = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def kl_div(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    log_target: bool = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def kl_div(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum", "batchmean"] = ...,
    log_target: bool = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def kl_div(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    log_target: bool = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def kl_div(
    input: Array,
    target: Array,
    reduction: Literal["mean", "sum", "batchmean"] = ...,
    log_target: bool = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def kl_div(
    input: Array,
    target: Array,
    reduction: Literal["none"],
    log_target: bool = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
