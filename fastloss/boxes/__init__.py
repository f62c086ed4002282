"""Overlaps of boxes and the losses made of them."""

from fastloss.boxes import aligned, masks, pairwise, transforms
from fastloss.boxes.aligned import *
from fastloss.boxes.masks import *
from fastloss.boxes.pairwise import *
from fastloss.boxes.transforms import *

__all__: list[str] = []
__all__ += aligned.__all__
__all__ += masks.__all__
__all__ += pairwise.__all__
__all__ += transforms.__all__
