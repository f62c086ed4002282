"""COCO's mean average precision of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, TypeAlias

import numpy as np

from fastloss import _core
from fastloss.boxes import box_area
from fastloss.metrics._columns import (
    ascending,
    doubles,
    extents,
    field,
    load,
    positions,
    records,
    shown,
)
from fastloss.metrics._result import CocoResult
from fastloss.metrics._settings import Arrays, evaluate, settings

__all__ = ["coco_map"]

File: TypeAlias = "str | PathLike[str]"
Record: TypeAlias = Mapping[str, Any]


def coco_map(
    gt_json: File | Record,
    dt_json: File | Sequence[Record] | Record,
    iou_type: str = "bbox",
    *,
    iou_thresholds: Sequence[float] | None = None,
    max_dets: Sequence[int] | None = None,
    image_ids: Sequence[Any] | None = None,
    category_ids: Sequence[Any] | None = None,
    sigmas: Sequence[float] | None = None,
) -> CocoResult:
    """COCO's mean average precision and recall, the numbers of pycocotools to the last digit.

    Formula::

        AP = mean over thresholds, categories and r in 0, 0.01 .. 1 of max_{recall >= r} precision

    with detections matched to objects by descending score, once for every threshold of overlap,
    range of areas and limit of detections per image.

    Parameters
    ----------
    gt_json : path or dict
        Ground truth in COCO's format: "images", "annotations", "categories".
    dt_json : path or list of dict
        Detections in COCO's format of results; or a dict with "annotations".
    iou_type : {"bbox", "segm", "keypoints"}
        Overlap of boxes, of masks (polygons, run lengths compressed or not), or the similarity of
        keypoints.
    iou_thresholds : sequence of float, optional
        Ascending; 0.5, 0.55 .. 0.95 unless told.
    max_dets : sequence of int, optional
        Limits of detections per image and category, ascending: three, (1, 10, 100) unless told;
        one for keypoints, (20,).
    image_ids, category_ids : sequence, optional
        Only these; all that the ground truth lists unless told.
    sigmas : sequence of float, optional
        The spread of every keypoint; unless told, those of COCO's 17.

    Returns
    -------
    CocoResult
        `stats` has the 12 numbers (10 for keypoints); printed, it is the table of pycocotools;
        `per_class` has the average precision of every category. Numbers without objects are -1.

    Raises
    ------
    ValueError
        What is no JSON or lacks a key, an image that the ground truth does not list, a score that
        is NaN, a box that is not finite, run lengths that do not fit; the message says where.
    OSError
        A file that cannot be read.

    References
    ----------
    Lin et al. 2014, "Microsoft COCO: Common Objects in Context"; pycocotools 2.0.

    Notes
    -----
    The ground truth's area is its field "area"; a detection's is that of its box if the first
    detection has one, else its pixels, else the extent of its keypoints. What belongs to
    categories that are not listed is left out and counted in the result's `unlisted`. Unlike
    pycocotools, an annotation with the id 0 can be matched.

    Examples
    --------
    >>> from fastloss.metrics import coco_map
    >>> gt = {
    ...     "images": [{"id": 1, "width": 100, "height": 100}],
    ...     "categories": [{"id": 3, "name": "cat"}],
    ...     "annotations": [
    ...         {"id": 1, "image_id": 1, "category_id": 3, "bbox": [10, 10, 40, 40], "area": 1600}
    ...     ],
    ... }
    >>> dt = [{"image_id": 1, "category_id": 3, "bbox": [10, 10, 40, 34], "score": 0.9}]
    >>> result = coco_map(gt, dt)
    >>> round(result["AP"], 6), round(result["AP50"], 6), result["AP_small"]
    (0.8, 1.0, -1.0)
    """
    chosen = settings(iou_type, iou_thresholds, max_dets, sigmas)
    truth = load("gt_json", gt_json)
    if not isinstance(truth, Mapping):
        raise ValueError(f"gt_json is {shown(truth)}; expected an object with 'images'")
    found = load("dt_json", dt_json)
    if isinstance(found, Mapping):
        found = records("dt_json", found, "annotations")
    if not isinstance(found, (list, tuple)):
        raise ValueError(f"dt_json is {shown(found)}; expected a list of detections")

    images = _by_id("images", records("gt_json", truth, "images"), image_ids)
    categories = _by_id("categories", records("gt_json", truth, "categories"), category_ids)
    reader = _Reader(iou_type, images, categories, chosen.sigmas.size)
    objects = records("gt_json", truth, "annotations")
    gt = reader.objects(objects)
    dt = reader.detections(list(found), known={i["id"] for i in truth["images"]})
    names = {i: str(category.get("name", i)) for i, category in categories.items()}
    return evaluate(chosen, len(images), names, dt, gt, reader.unlisted)


def _by_id(key: str, listed: list[Any], wanted: Sequence[Any] | None) -> dict[Any, Any]:
    """Images or categories by their ids in ascending order."""
    ids = field(lambda i: f"gt_json[{key!r}][{i}]", listed, "id")
    positions(lambda i: f"gt_json[{key!r}][{i}]", "id", ids, {})
    by_id = dict(zip(ids, listed, strict=True))
    if wanted is not None:
        for i in wanted:
            if i not in by_id:
                name = "image_ids" if key == "images" else "category_ids"
                raise ValueError(f"{name} has {i!r}, which is not among the {key} of gt_json")
        return {i: by_id[i] for i in ascending(key, list(wanted))}
    return {i: by_id[i] for i in ascending(f"the ids of gt_json[{key!r}]", ids)}


class _Reader:
    """Records to arrays, in the order of the file."""

    def __init__(
        self, iou_type: str, images: dict[Any, Any], categories: dict[Any, Any], n_keypoints: int
    ) -> None:
        self.iou_type, self.n_keypoints = iou_type, n_keypoints
        self.images = images
        self.image_index = {i: n for n, i in enumerate(images)}
        self.category_index = {i: n for n, i in enumerate(categories)}
        self.unlisted = {"objects": 0, "detections": 0}
        self.items: list[Any] = []
        self.kept: list[int] = []
        self.name = ""

    def place(self, key: str = "") -> Any:
        """What messages call one of the kept records, or a field of it."""
        suffix = f"[{key!r}]" if key else ""
        return lambda i: f"{self.name}[{self.kept[i]}]{suffix}"

    def keep(self, name: str, items: list[Any], kind: str, known: set[Any]) -> Arrays:
        """Choose the records of listed images and categories."""

        def place(i: int) -> str:
            return f"{name}[{i}]"

        image_ids = field(place, items, "image_id")
        image = positions(place, "image_id", image_ids, self.image_index)
        category_ids = field(place, items, "category_id")
        category = positions(place, "category_id", category_ids, self.category_index)
        if kind == "detections":
            for i, n in enumerate(image):
                if n < 0 and image_ids[i] not in known:
                    raise ValueError(
                        f"{place(i)} has image_id {shown(image_ids[i])}, which is not among the "
                        "images of gt_json"
                    )
        self.name = name
        self.kept = [i for i, n in enumerate(image) if n >= 0 and category[i] >= 0]
        self.items = [items[i] for i in self.kept]
        self.unlisted[kind] = len(items) - len(self.kept)
        return {
            "image": np.array([image[i] for i in self.kept], np.int64),
            "category": np.array([category[i] for i in self.kept], np.int64),
        }

    def numbers(self, key: str, width: int = 0, finite: bool = True) -> Any:
        return doubles(self.place(key), field(self.place(), self.items, key), width, finite)

    def masks(self) -> Arrays:
        sizes = [
            (image.get("height"), image.get("width"))
            for image in (self.images[item["image_id"]] for item in self.items)
        ]
        given = field(self.place(), self.items, "segmentation")
        runs: Arrays = _core.run_lengths(given, sizes, self.place("segmentation"))
        return runs

    def keypoints(self) -> Any:
        return self.numbers("keypoints", 3 * self.n_keypoints).reshape(-1, self.n_keypoints, 3)

    def objects(self, items: list[Any]) -> Arrays:
        gt = self.keep("gt_json['annotations']", items, "objects", set())
        gt["area"] = self.numbers("area")
        gt["crowd"] = np.array([bool(item.get("iscrowd", 0)) for item in self.items], np.uint8)
        gt["ignore"] = gt["crowd"]
        if self.iou_type != "segm":
            gt["boxes"] = self.numbers("bbox", 4)
        if self.iou_type == "segm":
            gt |= self.masks()
        if self.iou_type == "keypoints":
            gt["keypoints"] = self.keypoints()
            counted = (gt["keypoints"][:, :, 2] > 0).sum(axis=1).tolist()
            labelled = [
                item.get("num_keypoints", n) for item, n in zip(self.items, counted, strict=True)
            ]
            gt["ignore"] = gt["crowd"] | (doubles(self.place("num_keypoints"), labelled) == 0)
        return gt

    def detections(self, items: list[Any], known: set[Any]) -> Arrays:
        dt = self.keep("dt_json", items, "detections", known)
        dt["score"] = self.numbers("score", finite=False)
        first = items[0] if items else {}
        boxed = np.size(first.get("bbox", [])) > 0
        if self.iou_type == "segm" or (not boxed and "segmentation" in first):
            dt |= self.masks()
        if self.iou_type == "keypoints":
            dt["keypoints"] = self.keypoints()
        if "start" in dt and not boxed:
            dt["area"], dt["boxes"] = _core.measure_runs(dt)
        elif boxed or self.iou_type == "bbox":
            dt["boxes"] = self.numbers("bbox", 4)
            dt["area"] = box_area(dt["boxes"], "xywh")
        else:
            dt["area"] = extents(dt["keypoints"])
        return dt
