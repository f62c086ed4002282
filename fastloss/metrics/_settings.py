"""Thresholds, limits and ranges of an evaluation by COCO's rules, and the call that they go to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastloss import _core
from fastloss.metrics._result import CocoResult, Doubles

IOU_TYPES = ("bbox", "segm", "keypoints")
_RANGES = {
    "all": (0.0, 1e10),
    "small": (0.0, 1024.0),
    "medium": (1024.0, 9216.0),
    "large": (9216.0, 1e10),
}
# Of nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles (COCO 2016).
_SIGMAS = [0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62]
_SIGMAS += [1.07, 1.07, 0.87, 0.87, 0.89, 0.89]
_RECALLS = np.linspace(0, 1, 101)

Arrays = dict[str, NDArray[Any]]


class Settings(NamedTuple):
    iou_type: str
    thresholds: Doubles
    max_dets: tuple[int, ...]
    sigmas: Doubles


def settings(iou_type: Any, iou_thresholds: Any, max_dets: Any, sigmas: Any) -> Settings:
    """Check what the caller chose and fill in what COCO chooses."""
    if not isinstance(iou_type, str) or iou_type not in IOU_TYPES:
        raise ValueError(f"iou_type is {iou_type!r}; expected 'bbox', 'segm' or 'keypoints'")
    keypoints = iou_type == "keypoints"
    thresholds = np.linspace(0.5, 0.95, 10)
    if iou_thresholds is not None:
        thresholds = _numbers("iou_thresholds", iou_thresholds)
        if not ((thresholds >= 0) & (thresholds <= 1)).all() or (np.diff(thresholds) <= 0).any():
            raise ValueError(f"iou_thresholds is {iou_thresholds!r}; expected ascending in [0, 1]")
    limits: tuple[int, ...] = (20,) if keypoints else (1, 10, 100)
    if max_dets is not None:
        expected = len(limits)
        try:
            given = tuple(np.asarray(max_dets).tolist())
        except (TypeError, ValueError):
            given = ()
        whole = all(isinstance(limit, int) and not isinstance(limit, bool) for limit in given)
        if len(given) != expected or not whole or sorted({0, *given}) != [0, *given]:
            raise ValueError(
                f"max_dets is {max_dets!r}; expected {expected} ascending integers above 0"
            )
        limits = given
    widths = np.array(_SIGMAS) / 10 if keypoints else np.empty(0)
    if sigmas is not None:
        if not keypoints:
            raise ValueError(f"sigmas belong to iou_type 'keypoints', but iou_type is {iou_type!r}")
        widths = _numbers("sigmas", sigmas)
        if not (np.isfinite(widths) & (widths > 0)).all():
            raise ValueError(f"sigmas is {sigmas!r}; expected finite numbers above 0")
    return Settings(iou_type, thresholds, limits, widths)


def _numbers(name: str, given: Any) -> Doubles:
    try:
        array = np.array(given, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{name} is {given!r}; expected numbers, at least one")
    return array


def evaluate(
    chosen: Settings,
    n_images: int,
    categories: Mapping[Any, str],
    dt: Arrays,
    gt: Arrays,
    unlisted: dict[str, int],
) -> CocoResult:
    """The result for arrays of detections and of objects, in the order of the images."""
    areas = tuple(n for n in _RANGES if n != "small" or chosen.iou_type != "keypoints")
    precision, scores, recall = _core.coco(
        chosen.iou_type,
        n_images,
        len(categories),
        dt,
        gt,
        chosen.sigmas,
        chosen.thresholds,
        _RECALLS,
        np.array([_RANGES[n] for n in areas]),
        np.array(chosen.max_dets),
    )
    return CocoResult(
        chosen.iou_type,
        precision,
        recall,
        scores,
        category_ids=list(categories),
        category_names=list(categories.values()),
        iou_thresholds=chosen.thresholds,
        max_dets=chosen.max_dets,
        areas=areas,
        n_images=n_images,
        n_objects=len(gt["image"]),
        n_detections=len(dt["image"]),
        unlisted=unlisted,
    )
