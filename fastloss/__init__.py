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
from fastloss.regression import huber_loss, l1_loss, mse_loss, rmse_loss, smooth_l1_loss

__version__ = "0.1.0"

_apply_environment()
