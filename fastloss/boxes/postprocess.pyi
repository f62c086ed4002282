from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from fastloss._typing import Array, Floats

__all__ = [
    "decode_boxes",
    "letterbox",
    "non_max_suppression",
    "scale_boxes",
]

_Integers: TypeAlias = NDArray[np.int64]
_Format: TypeAlias = Literal["xyxy", "xywh", "cxcywh"]

class Letterbox(NamedTuple):
    ratio: float
    size: tuple[int, int]
    padding: tuple[int, int, int, int]

@overload
def non_max_suppression(
    prediction: Array, *, conf_threshold: float = ..., iou_threshold: float = ...,
    classes: int | Sequence[int] | _Integers | None = ..., agnostic: bool = ..., multi_label: bool = ...,
    max_det: int | None = ..., max_candidates: int | None = ..., num_classes: int | None = ...,
    fmt: _Format = ..., return_index: Literal[False] = ..., return_counts: Literal[False] = ...,
) -> list[Floats]: ...
@overload
def non_max_suppression(
    prediction: Array, *, conf_threshold: float = ..., iou_threshold: float = ...,
    classes: int | Sequence[int] | _Integers | None = ..., agnostic: bool = ..., multi_label: bool = ...,
    max_det: int | None = ..., max_candidates: int | None = ..., num_classes: int | None = ...,
    fmt: _Format = ..., return_index: Literal[True], return_counts: Literal[False] = ...,
) -> tuple[list[Floats], list[_Integers]]: ...
@overload
def non_max_suppression(
    prediction: Array, *, conf_threshold: float = ..., iou_threshold: float = ...,
    classes: int | Sequence[int] | _Integers | None = ..., agnostic: bool = ..., multi_label: bool = ...,
    max_det: int | None = ..., max_candidates: int | None = ..., num_classes: int | None = ...,
    fmt: _Format = ..., return_index: Literal[False] = ..., return_counts: Literal[True],
) -> tuple[list[Floats], _Integers]: ...
@overload
def non_max_suppression(
    prediction: Array, *, conf_threshold: float = ..., iou_threshold: float = ...,
    classes: int | Sequence[int] | _Integers | None = ..., agnostic: bool = ..., multi_label: bool = ...,
    max_det: int | None = ..., max_candidates: int | None = ..., num_classes: int | None = ...,
    fmt: _Format = ..., return_index: Literal[True], return_counts: Literal[True],
) -> tuple[list[Floats], list[_Integers], _Integers]: ...
def decode_boxes(
    boxes: Array, *, level_sizes: Sequence[Sequence[int]], strides: Sequence[float],
    fmt: _Format = ..., channels_first: bool = ...,
) -> Floats: ...
def letterbox(
    image_shape: int | Sequence[int], new_shape: int | Sequence[int] = ..., *,
    scale_up: bool = ..., center: bool = ..., stride: int | None = ...,
) -> Letterbox: ...
def scale_boxes(
    boxes: Array, from_shape: int | Sequence[int], to_shape: int | Sequence[int], *,
    padded: bool = ..., scale_up: bool = ..., center: bool = ..., clip: bool = ...,
) -> Floats: ...
