from collections.abc import Sequence
from typing import Literal, TypeAlias, overload

from fastloss._typing import Array, Floats
from fastloss.detection.results import Assignment, DetectionLoss

__all__ = [
    "detection_loss",
    "end_to_end_detection_loss",
    "end_to_end_weights",
    "task_aligned_assign",
]

_Head: TypeAlias = tuple[Array, Array]
_Grads: TypeAlias = tuple[Floats, Floats]

@overload
def detection_loss(
    boxes: Array, scores: Array, batch_idx: Array, cls: Array, bboxes: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    topk: int = ..., topk2: int | None = ..., alpha: float = ..., beta: float = ...,
    class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[False] = ...,
) -> DetectionLoss: ...
@overload
def detection_loss(
    boxes: Array, scores: Array, batch_idx: Array, cls: Array, bboxes: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    topk: int = ..., topk2: int | None = ..., alpha: float = ..., beta: float = ...,
    class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[True] | _Grads,
) -> tuple[DetectionLoss, _Grads]: ...
@overload
def end_to_end_detection_loss(
    one2many: _Head, one2one: _Head, batch_idx: Array, cls: Array, bboxes: Array, *,
    weights: Sequence[float] = ..., level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ...,
    gains: Sequence[float] = ..., topk: Sequence[int] = ..., topk2: Sequence[int | None] = ...,
    alpha: float = ..., beta: float = ..., class_weight: Array | None = ...,
    min_side: Sequence[float] = ..., grad: Literal[False] = ...,
) -> DetectionLoss: ...
@overload
def end_to_end_detection_loss(
    one2many: _Head, one2one: _Head, batch_idx: Array, cls: Array, bboxes: Array, *,
    weights: Sequence[float] = ..., level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ...,
    gains: Sequence[float] = ..., topk: Sequence[int] = ..., topk2: Sequence[int | None] = ...,
    alpha: float = ..., beta: float = ..., class_weight: Array | None = ...,
    min_side: Sequence[float] = ..., grad: Literal[True] | tuple[_Grads, _Grads],
) -> tuple[DetectionLoss, tuple[_Grads, _Grads]]: ...
def end_to_end_weights(epoch: float, epochs: float) -> tuple[float, float]: ...
def task_aligned_assign(
    boxes: Array, scores: Array, batch_idx: Array, cls: Array, bboxes: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., keypoints: Array | None = ...,
    target_keypoints: Array | None = ..., sigmas: Array | None = ..., decode: Literal["cell", "anchor"] = ...,
    level_range: Sequence[float] | None = ..., topk: int = ..., topk2: int | None = ..., alpha: float = ...,
    beta: float = ..., min_side: Sequence[float] = ...,
) -> Assignment: ...
