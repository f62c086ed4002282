"""Overlaps of boxes, their losses and conversions, and what detectors do with boxes.

Aligned overlaps follow the rules of `bbox_iou`; losses and matrices follow torchvision 0.28. At
equal sides max and min share the derivative in halves.
"""

from . import aligned as aligned
from . import masks as masks
from . import pairwise as pairwise
from . import postprocess as postprocess
from . import rotated as rotated
from . import suppression as suppression
from . import transforms as transforms
from . import variants as variants
