"""Criteria of detectors, with every object against every anchor."""

from . import criterion as criterion
from . import oriented as oriented
