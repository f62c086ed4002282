"""The detection criterion as it is usually written: tensors over images x objects x anchors.

The peer of `bench/test_detection.py`: assignment on padded targets without gradient, then BCE, CIoU
and distribution focal loss, and the gradient by autograd.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F


def ciou(p: torch.Tensor, t: torch.Tensor, eps: float = 1e-7) -> torch.Tensor:
    px1, py1, px2, py2 = p.unbind(-1)
    tx1, ty1, tx2, ty2 = t.unbind(-1)
    w1, h1, w2, h2 = px2 - px1, py2 - py1 + eps, tx2 - tx1, ty2 - ty1 + eps
    inter = (torch.minimum(px2, tx2) - torch.maximum(px1, tx1)).clamp(0)
    inter = inter * (torch.minimum(py2, ty2) - torch.maximum(py1, ty1)).clamp(0)
    iou = inter / (w1 * h1 + w2 * h2 - inter + eps)
    cw = torch.maximum(px2, tx2) - torch.minimum(px1, tx1)
    ch = torch.maximum(py2, ty2) - torch.minimum(py1, ty1)
    rho2 = ((tx1 + tx2 - px1 - px2) ** 2 + (ty1 + ty2 - py1 - py2) ** 2) / 4
    v = 4 / math.pi**2 * (torch.atan(w2 / h2) - torch.atan(w1 / h1)) ** 2
    with torch.no_grad():
        alpha = v / (1 - iou + v + eps)
    return iou - (rho2 / (cw**2 + ch**2 + eps) + v * alpha)


class Criterion:
    """Anchors once, then one call per batch."""

    def __init__(self, level_sizes: Any, strides: Any, classes: int, bins: int) -> None:
        grids = [
            torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij") for h, w in level_sizes
        ]
        self.points = torch.cat([torch.stack([x, y], -1).view(-1, 2) for y, x in grids]) + 0.5
        self.stride = torch.cat(
            [
                torch.full((h * w, 1), float(s))
                for (h, w), s in zip(level_sizes, strides, strict=True)
            ]
        )
        (height, width), s = level_sizes[0], strides[0]
        self.size = torch.tensor(
            [width * s, height * s, width * s, height * s], dtype=torch.float32
        )
        self.bins, self.classes = bins, classes
        self.project = torch.arange(bins, dtype=torch.float32)

    def pad(self, batch_idx: Any, cls: Any, bboxes: Any, images: int) -> Any:
        counts = torch.bincount(batch_idx, minlength=images)
        most = int(counts.max()) if len(batch_idx) else 0
        labels = torch.zeros(images, most, dtype=torch.long)
        boxes = torch.zeros(images, most, 4)
        for image in range(images):
            rows = batch_idx == image
            labels[image, : int(counts[image])] = cls[rows]
            scaled = bboxes[rows] * self.size
            half = scaled[:, 2:] / 2
            boxes[image, : int(counts[image])] = torch.cat(
                [scaled[:, :2] - half, scaled[:, :2] + half], 1
            )
        return labels, boxes

    @torch.no_grad()
    def assign(self, prob: Any, predicted: Any, labels: Any, boxes: Any, topk: int = 10) -> Any:
        images, objects, anchors = *labels.shape, prob.shape[1]
        valid = boxes.sum(-1, keepdim=True) > 0
        centre, side = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
        side = torch.where(valid & (side < 16), torch.full_like(side, 16), side)
        low, high = (centre - side / 2)[:, :, None], (centre + side / 2)[:, :, None]
        points = (self.points * self.stride)[None, None]
        inside = (torch.cat([points - low, high - points], -1).amin(-1) > 1e-9) & valid
        shape = (images, objects, anchors)
        mine = boxes[:, :, None].expand(*shape, 4)[inside]
        theirs = predicted[:, None].expand(*shape, 4)[inside]
        overlap = torch.zeros(shape)
        overlap[inside] = ciou(mine, theirs).clamp(0)
        index = labels[:, :, None].expand(shape)
        score = torch.gather(prob.transpose(1, 2), 1, index)
        metric = score.sqrt() * overlap**6 * inside
        best, at = metric.topk(min(topk, anchors), dim=-1)
        chosen = torch.zeros(shape).scatter_(-1, at, (best > 0).float())
        contested = chosen.sum(1, keepdim=True) > 1
        winner = torch.zeros(shape).scatter_(1, overlap.argmax(1, keepdim=True), 1.0)
        chosen = torch.where(contested, winner, chosen)
        owner, front = chosen.argmax(1), chosen.sum(1) > 0
        held = metric * chosen
        most = (overlap * chosen).amax(-1, keepdim=True)
        weight = (held * most / (held.amax(-1, keepdim=True) + 1e-9)).amax(1)
        target = torch.zeros(images, anchors, self.classes)
        label = torch.gather(labels, 1, owner)
        target.scatter_(2, label[..., None], (weight * front)[..., None])
        goal = torch.gather(boxes, 1, owner[..., None].expand(-1, -1, 4))
        return goal, target, front

    def __call__(self, boxes: Any, scores: Any, batch_idx: Any, cls: Any, bboxes: Any) -> Any:
        images, anchors = len(boxes), boxes.shape[2]
        z = boxes.transpose(1, 2).view(images, anchors, 4, self.bins)
        x = scores.transpose(1, 2)
        d = z.softmax(-1) @ self.project
        predicted = torch.cat([self.points - d[..., :2], self.points + d[..., 2:]], -1)
        labels, padded = self.pad(batch_idx, cls, bboxes, images)
        if labels.shape[1]:
            goal, target, front = self.assign(
                x.detach().sigmoid(), predicted.detach() * self.stride, labels, padded
            )
        else:
            target, front = torch.zeros_like(x), torch.zeros(images, anchors, dtype=torch.bool)
            goal = torch.zeros(images, anchors, 4)
        total = target.sum().clamp(1)
        bce = F.binary_cross_entropy_with_logits(x, target, reduction="sum") / total
        if not front.any():
            return images * 0.5 * bce
        weight = target.sum(-1)[front]
        wanted = (goal / self.stride)[front]
        box = ((1 - ciou(predicted[front], wanted)) * weight).sum() / total
        points = self.points.expand(images, -1, -1)[front]
        side = torch.cat([points - wanted[:, :2], wanted[:, 2:] - points], -1)
        side = side.clamp(0, self.bins - 1 - 0.01)
        low = side.long()
        share = side - low
        logits = z[front].view(-1, self.bins)
        entropy = F.cross_entropy(logits, low.view(-1), reduction="none") * (1 - share).view(-1)
        entropy = entropy + F.cross_entropy(
            logits, low.view(-1) + 1, reduction="none"
        ) * share.view(-1)
        dfl = (entropy.view(-1, 4).mean(-1) * weight).sum() / total
        return images * (7.5 * box + 0.5 * bce + 1.5 * dfl)
