"""Evaluation by COCO's rules: whatever is given, a message that says what and where."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

from fastloss.metrics import CocoEvaluator, coco_map

GT = {
    "images": [{"id": 1, "height": 10, "width": 20}, {"id": 2, "height": 10, "width": 20}],
    "categories": [{"id": 3, "name": "cat"}],
    "annotations": [
        {
            "id": 1,
            "image_id": 1,
            "category_id": 3,
            "bbox": [1, 1, 5, 5],
            "area": 25,
            "iscrowd": 0,
            "segmentation": [[1, 1, 6, 1, 6, 6, 1, 6]],
            "keypoints": [1, 1, 2] * 17,
        }
    ],
}
DT = [
    {
        "image_id": 1,
        "category_id": 3,
        "bbox": [1, 1, 5, 5],
        "score": 0.5,
        "segmentation": {"size": [10, 20], "counts": [11, 5, 184]},
        "keypoints": [1, 1, 2] * 17,
    }
]
nan = float("nan")


def changed(data, path, value):
    """A copy with one place changed; `...` takes it away."""
    data = copy.deepcopy(data)
    *way, last = path
    place = data
    for key in way:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data


GT_ERRORS = [
    (("images",), ..., "bbox", "gt_json lacks 'images'; it has"),
    (("categories",), ..., "bbox", "gt_json lacks 'categories'"),
    (("annotations",), ..., "bbox", "gt_json lacks 'annotations'"),
    (("annotations",), {}, "bbox", "gt_json['annotations'] is {}; expected a list"),
    (("images", 1, "id"), ..., "bbox", "gt_json['images'][1] lacks 'id'"),
    (("images", 1, "id"), "a", "bbox", "the ids of gt_json['images'] cannot be put in order"),
    (("images", 1, "id"), [2], "bbox", "gt_json['images'][1] has id [2]; expected a number"),
    (("images", 1), 5, "bbox", "gt_json['images'][1] is 5; expected an object"),
    (("annotations", 0), None, "bbox", "gt_json['annotations'][0] is None; expected an object"),
    (("annotations", 0, "image_id"), ..., "bbox", "gt_json['annotations'][0] lacks 'image_id'"),
    (("annotations", 0, "area"), ..., "bbox", "gt_json['annotations'][0] lacks 'area'"),
    (("annotations", 0, "area"), nan, "bbox", "['area'] is nan; expected a finite number"),
    (("annotations", 0, "area"), "25", "bbox", "['area'] is '25'; expected a number"),
    (("annotations", 0, "bbox"), ..., "bbox", "gt_json['annotations'][0] lacks 'bbox'"),
    (("annotations", 0, "bbox"), [1, 2, 3], "bbox", "['bbox'] is [1, 2, 3]; expected 4 numbers"),
    (("annotations", 0, "bbox"), [1, 2, 3, nan], "bbox", "expected finite numbers"),
    (("annotations", 0, "bbox"), None, "bbox", "['bbox'] is None; expected 4 numbers"),
    (("annotations", 0, "segmentation"), ..., "segm", "lacks 'segmentation'"),
    (("annotations", 0, "segmentation"), [[1, 1, 2, 2]], "segm", "at least three points"),
    (("annotations", 0, "segmentation"), [["a"] * 6], "segm", "at least three points"),
    (("annotations", 0, "segmentation"), [[nan] * 6], "segm", "coordinates are finite"),
    (("annotations", 0, "segmentation"), [[1e9] * 6], "segm", "coordinates are finite"),
    (("annotations", 0, "segmentation"), 7, "segm", "has shape (); expected"),
    (("images", 0, "height"), ..., "segm", "has size (None, 20); expected [height, width]"),
    (("images", 0, "height"), -4, "segm", "has size (-4, 20)"),
    (("annotations", 0, "keypoints"), [1, 2, 3], "keypoints", "expected 51 numbers"),
    (("annotations", 0, "num_keypoints"), "2", "keypoints", "['num_keypoints'] is '2'"),
    (("annotations", 0, "num_keypoints"), None, "keypoints", "['num_keypoints'] is None"),
]
DT_ERRORS = [
    ((0,), "x", "bbox", "dt_json[0] is 'x'; expected an object"),
    ((0, "image_id"), 9, "bbox", "dt_json[0] has image_id 9, which is not among the images"),
    ((0, "image_id"), [1], "bbox", "dt_json[0] has image_id [1]; expected a number or text"),
    ((0, "category_id"), ..., "bbox", "dt_json[0] lacks 'category_id'"),
    ((0, "score"), ..., "bbox", "dt_json[0] lacks 'score'"),
    ((0, "score"), nan, "bbox", "dt_json[0]['score'] is nan; expected a number"),
    ((0, "score"), None, "bbox", "dt_json[0]['score'] is None; expected a number"),
    ((0, "score"), [0.5], "bbox", "dt_json[0]['score'] is [0.5]; expected a number"),
    ((0, "bbox"), [1, 2, float("inf"), 1], "bbox", "dt_json[0]['bbox'] is [1, 2, inf, 1]"),
    ((0, "segmentation", "size"), ..., "segm", "dt_json[0]['segmentation'] is {"),
    ((0, "segmentation", "size"), [10], "segm", "has size [10]; expected [height, width]"),
    ((0, "segmentation", "counts"), [11, 5], "segm", "runs of 16 pixels together"),
    ((0, "segmentation", "counts"), [-1, 201], "segm", "a run of -1 pixels"),
    ((0, "segmentation", "counts"), "~~~", "segm", "no compressed list of runs"),
    ((0, "segmentation", "counts"), "\u20ac", "segm", "no compressed list of runs"),
    ((0, "segmentation"), ..., "segm", "dt_json[0] lacks 'segmentation'"),
    ((0, "keypoints"), ..., "keypoints", "dt_json[0] lacks 'keypoints'"),
    ((0, "keypoints"), [nan] * 51, "keypoints", "expected finite numbers"),
]


@pytest.mark.parametrize(("path", "value", "kind", "message"), GT_ERRORS)
def test_ground_truth(path, value, kind, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        coco_map(changed(GT, path, value), DT, kind)


@pytest.mark.parametrize(("path", "value", "kind", "message"), DT_ERRORS)
def test_detections(path, value, kind, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        coco_map(GT, changed(DT, path, value), kind)


ARGUMENTS = [
    ({"iou_type": "box"}, "iou_type is 'box'; expected 'bbox', 'segm' or 'keypoints'"),
    ({"iou_type": ["bbox"]}, "iou_type is ['bbox']"),
    ({"iou_thresholds": []}, "iou_thresholds is []; expected numbers, at least one"),
    ({"iou_thresholds": [0.7, 0.5]}, "expected ascending in [0, 1]"),
    ({"iou_thresholds": [0.5, nan]}, "expected ascending in [0, 1]"),
    ({"iou_thresholds": "x"}, "iou_thresholds is 'x'"),
    ({"max_dets": (1, 10)}, "max_dets is (1, 10); expected 3 ascending integers above 0"),
    ({"max_dets": (0, 1, 2)}, "expected 3 ascending integers above 0"),
    ({"max_dets": (1, 1, 2)}, "expected 3 ascending integers above 0"),
    ({"max_dets": 100}, "expected 3 ascending integers above 0"),
    ({"max_dets": (1.0, 2.0, 3.0)}, "expected 3 ascending integers above 0"),
    ({"sigmas": [0.1]}, "sigmas belong to iou_type 'keypoints'"),
    ({"iou_type": "keypoints", "sigmas": [0, 1]}, "expected finite numbers above 0"),
    ({"image_ids": [5]}, "image_ids has 5, which is not among the images"),
    ({"category_ids": ["cat"]}, "category_ids has 'cat', which is not among the categories"),
]


@pytest.mark.parametrize(("options", "message"), ARGUMENTS)
def test_arguments(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        coco_map(GT, DT, **options)


def test_files(tmp_path):
    path = tmp_path / "broken.json"
    for text in (b"{", b"", b"\xff\xfe\x00", b"[1, 2"):
        path.write_bytes(text)
        with pytest.raises(ValueError, match=r"gt_json \('.*broken.json'\) is not JSON"):
            coco_map(path, DT)
    path.write_text("[]")
    with pytest.raises(ValueError, match=r"gt_json is \[\]; expected an object with 'images'"):
        coco_map(path, DT)
    with pytest.raises(FileNotFoundError):
        coco_map(tmp_path / "absent.json", DT)
    with pytest.raises(ValueError, match="dt_json is 3; expected a list of detections"):
        coco_map(GT, 3)
    with pytest.raises(ValueError, match="dt_json lacks 'annotations'"):
        coco_map(GT, {})
    assert coco_map(GT, {"annotations": DT}).ap == pytest.approx(1)


def test_what_is_strange_but_allowed():
    negative = changed(DT, (0, "bbox"), [6, 6, -5, -5])
    assert coco_map(GT, negative).ap == 0
    assert coco_map(GT, changed(DT, (0, "score"), float("inf"))).ap == pytest.approx(1)
    assert coco_map(GT, changed(DT, (0, "category_id"), 77)).unlisted["detections"] == 1
    other = {"size": [20, 10], "counts": [11, 5, 184]}
    assert coco_map(GT, changed(DT, (0, "segmentation"), other), "segm").ap == 0
    empty = changed(GT, ("annotations", 0, "segmentation"), [])
    assert coco_map(empty, DT, "segm").ap == 0
    flat = changed(GT, ("images", 0, "height"), 0)
    assert coco_map(flat, DT, "segm").ap == 0
    text = copy.deepcopy(GT)
    text["images"][0]["id"], text["images"][1]["id"] = "a", "b"
    text["annotations"][0]["image_id"] = "a"
    assert coco_map(text, changed(DT, (0, "image_id"), "a")).ap == pytest.approx(1)
    assert coco_map(changed(GT, ("annotations", 0, "area"), -1), DT).ap == -1
    assert not coco_map(GT, DT, iou_thresholds=[0.0]).scores.max() > 0.5


BOXES = {"boxes": [[0, 0, 1, 1]], "scores": [0.5], "labels": [1]}
TARGET = {"boxes": [[0, 0, 1, 1]], "labels": [1]}
UPDATES = [
    ([1], [BOXES], [], "targets has 0 entries, but image_ids has 1"),
    ([1], BOXES, [TARGET], "predictions has 3 entries, but image_ids has 1"),
    ([1.5], [BOXES], [TARGET], "image_ids[0] is 1.5; expected an integer or text"),
    ([[1]], [BOXES], [TARGET], "image_ids[0] is [1]"),
    ([1], [3], [TARGET], "predictions[0] is 3; expected a dict, or an array of 6 columns"),
    ([1], [np.ones((2, 5))], [TARGET], "expected a dict, or an array of 6 columns"),
    ([1], [BOXES], [None], "targets[0] is None; expected a dict"),
    ([1], [{**BOXES, "score": 1}], [TARGET], "predictions[0] has 'score'; expected only boxes"),
    ([1], [{"boxes": [], "labels": []}], [TARGET], "predictions[0] lacks 'scores'"),
    ([1], [BOXES], [{"labels": [1]}], "targets[0] lacks 'boxes'"),
    ([1], [{**BOXES, "scores": [nan]}], [TARGET], "predictions[0]['scores'][0] is nan"),
    ([1], [{**BOXES, "scores": [1, 2]}], [TARGET], "has shape (2,), but there are 1 labels"),
    ([1], [{**BOXES, "boxes": [[0, 0, 1]]}], [TARGET], "expected 4 numbers"),
    ([1], [{**BOXES, "boxes": [[0, 0, 1, nan]]}], [TARGET], "expected finite numbers"),
    ([1], [{**BOXES, "boxes": None}], [TARGET], "predictions[0]['boxes'] has shape ()"),
    ([1], [{**BOXES, "labels": [1.5]}], [TARGET], "expected a row of integers"),
    ([1], [{**BOXES, "labels": [[1]]}], [TARGET], "expected a row of integers"),
    ([1], [{**BOXES, "labels": [nan]}], [TARGET], "expected a row of integers"),
    ([1], [{**BOXES, "labels": [9]}], [TARGET], "['labels'][0] is 9, which is not among"),
    ([1], [BOXES], [{**TARGET, "iscrowd": [0, 1]}], "expected 1 integers, one per label"),
    ([1], [BOXES], [{**TARGET, "iscrowd": [0.5]}], "expected 1 integers, one per label"),
    ([1], [BOXES], [{**TARGET, "area": [nan]}], "targets[0]['area'][0] is nan"),
]


@pytest.mark.parametrize(("ids", "predictions", "targets", "message"), UPDATES)
def test_updates(ids, predictions, targets, message):
    evaluator = CocoEvaluator(categories=[1, 2])
    with pytest.raises(ValueError, match=re.escape(message)):
        evaluator.update(ids, predictions, targets)
    with pytest.raises(ValueError):
        evaluator.update([7, *ids], [BOXES, *predictions], [TARGET, *targets])
    assert len(evaluator) == 0


def test_masks_and_keypoints_of_batches():
    segm = CocoEvaluator("segm")
    mask = np.ones((1, 4, 4), bool)
    good = {"masks": mask, "scores": [1], "labels": [1]}
    for masks, message in (
        (np.ones((2, 4, 4), bool), "2 masks, but there are 1 labels"),
        (np.ones((1, 4), bool), "has shape (4,)"),
        (np.ones((1, 4, 4)), "float64"),
        ([[1, 2, 3, 4, 5, 6]], "has shape (6,)"),
        ([{"size": [4, 4], "counts": [1]}], "predictions[0]['masks'][0]"),
    ):
        with pytest.raises((ValueError, TypeError), match=re.escape(message)):
            segm.update([1], [{**good, "masks": masks}], [{"masks": mask, "labels": [1]}])
    segm.update([1], [good], [{"masks": mask, "labels": [1]}])
    assert segm.compute().ap == pytest.approx(1)
    points = CocoEvaluator("keypoints", sigmas=[0.1, 0.1])
    good = {"keypoints": np.ones((1, 2, 2)), "scores": [1], "labels": [1]}
    target = {"keypoints": np.ones((1, 2, 3)), "labels": [1], "boxes": [[0, 0, 9, 9]]}
    for keypoints in (np.ones((1, 3, 3)), np.ones((1, 2, 4)), np.ones((2, 2))):
        with pytest.raises(ValueError, match=r"\['keypoints'\] has shape"):
            points.update([1], [{**good, "keypoints": keypoints}], [target])
    with pytest.raises(ValueError, match=r"targets\[0\] lacks 'boxes'"):
        points.update([1], [good], [{"keypoints": np.ones((1, 2, 3)), "labels": [1]}])
    points.update([1], [good], [target])
    assert points.compute().ap == pytest.approx(1)


def test_merging_what_does_not_fit():
    evaluator = CocoEvaluator()
    for other in (
        CocoEvaluator("segm"),
        CocoEvaluator(max_dets=(1, 2, 3)),
        CocoEvaluator(iou_thresholds=[0.5]),
        CocoEvaluator(categories=[1]),
    ):
        with pytest.raises(ValueError, match="with other settings"):
            evaluator.merge(other)
    with pytest.raises(TypeError, match="other is 3"):
        evaluator.merge(3)
    for options, message in (
        ({"fmt": "yxyx"}, "fmt is 'yxyx'"),
        ({"categories": ["cat"]}, "categories has 'cat'; expected integers"),
        ({"categories": [True]}, "categories has True"),
    ):
        with pytest.raises(ValueError, match=message):
            CocoEvaluator(**options)
    mixed = CocoEvaluator()
    mixed.update([1, "a"], [BOXES] * 2, [TARGET] * 2)
    with pytest.raises(ValueError, match="image_ids cannot be put in order"):
        mixed.compute()
