"""From the raw output of a detector to boxes in the pixels of an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import as_float, softmax
from .._registry import criterion
from .suppression import batched_nms, falling
from .transforms import box_convert


@criterion(formula="score > conf, then nms")
def non_max_suppression(
    prediction: Any,
    *,
    conf_threshold: float = 0.25,
    iou_threshold: float = 0.45,
    classes: Any = None,
    agnostic: bool = False,
    multi_label: bool = False,
    max_det: int | None = None,
    max_candidates: int | None = None,
    num_classes: int | None = None,
    fmt: str = "cxcywh",
    return_index: bool = False,
    return_counts: bool = False,
) -> Any:
    """One image at a time; candidates by class, then by anchor."""
    p = as_float(prediction)
    count = num_classes or p.shape[1] - 4
    wanted = np.arange(count) if classes is None else np.atleast_1d(np.asarray(classes, np.int64))
    rows, index, counts = [], [], []
    for image in p:
        scores = image[4 : 4 + count].astype(np.float64)
        if multi_label:
            labels, anchors = np.nonzero(scores > conf_threshold)
        else:
            anchors = np.flatnonzero(scores.max(axis=0) > conf_threshold)
            labels = scores[:, anchors].argmax(axis=0)
        chosen = np.isin(labels, wanted)
        labels, anchors = labels[chosen], anchors[chosen]
        found = len(anchors)
        if max_candidates is not None and found > max_candidates:
            best = np.sort(falling(image[4 + labels, anchors])[:max_candidates])
            labels, anchors = labels[best], anchors[best]
        boxes = box_convert(image[:4, anchors].T, fmt, "xyxy")
        score = image[4 + labels, anchors]
        keep = batched_nms(
            boxes, score, np.zeros_like(labels) if agnostic else labels, iou_threshold
        )
        survivors = len(keep)
        keep = keep[:max_det]
        rows.append(np.column_stack([boxes[keep], score[keep], labels[keep]]).astype(p.dtype))
        index.append(anchors[keep].astype(np.int64))
        counts.append((found, survivors, len(keep)))
    more = ((index,) if return_index else ()) + (
        (np.array(counts, np.int64).reshape(-1, 3),) if return_counts else ()
    )
    return (rows, *more) if more else rows


@criterion(formula="s (x - l, y - t, x + r, y + b), d = Σ k softmax_k(z)")
def decode_boxes(
    boxes: Any,
    *,
    level_sizes: Any,
    strides: Any,
    fmt: str = "xyxy",
    channels_first: bool = False,
) -> Any:
    """Anchor points of all levels, expected distances, corners."""
    b = as_float(boxes)
    batch, channels, anchors = b.shape
    x, y, s = [], [], []
    for (height, width), stride in zip(level_sizes, strides, strict=True):
        rows, columns = np.mgrid[:height, :width]
        x += (columns.ravel() + 0.5).tolist()
        y += (rows.ravel() + 0.5).tolist()
        s += [stride] * (height * width)
    px, py, stride = (np.array(v, b.dtype) for v in (x, y, s))
    sides = b.reshape(batch, 4, channels // 4, anchors)
    bins = np.arange(channels // 4, dtype=b.dtype)[:, None]
    d = sides[:, :, 0] if channels == 4 else (softmax(sides, 2) * bins).sum(axis=2)
    corners = [px - d[:, 0], py - d[:, 1], px + d[:, 2], py + d[:, 3]]
    out = np.stack([corner * stride for corner in corners], axis=-1).astype(b.dtype)
    out = box_convert(out, "xyxy", fmt)
    return np.ascontiguousarray(np.moveaxis(out, 1, 2)) if channels_first else out


def _sides(shape: Any) -> tuple[int, int]:
    return (int(shape), int(shape)) if np.ndim(shape) == 0 else (int(shape[0]), int(shape[1]))


@criterion(formula="ratio = min(new h / h, new w / w)")
def letterbox(
    image_shape: Any,
    new_shape: Any = 640,
    *,
    scale_up: bool = True,
    center: bool = True,
    stride: int | None = None,
) -> Any:
    """(ratio, (height, width), (top, bottom, left, right))."""
    (h, w), (new_h, new_w) = _sides(image_shape), _sides(new_shape)
    ratio = min(new_h / h, new_w / w)
    if not scale_up:
        ratio = min(ratio, 1.0)
    size = max(int(h * ratio + 0.5), 1), max(int(w * ratio + 0.5), 1)
    rest = [new_h - size[0], new_w - size[1]]
    if stride:
        rest = [side % stride for side in rest]
    before = [side // 2 if center else 0 for side in rest]
    return ratio, size, (before[0], rest[0] - before[0], before[1], rest[1] - before[1])


@criterion(formula="x = (x - padding) / ratio")
def scale_boxes(
    boxes: Any,
    from_shape: Any,
    to_shape: Any,
    *,
    padded: bool = True,
    scale_up: bool = True,
    center: bool = True,
    clip: bool = True,
) -> Any:
    """The inverse of letterbox, for corners."""
    b = as_float(boxes)
    (h, w), (to_h, to_w) = _sides(from_shape), _sides(to_shape)
    gain, shift = np.array([w / to_w, h / to_h] * 2), np.zeros(4)
    if padded:
        ratio, _, padding = letterbox((to_h, to_w), (h, w), scale_up=scale_up, center=center)
        gain, shift = np.full(4, ratio), np.array([padding[2], padding[0]] * 2)
    corners = (b[..., :4] - shift.astype(b.dtype)) / gain.astype(b.dtype)
    if clip:
        corners = np.clip(corners, 0, np.array([to_w, to_h] * 2, b.dtype))
    return np.concatenate([corners, b[..., 4:]], axis=-1).astype(b.dtype)
