"""Overlaps of boxes and the losses made of them."""

from fastloss import _core

_boxes = _core.boxes
_pairs = _core.pairs
_LOSSES = _core.losses()
_IOU = _LOSSES["box_iou"]
_GIOU = _LOSSES["generalized_box_iou"]
_DIOU = _LOSSES["distance_box_iou"]
_CIOU = _LOSSES["complete_box_iou"]


def box_iou_loss(boxes1, boxes2, reduction="none", eps=1e-7, *, weight=None, grad=False):
    return _boxes(_IOU, True, boxes1, boxes2, weight, "xyxy", eps, reduction, grad)


def generalized_box_iou_loss(
    boxes1, boxes2, reduction="none", eps=1e-7, *, weight=None, grad=False
):
    return _boxes(_GIOU, True, boxes1, boxes2, weight, "xyxy", eps, reduction, grad)


def distance_box_iou_loss(boxes1, boxes2, reduction="none", eps=1e-7, *, weight=None, grad=False):
    return _boxes(_DIOU, True, boxes1, boxes2, weight, "xyxy", eps, reduction, grad)


def complete_box_iou_loss(boxes1, boxes2, reduction="none", eps=1e-7, *, weight=None, grad=False):
    return _boxes(_CIOU, True, boxes1, boxes2, weight, "xyxy", eps, reduction, grad)


def bbox_iou(boxes1, boxes2, *, kind="iou", fmt="xyxy", eps=1e-7, grad=False):
    return _boxes(_core.overlap_of(kind), False, boxes1, boxes2, None, fmt, eps, "none", grad)


def box_iou(boxes1, boxes2, fmt="xyxy", *, grad=False):
    return _pairs(_IOU, boxes1, boxes2, fmt, 0.0, grad)


def generalized_box_iou(boxes1, boxes2, *, grad=False):
    return _pairs(_GIOU, boxes1, boxes2, "xyxy", 0.0, grad)


def distance_box_iou(boxes1, boxes2, eps=1e-7, *, grad=False):
    return _pairs(_DIOU, boxes1, boxes2, "xyxy", eps, grad)


def complete_box_iou(boxes1, boxes2, eps=1e-7, *, grad=False):
    return _pairs(_CIOU, boxes1, boxes2, "xyxy", eps, grad)


def box_area(boxes, fmt="xyxy"):
    return _core.box_area(boxes, fmt)


def box_convert(boxes, in_fmt, out_fmt):
    return _core.box_convert(boxes, in_fmt, out_fmt)
