"""Types of fastloss.classification. Written by `make stubs`: do not edit."""

from fastloss.classification.focal import asymmetric_loss as asymmetric_loss
from fastloss.classification.focal import quality_focal_loss as quality_focal_loss
from fastloss.classification.focal import sigmoid_focal_loss as sigmoid_focal_loss
from fastloss.classification.focal import varifocal_loss as varifocal_loss
from fastloss.classification.margin import exponential_loss as exponential_loss
from fastloss.classification.margin import hinge_embedding_loss as hinge_embedding_loss
from fastloss.classification.margin import hinge_loss as hinge_loss
from fastloss.classification.margin import soft_margin_loss as soft_margin_loss
from fastloss.classification.margin import squared_hinge_loss as squared_hinge_loss
from fastloss.classification.margin_rows import multi_margin_loss as multi_margin_loss
from fastloss.classification.margin_rows import multilabel_margin_loss as multilabel_margin_loss
from fastloss.classification.margin_rows import multilabel_soft_margin_loss as multilabel_soft_margin_loss
from fastloss.classification.pointwise import binary_cross_entropy as binary_cross_entropy
from fastloss.classification.pointwise import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from fastloss.classification.pointwise import kl_div as kl_div
from fastloss.classification.rowwise import cross_entropy as cross_entropy
from fastloss.classification.rowwise import distribution_focal_loss as distribution_focal_loss
from fastloss.classification.rowwise import nll_loss as nll_loss
from fastloss.classification.rowwise import poly1_cross_entropy as poly1_cross_entropy
from fastloss.classification.rowwise import softmax_focal_loss as softmax_focal_loss

__all__ = [
    "asymmetric_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "distribution_focal_loss",
    "exponential_loss",
    "hinge_embedding_loss",
    "hinge_loss",
    "kl_div",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poly1_cross_entropy",
    "quality_focal_loss",
    "sigmoid_focal_loss",
    "soft_margin_loss",
    "softmax_focal_loss",
    "squared_hinge_loss",
    "varifocal_loss",
]
