"""Types of fastloss.detection. Written by `make stubs`: do not edit."""

from fastloss.detection.criterion import detection_loss as detection_loss
from fastloss.detection.criterion import end_to_end_detection_loss as end_to_end_detection_loss
from fastloss.detection.criterion import end_to_end_weights as end_to_end_weights
from fastloss.detection.criterion import task_aligned_assign as task_aligned_assign
from fastloss.detection.keypoints import pose_loss as pose_loss
from fastloss.detection.keypoints import residual_log_likelihood_loss as residual_log_likelihood_loss
from fastloss.detection.masks import segmentation_detection_loss as segmentation_detection_loss
from fastloss.detection.oriented import obb_detection_loss as obb_detection_loss
from fastloss.detection.results import Assignment as Assignment
from fastloss.detection.results import DetectionLoss as DetectionLoss
from fastloss.detection.results import OBBDetectionLoss as OBBDetectionLoss
from fastloss.detection.results import PoseLoss as PoseLoss
from fastloss.detection.results import SegmentationDetectionLoss as SegmentationDetectionLoss

__all__ = [
    "detection_loss",
    "end_to_end_detection_loss",
    "end_to_end_weights",
    "obb_detection_loss",
    "pose_loss",
    "residual_log_likelihood_loss",
    "segmentation_detection_loss",
    "task_aligned_assign",
]
