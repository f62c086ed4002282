"""Every loss in NumPy: value and gradient from their formulas, to read and to compare with.

The functions have the signatures of the compiled ones, need nothing but NumPy, and register
themselves in `LOSSES`, the list that tests, benchmarks and tables loop over.
"""

from . import boxes as boxes
from . import classification as classification
from . import penalties as penalties
from . import regression as regression
from . import segmentation as segmentation
from ._registry import KINDS, LOSSES, Case, Loss, Variant, register

__all__ = ["KINDS", "LOSSES", "Case", "Loss", "Variant", "register", *LOSSES]

globals().update({name: loss.function for name, loss in LOSSES.items()})
