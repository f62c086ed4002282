"""Losses for real-valued targets.

Throughout ``r = input - target``. The examples share four predictions, one of them far off, so
that the losses can be compared: the squared error follows the outlier, the others do not.
"""

from fastloss.regression import residual
from fastloss.regression.residual import *

__all__: list[str] = []
__all__ += residual.__all__
