"""What a type checker must find in fastloss.torch: as `typing_examples.py`, where torch is."""

from __future__ import annotations

from typing import assert_type

import torch

import fastloss.torch as ft

boxes, scores = torch.zeros(1, 4, 16), torch.zeros(1, 2, 16)
targets = (torch.zeros(0), torch.zeros(0), torch.zeros(0, 4))


def losses() -> None:
    assert_type(ft.mse_loss(boxes, boxes), torch.Tensor)
    assert_type(ft.sigmoid_focal_loss(scores, scores, reduction="mean"), torch.Tensor)
    assert_type(ft.DiceLoss(mode="multilabel").mode, str)


def criteria() -> None:
    criterion = ft.DetectionLoss(level_sizes=[(4, 4)], strides=[8], topk2=None)
    assert_type(criterion.topk, int)
    assert_type(criterion.class_weight, torch.Tensor | None)
    both = (boxes, scores)
    loss = ft.end_to_end_detection_loss(
        both, both, *targets, weights=(0.5, 0.5), level_sizes=[(4, 4)], strides=(8,)
    )
    assert_type(loss.total, torch.Tensor)
    total, box, _cls, _dfl = ft.detection_loss(
        boxes, scores, *targets, level_sizes=[torch.Size((4, 4))], strides=[8]
    )
    assert_type(total, torch.Tensor)
    assert_type(box, torch.Tensor)


def mistakes() -> None:
    ft.mse_loss(boxes, boxes, grad=True)  # type: ignore[call-arg]
    ft.DetectionLoss(reduction="sum")  # type: ignore[call-arg]


EXAMPLES = (losses, criteria)
