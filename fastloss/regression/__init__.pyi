"""Types of fastloss.regression. Written by `make stubs`: do not edit."""

from fastloss.regression.likelihood import gamma_nll_loss as gamma_nll_loss
from fastloss.regression.likelihood import gaussian_nll_loss as gaussian_nll_loss
from fastloss.regression.likelihood import poisson_nll_loss as poisson_nll_loss
from fastloss.regression.likelihood import tweedie_loss as tweedie_loss
from fastloss.regression.quantile import expectile_loss as expectile_loss
from fastloss.regression.quantile import quantile_loss as quantile_loss
from fastloss.regression.relative import mape_loss as mape_loss
from fastloss.regression.relative import msle_loss as msle_loss
from fastloss.regression.residual import huber_loss as huber_loss
from fastloss.regression.residual import l1_loss as l1_loss
from fastloss.regression.residual import log_cosh_loss as log_cosh_loss
from fastloss.regression.residual import mse_loss as mse_loss
from fastloss.regression.residual import rmse_loss as rmse_loss
from fastloss.regression.residual import smooth_l1_loss as smooth_l1_loss

__all__ = [
    "expectile_loss",
    "gamma_nll_loss",
    "gaussian_nll_loss",
    "huber_loss",
    "l1_loss",
    "log_cosh_loss",
    "mape_loss",
    "mse_loss",
    "msle_loss",
    "poisson_nll_loss",
    "quantile_loss",
    "rmse_loss",
    "smooth_l1_loss",
    "tweedie_loss",
]
