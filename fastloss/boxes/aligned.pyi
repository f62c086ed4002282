"""Types of fastloss.boxes.aligned. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "bbox_iou",
    "box_iou_loss",
    "complete_box_iou_loss",
    "distance_box_iou_loss",
    "generalized_box_iou_loss",
]

@overload
def bbox_iou(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    fmt: str = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def bbox_iou(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    fmt: str = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["mean", "sum"],
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["none"] = ...,
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["mean", "sum"],
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["none"] = ...,
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def complete_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["mean", "sum"],
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def complete_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["none"] = ...,
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def complete_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["mean", "sum"],
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def complete_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["none"] = ...,
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def distance_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["mean", "sum"],
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def distance_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["none"] = ...,
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def distance_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["mean", "sum"],
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def distance_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["none"] = ...,
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
@overload
def generalized_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["mean", "sum"],
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def generalized_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["none"] = ...,
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def generalized_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["mean", "sum"],
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
) -> tuple[float, Floats]: ...
@overload
def generalized_box_iou_loss(
    boxes1: Array,
    boxes2: Array,
    reduction: Literal["none"] = ...,
    eps: float = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
