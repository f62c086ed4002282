from collections.abc import Sequence
from typing import Literal, TypeAlias, overload

from fastloss._typing import Array, Floats
from fastloss.detection.results import SegmentationDetectionLoss

__all__ = ["segmentation_detection_loss"]

_Grads: TypeAlias = tuple[Floats, Floats, Floats, Floats]
_GradsOfAll: TypeAlias = tuple[Floats, Floats, Floats, Floats, Floats]

@overload
def segmentation_detection_loss(
    boxes: Array, scores: Array, coefficients: Array, proto: Array, batch_idx: Array, cls: Array, bboxes: Array, masks: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    overlapping: bool = ..., mask_assignment: bool = ..., sem: Array | None = ..., sem_gain: float = ...,
    topk: int = ..., topk2: int | None = ..., alpha: float = ..., beta: float = ..., class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[False] = ...,
) -> SegmentationDetectionLoss: ...
@overload
def segmentation_detection_loss(
    boxes: Array, scores: Array, coefficients: Array, proto: Array, batch_idx: Array, cls: Array, bboxes: Array, masks: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    overlapping: bool = ..., mask_assignment: bool = ..., sem: None = ..., sem_gain: float = ...,
    topk: int = ..., topk2: int | None = ..., alpha: float = ..., beta: float = ..., class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[True] | _Grads,
) -> tuple[SegmentationDetectionLoss, _Grads]: ...
@overload
def segmentation_detection_loss(
    boxes: Array, scores: Array, coefficients: Array, proto: Array, batch_idx: Array, cls: Array, bboxes: Array, masks: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    overlapping: bool = ..., mask_assignment: bool = ..., sem: Array, sem_gain: float = ...,
    topk: int = ..., topk2: int | None = ..., alpha: float = ..., beta: float = ..., class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[True] | _GradsOfAll,
) -> tuple[SegmentationDetectionLoss, _GradsOfAll]: ...
