"""The criteria of YOLO11 and YOLO26, image by image, with every object against every anchor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastloss.detection.results import Assignment, DetectionLoss

from .._common import as_float, bce_with_logits, deliver, like, sigmoid, wanted
from .._registry import criterion
from ..boxes.aligned import bbox_iou
from ._assign import alignment, assign, inside_regions
from ._head import Anchors, anchors_of, bin_gradient, corners, distances, pixel_corners
from ._points import chooser, sigmas_of


@dataclass
class Image:
    """One image: its decoded output, its objects, and who learns what."""

    distances: np.ndarray  # (4, A)
    logp: np.ndarray | None  # (4, R, A)
    predicted: np.ndarray  # (A, 4) corners in strides
    rows: np.ndarray  # of its objects in the list
    targets: np.ndarray  # (n, 4) corners in pixels
    owner: np.ndarray = field(default_factory=lambda: np.empty(0))  # (A,) index into rows
    score: np.ndarray = field(default_factory=lambda: np.empty(0))  # (A,)


def _overlaps(objects: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """max(CIoU, 0) of every object with every prediction."""
    shape = (len(objects), len(predicted), 4)
    first, second = (np.broadcast_to(a, shape) for a in (objects[:, None], predicted[None]))
    ciou = bbox_iou(np.ascontiguousarray(first), second, kind="ciou")
    return np.where(ciou > 0, ciou, 0)


# From the number of an image, the image, and its (objects, anchors) candidates and overlaps to the
# candidates and overlaps that are used.
Choose = Callable[[int, Image, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def assigned_images(
    boxes: np.ndarray, scores: np.ndarray, batch_idx: Any, cls: Any, bboxes: Any, anchors: Anchors,
    topk: int, topk2: int | None, alpha: float, beta: float, min_side: tuple[float, float],
    choose: Choose | None = None,
) -> list[Image]:  # fmt: skip
    image_of = np.asarray(batch_idx).reshape(-1).astype(int)
    labels = np.asarray(cls).reshape(-1).astype(int)
    targets = like(bboxes, boxes).reshape(-1, 4)
    px, py = anchors.x * anchors.stride, anchors.y * anchors.stride
    images = []
    for b in range(len(boxes)):
        d, logp = distances(boxes[b])
        image = Image(d, logp, corners(d, anchors), np.flatnonzero(image_of == b), np.empty((0, 4)))
        image.targets = pixel_corners(targets[image.rows], anchors.size)
        candidate = inside_regions(image.targets, px, py, min_side)
        overlap = _overlaps(image.targets, image.predicted * anchors.stride[:, None])
        if choose:
            candidate, overlap = choose(b, image, candidate, overlap)
        overlap = np.where(candidate, overlap, 0).astype(boxes.dtype)
        metric = alignment(scores[b][labels[image.rows]], overlap, alpha, beta)
        metric = np.where(candidate, metric, 0)
        image.owner, image.score = assign(overlap, metric, topk, topk2)
        images.append(image)
    return images


def sides(
    image: Image, front: np.ndarray, wanted_distances: np.ndarray, anchors: Anchors
) -> tuple[np.ndarray, np.ndarray]:
    """Loss per anchor of the sides and its derivative by the logits, (n,) and (4, R or 1, n)."""
    d = image.distances[:, front]
    if image.logp is None:
        unit = anchors.stride[front] / np.tile(anchors.size, 2)[:, None]
        gap = d * unit - wanted_distances * unit
        return np.abs(gap).mean(axis=0), (np.sign(gap) * unit / 4)[:, None]
    logp = image.logp[:, :, front]
    bins = logp.shape[1]
    clipped = np.clip(wanted_distances, 0, bins - 1 - 0.01).astype(d.dtype)
    k = np.floor(clipped).astype(int)
    right = clipped - k
    target = np.zeros_like(logp)
    np.put_along_axis(target, k[:, None], (1 - right)[:, None], axis=1)
    np.put_along_axis(target, k[:, None] + 1, right[:, None], axis=1)
    with np.errstate(invalid="ignore"):
        value = -np.where(target > 0, target * logp, 0).sum(axis=1).mean(axis=0)
    return value, (np.exp(logp) - target) / 4


def by_sides(corner_slopes: np.ndarray) -> np.ndarray:
    """(n, 4) derivatives by corners to (4, n) by the distances."""
    return corner_slopes.T * np.array([-1, -1, 1, 1], corner_slopes.dtype)[:, None]


@dataclass
class Batch:
    """What the parts of a criterion share: arrays, anchors, assigned images, the sum of scores."""

    boxes: np.ndarray
    scores: np.ndarray
    anchors: Anchors
    images: list[Image]
    labels: np.ndarray
    factor: float = 1.0

    @property
    def total(self) -> float:
        return max(sum(float(image.score.sum(dtype=float)) for image in self.images), 1.0)

    @property
    def scale(self) -> float:
        """Of every gradient: that of images * factor * item, whose sums are divided by `total`."""
        return len(self.boxes) * self.factor / self.total

    def fronts(self) -> Any:
        """(image number, image, foreground anchors, their objects, their scores)."""
        for b, image in enumerate(self.images):
            front = np.flatnonzero(image.owner >= 0)
            if len(front):
                yield b, image, front, image.owner[front], image.score[front]

    def class_part(self, gain: float, class_weight: Any) -> tuple[float, np.ndarray]:
        """BCE of every logit against its target score, and the gradient."""
        x = self.scores
        weight = np.ones(x.shape[1]) if class_weight is None else np.asarray(class_weight, float)
        target = np.zeros_like(x)
        for b, image, front, owner, w in self.fronts():
            target[b, self.labels[image.rows[owner]], front] = w
        each = weight[None, :, None]
        value = float((each * bce_with_logits(x, target)).sum(dtype=float))
        return gain * value / self.total, each * (sigmoid(x) - target) * (gain * self.scale)


def assigned_batch(
    boxes: Any, scores: Any, batch_idx: Any, cls: Any, bboxes: Any, level_sizes: Any, strides: Any,
    topk: int, topk2: int | None, alpha: float, beta: float, min_side: Any, factor: float = 1.0,
    choose: Choose | None = None,
) -> Batch:  # fmt: skip
    """Everything up to the assignment."""
    z, x = as_float(boxes), as_float(scores)
    anchors = anchors_of(level_sizes, strides, z.dtype)
    images = assigned_images(
        z, x, batch_idx, cls, bboxes, anchors, topk, topk2, alpha, beta, min_side, choose
    )
    return Batch(z, x, anchors, images, np.asarray(cls).reshape(-1).astype(int), factor)


def box_parts(batch: Batch, box_gain: float, dfl_gain: float) -> tuple[float, float, np.ndarray]:
    """CIoU and DFL (or L1) of the foreground, and the derivative of both by the box logits."""
    z, anchors = batch.boxes, batch.anchors
    z_grad = np.zeros_like(z)
    box = dfl = 0.0
    for b, image, front, owner, w in batch.fronts():
        wanted_box = image.targets[owner] / anchors.stride[front, None]
        ciou, slope = bbox_iou(image.predicted[front], wanted_box, kind="ciou", grad=True)
        box += float((w * (1 - ciou)).sum(dtype=float))
        ax, ay = anchors.x[front], anchors.y[front]
        x1, y1, x2, y2 = wanted_box.T
        goal = np.stack([ax - x1, ay - y1, x2 - ax, y2 - ay])
        value, by_logit = sides(image, front, goal, anchors)
        dfl += float((w * value).sum(dtype=float))

        logp = None if image.logp is None else image.logp[:, :, front]
        by_distance = by_sides(-slope) * (box_gain * batch.scale * w)
        z_front = z[b][:, front]
        slope_box = bin_gradient(z_front, image.distances[:, front], logp, by_distance)
        slope_dfl = by_logit.reshape(z_front.shape) * (dfl_gain * batch.scale * w)
        z_grad[b][:, front] = slope_box + slope_dfl
    return box_gain * box / batch.total, dfl_gain * dfl / batch.total, z_grad


def delivered(loss: Any, grad: Any, models: Any, slopes: Any) -> Any:
    """The loss, and where asked for the gradients in new arrays or buffers."""
    if not wanted(grad):
        return loss
    requests = (True,) * len(slopes) if grad is True else grad
    triples = zip(requests, slopes, models, strict=True)
    return loss, tuple(
        deliver(request, slope, as_float(model)) for request, slope, model in triples
    )


@criterion(
    formula="B (7.5 Σw(1−CIoU) + 0.5 ΣBCE + 1.5 Σw DFL) / max(Σw, 1)",
    gradients=2,
    result=DetectionLoss,
)
def detection_loss(
    boxes: Any,
    scores: Any,
    batch_idx: Any,
    cls: Any,
    bboxes: Any,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = (8, 16, 32),
    gains: Sequence[float] = (7.5, 0.5, 1.5),
    topk: int = 10,
    topk2: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    class_weight: Any = None,
    min_side: Sequence[float] = (16, 16),
    grad: Any = False,
) -> Any:
    """Task-aligned assignment, then CIoU, class BCE and distribution focal (or L1) loss."""
    batch = assigned_batch(
        boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk, topk2, alpha, beta,
        min_side,
    )  # fmt: skip
    box, dfl, by_boxes = box_parts(batch, gains[0], gains[2])
    bce, by_scores = batch.class_part(gains[1], class_weight)
    loss = DetectionLoss(len(batch.boxes) * (box + bce + dfl), box, bce, dfl)
    return delivered(loss, grad, (boxes, scores), (by_boxes, by_scores))


@criterion(
    formula="w₀ detection_loss(one2many) + w₁ detection_loss(one2one)",
    gradients=4,
    result=DetectionLoss,
)
def end_to_end_detection_loss(
    one2many: tuple[Any, Any],
    one2one: tuple[Any, Any],
    batch_idx: Any,
    cls: Any,
    bboxes: Any,
    *,
    weights: Sequence[float] = (0.8, 0.2),
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = (8, 16, 32),
    gains: Sequence[float] = (7.5, 0.5, 1.5),
    topk: Sequence[int] = (10, 7),
    topk2: Sequence[int | None] = (None, 1),
    alpha: float = 0.5,
    beta: float = 6.0,
    class_weight: Any = None,
    min_side: Sequence[float] = (16, 16),
    grad: Any = False,
) -> Any:
    """The weighted sum of the criterion of two heads; the items are those of one2one."""
    total, loss, grads = 0.0, DetectionLoss(0.0, 0.0, 0.0, 0.0), []
    for i, (boxes, scores) in enumerate((one2many, one2one)):
        batch = assigned_batch(
            boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk[i], topk2[i], alpha,
            beta, min_side, weights[i],
        )  # fmt: skip
        box, dfl, by_boxes = box_parts(batch, gains[0], gains[2])
        bce, by_scores = batch.class_part(gains[1], class_weight)
        total += weights[i] * len(batch.boxes) * (box + bce + dfl)
        loss = DetectionLoss(total, box, bce, dfl)
        request = grad if isinstance(grad, bool) else grad[i]
        slopes = (by_boxes, by_scores)
        grads.append(delivered(loss, request, (boxes, scores), slopes)[-1])
    return (loss, tuple(grads)) if wanted(grad) else loss


@criterion(formula="0.1 + 0.7 max(1 − e/(E−1), 0), and 1 minus that")
def end_to_end_weights(epoch: float, epochs: float) -> tuple[float, float]:
    """Factors of the two heads, after `epoch` of `epochs`."""
    many = 0.1 + 0.7 * max(1 - epoch / max(epochs - 1, 1), 0)
    return many, max(1 - many, 0)


@criterion(formula="argmax over objects of p^α CIoU^β, topk anchors each")
def task_aligned_assign(
    boxes: Any,
    scores: Any,
    batch_idx: Any,
    cls: Any,
    bboxes: Any,
    *,
    level_sizes: Sequence[Sequence[int]],
    strides: Sequence[float] = (8, 16, 32),
    keypoints: Any = None,
    target_keypoints: Any = None,
    sigmas: Any = None,
    decode: str = "cell",
    level_range: Sequence[float] | None = None,
    topk: int = 10,
    topk2: int | None = None,
    alpha: float = 0.5,
    beta: float = 6.0,
    min_side: Sequence[float] = (16, 16),
) -> Any:
    """(object, score) of every anchor (Feng et al. 2021); objects by their row in the list."""
    raw = points = sigma = None
    if keypoints is not None:
        raw = as_float(keypoints)
        points = like(target_keypoints, raw)
        sigma = sigmas_of(sigmas, points.shape[1] if points.ndim == 3 else 1)
    anchors = anchors_of(level_sizes, strides, as_float(boxes).dtype)
    choose = chooser(raw, points, sigma, anchors, decode, raw is not None, level_range)
    batch = assigned_batch(
        boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, topk, topk2, alpha, beta,
        min_side, choose=choose,
    )  # fmt: skip
    index = np.full((len(batch.boxes), batch.boxes.shape[2]), -1)
    score = np.zeros_like(index, dtype=batch.boxes.dtype)
    for b, image in enumerate(batch.images):
        front = image.owner >= 0
        index[b, front] = image.rows[image.owner[front]]
        score[b] = image.score
    return Assignment(index, score)
