"""Types of fastloss.segmentation. Written by `make stubs`: do not edit."""

from collections.abc import Sequence
from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "dice_loss",
]

@overload
def dice_loss(
    input: Array,
    target: Array,
    *,
    mode: Literal["binary", "multilabel", "multiclass"] = ...,
    from_logits: bool = ...,
    per_image: bool = ...,
    average: Literal["macro", "micro"] = ...,
    smooth_nr: float = ...,
    smooth_dr: float = ...,
    squared: bool = ...,
    classes: Sequence[int] | None = ...,
    class_weight: Array | None = ...,
    skip_absent: bool = ...,
    ignore_index: int | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def dice_loss(
    input: Array,
    target: Array,
    *,
    mode: Literal["binary", "multilabel", "multiclass"] = ...,
    from_logits: bool = ...,
    per_image: bool = ...,
    average: Literal["macro", "micro"] = ...,
    smooth_nr: float = ...,
    smooth_dr: float = ...,
    squared: bool = ...,
    classes: Sequence[int] | None = ...,
    class_weight: Array | None = ...,
    skip_absent: bool = ...,
    ignore_index: int | None = ...,
    reduction: Literal["none"],
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def dice_loss(
    input: Array,
    target: Array,
    *,
    mode: Literal["binary", "multilabel", "multiclass"] = ...,
    from_logits: bool = ...,
    per_image: bool = ...,
    average: Literal["macro", "micro"] = ...,
    smooth_nr: float = ...,
    smooth_dr: float = ...,
    squared: bool = ...,
    classes: Sequence[int] | None = ...,
    class_weight: Array | None = ...,
    skip_absent: bool = ...,
    ignore_index: int | None = ...,
    reduction: Literal["mean", "sum"] = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def dice_loss(
    input: Array,
    target: Array,
    *,
    mode: Literal["binary", "multilabel", "multiclass"] = ...,
    from_logits: bool = ...,
    per_image: bool = ...,
    average: Literal["macro", "micro"] = ...,
    smooth_nr: float = ...,
    smooth_dr: float = ...,
    squared: bool = ...,
    classes: Sequence[int] | None = ...,
    class_weight: Array | None = ...,
    skip_absent: bool = ...,
    ignore_index: int | None = ...,
    reduction: Literal["none"],
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
