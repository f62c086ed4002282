"""The criterion of boxes with instance masks; prototypes are enlarged as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastloss.detection.results import SegmentationDetectionLoss

from .._common import as_float, bce_with_logits, sigmoid
from .._registry import criterion
from .criterion import assigned_batch, box_parts, delivered


def bilinear(small: int, large: int, dtype: Any) -> np.ndarray:
    """(large, small): the matrix that enlarges an axis, with half-pixel centres."""
    at = np.maximum((np.arange(large) + 0.5) * (small / large) - 0.5, 0)
    low = np.minimum(np.floor(at).astype(int), small - 1)
    high = np.minimum(low + 1, small - 1)
    matrix = np.zeros((large, small), dtype)
    np.add.at(matrix, (np.arange(large), low), 1 - (at - low))
    np.add.at(matrix, (np.arange(large), high), at - low)
    return matrix


@criterion(
    formula="detection_loss + B 7.5 Σ mean [in box] BCE(Σ c·proto, mask) / area / n",
    gradients=4,
    result=SegmentationDetectionLoss,
)
def segmentation_detection_loss(
    boxes: Any,
    scores: Any,
    coefficients: Any,
    proto: Any,
    batch_idx: Any,
    cls: Any,
    bboxes: Any,
    masks: Any,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = (8, 16, 32),
    gains: Sequence[float] = (7.5, 7.5, 0.5, 1.5),
    overlapping: bool = True,
    topk: int = 10,
    topk2: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    class_weight: Any = None,
    min_side: Sequence[float] = (16, 16),
    grad: Any = False,
) -> Any:
    """detection_loss, and BCE of each foreground anchor's mask within its target's box."""
    batch = assigned_batch(
        boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk, topk2, alpha, beta,
        min_side,
    )  # fmt: skip
    c, p, maps = as_float(coefficients), as_float(proto), np.asarray(masks)
    box, dfl, z_grad = box_parts(batch, gains[0], gains[3])
    bce, x_grad = batch.class_part(gains[2], class_weight)
    images, n = len(c), sum(len(front) for _, _, front, _, _ in batch.fronts())
    seg = 0.0
    c_grad, p_grad = np.zeros_like(c), np.zeros_like(p)
    for b, image, front, owner, _ in batch.fronts():
        height, width = maps.shape[1:]
        down = bilinear(p.shape[2], height, p.dtype)
        across = bilinear(p.shape[3], width, p.dtype)
        large = down @ p[b] @ across.T
        rows, columns = np.arange(height)[:, None], np.arange(width)[None]
        for anchor, j in zip(front, owner, strict=True):
            x1, y1, x2, y2 = image.targets[j] / np.tile(batch.anchors.size, 2)
            inside = (columns >= x1 * width) & (columns < x2 * width)
            inside = inside & (rows >= y1 * height) & (rows < y2 * height)
            mask = maps[b] == j + 1 if overlapping else maps[image.rows[j]] != 0
            logits = np.tensordot(c[b, :, anchor], large, axes=1)
            cells = height * width * (x2 - x1) * (y2 - y1)
            seg += float((inside * bce_with_logits(logits, mask)).sum(dtype=float) / cells)
            slope = gains[1] * images / (cells * n) * inside * (sigmoid(logits) - mask)
            c_grad[b, :, anchor] = np.tensordot(large, slope, axes=2)
            p_grad[b] += c[b, :, anchor][:, None, None] * (down.T @ slope @ across)
    seg = gains[1] * seg / max(n, 1)
    total = images * (box + seg + bce + dfl)
    loss = SegmentationDetectionLoss(total, box, seg, bce, dfl)
    models, slopes = (boxes, scores, coefficients, proto), (z_grad, x_grad, c_grad, p_grad)
    return delivered(loss, grad, models, slopes)
