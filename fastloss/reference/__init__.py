"""Every loss in NumPy: value and gradient from their formulas, to read and to compare with.

The functions have the signatures of the compiled ones, need nothing but NumPy, and register
themselves in `LOSSES`, the list that tests, benchmarks and tables loop over; criteria of detectors,
which fit none of its kinds, in `CRITERIA`.
"""

from . import boxes as boxes
from . import classification as classification
from . import detection as detection
from . import penalties as penalties
from . import regression as regression
from . import segmentation as segmentation
from ._registry import CRITERIA, KINDS, LOSSES, Case, Criterion, Loss, Variant, register

__all__ = ["CRITERIA", "KINDS", "LOSSES", "Case", "Criterion", "Loss", "Variant", "register"]
__all__ += [*LOSSES, *CRITERIA]

globals().update({name: loss.function for name, loss in LOSSES.items()})
globals().update({name: criterion.function for name, criterion in CRITERIA.items()})
