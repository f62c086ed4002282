"""Types of fastloss.boxes. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "bbox_iou",
    "box_area",
    "box_convert",
    "box_iou",
    "box_iou_loss",
    "complete_box_iou",
    "complete_box_iou_loss",
    "distance_box_iou",
    "distance_box_iou_loss",
    "generalized_box_iou",
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
def box_area(boxes: Array, fmt: str = ...) -> Floats: ...
def box_convert(boxes: Array, in_fmt: str, out_fmt: str) -> Floats: ...
@overload
def box_iou(
    boxes1: Array, boxes2: Array, fmt: str = ..., *, grad: Literal[False] = ...
) -> Floats: ...
@overload
def box_iou(
    boxes1: Array, boxes2: Array, fmt: str = ..., *, grad: Literal[True] | Floats
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
def complete_box_iou(
    boxes1: Array, boxes2: Array, eps: float = ..., *, grad: Literal[False] = ...
) -> Floats: ...
@overload
def complete_box_iou(
    boxes1: Array, boxes2: Array, eps: float = ..., *, grad: Literal[True] | Floats
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
def distance_box_iou(
    boxes1: Array, boxes2: Array, eps: float = ..., *, grad: Literal[False] = ...
) -> Floats: ...
@overload
def distance_box_iou(
    boxes1: Array, boxes2: Array, eps: float = ..., *, grad: Literal[True] | Floats
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
def generalized_box_iou(boxes1: Array, boxes2: Array, *, grad: Literal[False] = ...) -> Floats: ...
@overload
def generalized_box_iou(
    boxes1: Array, boxes2: Array, *, grad: Literal[True] | Floats
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
