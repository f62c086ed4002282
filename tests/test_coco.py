"""COCO's mean average precision: published numbers, the reference, streaming."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from coco_scenes import compress, expand, run_lengths, scene

import fastloss as fl
from fastloss import _core
from fastloss.metrics import CocoEvaluator, coco_map
from fastloss.reference import metrics as reference

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
KINDS = ("bbox", "segm", "keypoints")
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
SIGMAS = [0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062]
SIGMAS += [0.107, 0.107, 0.087, 0.087, 0.089, 0.089]


def files(kind):
    if kind == "keypoints":
        return DATA / "coco_keypoints/gt_dataset.json", DATA / "coco_keypoints/dt_dataset.json"
    folder = DATA / "coco_eval"
    name = f"instances_val2014_fake{kind}100_results.json"
    return folder / "instances_val2014_100.json", folder / name


# ---- published numbers -------------------------------------------------------------------


@needs_data
@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_published_numbers_to_the_last_digit(kind):
    expected = json.loads((DATA / "coco_eval/expected_stats.json").read_text())[kind]["stats"]
    stats = coco_map(*files(kind), kind).stats
    # Like pycocotools', the means are NumPy's, whose sums are not the same bits in every version.
    np.testing.assert_array_max_ulp(stats, np.array(expected), maxulp=1)


@needs_data
@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_published_table(kind):
    published = (DATA / "coco_eval/val2014_fake_eval_res.txt").read_text()
    of_kind = published.partition(f"type={kind}")[2].partition("type=")[0]
    lines = [line.split() for line in of_kind.splitlines() if line.startswith(" Average")]
    printed = str(coco_map(*files(kind), kind)).splitlines()
    assert [line.split() for line in printed] == lines  # it was printed with fewer spaces


@needs_data
def test_published_keypoints():
    expected = [0.5048844884, 0.7227722772, 0.6336633663, 0.4663366337, 0.7504950495]
    expected += [0.5181818182, 0.7272727273, 0.6363636364, 0.4666666667, 0.75]
    np.testing.assert_allclose(coco_map(*files("keypoints"), "keypoints").stats, expected, 1e-9)


# ---- the reference -------------------------------------------------------------------------


def of_reference(truth, found, kind, **options):
    gts, dts = copy.deepcopy(truth["annotations"]), copy.deepcopy(found)
    sizes = {i["id"]: (i["height"], i["width"]) for i in truth["images"]}
    for record in (*gts, *dts):
        if kind == "segm" and isinstance(record["segmentation"], list):
            polygons = record["segmentation"]
            record["segmentation"] = reference.rasterize(polygons, *sizes[record["image_id"]])
        elif kind == "segm":
            runs = _core.run_lengths([record["segmentation"]], None, str)
            counts = {"size": record["segmentation"]["size"], "counts": runs["counts"]}
            record["segmentation"] = expand(counts)
    for gt in gts:
        gt["ignore"] = gt["iscrowd"] or gt.get("num_keypoints") == 0
    for dt in dts:
        if kind == "bbox":
            dt["area"] = dt["bbox"][2] * dt["bbox"][3]
        elif kind == "segm":
            dt["area"] = dt["segmentation"].sum()
        else:
            x, y = dt["keypoints"][0::3], dt["keypoints"][1::3]
            dt["area"] = (max(x) - min(x)) * (max(y) - min(y))
    categories = sorted(c["id"] for c in truth["categories"])
    areas = ("all", "medium", "large") if kind == "keypoints" else tuple(reference.coco.RANGES)
    limits = (20,) if kind == "keypoints" else (1, 10, 100)
    options = {"max_dets": limits, "areas": areas, "sigmas": SIGMAS, **options}
    return reference.coco_evaluate(
        gts, dts, [i["id"] for i in truth["images"]], categories, iou_type=kind, **options
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_against_reference(kind, seed):
    truth, found = scene(seed, kind)
    result = coco_map(truth, found, kind)
    precision, recall = of_reference(truth, found, kind)
    np.testing.assert_array_equal(result.precision, precision)
    np.testing.assert_array_equal(result.recall, recall)


def test_other_thresholds_and_limits():
    truth, found = scene(11, "bbox", detections=30)
    result = coco_map(truth, found, iou_thresholds=[0.3, 0.5, 1.0], max_dets=(1, 2, 5))
    options = {"thresholds": [0.3, 0.5, 1.0], "max_dets": (1, 2, 5)}
    precision, recall = of_reference(truth, found, "bbox", **options)
    np.testing.assert_array_equal(result.precision, precision)
    np.testing.assert_array_equal(result.recall, recall)
    assert result.names[6:9] == ("AR1", "AR2", "AR")
    assert result["AP75"] == -1 and result["AP50"] > 0


def test_subsets_of_images_and_categories():
    truth, found = scene(4, "bbox")
    images = [i["id"] for i in truth["images"]][:5]
    categories = [truth["categories"][0]["id"]]
    result = coco_map(truth, found, image_ids=images, category_ids=categories)
    fewer = {
        "images": [i for i in truth["images"] if i["id"] in images],
        "categories": truth["categories"][:1],
        "annotations": [a for a in truth["annotations"] if a["image_id"] in images],
    }
    expected = coco_map(fewer, [d for d in found if d["image_id"] in images])
    np.testing.assert_array_equal(result.stats, expected.stats)
    assert result.n_images == 5 and result.category_ids == categories


def test_two_detections_by_hand():
    truth = {
        "images": [{"id": 1}],
        "categories": [{"id": 1}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 50, 50], "area": 2500},
            {"id": 2, "image_id": 1, "category_id": 1, "bbox": [60, 0, 50, 50], "area": 2500},
        ],
    }
    found = [
        {"image_id": 1, "category_id": 1, "bbox": [200, 0, 50, 50], "score": 0.9},
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 50, 50], "score": 0.8},
    ]
    result = coco_map(truth, found)
    # Half of the objects are found, at a precision of a half: 51 of 101 points of recall.
    assert result.ap == pytest.approx(0.5 * 51 / 101, abs=1e-12)
    assert result["AR1"] == 0 and result["AR10"] == 0.5 and result["AP_large"] == -1
    assert result.per_class == {1: result.ap}


def test_threads_give_the_same_bits():
    truth, found = scene(5, "segm", n_images=40, detections=30)
    with fl.num_threads(1):
        one = coco_map(truth, found, "segm")
    with fl.num_threads(2):
        two = coco_map(truth, found, "segm")
    np.testing.assert_array_equal(one.precision, two.precision)
    np.testing.assert_array_equal(one.scores, two.scores)


# ---- masks ------------------------------------------------------------------------------------


def drawn(polygons, height, width):
    runs = _core.run_lengths([polygons], [(height, width)], str)
    return expand({"size": (height, width), "counts": runs["counts"]})


@pytest.mark.parametrize("seed", range(4))
def test_polygons_are_drawn_as_the_reference_draws_them(seed):
    rng = np.random.default_rng(seed)
    for _ in range(25):
        height, width = rng.integers(1, 30, 2).tolist()
        parts = [
            (rng.normal(0.5, 0.5, (int(rng.integers(3, 9)), 2)) * [width, height]).ravel().tolist()
            for _ in range(int(rng.integers(1, 4)))
        ]
        if rng.random() < 0.3:  # whole numbers, corners twice, edges upright and level
            parts = [
                np.repeat(np.round(p).reshape(-1, 2), 2, axis=0).ravel().tolist() for p in parts
            ]
        expected = reference.rasterize(parts, height, width)
        np.testing.assert_array_equal(drawn(parts, height, width), expected)


def test_a_square_is_drawn_whole():
    mask = drawn([[1, 1, 4, 1, 4, 3, 1, 3]], 5, 6)
    expected = np.zeros((5, 6), bool)
    expected[1:3, 1:4] = True
    np.testing.assert_array_equal(mask, expected)


def test_forms_of_masks_agree():
    rng = np.random.default_rng(0)
    mask = rng.random((9, 7)) < 0.5
    forms = [run_lengths(mask), run_lengths(mask, text=False), mask, mask.astype(np.uint8)]
    runs = _core.run_lengths(forms, None, str)
    n = runs["start"][1]
    assert runs["start"].tolist() == [0, n, 2 * n, 3 * n, 4 * n]
    np.testing.assert_array_equal(runs["counts"], np.tile(runs["counts"][:n], 4))
    areas, boxes = _core.measure_runs(runs)
    y, x = np.nonzero(mask)
    box = [x.min(), y.min(), x.max() + 1 - x.min(), y.max() + 1 - y.min()]
    assert areas.tolist() == [mask.sum()] * 4 and boxes.tolist() == [box] * 4


def test_long_runs_as_text():
    counts = [5, 300000, 2, 1, 90000, 0, 7]
    text = {"size": [sum(counts), 1], "counts": compress(counts)}
    assert _core.run_lengths([text], None, str)["counts"].tolist() == counts


def test_boxes_of_masks_serve_where_there_are_none():
    truth, found = scene(3, "segm")
    boxed = copy.deepcopy(found)
    for dt in boxed:
        runs = _core.run_lengths([dt["segmentation"]], None, str)
        dt["bbox"] = _core.measure_runs(runs)[1][0].tolist()
    result, expected = coco_map(truth, found), coco_map(truth, boxed)
    np.testing.assert_array_equal(result.recall[..., 0, -1], expected.recall[..., 0, -1])


# ---- streaming ----------------------------------------------------------------------------------


def arrays(truth, found, kind):
    """The same data as (image id, prediction, target) of arrays."""
    key = {"bbox": "boxes", "segm": "masks", "keypoints": "keypoints"}[kind]
    field = {"bbox": "bbox", "segm": "segmentation", "keypoints": "keypoints"}[kind]
    sizes = {i["id"]: (i["height"], i["width"]) for i in truth["images"]}
    for image, size in sizes.items():
        gts = [a for a in truth["annotations"] if a["image_id"] == image]
        dts = [d for d in found if d["image_id"] == image]

        def values(records, size=size):
            given = [r[field] for r in records]
            if kind == "segm":
                runs = _core.run_lengths(given, [size] * len(given), str)
                parts = np.split(runs["counts"], runs["start"][1:-1]) if given else []
                return [expand({"size": size, "counts": part}) for part in parts]
            width = {"bbox": (4,), "keypoints": (17, 3)}[kind]
            return np.array(given, np.float64).reshape(-1, *width)

        prediction = {key: values(dts), "scores": [d["score"] for d in dts]}
        prediction["labels"] = [d["category_id"] for d in dts]
        target = {key: values(gts), "labels": [a["category_id"] for a in gts]}
        target["iscrowd"] = [a["iscrowd"] for a in gts]
        target["area"] = [a["area"] for a in gts]
        if kind == "keypoints":
            target["boxes"] = np.array([a["bbox"] for a in gts]).reshape(-1, 4)
        yield image, prediction, target


@pytest.mark.parametrize("kind", KINDS)
def test_streaming_gives_the_same_numbers_in_any_order(kind):
    truth, found = scene(7, kind)
    expected = coco_map(truth, found, kind)
    rng = np.random.default_rng(0)
    data = list(arrays(truth, found, kind))
    for _ in range(3):
        parts = [CocoEvaluator(kind, fmt="xywh") for _ in range(3)]
        for at in rng.permutation(len(data)):
            image, prediction, target = data[at]
            parts[at % 3].update([image], [prediction], [target])
        whole, *others = (pickle.loads(pickle.dumps(part)) for part in parts)
        for other in others:
            assert whole.merge(other) is whole
        assert len(whole) == len(data)
        result = whole.compute()
        np.testing.assert_array_equal(result.stats, expected.stats)
        listed = [expected.category_ids.index(k) for k in result.category_ids]
        np.testing.assert_array_equal(result.precision, expected.precision[:, :, listed])


def test_batches_of_rows_from_non_max_suppression():
    rng = np.random.default_rng(1)
    boxes = rng.random((5, 4)).cumsum(axis=1).astype(np.float32) * 100
    rows = np.column_stack([boxes, rng.random(5), [0, 1, 0, 2, 1]]).astype(np.float32)
    target = {"boxes": boxes, "labels": [0, 1, 0, 2, 1]}
    by_rows, by_dict = CocoEvaluator(), CocoEvaluator()
    by_rows.update([1, 2], [rows, rows[:0]], [target, target])
    empty = {"boxes": [], "scores": [], "labels": []}
    full = {"boxes": boxes, "scores": rows[:, 4], "labels": [0, 1, 0, 2, 1]}
    by_dict.update(2, empty, target)
    by_dict.update(1, full, target)
    np.testing.assert_array_equal(by_rows.compute().stats, by_dict.compute().stats)
    assert by_rows.compute()["AR"] == pytest.approx(0.5)


def test_formats_of_boxes():
    rng = np.random.default_rng(2)
    xywh = rng.integers(1, 40, (6, 4)).astype(float)
    results = []
    for fmt in ("xyxy", "xywh", "cxcywh"):
        evaluator = CocoEvaluator(fmt=fmt)
        boxes = fl.box_convert(xywh, "xywh", fmt)
        shifted = fl.box_convert(xywh + [1, 0, 0, 0], "xywh", fmt)
        labels = [1] * 6
        prediction = {"boxes": shifted, "scores": np.arange(6) / 6, "labels": labels}
        evaluator.update("a", prediction, {"boxes": boxes, "labels": labels})
        results.append(evaluator.compute().stats)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_an_image_given_twice_counts_once():
    image, prediction, target = next(
        item for item in arrays(*scene(8, "bbox"), "bbox") if item[2]["labels"]
    )
    once, twice = CocoEvaluator(fmt="xywh"), CocoEvaluator(fmt="xywh")
    once.update([image], [prediction], [target])
    twice.update([image, image], [prediction] * 2, [target] * 2)
    twice.merge(once)
    assert len(twice) == 1
    np.testing.assert_array_equal(once.compute().stats, twice.compute().stats)
    with pytest.raises(ValueError, match=f"image {image} was given before with other data"):
        twice.update([image], [{"boxes": [], "scores": [], "labels": []}], [target])
    twice.reset()
    assert len(twice) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_at_all(kind):
    evaluator = CocoEvaluator(kind)
    assert (evaluator.compute().stats == -1).all()
    nothing = coco_map({"images": [], "categories": [], "annotations": []}, [], kind)
    assert (nothing.stats == -1).all() and str(nothing).count("-1.000") == len(nothing.stats)
    truth, _ = scene(0, kind)
    missed = coco_map(truth, [], kind)
    assert missed.ap == 0 and missed.n_detections == 0
    truth["annotations"] = []
    assert coco_map(truth, scene(0, kind)[1], kind).ap == -1


def test_result_is_readable():
    result = coco_map(*scene(1, "bbox"))
    assert result.as_dict()["AP"] == result.ap == result.stats[0] == result["AP"]
    assert repr(result).startswith("CocoResult(bbox: AP=")
    assert set(result.per_class) == set(result.category_ids)
    valid = [ap for ap in result.per_class.values() if ap > -1]
    assert np.mean(valid) == pytest.approx(result.ap)
    with pytest.raises(KeyError, match="AP_tiny"):
        result["AP_tiny"]
