"""fastloss: the loss layer for the CPU.

One call gives the loss, and where asked for its gradient, in one pass over memory, on plain NumPy
arrays:

>>> import numpy as np
>>> import fastloss as fl
>>> logits, labels = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]), [0, 2]
>>> loss, grad = fl.cross_entropy(logits, labels, grad=True)
>>> round(loss, 4), grad[0].round(4)
(0.4076, array([-0.1674,  0.1224,  0.045 ]))
>>> buffer = np.empty_like(logits)
>>> again, filled = fl.cross_entropy(logits, labels, grad=buffer)
>>> again == loss, filled is buffer
(True, True)

Functions that bear a name of torch or torchvision have its arguments, defaults and semantics; what
is added to them is keyword-only. ``docs/conventions.md`` says what all functions share, and every
function has a NumPy reference of the same name in `fastloss.reference`.
"""

from fastloss import boxes, classification, detection, penalties, regression, segmentation
from fastloss.boxes import *
from fastloss.classification import *
from fastloss.config import (
    _apply_environment,
    get_config,
    get_num_threads,
    num_threads,
    set_num_threads,
    show_config,
)
from fastloss.detection import *
from fastloss.penalties import *
from fastloss.regression import *
from fastloss.segmentation import *

__version__ = "0.1.0"

__all__ = ["get_config", "get_num_threads", "num_threads", "set_num_threads", "show_config"]
__all__ += boxes.__all__
__all__ += classification.__all__
__all__ += detection.__all__
__all__ += penalties.__all__
__all__ += regression.__all__
__all__ += segmentation.__all__

_apply_environment()
