"""From the output of the network to boxes, and from boxes to mean average precision."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

import fastloss as fl
from fastloss.metrics import CocoEvaluator, CocoResult

from .data import NAMES, STRIDES, Cells, prepared


@torch.no_grad()
def detect(model: nn.Module, cells: Cells, confidence: float = 0.02) -> list[np.ndarray]:
    """For each photograph rows of x1, y1, x2, y2 in pixels, score and class."""
    model.eval()
    found: list[np.ndarray] = []
    for images in cells.images.split(32):
        boxes, scores = model(prepared(images))
        corners = fl.decode_boxes(
            boxes, level_sizes=cells.level_sizes, strides=STRIDES, channels_first=True
        )
        output = np.concatenate([corners, scores.sigmoid()], 1)
        found += fl.non_max_suppression(
            output, conf_threshold=confidence, iou_threshold=0.5, fmt="xyxy", max_det=100
        )
    return found


def truth(cells: Cells, image: int) -> dict[str, np.ndarray]:
    """The boxes of one photograph, x1, y1, x2, y2 in pixels, and their classes."""
    mine = cells.batch_idx == image
    height, width = cells.images.shape[2:]
    boxes = cells.bboxes[mine] * torch.tensor([width, height, width, height])
    return {
        "boxes": fl.box_convert(boxes, "cxcywh", "xyxy"),
        "labels": cells.cls[mine].numpy(),
    }


def evaluate(model: nn.Module, cells: Cells) -> CocoResult:
    """COCO's numbers; those of a class are in `per_class`."""
    evaluator = CocoEvaluator(categories=dict(enumerate(NAMES)))
    images = range(len(cells))
    evaluator.update(images, detect(model, cells), [truth(cells, i) for i in images])
    return evaluator.compute()
