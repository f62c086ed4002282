"""What each loss is in the other libraries: value and gradient, with fresh outputs.

A module here has `version()`, `set_threads(n)`, `prepare(name, arrays, options)` (the variants of
the call by name, or None where the library has no such loss) and `summary(result)`, a few numbers
by which the results are compared.
"""

from __future__ import annotations

import numpy as np

# Measured by their value alone: an overlap of every pair, a conversion of coordinates.
VALUE_ONLY = (
    "box_iou",
    "generalized_box_iou",
    "distance_box_iou",
    "complete_box_iou",
    "box_area",
    "box_convert",
    "clip_boxes_to_image",
    "mask_iou",
    "masks_to_boxes",
    "pairwise_box_iou",
    "probiou",
    "remove_small_boxes",
)
# The positions of the arguments to differentiate by, where they are not the first alone.
WRT = {"gaussian_nll_loss": (0, 2)}


def summarise(value: object, gradient: object = None) -> list[float]:
    """The mean of the value and the size of the gradient."""
    parts = [float(np.mean(np.asarray(value), dtype=np.float64))]
    if gradient is not None:
        parts.append(float(np.abs(np.asarray(gradient, np.float64)).sum()))
    return parts
