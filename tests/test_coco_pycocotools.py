"""The same numbers as pycocotools, bit by bit, on random scenes."""

from __future__ import annotations

import contextlib
import copy
import io
import json

import numpy as np
import pytest
from coco_scenes import scene

from fastloss import _core
from fastloss.metrics import coco_map

pytestmark = pytest.mark.peer
pytest.importorskip("pycocotools")

from pycocotools import mask as coco_mask  # noqa: E402
from pycocotools.coco import COCO  # noqa: E402
from pycocotools.cocoeval import COCOeval  # noqa: E402


def of_pycocotools(truth, found, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = copy.deepcopy(truth)
        gt.createIndex()
        evaluation = COCOeval(gt, gt.loadRes(copy.deepcopy(found)), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        table = io.StringIO()
        with contextlib.redirect_stdout(table):
            evaluation.summarize()
    return evaluation, table.getvalue()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
def test_every_number_is_the_same(kind, seed, tmp_path):
    many = {"n_images": 20, "n_categories": 5, "objects": 10, "detections": 40}
    one = {"n_images": 6, "n_categories": 1, "objects": 30, "detections": 150}
    truth, found = scene(100 + seed, kind, **(one if seed % 4 == 0 else many))
    if seed == 3 and kind != "bbox":  # areas of the boxes, if there are any
        for dt in found:
            dt["bbox"] = [1.0, 1.0, 40.0, 30.0]
    expected, table = of_pycocotools(truth, found, kind)
    gt_path, dt_path = tmp_path / "gt.json", tmp_path / "dt.json"
    gt_path.write_text(json.dumps(truth))
    dt_path.write_text(json.dumps(found))
    for result in (coco_map(truth, found, kind), coco_map(gt_path, str(dt_path), kind)):
        np.testing.assert_array_equal(result.precision, expected.eval["precision"])
        np.testing.assert_array_equal(result.recall, expected.eval["recall"])
        np.testing.assert_array_equal(result.scores, expected.eval["scores"])
        assert result.stats.tolist() == expected.stats.tolist()
        lines = [line for line in table.splitlines() if line.startswith(" Average")]
        assert str(result).splitlines() == lines


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_boxes_of_masks(kind):
    truth, found = scene(50, "segm")
    expected, _ = of_pycocotools(truth, found, kind)
    assert coco_map(truth, found, kind).stats.tolist() == expected.stats.tolist()


def test_strange_boxes():
    """Zero and negative sides, scores of infinity, a wrong size of mask."""
    truth, found = scene(51, "bbox")
    rng = np.random.default_rng(0)
    for dt in found:
        dt["bbox"] = [float(x) for x in np.array(dt["bbox"]) * rng.choice([1, 1, 0, -1], 4)]
    for i, score in enumerate([np.inf, -np.inf, 0.0, -0.0]):
        found[i]["score"] = score
    for gt in truth["annotations"][:4]:
        gt["bbox"][2] = 0.0
    expected, _ = of_pycocotools(truth, found, "bbox")
    assert coco_map(truth, found).stats.tolist() == expected.stats.tolist()
    truth, found = scene(52, "segm")
    for dt in found[::3]:
        height, width = dt["segmentation"]["size"]
        dt["segmentation"] = {"size": [width, height], "counts": dt["segmentation"]["counts"]}
    expected, _ = of_pycocotools(truth, found, "segm")
    assert coco_map(truth, found, "segm").stats.tolist() == expected.stats.tolist()


def test_unlisted_categories_and_images_are_left_out():
    truth, found = scene(53, "bbox")
    gone = truth["categories"].pop()["id"]
    image = truth["images"].pop()["id"]
    found = [d for d in found if d["image_id"] != image]
    expected, _ = of_pycocotools(truth, found, "bbox")
    result = coco_map(truth, found)
    assert result.stats.tolist() == expected.stats.tolist()
    ids = {i["id"] for i in truth["images"]}
    left = [a for a in truth["annotations"] if a["category_id"] == gone or a["image_id"] not in ids]
    assert result.unlisted["objects"] == len(left)
    assert result.unlisted["detections"] == sum(d["category_id"] == gone for d in found)


@pytest.mark.parametrize("seed", range(20))
def test_polygons_pixel_by_pixel(seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        height, width = rng.integers(1, 120, 2).tolist()
        parts = []
        for _ in range(int(rng.integers(1, 4))):
            points = rng.normal(0.5, rng.choice([0.2, 0.6]), (int(rng.integers(3, 20)), 2))
            points = points * [width, height]
            if rng.random() < 0.3:
                points = np.repeat(points.round(), 2, axis=0)
            parts.append(points.ravel().tolist())
        expected = coco_mask.merge(coco_mask.frPyObjects(parts, height, width))
        runs = _core.run_lengths([parts], [(height, width)], str)
        mask = np.repeat(np.arange(len(runs["counts"])) % 2, runs["counts"])
        np.testing.assert_array_equal(mask, coco_mask.decode(expected).ravel(order="F"))
        areas, boxes = _core.measure_runs(runs)
        assert areas[0] == coco_mask.area(expected)
        if areas[0]:
            assert boxes[0].tolist() == coco_mask.toBbox(expected).tolist()
