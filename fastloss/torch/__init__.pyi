"""Types of fastloss.torch. Written by `make torch-stubs`: do not edit."""

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor, nn

__all__ = [
    "bbox_iou",
    "box_iou_loss",
    "BoxIoULoss",
    "generalized_box_iou_loss",
    "GeneralizedBoxIoULoss",
    "distance_box_iou_loss",
    "DistanceBoxIoULoss",
    "complete_box_iou_loss",
    "CompleteBoxIoULoss",
    "box_iou",
    "generalized_box_iou",
    "distance_box_iou",
    "complete_box_iou",
    "box_area",
    "box_convert",
    "binary_cross_entropy",
    "BCELoss",
    "binary_cross_entropy_with_logits",
    "BCEWithLogitsLoss",
    "hinge_loss",
    "HingeLoss",
    "sigmoid_focal_loss",
    "SigmoidFocalLoss",
    "varifocal_loss",
    "VarifocalLoss",
    "cross_entropy",
    "CrossEntropyLoss",
    "nll_loss",
    "NLLLoss",
    "distribution_focal_loss",
    "DistributionFocalLoss",
    "l1_penalty",
    "l2_penalty",
    "elastic_net_penalty",
    "mse_loss",
    "MSELoss",
    "rmse_loss",
    "RMSELoss",
    "l1_loss",
    "L1Loss",
    "smooth_l1_loss",
    "SmoothL1Loss",
    "huber_loss",
    "HuberLoss",
    "dice_loss",
    "DiceLoss",
]

def bbox_iou(
    boxes1: Tensor, boxes2: Tensor, *, kind: str = ..., fmt: str = ..., eps: float = ...
) -> Tensor: ...
def box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: str = ...,
    eps: float = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class BoxIoULoss(nn.Module):
    reduction: str
    eps: float
    weight: Tensor | None
    def __init__(
        self, *, reduction: str = ..., eps: float = ..., weight: Tensor | None = ...
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def generalized_box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: str = ...,
    eps: float = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class GeneralizedBoxIoULoss(nn.Module):
    reduction: str
    eps: float
    weight: Tensor | None
    def __init__(
        self, *, reduction: str = ..., eps: float = ..., weight: Tensor | None = ...
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def distance_box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: str = ...,
    eps: float = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class DistanceBoxIoULoss(nn.Module):
    reduction: str
    eps: float
    weight: Tensor | None
    def __init__(
        self, *, reduction: str = ..., eps: float = ..., weight: Tensor | None = ...
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def complete_box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    reduction: str = ...,
    eps: float = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class CompleteBoxIoULoss(nn.Module):
    reduction: str
    eps: float
    weight: Tensor | None
    def __init__(
        self, *, reduction: str = ..., eps: float = ..., weight: Tensor | None = ...
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = ...) -> Tensor: ...
def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = ...) -> Tensor: ...
def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = ...) -> Tensor: ...
def box_area(boxes: Tensor, fmt: str = ...) -> Tensor: ...
def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor: ...
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = ...,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
) -> Tensor: ...
class BCELoss(nn.BCELoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = ...,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    pos_weight: Tensor | None = ...,
) -> Tensor: ...
class BCEWithLogitsLoss(nn.BCEWithLogitsLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def hinge_loss(
    input: Tensor, target: Tensor, *, reduction: str = ..., weight: Tensor | None = ...
) -> Tensor: ...
class HingeLoss(nn.Module):
    reduction: str
    weight: Tensor | None
    def __init__(self, *, reduction: str = ..., weight: Tensor | None = ...) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def sigmoid_focal_loss(
    inputs: Tensor,
    targets: Tensor,
    alpha: float = ...,
    gamma: float = ...,
    reduction: str = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class SigmoidFocalLoss(nn.Module):
    alpha: float
    gamma: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self,
        *,
        alpha: float = ...,
        gamma: float = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
    ) -> None: ...
    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor: ...
def varifocal_loss(
    input: Tensor,
    target: Tensor,
    *,
    alpha: float = ...,
    gamma: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class VarifocalLoss(nn.Module):
    alpha: float
    gamma: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self,
        *,
        alpha: float = ...,
        gamma: float = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = ...,
    size_average: bool | None = ...,
    ignore_index: int = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    label_smoothing: float = ...,
) -> Tensor: ...
class CrossEntropyLoss(nn.CrossEntropyLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = ...,
    size_average: bool | None = ...,
    ignore_index: int = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
) -> Tensor: ...
class NLLLoss(nn.NLLLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def distribution_focal_loss(
    input: Tensor, target: Tensor, *, reduction: str = ..., weight: Tensor | None = ...
) -> Tensor: ...
class DistributionFocalLoss(nn.Module):
    reduction: str
    weight: Tensor | None
    def __init__(self, *, reduction: str = ..., weight: Tensor | None = ...) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def l1_penalty(
    params: Tensor | Iterable[Tensor] | Mapping[str, Tensor], *, strength: float = ...
) -> Tensor: ...
def l2_penalty(
    params: Tensor | Iterable[Tensor] | Mapping[str, Tensor], *, strength: float = ...
) -> Tensor: ...
def elastic_net_penalty(
    params: Tensor | Iterable[Tensor] | Mapping[str, Tensor],
    *,
    strength: float = ...,
    l1_ratio: float = ...,
) -> Tensor: ...
def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class MSELoss(nn.MSELoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def rmse_loss(
    input: Tensor, target: Tensor, *, reduction: str = ..., weight: Tensor | None = ...
) -> Tensor: ...
class RMSELoss(nn.Module):
    reduction: str
    weight: Tensor | None
    def __init__(self, *, reduction: str = ..., weight: Tensor | None = ...) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class L1Loss(nn.L1Loss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    beta: float = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class SmoothL1Loss(nn.SmoothL1Loss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = ...,
    delta: float = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class HuberLoss(nn.HuberLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def dice_loss(
    input: Tensor,
    target: Tensor,
    *,
    mode: str = ...,
    from_logits: bool = ...,
    per_image: bool = ...,
    average: str = ...,
    smooth_nr: float = ...,
    smooth_dr: float = ...,
    squared: bool = ...,
    classes: Sequence[int] | None = ...,
    class_weight: Tensor | None = ...,
    skip_absent: bool = ...,
    ignore_index: int | None = ...,
    reduction: str = ...,
) -> Tensor: ...
class DiceLoss(nn.Module):
    mode: str
    from_logits: bool
    per_image: bool
    average: str
    smooth_nr: float
    smooth_dr: float
    squared: bool
    classes: Sequence[int] | None
    class_weight: Tensor | None
    skip_absent: bool
    ignore_index: int | None
    reduction: str
    def __init__(
        self,
        *,
        mode: str = ...,
        from_logits: bool = ...,
        per_image: bool = ...,
        average: str = ...,
        smooth_nr: float = ...,
        smooth_dr: float = ...,
        squared: bool = ...,
        classes: Sequence[int] | None = ...,
        class_weight: Tensor | None = ...,
        skip_absent: bool = ...,
        ignore_index: int | None = ...,
        reduction: str = ...,
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
