"""Types of fastloss.classification.focal. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "asymmetric_loss",
    "quality_focal_loss",
    "sigmoid_focal_loss",
    "varifocal_loss",
]

@overload
def asymmetric_loss(
    input: Array,
    target: Array,
    *,
    gamma_neg: float = ...,
    gamma_pos: float = ...,
    clip: float = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def asymmetric_loss(
    input: Array,
    target: Array,
    *,
    gamma_neg: float = ...,
    gamma_pos: float = ...,
    clip: float = ...,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def asymmetric_loss(
    input: Array,
    target: Array,
    *,
    gamma_neg: float = ...,
    gamma_pos: float = ...,
    clip: float = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def asymmetric_loss(
    input: Array,
    target: Array,
    *,
    gamma_neg: float = ...,
    gamma_pos: float = ...,
    clip: float = ...,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def asymmetric_loss(
    input: Array,
    target: Array,
    *,
    gamma_neg: float = ...,
    gamma_pos: float = ...,
    clip: float = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def asymmetric_loss(
    input: Array,
    target: Array,
    *,
    gamma_neg: float = ...,
    gamma_pos: float = ...,
    clip: float = ...,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def quality_focal_loss(
    input: Array,
    target: Array,
    *,
    beta: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def quality_focal_loss(
    input: Array,
    target: Array,
    *,
    beta: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def quality_focal_loss(
    input: Array,
    target: Array,
    *,
    beta: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def quality_focal_loss(
    input: Array,
    target: Array,
    *,
    beta: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def quality_focal_loss(
    input: Array,
    target: Array,
    *,
    beta: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def quality_focal_loss(
    input: Array,
    target: Array,
    *,
    beta: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float,
    gamma: float,
    reduction: Literal["mean", "sum"],
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float = ...,
    gamma: float = ...,
    *,
    reduction: Literal["mean", "sum"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["none"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float,
    gamma: float,
    reduction: Literal["mean", "sum"],
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float = ...,
    gamma: float = ...,
    *,
    reduction: Literal["mean", "sum"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["none"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float,
    gamma: float,
    reduction: Literal["mean", "sum"],
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float = ...,
    gamma: float = ...,
    *,
    reduction: Literal["mean", "sum"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def sigmoid_focal_loss(
    inputs: Array,
    targets: Array,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["none"] = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def varifocal_loss(
    input: Array,
    target: Array,
    *,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def varifocal_loss(
    input: Array,
    target: Array,
    *,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def varifocal_loss(
    input: Array,
    target: Array,
    *,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def varifocal_loss(
    input: Array,
    target: Array,
    *,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def varifocal_loss(
    input: Array,
    target: Array,
    *,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def varifocal_loss(
    input: Array,
    target: Array,
    *,
    alpha: float = ...,
    gamma: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
