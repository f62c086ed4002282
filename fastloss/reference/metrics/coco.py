"""COCO's mean average precision, one detection at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

RANGES = {"all": (0, 1e10), "small": (0, 1024), "medium": (1024, 9216), "large": (9216, 1e10)}


def box_overlap(dt: Any, gt: Any, crowd: bool) -> float:
    """Boxes x, y, width, height; of a crowd the detection's area is the union."""
    w = min(dt[0] + dt[2], gt[0] + gt[2]) - max(dt[0], gt[0])
    h = min(dt[1] + dt[3], gt[1] + gt[3]) - max(dt[1], gt[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = dt[2] * dt[3]
    return w * h / (area if crowd else area + gt[2] * gt[3] - w * h)


def mask_overlap(dt: np.ndarray, gt: np.ndarray, crowd: bool) -> float:
    """Masks of bool; -1 if they are of different images."""
    if dt.shape != gt.shape:
        return -1.0
    both = (dt & gt).sum()
    return float(both / (dt if crowd else dt | gt).sum()) if both else 0.0


def keypoint_similarity(dt: Any, gt: dict, sigmas: Any) -> float:
    """Mean of exp(-d^2 / (2 (2 sigma)^2 area)) over the labelled points."""
    x, y, v = np.asarray(gt["keypoints"], float).reshape(-1, 3).T
    xd, yd = np.asarray(dt, float).reshape(-1, 3).T[:2]
    left, top, width, height = gt["bbox"]
    labelled = v > 0
    if labelled.any():
        dx, dy = xd - x, yd - y
    else:
        dx = np.maximum(0, left - width - xd) + np.maximum(0, xd - (left + 2 * width))
        dy = np.maximum(0, top - height - yd) + np.maximum(0, yd - (top + 2 * height))
        labelled = np.ones(len(v), bool)
    e = (dx**2 + dy**2) / (2 * np.asarray(sigmas)) ** 2 / (gt["area"] + np.spacing(1)) / 2
    return float(np.exp(-e[labelled]).mean())


def _match(dts: list, gts: list, overlaps: np.ndarray, limits: tuple, threshold: float) -> tuple:
    """For detections by score: is it matched, is it ignored. For objects: are they ignored."""
    low, high = limits
    ignored = [bool(g["ignore"]) or g["area"] < low or g["area"] > high for g in gts]
    order = sorted(range(len(gts)), key=lambda g: ignored[g])
    taken = [False] * len(gts)
    matched, dt_ignored = [], []
    for d, dt in enumerate(dts):
        best, found = min(threshold, 1 - 1e-10), None
        for g in order:
            if taken[g] and not gts[g]["iscrowd"]:
                continue
            if found is not None and not ignored[found] and ignored[g]:
                break
            if overlaps[d, g] >= best:
                best, found = overlaps[d, g], g
        matched.append(found is not None)
        if found is None:
            dt_ignored.append(dt["area"] < low or dt["area"] > high)
        else:
            taken[found] = True
            dt_ignored.append(ignored[found])
    return matched, dt_ignored, ignored


def coco_evaluate(
    gts: list[dict],
    dts: list[dict],
    image_ids: list,
    category_ids: list,
    *,
    iou_type: str = "bbox",
    thresholds: Any = None,
    max_dets: tuple = (1, 10, 100),
    areas: tuple = ("all", "small", "medium", "large"),
    sigmas: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(precision (T, R, K, A, M), recall (T, K, A, M)).

    Objects have image_id, category_id, area, iscrowd, ignore; detections image_id, category_id,
    area, score; both have bbox, or segmentation as a mask of bool, or keypoints.
    """
    thresholds = np.linspace(0.5, 0.95, 10) if thresholds is None else np.asarray(thresholds)
    recalls = np.linspace(0, 1, 101)
    cells = (len(category_ids), len(areas), len(max_dets))
    precision = -np.ones((len(thresholds), len(recalls), *cells))
    recall = -np.ones((len(thresholds), *cells))

    def overlap(dt: dict, gt: dict) -> float:
        if iou_type == "bbox":
            return box_overlap(dt["bbox"], gt["bbox"], gt["iscrowd"])
        if iou_type == "segm":
            return mask_overlap(dt["segmentation"], gt["segmentation"], gt["iscrowd"])
        return keypoint_similarity(dt["keypoints"], gt, sigmas)

    for k, category in enumerate(category_ids):
        images = []
        for image in sorted(image_ids):
            key = (image, category)
            of_image = [
                [a for a in side if (a["image_id"], a["category_id"]) == key] for side in (gts, dts)
            ]
            objects, found = of_image
            found = sorted(found, key=lambda d: -d["score"])[: max_dets[-1]]
            overlaps = np.array([[overlap(d, g) for g in objects] for d in found])
            images.append((objects, found, overlaps.reshape(len(found), len(objects))))
        for a, area in enumerate(areas):
            for t, threshold in enumerate(thresholds):
                matches = [_match(d, g, o, RANGES[area], threshold) for g, d, o in images]
                n = sum(not i for _, _, ignored in matches for i in ignored)
                for m, limit in enumerate(max_dets):
                    if n:
                        curve = _curve(images, matches, limit, n, recalls)
                        precision[t, :, k, a, m], recall[t, k, a, m] = curve
    return precision, recall


def _curve(images: list, matches: list, limit: int, n: int, recalls: np.ndarray) -> tuple:
    """Precision at points of recall, and the largest recall, of detections by score."""
    flags = [
        (d["score"], hit, ignored)
        for (_, found, _), (hits, ignores, _) in zip(images, matches, strict=True)
        for d, hit, ignored in list(zip(found, hits, ignores, strict=True))[:limit]
    ]
    flags = [f for f in sorted(flags, key=lambda f: -f[0]) if not f[2]]
    tp = np.cumsum([hit for _, hit, _ in flags])
    fp = np.cumsum([not hit for _, hit, _ in flags])
    rc, pr = tp / n, tp / (fp + tp + np.spacing(1))
    best = [max((p for p, r in zip(pr, rc, strict=True) if r >= x), default=0.0) for x in recalls]
    return best, rc[-1] if len(rc) else 0.0


def rasterize(polygons: list, height: int, width: int) -> np.ndarray:
    """The union of polygons as a mask of bool, as the COCO mask API draws it."""
    mask = np.zeros((height, width), bool)
    for polygon in polygons:
        corners = np.trunc(5 * np.asarray(polygon, float).reshape(-1, 2) + 0.5).astype(int)
        walk: list[tuple[int, int]] = []
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            walk += _steps(int(x0), int(y0), int(x1), int(y1))
        changes = np.zeros(height * width + 1, bool)
        for (x0, y0), (x1, y1) in zip(walk, walk[1:], strict=False):
            column, row = (min(x0, x1) + 0.5) / 5 - 0.5, (min(y0, y1) + 0.5) / 5 - 0.5
            if x0 != x1 and column == np.floor(column) and 0 <= column <= width - 1:
                changes[int(column) * height + int(np.ceil(np.clip(row, 0, height)))] ^= True
        inside = np.logical_xor.accumulate(changes[:-1])
        mask |= inside.reshape(width, height).T
    return mask


def _steps(x0: int, y0: int, x1: int, y1: int) -> list[tuple[int, int]]:
    """The points of the fine grid from corner to corner, along the longer axis."""
    dx, dy = abs(x1 - x0), abs(y1 - y0)
    if dx < dy:
        return [(x, y) for y, x in _steps(y0, x0, y1, x1)]
    left, start, right, end = (x0, y0, x1, y1) if x0 <= x1 else (x1, y1, x0, y0)
    slope = (end - start) / dx if dx else 0.0
    points = [(left + t, int(start + slope * t + 0.5)) for t in range(right - left + 1)]
    return points if x0 <= x1 else points[::-1]
