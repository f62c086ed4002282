"""Types of fastloss.torch. Written by `make torch-stubs`: do not edit."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

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
    "mask_iou",
    "masks_to_boxes",
    "efficient_box_iou_loss",
    "EfficientBoxIoULoss",
    "scylla_box_iou_loss",
    "ScyllaBoxIoULoss",
    "wise_box_iou_loss",
    "WiseBoxIoULoss",
    "mpdiou_loss",
    "MPDIoULoss",
    "alpha_box_iou_loss",
    "AlphaBoxIoULoss",
    "inner_box_iou_loss",
    "InnerBoxIoULoss",
    "nwd_loss",
    "NWDLoss",
    "box_iou",
    "generalized_box_iou",
    "distance_box_iou",
    "complete_box_iou",
    "pairwise_box_iou",
    "box_area",
    "box_convert",
    "clip_boxes_to_image",
    "remove_small_boxes",
    "probiou_loss",
    "ProbiouLoss",
    "probiou",
    "asymmetric_loss",
    "AsymmetricLoss",
    "quality_focal_loss",
    "QualityFocalLoss",
    "sigmoid_focal_loss",
    "SigmoidFocalLoss",
    "varifocal_loss",
    "VarifocalLoss",
    "exponential_loss",
    "ExponentialLoss",
    "hinge_embedding_loss",
    "HingeEmbeddingLoss",
    "hinge_loss",
    "HingeLoss",
    "soft_margin_loss",
    "SoftMarginLoss",
    "squared_hinge_loss",
    "SquaredHingeLoss",
    "multi_margin_loss",
    "MultiMarginLoss",
    "multilabel_margin_loss",
    "MultiLabelMarginLoss",
    "multilabel_soft_margin_loss",
    "MultiLabelSoftMarginLoss",
    "binary_cross_entropy",
    "BCELoss",
    "binary_cross_entropy_with_logits",
    "BCEWithLogitsLoss",
    "kl_div",
    "KLDivLoss",
    "cross_entropy",
    "CrossEntropyLoss",
    "nll_loss",
    "NLLLoss",
    "distribution_focal_loss",
    "DistributionFocalLoss",
    "softmax_focal_loss",
    "SoftmaxFocalLoss",
    "poly1_cross_entropy",
    "Poly1CrossEntropyLoss",
    "l1_penalty",
    "l2_penalty",
    "elastic_net_penalty",
    "poisson_nll_loss",
    "PoissonNLLLoss",
    "gaussian_nll_loss",
    "GaussianNLLLoss",
    "gamma_nll_loss",
    "GammaNLLLoss",
    "tweedie_loss",
    "TweedieLoss",
    "expectile_loss",
    "ExpectileLoss",
    "quantile_loss",
    "QuantileLoss",
    "mape_loss",
    "MAPELoss",
    "msle_loss",
    "MSLELoss",
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
    "log_cosh_loss",
    "LogCoshLoss",
    "dice_loss",
    "DiceLoss",
    "detection_loss",
    "DetectionLoss",
    "end_to_end_detection_loss",
    "EndToEndDetectionLoss",
    "residual_log_likelihood_loss",
    "pose_loss",
    "PoseLoss",
    "segmentation_detection_loss",
    "SegmentationDetectionLoss",
    "obb_detection_loss",
    "OBBDetectionLoss",
]

class _DetectionLoss(NamedTuple):
    total: Tensor
    box: Tensor
    cls: Tensor
    dfl: Tensor
class _PoseLoss(NamedTuple):
    total: Tensor
    box: Tensor
    pose: Tensor
    kobj: Tensor
    cls: Tensor
    dfl: Tensor
class _SegmentationDetectionLoss(NamedTuple):
    total: Tensor
    box: Tensor
    seg: Tensor
    cls: Tensor
    dfl: Tensor
    sem: Tensor
class _OBBDetectionLoss(NamedTuple):
    total: Tensor
    box: Tensor
    cls: Tensor
    dfl: Tensor
    angle: Tensor
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
def mask_iou(masks1: Tensor, masks2: Tensor, *, iscrowd: Tensor | None = ...) -> Any: ...
def masks_to_boxes(masks: Tensor) -> Any: ...
def efficient_box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    focal_gamma: float = ...,
    detach: bool = ...,
    fmt: str = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    eps: float = ...,
) -> Tensor: ...
class EfficientBoxIoULoss(nn.Module):
    focal_gamma: float
    detach: bool
    fmt: str
    reduction: str
    weight: Tensor | None
    eps: float
    def __init__(
        self,
        *,
        focal_gamma: float = ...,
        detach: bool = ...,
        fmt: str = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
        eps: float = ...,
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def scylla_box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    fmt: str = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    eps: float = ...,
) -> Tensor: ...
class ScyllaBoxIoULoss(nn.Module):
    fmt: str
    reduction: str
    weight: Tensor | None
    eps: float
    def __init__(
        self, *, fmt: str = ..., reduction: str = ..., weight: Tensor | None = ..., eps: float = ...
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def wise_box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    version: int = ...,
    running_mean: float | None = ...,
    momentum: float = ...,
    gamma: float = ...,
    alpha: float = ...,
    delta: float = ...,
    fmt: str = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    eps: float = ...,
) -> Any: ...
class WiseBoxIoULoss(nn.Module):
    version: int
    running_mean: float | None
    momentum: float
    gamma: float
    alpha: float
    delta: float
    fmt: str
    reduction: str
    weight: Tensor | None
    eps: float
    def __init__(
        self,
        *,
        version: int = ...,
        running_mean: float | None = ...,
        momentum: float = ...,
        gamma: float = ...,
        alpha: float = ...,
        delta: float = ...,
        fmt: str = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
        eps: float = ...,
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Any: ...
def mpdiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    image_size: Tensor,
    fmt: str = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    eps: float = ...,
) -> Tensor: ...
class MPDIoULoss(nn.Module):
    image_size: Tensor
    fmt: str
    reduction: str
    weight: Tensor | None
    eps: float
    def __init__(
        self,
        *,
        image_size: Tensor,
        fmt: str = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
        eps: float = ...,
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def alpha_box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    kind: str = ...,
    alpha: float = ...,
    fmt: str = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    eps: float = ...,
) -> Tensor: ...
class AlphaBoxIoULoss(nn.Module):
    kind: str
    alpha: float
    fmt: str
    reduction: str
    weight: Tensor | None
    eps: float
    def __init__(
        self,
        *,
        kind: str = ...,
        alpha: float = ...,
        fmt: str = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
        eps: float = ...,
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def inner_box_iou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    kind: str = ...,
    ratio: float = ...,
    fmt: str = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    eps: float = ...,
) -> Tensor: ...
class InnerBoxIoULoss(nn.Module):
    kind: str
    ratio: float
    fmt: str
    reduction: str
    weight: Tensor | None
    eps: float
    def __init__(
        self,
        *,
        kind: str = ...,
        ratio: float = ...,
        fmt: str = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
        eps: float = ...,
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def nwd_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    constant: float = ...,
    fmt: str = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    eps: float = ...,
) -> Tensor: ...
class NWDLoss(nn.Module):
    constant: float
    fmt: str
    reduction: str
    weight: Tensor | None
    eps: float
    def __init__(
        self,
        *,
        constant: float = ...,
        fmt: str = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
        eps: float = ...,
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = ...) -> Tensor: ...
def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = ...) -> Tensor: ...
def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = ...) -> Tensor: ...
def pairwise_box_iou(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    kind: str = ...,
    fmt: str = ...,
    image_size: Tensor | None = ...,
    constant: Tensor | None = ...,
    eps: float = ...,
) -> Tensor: ...
def box_area(boxes: Tensor, fmt: str = ...) -> Tensor: ...
def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor: ...
def clip_boxes_to_image(boxes: Tensor, size: Tensor) -> Any: ...
def remove_small_boxes(boxes: Tensor, min_size: float) -> Any: ...
def probiou_loss(
    boxes1: Tensor,
    boxes2: Tensor,
    *,
    floor: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    eps: float = ...,
) -> Tensor: ...
class ProbiouLoss(nn.Module):
    floor: float
    reduction: str
    weight: Tensor | None
    eps: float
    def __init__(
        self, *, floor: float = ..., reduction: str = ..., weight: Tensor | None = ..., eps: float = ...
    ) -> None: ...
    def forward(self, boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
def probiou(boxes1: Tensor, boxes2: Tensor, *, floor: float = ..., eps: float = ...) -> Tensor: ...
def asymmetric_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma_neg: float = ...,
    gamma_pos: float = ...,
    clip: float = ...,
    eps: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class AsymmetricLoss(nn.Module):
    gamma_neg: float
    gamma_pos: float
    clip: float
    eps: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self,
        *,
        gamma_neg: float = ...,
        gamma_pos: float = ...,
        clip: float = ...,
        eps: float = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def quality_focal_loss(
    input: Tensor,
    target: Tensor,
    *,
    beta: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class QualityFocalLoss(nn.Module):
    beta: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self, *, beta: float = ..., reduction: str = ..., weight: Tensor | None = ...
    ) -> None: ...
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
def exponential_loss(
    input: Tensor, target: Tensor, *, reduction: str = ..., weight: Tensor | None = ...
) -> Tensor: ...
class ExponentialLoss(nn.Module):
    reduction: str
    weight: Tensor | None
    def __init__(self, *, reduction: str = ..., weight: Tensor | None = ...) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = ...,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class HingeEmbeddingLoss(nn.HingeEmbeddingLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def hinge_loss(
    input: Tensor, target: Tensor, *, reduction: str = ..., weight: Tensor | None = ...
) -> Tensor: ...
class HingeLoss(nn.Module):
    reduction: str
    weight: Tensor | None
    def __init__(self, *, reduction: str = ..., weight: Tensor | None = ...) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class SoftMarginLoss(nn.SoftMarginLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def squared_hinge_loss(
    input: Tensor, target: Tensor, *, reduction: str = ..., weight: Tensor | None = ...
) -> Tensor: ...
class SquaredHingeLoss(nn.Module):
    reduction: str
    weight: Tensor | None
    def __init__(self, *, reduction: str = ..., weight: Tensor | None = ...) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = ...,
    margin: float = ...,
    weight: Tensor | None = ...,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
) -> Tensor: ...
class MultiMarginLoss(nn.MultiMarginLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
) -> Tensor: ...
class MultiLabelMarginLoss(nn.MultiLabelMarginLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = ...,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
) -> Tensor: ...
class MultiLabelSoftMarginLoss(nn.MultiLabelSoftMarginLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
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
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    log_target: bool = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class KLDivLoss(nn.KLDivLoss):
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
def softmax_focal_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    ignore_index: int = ...,
) -> Tensor: ...
class SoftmaxFocalLoss(nn.Module):
    gamma: float
    reduction: str
    weight: Tensor | None
    ignore_index: int
    def __init__(
        self,
        *,
        gamma: float = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
        ignore_index: int = ...,
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def poly1_cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    epsilon: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
    ignore_index: int = ...,
) -> Tensor: ...
class Poly1CrossEntropyLoss(nn.Module):
    epsilon: float
    reduction: str
    weight: Tensor | None
    ignore_index: int
    def __init__(
        self,
        *,
        epsilon: float = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
        ignore_index: int = ...,
    ) -> None: ...
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
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = ...,
    full: bool = ...,
    size_average: bool | None = ...,
    eps: float = ...,
    reduce: bool | None = ...,
    reduction: str = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class PoissonNLLLoss(nn.PoissonNLLLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = ...,
    eps: float = ...,
    reduction: str = ...,
    *,
    weight: Tensor | None = ...,
) -> Tensor: ...
class GaussianNLLLoss(nn.GaussianNLLLoss):
    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor: ...
def gamma_nll_loss(
    input: Tensor,
    target: Tensor,
    *,
    log_input: bool = ...,
    eps: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class GammaNLLLoss(nn.Module):
    log_input: bool
    eps: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self,
        *,
        log_input: bool = ...,
        eps: float = ...,
        reduction: str = ...,
        weight: Tensor | None = ...,
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def tweedie_loss(
    input: Tensor,
    target: Tensor,
    *,
    power: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class TweedieLoss(nn.Module):
    power: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self, *, power: float = ..., reduction: str = ..., weight: Tensor | None = ...
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def expectile_loss(
    input: Tensor,
    target: Tensor,
    *,
    expectile: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class ExpectileLoss(nn.Module):
    expectile: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self, *, expectile: float = ..., reduction: str = ..., weight: Tensor | None = ...
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def quantile_loss(
    input: Tensor,
    target: Tensor,
    *,
    quantile: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class QuantileLoss(nn.Module):
    quantile: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self, *, quantile: float = ..., reduction: str = ..., weight: Tensor | None = ...
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def mape_loss(
    input: Tensor,
    target: Tensor,
    *,
    eps: float = ...,
    reduction: str = ...,
    weight: Tensor | None = ...,
) -> Tensor: ...
class MAPELoss(nn.Module):
    eps: float
    reduction: str
    weight: Tensor | None
    def __init__(
        self, *, eps: float = ..., reduction: str = ..., weight: Tensor | None = ...
    ) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
def msle_loss(
    input: Tensor, target: Tensor, *, reduction: str = ..., weight: Tensor | None = ...
) -> Tensor: ...
class MSLELoss(nn.Module):
    reduction: str
    weight: Tensor | None
    def __init__(self, *, reduction: str = ..., weight: Tensor | None = ...) -> None: ...
    def forward(self, input: Tensor, target: Tensor) -> Tensor: ...
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
def log_cosh_loss(
    input: Tensor, target: Tensor, *, reduction: str = ..., weight: Tensor | None = ...
) -> Tensor: ...
class LogCoshLoss(nn.Module):
    reduction: str
    weight: Tensor | None
    def __init__(self, *, reduction: str = ..., weight: Tensor | None = ...) -> None: ...
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
def detection_loss(
    boxes: Tensor,
    scores: Tensor,
    batch_idx: Tensor,
    cls: Tensor,
    bboxes: Tensor,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = ...,
    gains: Sequence[float] = ...,
    topk: int = ...,
    topk2: int | None = ...,
    alpha: float = ...,
    beta: float = ...,
    class_weight: Tensor | None = ...,
    min_side: Sequence[float] = ...,
) -> _DetectionLoss: ...
class DetectionLoss(nn.Module):
    level_sizes: Sequence[Sequence[int]]
    strides: Sequence[float]
    gains: Sequence[float]
    topk: int
    topk2: int | None
    alpha: float
    beta: float
    class_weight: Tensor | None
    min_side: Sequence[float]
    def __init__(
        self,
        *,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        topk: int = ...,
        topk2: int | None = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> None: ...
    def forward(
        self,
        boxes: Tensor,
        scores: Tensor,
        batch_idx: Tensor,
        cls: Tensor,
        bboxes: Tensor,
        *,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        topk: int = ...,
        topk2: int | None = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> _DetectionLoss: ...
def end_to_end_detection_loss(
    one2many: tuple[Tensor, Tensor],
    one2one: tuple[Tensor, Tensor],
    batch_idx: Tensor,
    cls: Tensor,
    bboxes: Tensor,
    *,
    weights: Sequence[float] = ...,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = ...,
    gains: Sequence[float] = ...,
    topk: Sequence[int] = ...,
    topk2: Sequence[int | None] = ...,
    alpha: float = ...,
    beta: float = ...,
    class_weight: Tensor | None = ...,
    min_side: Sequence[float] = ...,
) -> _DetectionLoss: ...
class EndToEndDetectionLoss(nn.Module):
    weights: Sequence[float]
    level_sizes: Sequence[Sequence[int]]
    strides: Sequence[float]
    gains: Sequence[float]
    topk: Sequence[int]
    topk2: Sequence[int | None]
    alpha: float
    beta: float
    class_weight: Tensor | None
    min_side: Sequence[float]
    def __init__(
        self,
        *,
        weights: Sequence[float] = ...,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        topk: Sequence[int] = ...,
        topk2: Sequence[int | None] = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> None: ...
    def forward(
        self,
        one2many: tuple[Tensor, Tensor],
        one2one: tuple[Tensor, Tensor],
        batch_idx: Tensor,
        cls: Tensor,
        bboxes: Tensor,
        *,
        weights: Sequence[float] = ...,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        topk: Sequence[int] = ...,
        topk2: Sequence[int | None] = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> _DetectionLoss: ...
def residual_log_likelihood_loss(
    error: Tensor, sigma: Tensor, log_density: Tensor, *, weight: Tensor | None = ...
) -> Tensor: ...
def pose_loss(
    boxes: Tensor,
    scores: Tensor,
    keypoints: Tensor,
    batch_idx: Tensor,
    cls: Tensor,
    bboxes: Tensor,
    target_keypoints: Tensor,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = ...,
    gains: Sequence[float] = ...,
    sigmas: Tensor | None = ...,
    decode: str = ...,
    keypoint_assignment: bool = ...,
    level_range: Sequence[float] | None = ...,
    topk: int = ...,
    topk2: int | None = ...,
    alpha: float = ...,
    beta: float = ...,
    class_weight: Tensor | None = ...,
    min_side: Sequence[float] = ...,
) -> _PoseLoss: ...
class PoseLoss(nn.Module):
    level_sizes: Sequence[Sequence[int]]
    strides: Sequence[float]
    gains: Sequence[float]
    sigmas: Tensor | None
    decode: str
    keypoint_assignment: bool
    level_range: Sequence[float] | None
    topk: int
    topk2: int | None
    alpha: float
    beta: float
    class_weight: Tensor | None
    min_side: Sequence[float]
    def __init__(
        self,
        *,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        sigmas: Tensor | None = ...,
        decode: str = ...,
        keypoint_assignment: bool = ...,
        level_range: Sequence[float] | None = ...,
        topk: int = ...,
        topk2: int | None = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> None: ...
    def forward(
        self,
        boxes: Tensor,
        scores: Tensor,
        keypoints: Tensor,
        batch_idx: Tensor,
        cls: Tensor,
        bboxes: Tensor,
        target_keypoints: Tensor,
        *,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        sigmas: Tensor | None = ...,
        decode: str = ...,
        keypoint_assignment: bool = ...,
        level_range: Sequence[float] | None = ...,
        topk: int = ...,
        topk2: int | None = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> _PoseLoss: ...
def segmentation_detection_loss(
    boxes: Tensor,
    scores: Tensor,
    coefficients: Tensor,
    proto: Tensor,
    batch_idx: Tensor,
    cls: Tensor,
    bboxes: Tensor,
    masks: Tensor,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = ...,
    gains: Sequence[float] = ...,
    overlapping: bool = ...,
    mask_assignment: bool = ...,
    sem: Tensor | None = ...,
    sem_gain: float = ...,
    topk: int = ...,
    topk2: int | None = ...,
    alpha: float = ...,
    beta: float = ...,
    class_weight: Tensor | None = ...,
    min_side: Sequence[float] = ...,
) -> _SegmentationDetectionLoss: ...
class SegmentationDetectionLoss(nn.Module):
    level_sizes: Sequence[Sequence[int]]
    strides: Sequence[float]
    gains: Sequence[float]
    overlapping: bool
    mask_assignment: bool
    sem: Tensor | None
    sem_gain: float
    topk: int
    topk2: int | None
    alpha: float
    beta: float
    class_weight: Tensor | None
    min_side: Sequence[float]
    def __init__(
        self,
        *,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        overlapping: bool = ...,
        mask_assignment: bool = ...,
        sem: Tensor | None = ...,
        sem_gain: float = ...,
        topk: int = ...,
        topk2: int | None = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> None: ...
    def forward(
        self,
        boxes: Tensor,
        scores: Tensor,
        coefficients: Tensor,
        proto: Tensor,
        batch_idx: Tensor,
        cls: Tensor,
        bboxes: Tensor,
        masks: Tensor,
        *,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        overlapping: bool = ...,
        mask_assignment: bool = ...,
        sem: Tensor | None = ...,
        sem_gain: float = ...,
        topk: int = ...,
        topk2: int | None = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> _SegmentationDetectionLoss: ...
def obb_detection_loss(
    boxes: Tensor,
    scores: Tensor,
    angles: Tensor,
    batch_idx: Tensor,
    cls: Tensor,
    bboxes: Tensor,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = ...,
    gains: Sequence[float] = ...,
    topk: int = ...,
    topk2: int | None = ...,
    alpha: float = ...,
    beta: float = ...,
    class_weight: Tensor | None = ...,
    min_side: Sequence[float] = ...,
) -> _OBBDetectionLoss: ...
class OBBDetectionLoss(nn.Module):
    level_sizes: Sequence[Sequence[int]]
    strides: Sequence[float]
    gains: Sequence[float]
    topk: int
    topk2: int | None
    alpha: float
    beta: float
    class_weight: Tensor | None
    min_side: Sequence[float]
    def __init__(
        self,
        *,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        topk: int = ...,
        topk2: int | None = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> None: ...
    def forward(
        self,
        boxes: Tensor,
        scores: Tensor,
        angles: Tensor,
        batch_idx: Tensor,
        cls: Tensor,
        bboxes: Tensor,
        *,
        level_sizes: Sequence[Sequence[int]] = ...,
        strides: Sequence[float] = ...,
        gains: Sequence[float] = ...,
        topk: int = ...,
        topk2: int | None = ...,
        alpha: float = ...,
        beta: float = ...,
        class_weight: Tensor | None = ...,
        min_side: Sequence[float] = ...,
    ) -> _OBBDetectionLoss: ...
