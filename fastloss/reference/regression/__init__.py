"""Regression losses. Throughout r = input - target."""

from . import likelihood as likelihood
from . import quantile as quantile
from . import relative as relative
from . import residual as residual
