"""The criterion of boxes with instance masks; prototypes are enlarged as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastloss.detection.results import SegmentationDetectionLoss

from .._common import as_float, bce_with_logits, sigmoid
from .._registry import criterion
from ._assign import alignment, best
from ._head import Anchors, anchors_of
from .criterion import Batch, Image, assigned_batch, box_parts, delivered


def bilinear(small: int, large: int, dtype: Any) -> np.ndarray:
    """(large, small): the matrix that enlarges an axis, with half-pixel centres."""
    at = np.maximum((np.arange(large) + 0.5) * (small / large) - 0.5, 0)
    low = np.minimum(np.floor(at).astype(int), small - 1)
    high = np.minimum(low + 1, small - 1)
    matrix = np.zeros((large, small), dtype)
    np.add.at(matrix, (np.arange(large), low), 1 - (at - low))
    np.add.at(matrix, (np.arange(large), high), at - low)
    return matrix


def nearest(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """An image in another size: the pixel at floor(i in / out) of either axis."""
    rows = np.arange(height) * image.shape[0] // height
    columns = np.arange(width) * image.shape[1] // width
    return image[np.ix_(rows, columns)]


def object_mask(maps: np.ndarray, overlapping: bool, b: int, image: Image, j: int) -> np.ndarray:
    """Where object j of image b is, in the size of the maps."""
    return maps[b] == j + 1 if overlapping else maps[image.rows[j]] != 0


def predicted_mask(coefficients: np.ndarray, proto: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Where the logits of one anchor are positive inside its box, given in cells of `proto`."""
    x1, y1, x2, y2 = box
    rows, columns = np.ogrid[: proto.shape[1], : proto.shape[2]]
    inside = (columns >= x1) & (columns < x2) & (rows >= y1) & (rows < y2)
    with np.errstate(invalid="ignore", over="ignore"):
        return inside & (np.tensordot(coefficients, proto, axes=1) > 0)


def mask_overlaps(
    image: Image, anchors: Anchors, coefficients: np.ndarray, proto: np.ndarray,
    masks: list[np.ndarray], pairs: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """(objects, anchors) IoU of masks where `pairs` is True, 0 elsewhere.

    `masks` are those of the objects, in the size of `proto`.
    """
    height, width = proto.shape[1:]
    cells = np.array([width, height], proto.dtype) / anchors.size  # per pixel
    boxes = image.predicted * anchors.stride[:, None] * np.tile(cells, 2)
    iou = np.zeros(pairs.shape, proto.dtype)
    for j, a in np.argwhere(pairs):
        own = predicted_mask(coefficients[:, a], proto, boxes[a])
        shared, either = (own & masks[j]).sum(), (own | masks[j]).sum()
        iou[j, a] = proto.dtype.type(shared) / proto.dtype.type(max(either, 1))
    return iou


def semantic_target(
    maps: np.ndarray, overlapping: bool, batch: Batch, shape: tuple[int, ...]
) -> np.ndarray:
    """(B, C, h, w): 1 for the class of the first object that covers the pixel, 0 elsewhere."""
    target = np.zeros(shape, batch.boxes.dtype)
    for b, image in enumerate(batch.images):
        classes = np.full(maps.shape[1:], -1)
        for j in reversed(range(len(image.rows))):  # so that the first is written last
            mask = object_mask(maps, overlapping, b, image, j)
            classes[mask] = batch.labels[image.rows[j]]
        classes = nearest(classes, *shape[2:])
        for c in range(shape[1]):
            target[b, c] = classes == c
    return target


def semantic_part(x: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    """Half the mean BCE and half the mean Dice loss of every image and class, and its gradient."""
    p = sigmoid(x)
    both = 2 * (p * t).sum(axis=(2, 3), keepdims=True, dtype=float) + 1
    each = (p + t).sum(axis=(2, 3), keepdims=True, dtype=float) + 1
    value = bce_with_logits(x, t).mean(dtype=float) + (1 - both / each).mean()
    by_dice = -(2 * t * each - both) / each**2 * p * (1 - p) / both.size
    return float(value) / 2, ((p - t) / x.size + by_dice) / 2


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
    mask_assignment: bool = False,
    sem: Any = None,
    sem_gain: float = 7.5,
    topk: int = 10,
    topk2: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    class_weight: Any = None,
    min_side: Sequence[float] = (16, 16),
    grad: Any = False,
) -> Any:
    """detection_loss, BCE of the foreground's masks in their boxes, and that of a semantic map."""
    c, p, maps = as_float(coefficients), as_float(proto), np.asarray(masks)
    x, labels = as_float(scores), np.asarray(cls).reshape(-1).astype(int)
    anchors = anchors_of(level_sizes, strides, p.dtype)

    def choose(
        b: int, image: Image, candidate: np.ndarray, overlap: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Half the overlap of boxes, and half that of masks for the best pairs by boxes."""
        goals = [
            nearest(object_mask(maps, overlapping, b, image, j), *p.shape[2:])
            for j in range(len(image.rows))
        ]
        metric = alignment(x[b][labels[image.rows]], overlap, alpha, beta) + p.dtype.type(1e-9)
        pairs = best(np.where(candidate, metric, 0), 3 * topk)
        return candidate, (overlap + mask_overlaps(image, anchors, c[b], p[b], goals, pairs)) / 2

    batch = assigned_batch(
        boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk, topk2, alpha, beta,
        min_side, choose=choose if mask_assignment else None,
    )  # fmt: skip
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
            mask = object_mask(maps, overlapping, b, image, j)
            logits = np.tensordot(c[b, :, anchor], large, axes=1)
            cells = height * width * (x2 - x1) * (y2 - y1)
            seg += float((inside * bce_with_logits(logits, mask)).sum(dtype=float) / cells)
            slope = gains[1] * images / (cells * n) * inside * (sigmoid(logits) - mask)
            c_grad[b, :, anchor] = np.tensordot(large, slope, axes=2)
            p_grad[b] += c[b, :, anchor][:, None, None] * (down.T @ slope @ across)
    seg = gains[1] * seg / max(n, 1)
    models, slopes = [boxes, scores, coefficients, proto], [z_grad, x_grad, c_grad, p_grad]
    semantic = 0.0
    if sem is not None:
        s = as_float(sem)
        s_grad = np.zeros_like(s)
        if n:
            target = semantic_target(maps, overlapping, batch, s.shape)
            semantic, slope = semantic_part(s, target)
            semantic, s_grad = sem_gain * semantic, sem_gain * images * slope
        models, slopes = [*models, sem], [*slopes, s_grad]
    total = images * (box + seg + bce + dfl + semantic)
    loss = SegmentationDetectionLoss(total, box, seg, bce, dfl, semantic)
    return delivered(loss, grad, models, slopes)
