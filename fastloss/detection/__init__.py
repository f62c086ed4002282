"""Detection: whole training criteria, from a head's raw output to its gradients."""

from fastloss.detection import criterion, results
from fastloss.detection.criterion import *
from fastloss.detection.results import Assignment as Assignment
from fastloss.detection.results import DetectionLoss as DetectionLoss

__all__: list[str] = []
__all__ += criterion.__all__
__all__ += results.__all__
