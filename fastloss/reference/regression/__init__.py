"""Regression losses. Throughout r = input - target."""

from . import residual as residual
