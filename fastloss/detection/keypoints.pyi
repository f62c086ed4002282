from collections.abc import Sequence
from typing import Literal, TypeAlias, overload

from fastloss._typing import Array, Floats
from fastloss.detection.results import PoseLoss

__all__ = ["pose_loss", "residual_log_likelihood_loss"]

_Grads: TypeAlias = tuple[Floats, Floats, Floats]

@overload
def pose_loss(
    boxes: Array, scores: Array, keypoints: Array, batch_idx: Array, cls: Array, bboxes: Array, target_keypoints: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    sigmas: Array | None = ..., decode: Literal["cell", "anchor"] = ..., keypoint_assignment: bool = ...,
    level_range: Sequence[float] | None = ..., topk: int = ..., topk2: int | None = ..., alpha: float = ...,
    beta: float = ..., class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[False] = ...,
) -> PoseLoss: ...
@overload
def pose_loss(
    boxes: Array, scores: Array, keypoints: Array, batch_idx: Array, cls: Array, bboxes: Array, target_keypoints: Array, *,
    level_sizes: Sequence[Sequence[int]], strides: Sequence[float] = ..., gains: Sequence[float] = ...,
    sigmas: Array | None = ..., decode: Literal["cell", "anchor"] = ..., keypoint_assignment: bool = ...,
    level_range: Sequence[float] | None = ..., topk: int = ..., topk2: int | None = ..., alpha: float = ...,
    beta: float = ..., class_weight: Array | None = ..., min_side: Sequence[float] = ..., grad: Literal[True] | _Grads,
) -> tuple[PoseLoss, _Grads]: ...
@overload
def residual_log_likelihood_loss(
    error: Array, sigma: Array, log_density: Array, *, weight: Array | None = ..., grad: Literal[False] = ...,
) -> float: ...
@overload
def residual_log_likelihood_loss(
    error: Array, sigma: Array, log_density: Array, *, weight: Array | None = ..., grad: Literal[True] | _Grads,
) -> tuple[float, _Grads]: ...
