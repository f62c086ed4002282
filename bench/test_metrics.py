"""COCO's mean average precision of 5,000 images of 40 detections, and counts of labels.

"records" starts from parsed JSON, as `COCOeval.evaluate` and `accumulate` do after `loadRes`;
"files" reads and parses two files first, as `COCO` and `loadRes` do.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import SMOKE

import fastloss as fl
from fastloss.metrics import CocoEvaluator, accuracy, coco_map, confusion_matrix

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))
from coco_scenes import scene  # noqa: E402

IMAGES, DETECTIONS, CLASSES = (20 if SMOKE else 5000), 40, 80


def synthetic(n_images=IMAGES):
    """About ten objects an image; two thirds of the detections lie near one."""
    rng = np.random.default_rng(0)
    images, annotations, found = [], [], []
    for image in range(n_images):
        images.append({"id": image, "width": 640, "height": 480})
        n = int(rng.integers(4, 17))
        boxes = np.column_stack([rng.uniform(0, 400, (n, 2)), np.exp(rng.normal(4, 0.8, (n, 2)))])
        labels = rng.integers(0, CLASSES, n)
        for box, label, crowd in zip(boxes.tolist(), labels.tolist(), rng.random(n), strict=True):
            record = {"id": len(annotations) + 1, "image_id": image, "category_id": label}
            record |= {"bbox": box, "area": box[2] * box[3], "iscrowd": int(crowd < 0.02)}
            annotations.append(record)
        near, hit = rng.integers(0, n, DETECTIONS), rng.random(DETECTIONS) < 0.67
        moved = boxes[near] + rng.normal(0, 0.06, (DETECTIONS, 4)) * boxes[near][:, [2, 3, 2, 3]]
        moved[~hit, :2] = rng.uniform(0, 400, (int((~hit).sum()), 2))
        named = np.where(hit, labels[near], rng.integers(0, CLASSES, DETECTIONS))
        for box, label, score in zip(
            moved.round(2).tolist(),
            named.tolist(),
            rng.random(DETECTIONS).round(3).tolist(),
            strict=True,
        ):
            found.append({"image_id": image, "category_id": label, "bbox": box, "score": score})
    categories = [{"id": k, "name": str(k)} for k in range(CLASSES)]
    return {"images": images, "annotations": annotations, "categories": categories}, found


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Records, paths of files, and what pycocotools has read of them."""
    truth, found = synthetic()
    paths = [tmp_path_factory.mktemp("coco") / name for name in ("truth.json", "found.json")]
    for path, content in zip(paths, (truth, found), strict=True):
        path.write_text(json.dumps(content))
    return truth, found, *map(str, paths)


def measured(benchmark, group, call, rounds=5):
    benchmark.group = group
    return benchmark.pedantic(call, rounds=1 if SMOKE else rounds)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("source", ["records", "files"])
def test_coco_map(benchmark, data, source, threads):
    given = data[:2] if source == "records" else data[2:]
    with fl.num_threads(threads):
        result = measured(benchmark, f"coco_map from {source}", lambda: coco_map(*given))
    assert 0 < result.ap < 1


def read_by_pycocotools(truth, found):
    """Both sides as pycocotools reads them, from records or files."""
    from pycocotools.coco import COCO

    gt = COCO(truth if isinstance(truth, str) else None)
    if not isinstance(truth, str):
        gt.dataset = copy.deepcopy(truth)
        gt.createIndex()
    return gt, gt.loadRes(copy.deepcopy(found))


def evaluate_by_pycocotools(sides, kind="bbox"):
    from pycocotools.cocoeval import COCOeval

    evaluation = COCOeval(*sides, kind)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


@pytest.mark.parametrize("source", ["records", "files"])
def test_pycocotools(benchmark, data, source):
    pytest.importorskip("pycocotools")
    with contextlib.redirect_stdout(io.StringIO()):
        if source == "files":
            call = lambda: evaluate_by_pycocotools(read_by_pycocotools(*data[2:]))  # noqa: E731
        else:
            sides = read_by_pycocotools(*data[:2])
            call = lambda: evaluate_by_pycocotools(sides)  # noqa: E731
        evaluation = measured(benchmark, f"coco_map from {source}", call, rounds=1)
    assert evaluation.stats.tolist() == coco_map(*data[:2]).stats.tolist()


@pytest.mark.parametrize("kind", ["segm", "keypoints"])
@pytest.mark.parametrize("by", ["fastloss", "pycocotools"])
def test_other_kinds(benchmark, kind, by):
    truth, found = scene(0, kind, n_images=IMAGES // 20, detections=40, side=240)
    with contextlib.redirect_stdout(io.StringIO()):
        if by == "pycocotools":
            pytest.importorskip("pycocotools")
            sides = read_by_pycocotools(truth, found)
            call = lambda: evaluate_by_pycocotools(sides, kind)  # noqa: E731
        else:
            call = lambda: coco_map(truth, found, kind)  # noqa: E731
        measured(benchmark, f"coco_map {kind}", call, rounds=1 if by == "pycocotools" else 5)


def test_streaming(benchmark):
    rng = np.random.default_rng(0)
    boxes = rng.uniform(0, 200, (DETECTIONS, 4)).cumsum(axis=1)
    rows = np.column_stack([boxes, rng.random(DETECTIONS), rng.integers(0, CLASSES, DETECTIONS)])
    target = {"boxes": boxes[:10], "labels": rows[:10, 5].astype(int)}

    def run():
        evaluator = CocoEvaluator()
        for image in range(IMAGES):
            evaluator.update(image, rows, target)
        return evaluator.compute()

    measured(benchmark, "CocoEvaluator: updates and compute", run, rounds=3)


@pytest.mark.parametrize("by", ["fastloss", "numpy", "sklearn"])
@pytest.mark.parametrize("function", ["accuracy", "confusion_matrix"])
def test_labels(benchmark, function, by):
    n, classes = (100, 10) if SMOKE else (100_000, 100)
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(n, classes)).astype(np.float32)
    named, labels = scores.argmax(1), rng.integers(0, classes, n)
    calls = {
        ("accuracy", "fastloss"): lambda: accuracy(scores, labels),
        ("accuracy", "numpy"): lambda: (scores.argmax(1) == labels).mean(),
        ("confusion_matrix", "fastloss"): lambda: confusion_matrix(named, labels),
        ("confusion_matrix", "numpy"): lambda: np.bincount(
            labels * classes + named, minlength=classes * classes
        ),
    }
    if by == "sklearn":
        metrics = pytest.importorskip("sklearn.metrics")
        calls["confusion_matrix", "sklearn"] = lambda: metrics.confusion_matrix(labels, named)
    if (function, by) not in calls:
        pytest.skip("the same as numpy")
    with fl.num_threads(1):
        measured(benchmark, function, calls[function, by], rounds=20)
