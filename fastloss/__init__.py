"""fastloss: the loss layer for the CPU."""

from fastloss.boxes import (
    bbox_iou,
    box_area,
    box_convert,
    box_iou,
    box_iou_loss,
    complete_box_iou,
    complete_box_iou_loss,
    distance_box_iou,
    distance_box_iou_loss,
    generalized_box_iou,
    generalized_box_iou_loss,
)
from fastloss.config import (
    _apply_environment,
    get_config,
    get_num_threads,
    num_threads,
    set_num_threads,
    show_config,
)
from fastloss.classification import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    distribution_focal_loss,
    hinge_loss,
    nll_loss,
    sigmoid_focal_loss,
    varifocal_loss,
)
from fastloss.penalties import elastic_net_penalty, l1_penalty, l2_penalty
from fastloss.regression import huber_loss, l1_loss, mse_loss, rmse_loss, smooth_l1_loss

__version__ = "0.1.0"

_apply_environment()
