from collections.abc import Sequence
from typing import Literal, TypeAlias, overload

from fastloss._typing import Array, Floats
from fastloss.detection.results import OBBDetectionLoss

__all__ = ["obb_detection_loss"]

_Grads: TypeAlias = tuple[Floats, Floats, Floats]

@overload
def obb_detection_loss(
    boxes: Array, scores: Array, angles: Array, batch_idx: Array, cls: Array, bboxes: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    topk: int = ..., topk2: int | None = ..., alpha: float = ..., beta: float = ...,
    class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[False] = ...,
) -> OBBDetectionLoss: ...
@overload
def obb_detection_loss(
    boxes: Array, scores: Array, angles: Array, batch_idx: Array, cls: Array, bboxes: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    topk: int = ..., topk2: int | None = ..., alpha: float = ..., beta: float = ...,
    class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[True] | _Grads,
) -> tuple[OBBDetectionLoss, _Grads]: ...
