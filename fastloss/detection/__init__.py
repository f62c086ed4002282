"""Detection: whole training criteria, from a head's raw output to its gradients."""

from fastloss.detection import criterion, keypoints, masks, oriented, results
from fastloss.detection.criterion import *
from fastloss.detection.keypoints import *
from fastloss.detection.masks import *
from fastloss.detection.oriented import *
from fastloss.detection.results import Assignment as Assignment
from fastloss.detection.results import DetectionLoss as DetectionLoss
from fastloss.detection.results import OBBDetectionLoss as OBBDetectionLoss
from fastloss.detection.results import PoseLoss as PoseLoss
from fastloss.detection.results import SegmentationDetectionLoss as SegmentationDetectionLoss

__all__ = criterion.__all__ + keypoints.__all__ + masks.__all__ + oriented.__all__ + results.__all__
