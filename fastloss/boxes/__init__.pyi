"""Types of fastloss.boxes. Written by `make stubs`: do not edit."""

from fastloss.boxes.aligned import bbox_iou as bbox_iou
from fastloss.boxes.aligned import box_iou_loss as box_iou_loss
from fastloss.boxes.aligned import complete_box_iou_loss as complete_box_iou_loss
from fastloss.boxes.aligned import distance_box_iou_loss as distance_box_iou_loss
from fastloss.boxes.aligned import generalized_box_iou_loss as generalized_box_iou_loss
from fastloss.boxes.masks import mask_iou as mask_iou
from fastloss.boxes.masks import masks_to_boxes as masks_to_boxes
from fastloss.boxes.pairwise import box_iou as box_iou
from fastloss.boxes.pairwise import complete_box_iou as complete_box_iou
from fastloss.boxes.pairwise import distance_box_iou as distance_box_iou
from fastloss.boxes.pairwise import generalized_box_iou as generalized_box_iou
from fastloss.boxes.pairwise import pairwise_box_iou as pairwise_box_iou
from fastloss.boxes.postprocess import decode_boxes as decode_boxes
from fastloss.boxes.postprocess import letterbox as letterbox
from fastloss.boxes.postprocess import non_max_suppression as non_max_suppression
from fastloss.boxes.postprocess import scale_boxes as scale_boxes
from fastloss.boxes.rotated import probiou as probiou
from fastloss.boxes.rotated import probiou_loss as probiou_loss
from fastloss.boxes.suppression import batched_nms as batched_nms
from fastloss.boxes.suppression import matrix_nms as matrix_nms
from fastloss.boxes.suppression import nms as nms
from fastloss.boxes.suppression import nms_from_overlaps as nms_from_overlaps
from fastloss.boxes.suppression import nms_rotated as nms_rotated
from fastloss.boxes.suppression import soft_nms as soft_nms
from fastloss.boxes.suppression import weighted_boxes_fusion as weighted_boxes_fusion
from fastloss.boxes.transforms import box_area as box_area
from fastloss.boxes.transforms import box_convert as box_convert
from fastloss.boxes.transforms import clip_boxes_to_image as clip_boxes_to_image
from fastloss.boxes.transforms import remove_small_boxes as remove_small_boxes
from fastloss.boxes.variants import alpha_box_iou_loss as alpha_box_iou_loss
from fastloss.boxes.variants import efficient_box_iou_loss as efficient_box_iou_loss
from fastloss.boxes.variants import inner_box_iou_loss as inner_box_iou_loss
from fastloss.boxes.variants import mpdiou_loss as mpdiou_loss
from fastloss.boxes.variants import nwd_loss as nwd_loss
from fastloss.boxes.variants import scylla_box_iou_loss as scylla_box_iou_loss
from fastloss.boxes.variants import wise_box_iou_loss as wise_box_iou_loss

__all__ = [
    "alpha_box_iou_loss",
    "batched_nms",
    "bbox_iou",
    "box_area",
    "box_convert",
    "box_iou",
    "box_iou_loss",
    "clip_boxes_to_image",
    "complete_box_iou",
    "complete_box_iou_loss",
    "decode_boxes",
    "distance_box_iou",
    "distance_box_iou_loss",
    "efficient_box_iou_loss",
    "generalized_box_iou",
    "generalized_box_iou_loss",
    "inner_box_iou_loss",
    "letterbox",
    "mask_iou",
    "masks_to_boxes",
    "matrix_nms",
    "mpdiou_loss",
    "nms",
    "nms_from_overlaps",
    "nms_rotated",
    "non_max_suppression",
    "nwd_loss",
    "pairwise_box_iou",
    "probiou",
    "probiou_loss",
    "remove_small_boxes",
    "scale_boxes",
    "scylla_box_iou_loss",
    "soft_nms",
    "weighted_boxes_fusion",
    "wise_box_iou_loss",
]
