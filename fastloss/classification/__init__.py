"""Losses for class labels and probabilities.

The pointwise ones take one number per element and label, `cross_entropy` and its kin a row of
scores per label. The examples share three labelled elements, or two rows of three classes.
"""

from fastloss.classification import focal, margin, margin_rows, pointwise, rowwise
from fastloss.classification.focal import *
from fastloss.classification.margin import *
from fastloss.classification.margin_rows import *
from fastloss.classification.pointwise import *
from fastloss.classification.rowwise import *

__all__ = focal.__all__ + margin.__all__ + margin_rows.__all__ + pointwise.__all__ + rowwise.__all__
