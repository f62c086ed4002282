"""What the functions of this family return."""

from typing import NamedTuple

__all__ = []


class DetectionLoss(NamedTuple):
    """The criterion as a number to descend and its parts as they are logged."""

    total: float
    box: float
    cls: float
    dfl: float


class OBBDetectionLoss(NamedTuple):
    """The criterion of rotated boxes and its parts."""

    total: float
    box: float
    cls: float
    dfl: float
    angle: float


class PoseLoss(NamedTuple):
    """The criterion of boxes with keypoints and its parts."""

    total: float
    box: float
    pose: float
    kobj: float
    cls: float
    dfl: float


class SegmentationDetectionLoss(NamedTuple):
    """The criterion of boxes with masks and its parts."""

    total: float
    box: float
    seg: float
    cls: float
    dfl: float
    sem: float = 0.0


class Assignment(NamedTuple):
    """The object of every anchor, -1 for background, and how well it suits."""

    object_index: object
    score: object
