"""Losses for real-valued targets.

Throughout ``r = input - target``. Where examples share four predictions, one of them is far off, so
that the losses can be compared: the squared error follows the outlier, the others do not.
"""

from fastloss.regression import likelihood, quantile, relative, residual
from fastloss.regression.likelihood import *
from fastloss.regression.quantile import *
from fastloss.regression.relative import *
from fastloss.regression.residual import *

__all__: list[str] = []
__all__ += likelihood.__all__
__all__ += quantile.__all__
__all__ += relative.__all__
__all__ += residual.__all__
