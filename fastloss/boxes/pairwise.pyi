"""Types of fastloss.boxes.pairwise. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Floats

__all__ = [
    "box_iou",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "pairwise_box_iou",
]

@overload
def box_iou(
    boxes1: Array, boxes2: Array, fmt: str = ..., *, grad: Literal[False] = ...
) -> Floats: ...
@overload
def box_iou(
    boxes1: Array, boxes2: Array, fmt: str = ..., *, grad: Literal[True] | Floats
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
def distance_box_iou(
    boxes1: Array, boxes2: Array, eps: float = ..., *, grad: Literal[False] = ...
) -> Floats: ...
@overload
def distance_box_iou(
    boxes1: Array, boxes2: Array, eps: float = ..., *, grad: Literal[True] | Floats
) -> tuple[Floats, Floats]: ...
@overload
def generalized_box_iou(boxes1: Array, boxes2: Array, *, grad: Literal[False] = ...) -> Floats: ...
@overload
def generalized_box_iou(
    boxes1: Array, boxes2: Array, *, grad: Literal[True] | Floats
) -> tuple[Floats, Floats]: ...
@overload
def pairwise_box_iou(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    fmt: str = ...,
    image_size: tuple[float, float] | None = ...,
    constant: float | None = ...,
    eps: float = ...,
    grad: Literal[False] = ...,
) -> Floats: ...
@overload
def pairwise_box_iou(
    boxes1: Array,
    boxes2: Array,
    *,
    kind: Literal["iou", "giou", "diou", "ciou"] = ...,
    fmt: str = ...,
    image_size: tuple[float, float] | None = ...,
    constant: float | None = ...,
    eps: float = ...,
    grad: Literal[True] | Floats,
) -> tuple[Floats, Floats]: ...
