"""Overlaps of boxes, the losses made of them, and what detectors do with boxes."""

from fastloss.boxes import (
    aligned,
    masks,
    pairwise,
    postprocess,
    rotated,
    suppression,
    transforms,
    variants,
)
from fastloss.boxes.aligned import *
from fastloss.boxes.masks import *
from fastloss.boxes.pairwise import *
from fastloss.boxes.postprocess import *
from fastloss.boxes.rotated import *
from fastloss.boxes.suppression import *
from fastloss.boxes.transforms import *
from fastloss.boxes.variants import *

__all__ = (
    aligned.__all__
    + masks.__all__
    + pairwise.__all__
    + postprocess.__all__
    + rotated.__all__
    + suppression.__all__
    + transforms.__all__
    + variants.__all__
)
