"""Non-maximum suppression: one box at a time, as slow and as plain as it is described."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._common import as_float, quotient
from .._registry import criterion
from .pairwise import box_iou


def falling(scores: np.ndarray) -> np.ndarray:
    """Positions by falling score, equal ones by position."""
    if np.isnan(scores).any():
        raise ValueError(f"scores[{np.isnan(scores).argmax()}] is nan")
    return np.lexsort((np.arange(len(scores)), -scores.astype(np.longdouble)))


def ious(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """IoU of one box with others, in their dtype; NaN without areas."""
    with np.errstate(all="ignore"):
        sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
        inner = np.prod(np.maximum(sides, 0), axis=1)
        size, sizes = box[2:] - box[:2], boxes[:, 2:] - boxes[:, :2]
        return quotient(inner, size[0] * size[1] + sizes[:, 0] * sizes[:, 1] - inner)


def _boxes(boxes: Any) -> np.ndarray:
    b = as_float(boxes)
    return b.reshape(0, 4) if b.shape == (0,) else b


def _classes(idxs: Any, n: int) -> np.ndarray:
    return np.zeros(n, np.int64) if idxs is None else np.asarray(idxs, np.int64)


@criterion(formula="IoU > t with a box that stays: goes")
def nms(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """Of the boxes that stand take the best, strike those that overlap it; the threshold is met in
    double, whatever the dtype of the boxes."""
    b, s = _boxes(boxes), np.asarray(scores)
    order, kept = falling(s), []
    standing = np.ones(len(s), bool)
    for i in order:
        if not standing[i]:
            continue
        kept.append(i)
        standing[ious(b[i], b).astype(np.float64) > iou_threshold] = False
    return np.array(kept, np.int64)


@criterion(formula="nms within each class")
def batched_nms(boxes: Any, scores: Any, idxs: Any, iou_threshold: float) -> Any:
    """nms of every class, put together by falling score."""
    b, s = _boxes(boxes), np.asarray(scores)
    classes = _classes(idxs, len(s))
    chosen = np.zeros(len(s), bool)
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        chosen[members[nms(b[members], s[members], iou_threshold)]] = True
    return np.array([i for i in falling(s) if chosen[i]], np.int64)


@criterion(formula="overlaps[i, j] > t with an i that stays: j goes")
def nms_from_overlaps(overlaps: Any, scores: Any, threshold: float) -> Any:
    """nms with the overlaps given."""
    o, s = as_float(overlaps), np.asarray(scores)
    kept: list[int] = []
    for j in falling(s):
        if not any(float(o[i, j]) > threshold for i in kept):
            kept.append(j)
    return np.array(kept, np.int64)


@criterion(formula="nms by the IoU of rotated boxes")
def nms_rotated(
    boxes: Any, scores: Any, iou_threshold: float, *, idxs: Any = None, fmt: str = "cxcywhr"
) -> Any:
    """nms_from_overlaps of every class, with the matrix of the exact IoU."""
    width = 8 if fmt == "xyxyxyxy" else 5
    b, s = as_float(boxes).reshape(-1, width), np.asarray(scores)
    classes = _classes(idxs, len(s))
    chosen = np.zeros(len(s), bool)
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        overlaps = box_iou(b[members], b[members], fmt)
        chosen[members[nms_from_overlaps(overlaps, s[members], iou_threshold)]] = True
    return np.array([i for i in falling(s) if chosen[i]], np.int64)


def _by_score(keep: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.lexsort((keep, -scores))
    return keep[order].astype(np.int64), scores[order]


@criterion(formula="s ← s e^(-o²/σ), or s (1 - o) where o ≥ t")
def soft_nms(
    boxes: Any,
    scores: Any,
    *,
    idxs: Any = None,
    method: str = "gaussian",
    iou_threshold: float = 0.3,
    sigma: float = 0.5,
    score_threshold: float = 0.001,
) -> Any:
    """Take the best, fade the others, drop what is below the score threshold, repeat."""
    b = _boxes(boxes)
    s = np.array(scores, b.dtype)
    falling(s)
    classes = _classes(idxs, len(s))
    left = [i for i in range(len(s)) if s[i] >= score_threshold]
    keep, faded = [], []
    while left:
        best = max(left, key=lambda i: (s[i], -i))
        keep.append(best)
        faded.append(s[best])
        left.remove(best)
        o = np.nan_to_num(ious(b[best], b), nan=0.0)
        factor = np.exp(-o * o / b.dtype.type(sigma))
        if method == "linear":
            factor = np.where(o >= b.dtype.type(iou_threshold), 1 - o, 1)
        same = classes == classes[best]
        s = np.where(same, s * factor, s).astype(b.dtype)
        left = [i for i in left if s[i] >= score_threshold]
    return np.array(keep, np.int64), np.array(faded, b.dtype)


@criterion(formula="s ← s min_i f(o(i, j)) / f(max_k o(k, i))")
def matrix_nms(
    boxes: Any,
    scores: Any,
    *,
    idxs: Any = None,
    method: str = "gaussian",
    sigma: float = 2.0,
    score_threshold: float = 0.0,
    precomputed: bool = False,
) -> Any:
    """The whole matrix at once, its upper triangle by falling score (SOLOv2)."""
    b = as_float(boxes) if precomputed else _boxes(boxes)
    s = np.asarray(scores, b.dtype)
    order = falling(s)
    n = len(s)
    o = b if precomputed else np.array([ious(box, b) for box in b]).reshape(n, n)
    o = np.nan_to_num(o, nan=0.0)[np.ix_(order, order)]
    classes = _classes(idxs, n)[order]
    o = np.triu(np.where(classes[:, None] == classes, o, 0), 1)
    covered = o.max(axis=0, initial=0)[:, None]
    better = np.triu(np.ones((n, n), bool), 1)
    if method == "gaussian":
        fading = np.exp(-b.dtype.type(sigma) * (o * o - covered * covered))
    else:
        fading = quotient(1 - o, np.broadcast_to(1 - covered, o.shape))
    fading = np.where(better & ~np.isnan(fading), fading, 1).min(axis=0, initial=1)
    faded = np.empty(n, b.dtype)
    faded[order] = s[order] * fading
    keep = np.flatnonzero(faded >= score_threshold)
    return _by_score(keep, faded[keep])


def _fused_score(c: list[tuple], weights: np.ndarray, conf_type: str, overflow: bool) -> float:
    """The score of a cluster of (s, w, model, box, position)."""
    s = np.array([entry[0] for entry in c])
    w = np.array([entry[1] for entry in c])
    present = np.zeros(len(weights), bool)
    present[[entry[2] for entry in c]] = True
    if conf_type == "max":
        return s.max() / weights.max()
    if conf_type == "box_and_model_avg":
        return s.sum() / w.sum() * weights[present].sum() / weights.sum() if w.sum() else 0.0
    if conf_type == "absent_model_aware_avg":
        return s.sum() / (w.sum() + weights[~present].sum())
    count = len(c) if overflow else min(len(c), len(weights))
    return s.mean() * count / weights.sum()


@criterion(formula="Σ s box / Σ s over the boxes of a cluster")
def weighted_boxes_fusion(
    boxes_list: Any,
    scores_list: Any,
    labels_list: Any,
    weights: Any = None,
    iou_thr: float = 0.55,
    skip_box_thr: float = 0.0,
    conf_type: str = "avg",
    allows_overflow: bool = False,
) -> Any:
    """Boxes of all models by falling weighted score; each joins the cluster it fits best."""
    each = [_boxes(b) for b in boxes_list]
    dtype = np.float32 if all(b.dtype == np.float32 for b in each) else np.float64
    b = np.concatenate(each).astype(dtype)
    scores = np.concatenate([np.asarray(s, dtype).reshape(-1) for s in scores_list])
    labels = np.concatenate([np.asarray(c, np.int64).reshape(-1) for c in labels_list])
    models = np.repeat(np.arange(len(each)), [len(boxes) for boxes in each])
    w = np.ones(len(each)) if weights is None else np.asarray(weights, np.float64)
    s = (scores * w[models]).astype(dtype)
    rows = []
    for label in np.unique(labels):
        clusters: list[list[tuple]] = []
        fused = np.empty((0, 4), dtype)
        for i in falling(s):
            if labels[i] != label or scores[i] < skip_box_thr:
                continue
            o = np.nan_to_num(ious(b[i], fused), nan=0.0)
            at = int(o.argmax()) if len(o) and o.max() > iou_thr else len(clusters)
            if at == len(clusters):
                clusters.append([])
                fused = np.vstack([fused, b[i]])
            clusters[at].append((float(s[i]), w[models[i]], models[i], b[i].astype(np.float64), i))
            mass = sum(entry[0] for entry in clusters[at])
            if mass > 0 and len(clusters[at]) > 1:
                fused[at] = sum(entry[0] * entry[3] for entry in clusters[at]) / mass
        for c, box in zip(clusters, fused, strict=True):
            score = dtype(_fused_score(c, w, conf_type, allows_overflow))
            rows.append((score, c[0][4], box, label))
    rows.sort(key=lambda row: (-row[0], row[1]))
    return (
        np.array([row[2] for row in rows], dtype).reshape(-1, 4),
        np.array([row[0] for row in rows], dtype),
        np.array([row[3] for row in rows], np.int64),
    )
