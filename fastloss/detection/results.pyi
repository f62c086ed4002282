from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastloss._typing import Floats

__all__: list[str]

class DetectionLoss(NamedTuple):
    total: float
    box: float
    cls: float
    dfl: float

class OBBDetectionLoss(NamedTuple):
    total: float
    box: float
    cls: float
    dfl: float
    angle: float

class PoseLoss(NamedTuple):
    total: float
    box: float
    pose: float
    kobj: float
    cls: float
    dfl: float

class SegmentationDetectionLoss(NamedTuple):
    total: float
    box: float
    seg: float
    cls: float
    dfl: float
    sem: float = ...

class Assignment(NamedTuple):
    object_index: NDArray[np.int64]
    score: Floats
