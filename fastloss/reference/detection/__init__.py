"""Criteria of detectors, with every object against every anchor."""

from . import criterion as criterion
from . import keypoints as keypoints
from . import masks as masks
from . import oriented as oriented
