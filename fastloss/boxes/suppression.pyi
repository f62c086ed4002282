from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastloss._typing import Array, Floats

__all__ = [
    "batched_nms",
    "matrix_nms",
    "nms",
    "nms_from_overlaps",
    "nms_rotated",
    "soft_nms",
    "weighted_boxes_fusion",
]

_Positions: TypeAlias = NDArray[np.int64]
_Confidence: TypeAlias = Literal["avg", "max", "box_and_model_avg", "absent_model_aware_avg"]

def nms(boxes: Array, scores: Array, iou_threshold: float) -> _Positions: ...
def batched_nms(boxes: Array, scores: Array, idxs: Array, iou_threshold: float) -> _Positions: ...
def nms_from_overlaps(overlaps: Array, scores: Array, threshold: float) -> _Positions: ...
def nms_rotated(
    boxes: Array,
    scores: Array,
    iou_threshold: float,
    *,
    idxs: Array | None = ...,
    fmt: Literal["cxcywhr", "xywhr", "xyxyxyxy"] = ...,
) -> _Positions: ...
def soft_nms(
    boxes: Array,
    scores: Array,
    *,
    idxs: Array | None = ...,
    method: Literal["gaussian", "linear"] = ...,
    iou_threshold: float = ...,
    sigma: float = ...,
    score_threshold: float = ...,
) -> tuple[_Positions, Floats]: ...
def matrix_nms(
    boxes: Array,
    scores: Array,
    *,
    idxs: Array | None = ...,
    method: Literal["gaussian", "linear"] = ...,
    sigma: float = ...,
    score_threshold: float = ...,
    precomputed: bool = ...,
) -> tuple[_Positions, Floats]: ...
def weighted_boxes_fusion(
    boxes_list: Sequence[Array],
    scores_list: Sequence[Array],
    labels_list: Sequence[Array],
    weights: Array | None = ...,
    iou_thr: float = ...,
    skip_box_thr: float = ...,
    conf_type: _Confidence = ...,
    allows_overflow: bool = ...,
) -> tuple[Floats, Floats, _Positions]: ...
