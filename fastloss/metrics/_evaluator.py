"""COCO's mean average precision of arrays, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastloss import _core
from fastloss.boxes import box_area, box_convert
from fastloss.metrics._columns import ascending, doubles, extents, shown
from fastloss.metrics._result import CocoResult
from fastloss.metrics._settings import Arrays, evaluate, settings

__all__ = ["CocoEvaluator"]

_FORMATS = ("xyxy", "xywh", "cxcywh")
_PREDICTION = ("boxes", "scores", "labels", "masks", "keypoints", "area")
_TARGET = ("boxes", "labels", "masks", "keypoints", "area", "iscrowd")
_NEEDED = {"bbox": "boxes", "segm": "masks", "keypoints": "keypoints"}


class CocoEvaluator:
    """COCO's mean average precision of batches, in any order and from any number of processes.

    `update` takes the arrays of a batch, `merge` what another evaluator has seen, `compute` gives
    the result: the same numbers as `coco_map` and pycocotools for the same data, whatever the
    order, since images are put in the order of their ids. Evaluators can be pickled.

    Parameters
    ----------
    iou_type : {"bbox", "segm", "keypoints"}
        What overlaps: boxes, masks or keypoints.
    fmt : {"xyxy", "xywh", "cxcywh"}
        What the numbers of boxes are. They are converted in double.
    categories : sequence of ids, or dict from id to name, optional
        What labels may be; unless told, all labels that are seen.
    iou_thresholds, max_dets, sigmas : as for `coco_map`

    Raises
    ------
    ValueError
        A setting out of its domain.

    Examples
    --------
    >>> from fastloss.metrics import CocoEvaluator
    >>> evaluator = CocoEvaluator()
    >>> evaluator.update(
    ...     [7],
    ...     [{"boxes": [[10, 10, 50, 44]], "scores": [0.9], "labels": [3]}],
    ...     [{"boxes": [[10, 10, 50, 50]], "labels": [3]}],
    ... )
    >>> round(evaluator.compute()["AP"], 6)
    0.8
    """

    def __init__(
        self,
        iou_type: str = "bbox",
        *,
        fmt: str = "xyxy",
        categories: Sequence[Any] | Mapping[Any, str] | None = None,
        iou_thresholds: Sequence[float] | None = None,
        max_dets: Sequence[int] | None = None,
        sigmas: Sequence[float] | None = None,
    ) -> None:
        self._settings = settings(iou_type, iou_thresholds, max_dets, sigmas)
        if fmt not in _FORMATS:
            raise ValueError(f"fmt is {fmt!r}; expected 'xyxy', 'xywh' or 'cxcywh'")
        self._fmt = fmt
        self._categories: dict[Any, str] | None = None
        if categories is not None:
            named = categories if isinstance(categories, Mapping) else {i: i for i in categories}
            for i in named:
                if isinstance(i, bool) or not isinstance(i, (int, np.integer)):
                    raise ValueError(f"categories has {shown(i)}; expected integers")
            self._categories = {i: str(named[i]) for i in ascending("categories", list(named))}
        self._images: dict[Any, tuple[Arrays, Arrays]] = {}

    @property
    def iou_type(self) -> str:
        return self._settings.iou_type

    def __len__(self) -> int:
        """The number of images that have been seen."""
        return len(self._images)

    def __repr__(self) -> str:
        return f"CocoEvaluator({self.iou_type!r}, {len(self)} images)"

    def reset(self) -> None:
        """Forget all images."""
        self._images.clear()

    def update(self, image_ids: Any, predictions: Any, targets: Any) -> None:
        """Take the detections and the objects of a batch of images.

        An image that was given before must come with the same data, as from a sampler that fills
        its last batch up, and counts once.

        Parameters
        ----------
        image_ids : sequence of int or str
            One id for each image; they decide the order of equal scores. Or one id alone, with
            one prediction and one target.
        predictions : sequence of dict, or of arrays (n, 6)
            For each image "boxes" (n, 4), "scores" (n,), "labels" (n,); "masks", (n, height,
            width) of bool or uint8 or a list of COCO's run lengths, for iou_type "segm";
            "keypoints" (n, k, 2 or 3) for "keypoints"; "area" (n,) where it is not that of the
            boxes, masks or keypoints. An array has x1, y1, x2, y2, score and label in its rows.
        targets : sequence of dict
            For each image "boxes" (m, 4), "labels" (m,), and "masks" or "keypoints" (m, k, 3) as
            above; "iscrowd" (m,), 0 unless told; "area" (m,), that of the masks or boxes unless
            told. COCO's own areas are those of polygons, so pass them for its numbers.

        Raises
        ------
        ValueError
            Lengths that do not match, a key that is missing or unknown, a label that is not among
            `categories`, a score that is NaN, a box that is not finite, an image with other data
            than before. No image of the batch has been taken by then.
        """
        if isinstance(image_ids, (int, str, np.integer)):
            image_ids, predictions, targets = [image_ids], [predictions], [targets]
        ids = [i.item() if hasattr(i, "item") else i for i in image_ids]
        for name, given in (("predictions", predictions), ("targets", targets)):
            if not isinstance(given, (list, tuple, np.ndarray)) or len(given) != len(ids):
                count = len(given) if hasattr(given, "__len__") else shown(given)
                raise ValueError(f"{name} has {count} entries, but image_ids has {len(ids)}")
        read: list[tuple[Any, tuple[Arrays, Arrays]]] = []
        for n, (i, prediction, target) in enumerate(zip(ids, predictions, targets, strict=True)):
            if isinstance(i, bool) or not isinstance(i, (int, str)):
                raise ValueError(f"image_ids[{n}] is {shown(i)}; expected an integer or text")
            dt = self._prediction(f"predictions[{n}]", prediction)
            read.append((i, (dt, self._target(f"targets[{n}]", target))))
        self._take(read)

    def merge(self, other: CocoEvaluator) -> CocoEvaluator:
        """Take what another evaluator, perhaps of another process, has seen; returns this one.

        Raises
        ------
        ValueError
            Other settings, or an image that both have seen with different data.
        TypeError
            Something that is no evaluator.
        """
        if not isinstance(other, CocoEvaluator):
            raise TypeError(f"other is {shown(other)}; expected a CocoEvaluator")
        mine: tuple[Any, ...] = self._settings
        theirs: tuple[Any, ...] = other._settings
        same = all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
        if not same or self._categories != other._categories:
            raise ValueError(f"other is {other!r} with other settings than {self!r}")
        self._take(list(other._images.items()))
        return self

    def compute(self) -> CocoResult:
        """The result for all images that have been seen, as for `coco_map`."""
        order = ascending("image_ids", list(self._images))
        sides = [self._images[i] for i in order]
        dt, gt = ([side[n] for side in sides] for n in (0, 1))
        categories = self._categories
        if categories is None:
            seen = [label for side in (*dt, *gt) for label in side["category"].tolist()]
            categories = {i: str(i) for i in ascending("labels", seen)}
        index = np.array(list(categories), np.int64) if categories else np.empty(0, np.int64)
        return evaluate(
            self._settings,
            len(order),
            categories,
            _together(dt, index, self.iou_type),
            _together(gt, index, self.iou_type),
            {"objects": 0, "detections": 0},
        )

    # ---- one image -----------------------------------------------------------------------

    def _take(self, images: list[tuple[Any, tuple[Arrays, Arrays]]]) -> None:
        new: dict[Any, tuple[Arrays, Arrays]] = {}
        for i, sides in images:
            known = new.get(i) or self._images.get(i)
            if known and not all(map(_same, known, sides)):
                raise ValueError(f"image {i!r} was given before with other data")
            new[i] = sides
        self._images.update(new)

    def _prediction(self, name: str, given: Any) -> Arrays:
        if not isinstance(given, Mapping):
            rows = np.asarray(given)
            if rows.ndim != 2 or rows.shape[1] != 6 or self.iou_type != "bbox":
                raise ValueError(
                    f"{name} is {shown(given)}; expected a dict"
                    + (", or an array of 6 columns" if self.iou_type == "bbox" else "")
                )
            given = {"boxes": rows[:, :4], "scores": rows[:, 4], "labels": rows[:, 5]}
            side = self._side(name, given, _PREDICTION, "xyxy")
        else:
            side = self._side(name, given, _PREDICTION, self._fmt)
        side["score"] = self._numbers(name, given, "scores", len(side["category"]), finite=False)
        return side

    def _target(self, name: str, given: Any) -> Arrays:
        if not isinstance(given, Mapping):
            raise ValueError(f"{name} is {shown(given)}; expected a dict")
        side = self._side(name, given, _TARGET, self._fmt)
        n = len(side["category"])
        crowd = np.zeros(n, np.uint8)
        if "iscrowd" in given:
            crowd = (self._flags(name, given["iscrowd"], n) != 0).astype(np.uint8)
        side["crowd"] = side["ignore"] = crowd
        if self.iou_type == "keypoints":
            if "boxes" not in side:
                raise ValueError(f"{name} lacks 'boxes'; it has {shown(list(given))}")
            side["ignore"] = crowd | ~(side["keypoints"][:, :, 2] > 0).any(axis=1)
        return side

    def _flags(self, name: str, given: Any, n: int) -> Any:
        flags = np.asarray(given)
        if flags.shape != (n,) or (n and flags.dtype.kind not in "biu"):
            raise ValueError(
                f"{name}['iscrowd'] is {shown(given)}; expected {n} integers, one per label"
            )
        return flags

    def _side(self, name: str, given: Mapping[str, Any], keys: tuple[str, ...], fmt: str) -> Arrays:
        needed = _NEEDED[self.iou_type]
        for key in (needed, "labels", *(["scores"] if "scores" in keys else [])):
            if key not in given:
                raise ValueError(f"{name} lacks {key!r}; it has {shown(list(given))}")
        for key in given:
            if key not in keys:
                raise ValueError(f"{name} has {key!r}; expected only {', '.join(keys)}")
        side: Arrays = {"category": self._labels(name, given["labels"])}
        n = len(side["category"])
        if "boxes" in given:
            boxes = self._numbers(name, given, "boxes", n, 4)
            side["boxes"] = box_convert(boxes, fmt, "xywh")
        if self.iou_type == "segm":
            side |= self._masks(name, given["masks"], n)
        if self.iou_type == "keypoints":
            side["keypoints"] = self._keypoints(name, given, n, exact="scores" not in keys)
        if "area" in given:
            side["area"] = self._numbers(name, given, "area", n)
        elif self.iou_type == "segm":
            side["area"] = _core.measure_runs(side)[0]
        elif "boxes" in side:
            side["area"] = box_area(side["boxes"], "xywh")
        else:
            side["area"] = extents(side["keypoints"])
        if self.iou_type == "segm":
            side.pop("boxes", None)
        return side

    def _labels(self, name: str, given: Any) -> Any:
        labels = np.asarray(given)
        if labels.size == 0:
            labels = labels.astype(np.int64)
        whole = labels.dtype.kind in "iu" or (
            labels.dtype.kind == "f" and bool((labels == np.floor(labels)).all())
        )
        if labels.ndim != 1 or not whole:
            raise ValueError(f"{name}['labels'] is {shown(given)}; expected a row of integers")
        labels = labels.astype(np.int64)
        if self._categories is not None:
            for n, label in enumerate(labels.tolist()):
                if label not in self._categories:
                    raise ValueError(
                        f"{name}['labels'][{n}] is {label}, which is not among categories"
                    )
        return labels

    def _numbers(
        self, name: str, given: Any, key: str, n: int, width: int = 0, finite: bool = True
    ) -> Any:
        values = np.asarray(given[key])
        if len(values.shape) == 0 or len(values) != n:
            raise ValueError(f"{name}[{key!r}] has shape {values.shape}, but there are {n} labels")
        return doubles(lambda i: f"{name}[{key!r}][{i}]", values, width, finite)

    def _masks(self, name: str, masks: Any, n: int) -> Arrays:
        masks = masks if isinstance(masks, (list, tuple)) else np.asarray(masks)
        count = len(masks) if isinstance(masks, (list, tuple)) or masks.ndim else 0
        if count != n:
            raise ValueError(f"{name}['masks'] has {count} masks, but there are {n} labels")
        runs: Arrays = _core.run_lengths(masks, None, lambda i: f"{name}['masks'][{i}]")
        return runs

    def _keypoints(self, name: str, given: Any, n: int, exact: bool) -> Any:
        k = self._settings.sigmas.size
        points = np.asarray(given["keypoints"])
        if points.size == 0 and n == 0:
            return np.empty((0, k, 3))
        widths = (3,) if exact else (2, 3)
        if points.ndim != 3 or points.shape[:2] != (n, k) or points.shape[2] not in widths:
            raise ValueError(
                f"{name}['keypoints'] has shape {points.shape}; expected ({n}, {k}, {widths[-1]})"
            )
        rows = doubles(
            lambda i: f"{name}['keypoints'][{i}]", points.reshape(n, -1), k * points.shape[2]
        ).reshape(points.shape)
        return rows if points.shape[2] == 3 else np.pad(rows, ((0, 0), (0, 0), (0, 1)))


def _same(a: Arrays, b: Arrays) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def _together(sides: list[Arrays], categories: Any, iou_type: str) -> Arrays:
    """The arrays of all images, one after the other, with the places of their images."""
    lengths = [len(side["category"]) for side in sides]
    if not sides:
        sides = [_nothing(iou_type)]
        lengths = [0]
    joined = {
        key: np.concatenate([side[key] for side in sides])
        for key in sides[0]
        if key != "start" and all(key in side for side in sides)
    }
    joined["image"] = np.repeat(np.arange(len(sides)), lengths)
    joined["category"] = np.searchsorted(categories, joined["category"])
    if iou_type == "segm":
        runs = np.concatenate([np.diff(side["start"]) for side in sides])
        joined["start"] = np.concatenate([[0], np.cumsum(runs)])
    return joined


def _nothing(iou_type: str) -> Arrays:
    """The arrays of no image."""
    nothing = np.empty(0)
    keys = ["category", "area", "boxes", "score", "crowd", "ignore", "keypoints"]
    keys += ["counts", "height", "width"]
    return {**{key: nothing for key in keys}, "start": np.zeros(1, np.int64)}
