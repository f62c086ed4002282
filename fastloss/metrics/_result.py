"""What an evaluation by COCO's rules gives."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CocoResult"]

Doubles = NDArray[np.float64]


class Number(NamedTuple):
    """One of the numbers of a summary; `limit` is the place among the limits of detections."""

    name: str
    precision: bool
    threshold: float | None
    area: str
    limit: int


_DETECTION = (
    Number("AP", True, None, "all", -1),
    Number("AP50", True, 0.5, "all", -1),
    Number("AP75", True, 0.75, "all", -1),
    Number("AP_small", True, None, "small", -1),
    Number("AP_medium", True, None, "medium", -1),
    Number("AP_large", True, None, "large", -1),
    Number("AR_first", False, None, "all", 0),
    Number("AR_second", False, None, "all", 1),
    Number("AR", False, None, "all", -1),
    Number("AR_small", False, None, "small", -1),
    Number("AR_medium", False, None, "medium", -1),
    Number("AR_large", False, None, "large", -1),
)
_KEYPOINTS = (
    *(n for n in _DETECTION if n.precision and n.area != "small"),
    Number("AR", False, None, "all", -1),
    Number("AR50", False, 0.5, "all", -1),
    Number("AR75", False, 0.75, "all", -1),
    *(n for n in _DETECTION if not n.precision and n.area in ("medium", "large")),
)


class CocoResult:
    """Mean average precision and recall; printed, it is the table of pycocotools.

    Attributes
    ----------
    stats : ndarray of 12 numbers, of 10 for keypoints
        In the order of the table. -1 where there is no object.
    names : tuple of str
        What they are: "AP", "AP50", ..., "AR_large"; `result["AP50"]` is one of them.
    precision, scores : ndarray (T, R, K, A, M)
        Precision at every threshold of overlap, point of recall, category, range of areas and
        limit of detections per image, and the score at which it is reached. -1 without objects.
    recall : ndarray (T, K, A, M)
        The largest recall.
    category_ids, category_names : list
        The K categories, in ascending order of id.
    iou_thresholds : ndarray (T,)
    max_dets : tuple of int (M,)
    areas : tuple of str (A,)
        The names of the ranges of areas.
    iou_type : str
        "bbox", "segm" or "keypoints".
    n_images, n_objects, n_detections : int
        What was evaluated.
    unlisted : dict of str to int
        How much was left out, as pycocotools leaves it out: "objects" and "detections" of
        categories that are not listed, and "objects" of images that are not.
    """

    def __init__(
        self,
        iou_type: str,
        precision: Doubles,
        recall: Doubles,
        scores: Doubles,
        *,
        category_ids: list[Any],
        category_names: list[str],
        iou_thresholds: Doubles,
        max_dets: tuple[int, ...],
        areas: tuple[str, ...],
        n_images: int,
        n_objects: int,
        n_detections: int,
        unlisted: dict[str, int],
    ) -> None:
        self.iou_type = iou_type
        self.precision, self.recall, self.scores = precision, recall, scores
        self.category_ids, self.category_names = category_ids, category_names
        self.iou_thresholds, self.max_dets, self.areas = iou_thresholds, max_dets, areas
        self.n_images, self.n_objects, self.n_detections = n_images, n_objects, n_detections
        self.unlisted = unlisted
        self._numbers = _KEYPOINTS if iou_type == "keypoints" else _DETECTION
        self.names = tuple(self._name(n) for n in self._numbers)
        self.stats = np.array([self._mean(n) for n in self._numbers])

    def _name(self, number: Number) -> str:
        """AR at the first limits is called by them: AR1, AR10."""
        return number.name if number.limit < 0 else f"AR{self.max_dets[number.limit]}"

    def _mean(self, number: Number, category: int | None = None) -> float:
        table = self.precision if number.precision else self.recall
        if number.threshold is not None:
            table = table[self.iou_thresholds == number.threshold]
        area = self.areas.index(number.area)
        # The order of the elements is that of pycocotools: so is the rounding of their mean.
        values = table[..., area, number.limit]
        if category is not None:
            values = values[..., category]
        values = values[values > -1]
        return float(np.mean(values)) if len(values) else -1.0

    @property
    def ap(self) -> float:
        """Average precision over all thresholds, the first of the numbers."""
        return float(self.stats[0])

    @property
    def per_class(self) -> dict[Hashable, float]:
        """Average precision of every category by its id; -1 for one without objects."""
        number = self._numbers[0]
        return {
            identity: self._mean(number, category=k) for k, identity in enumerate(self.category_ids)
        }

    def as_dict(self) -> dict[str, float]:
        """The numbers by their names."""
        return dict(zip(self.names, self.stats.tolist(), strict=True))

    def __getitem__(self, name: str) -> float:
        if name not in self.names:
            raise KeyError(f"{name!r}; expected one of {', '.join(self.names)}")
        return float(self.stats[self.names.index(name)])

    def _line(self, number: Number, value: float) -> str:
        title = "Average Precision  (AP)" if number.precision else "Average Recall     (AR)"
        first, last = self.iou_thresholds[0], self.iou_thresholds[-1]
        overlap = f"{first:0.2f}:{last:0.2f}" if number.threshold is None else ""
        overlap = overlap or f"{number.threshold:0.2f}"
        limit = self.max_dets[number.limit]
        return (
            f" {title} @[ IoU={overlap:<9} | area={number.area:>6s} | maxDets={limit:>3d} ]"
            f" = {value:0.3f}"
        )

    def __str__(self) -> str:
        return "\n".join(map(self._line, self._numbers, self.stats.tolist()))

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name}={value:.4f}" for name, value in self.as_dict().items())
        return f"CocoResult({self.iou_type}: {numbers})"
