"""fastloss: the loss layer for the CPU.

One call gives the loss, and where asked for its gradient, in one pass over memory:

>>> import numpy as np
>>> import fastloss as fl
>>> loss, grad = fl.mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]), grad=True)
>>> loss, grad
(2.0, array([ 0., -2.]))
"""

from fastloss import classification, penalties, regression
from fastloss.classification import *
from fastloss.config import (
    _apply_environment,
    get_config,
    get_num_threads,
    num_threads,
    set_num_threads,
    show_config,
)
from fastloss.penalties import *
from fastloss.regression import *

__version__ = "0.1.0"

__all__ = ["get_config", "get_num_threads", "num_threads", "set_num_threads", "show_config"]
__all__ += classification.__all__
__all__ += penalties.__all__
__all__ += regression.__all__

_apply_environment()
