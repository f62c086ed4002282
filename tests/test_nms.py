"""Non-maximum suppression against the slow reference: the same boxes, however they lie."""

import json
import threading
from pathlib import Path

import nms_samples as samples
import numpy as np
import pytest
from instruction_sets import on_every_isa

import fastloss as fl
import fastloss.reference as ref
from fastloss.reference.boxes.suppression import falling

DTYPES = (np.float32, np.float64)
THRESHOLDS = (0.0, 1e-4, 0.2, 0.5, 0.7, 1.0)
DATA = Path(__file__).parents[2] / "shared" / "data" / "coco_eval"


def check(boxes, scores, threshold):
    with np.errstate(all="ignore"):
        expected = ref.nms(boxes, scores, threshold)
    for level in on_every_isa():
        with fl.num_threads(1 + (level == "x86-64-v3")):
            kept = fl.nms(boxes, scores, threshold)
        assert kept.dtype == np.int64
        np.testing.assert_array_equal(kept, expected, err_msg=level)


@pytest.mark.parametrize("make", samples.BOXES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", DTYPES)
def test_same_boxes_as_the_reference(make, dtype):
    for n in (0, 1, 2, 15, 16, 17, 65, 129, 300):
        for ties in (False, True):
            rng = np.random.default_rng(n)
            with np.errstate(all="ignore"):
                boxes = make(rng, n).astype(dtype)
            scores = samples.scores(rng, n, ties).astype(dtype)
            for threshold in THRESHOLDS[:: 1 if n < 50 else 2]:
                check(boxes, scores, threshold)


@pytest.mark.parametrize("make", samples.BOXES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", DTYPES)
def test_large_sets_use_every_path(make, dtype):
    """Lists of kept boxes, grids, grids laid out anew: all give what the matrix of IoU gives."""
    rng = np.random.default_rng(5)
    with np.errstate(all="ignore"):
        boxes = make(rng, 4000).astype(dtype)
    scores = samples.scores(rng, 4000, ties=False).astype(dtype)
    overlaps = fl.box_iou(boxes, boxes)
    for threshold in (0.0, 0.0005, 0.1, 0.45, 0.8):
        expected = fl.nms_from_overlaps(overlaps, scores, threshold)
        for level in on_every_isa():
            got = fl.nms(boxes, scores, threshold)
            np.testing.assert_array_equal(got, expected, err_msg=level)


@pytest.mark.parametrize("dtype", DTYPES)
def test_float32_is_compared_with_the_threshold_in_double(dtype):
    """0.3 is not a float32: an IoU of exactly float32(0.3), which is larger, must suppress."""
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 3]], dtype)
    iou = float(ref.box_iou(boxes[:1], boxes[1:])[0, 0])
    for threshold in (np.nextafter(iou, 0), iou, np.nextafter(iou, 1)):
        kept = fl.nms(boxes, [1.0, 0.5], threshold)
        assert len(kept) == (1 if iou > threshold else 2)
    for threshold in (0.0, 0.3, 0.5, 1.0):
        half = np.array([[0, 0, 2, 2], [0, 0, 2, 1]], dtype)
        assert len(fl.nms(half, [1, 0], threshold)) == (2 if threshold >= 0.5 else 1)


def test_every_iou_that_is_near_the_threshold():
    """The screen without a division must let none pass that the division decides otherwise."""
    rng = np.random.default_rng(3)
    for dtype in DTYPES:
        boxes = samples.crowded(rng, 400).astype(dtype)
        with np.errstate(all="ignore"):
            overlaps = ref.box_iou(boxes, boxes)
        values = np.unique(overlaps[(overlaps > 0) & (overlaps < 1)])
        for value in rng.choice(values, 60):
            for threshold in (np.nextafter(value, 0), value, np.nextafter(value, 1)):
                threshold = float(dtype(threshold))
                expected = fl.nms_from_overlaps(overlaps, np.arange(400.0), threshold)
                got = fl.nms(boxes, np.arange(400.0), threshold)
                np.testing.assert_array_equal(got, expected)


def test_ties_go_to_the_lowest_position():
    boxes = np.zeros((100, 4)) + [0, 0, 1, 1] + np.arange(100)[:, None]
    assert fl.nms(boxes, np.ones(100), 0.5).tolist() == list(range(100))
    assert fl.nms(np.zeros((70, 4)) + [0, 0, 1, 1], np.ones(70), 0.5).tolist() == [0]
    assert fl.nms(boxes, np.tile([0.0, -0.0], 50), 0.5).tolist() == list(range(100))
    classes = np.arange(100) % 3
    assert fl.batched_nms(boxes, np.ones(100), classes, 0.5).tolist() == list(range(100))


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, np.uint64, bool, np.float64])
def test_scores_of_other_types_keep_their_order(kind):
    """Scores that float32 cannot hold are not rounded: neighbours in float64 stay in order."""
    rng = np.random.default_rng(1)
    boxes = samples.crowded(rng, 300).astype(np.float32)
    scores = rng.permutation(300)
    if kind is np.float64:
        scores = 1 + scores * 2.0**-52
    elif kind in (np.int64, np.uint64):
        scores = (2**62 + scores).astype(kind)
    else:
        scores = scores.astype(kind)
    np.testing.assert_array_equal(fl.nms(boxes, scores, 0.3), ref.nms(boxes, scores, 0.3))
    classes = rng.integers(0, 3, 300)
    np.testing.assert_array_equal(
        fl.batched_nms(boxes, scores, classes, 0.3), ref.batched_nms(boxes, scores, classes, 0.3)
    )


def test_integer_boxes_count_as_double():
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [2**40, 0, 2**40 + 3, 3]])
    for kind in (np.int32, np.int64, np.uint16):
        some = boxes[:2].astype(kind)
        assert fl.nms(some, [0.5, 1], 0.5).tolist() == [1]
    assert fl.nms(boxes, [1, 2, 3], 0.5).tolist() == [2, 1]
    assert fl.nms(boxes.tolist(), (1, 2, 3), 0.5).tolist() == [2, 1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "ids",
    [
        lambda rng, n: rng.integers(0, 5, n),
        lambda rng, n: rng.integers(-3, 3, n).astype(np.int8),
        lambda rng, n: rng.choice([-(2**63), 2**63 - 1, 0, 10**9], n),
        lambda rng, n: np.arange(n),
        lambda rng, n: np.zeros(n, np.uint8),
        lambda rng, n: rng.integers(0, 3, n).astype(np.int32),
    ],
    ids=["few", "negative", "far", "all", "one", "int32"],
)
def test_classes_are_told_apart_by_number(dtype, ids):
    for n in (0, 1, 5, 200, 900):
        rng = np.random.default_rng(n)
        for make in (samples.clustered, samples.degenerate):
            with np.errstate(all="ignore"):
                boxes = make(rng, n).astype(dtype) - 300
            scores = samples.scores(rng, n, n == 200).astype(dtype)
            classes = ids(rng, n)
            with np.errstate(all="ignore"):
                expected = ref.batched_nms(boxes, scores, classes, 0.45)
            for threads in (1, 2):
                with fl.num_threads(threads):
                    got = fl.batched_nms(boxes, scores, classes, 0.45)
                np.testing.assert_array_equal(got, expected)


def test_many_threads_on_many_boxes():
    rng = np.random.default_rng(0)
    boxes = samples.crowded(rng, 30_000).astype(np.float32)
    scores = rng.random(30_000).astype(np.float32)
    classes = rng.integers(0, 80, 30_000)
    with fl.num_threads(1):
        one = fl.batched_nms(boxes, scores, classes, 0.5)
    with fl.num_threads(3):
        np.testing.assert_array_equal(fl.batched_nms(boxes, scores, classes, 0.5), one)
    wrong = []

    def call():
        for _ in range(3):
            if not np.array_equal(fl.batched_nms(boxes, scores, classes, 0.5), one):
                wrong.append(1)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_sorting_of_scores_that_share_their_leading_bits():
    """The short sort gives up on them; the long one must come out the same."""
    rng = np.random.default_rng(2)
    n = 3000
    boxes = samples.scattered(rng, n)
    low = 0.5 + rng.permutation(n) * 2.0**-53
    low[:3] = [-1e300, 1e300, 0]
    np.testing.assert_array_equal(fl.nms(boxes, low, 1.0), falling(low))
    single = (1 + rng.integers(0, 100, n) * 2.0**-23).astype(np.float32)
    single[:2] = [-1e30, 1e30]
    np.testing.assert_array_equal(fl.nms(boxes.astype(np.float32), single, 1.0), falling(single))


def test_inputs_of_any_layout():
    rng = np.random.default_rng(4)
    boxes, scores = samples.clustered(rng, 200), rng.random(200)
    expected = fl.nms(boxes, scores, 0.5)
    wide = np.zeros((200, 9))
    wide[:, ::2][:, :4] = boxes
    frozen = boxes.copy()
    frozen.flags.writeable = False
    for same in (np.asfortranarray(boxes), wide[:, ::2][:, :4], frozen, boxes.astype(">f8"),
                 boxes[::-1].copy()[::-1], boxes.tolist()):  # fmt: skip
        np.testing.assert_array_equal(fl.nms(same, scores, 0.5), expected)
        np.testing.assert_array_equal(fl.nms(same, scores[::-1].copy()[::-1], 0.5), expected)
    np.testing.assert_array_equal(
        fl.batched_nms(boxes, scores, np.zeros(400, int)[::2], 0.5), expected
    )


@pytest.mark.skipif(not DATA.exists(), reason="no real detections beside the project")
def test_real_detections():
    """COCO's example: 100 images, in each the boxes of all categories."""
    found = json.loads((DATA / "instances_val2014_fakebbox100_results.json").read_text())
    images = {}
    for row in found:
        images.setdefault(row["image_id"], []).append(row)
    for rows in images.values():
        boxes = fl.box_convert(np.array([row["bbox"] for row in rows], float), "xywh", "xyxy")
        scores = np.array([row["score"] for row in rows])
        classes = [row["category_id"] for row in rows]
        for dtype in DTYPES:
            for threshold in (0.1, 0.5):
                args = boxes.astype(dtype), scores.astype(dtype)
                np.testing.assert_array_equal(fl.nms(*args, threshold), ref.nms(*args, threshold))
                np.testing.assert_array_equal(
                    fl.batched_nms(*args, classes, threshold),
                    ref.batched_nms(*args, classes, threshold),
                )
    everything = fl.box_convert(np.array([row["bbox"] for row in found], float), "xywh", "xyxy")
    scores = np.array([row["score"] for row in found])
    np.testing.assert_array_equal(fl.nms(everything, scores, 0.5), ref.nms(everything, scores, 0.5))


def test_overlaps_given_by_the_caller():
    rng = np.random.default_rng(6)
    for dtype in DTYPES:
        for n in (0, 1, 7, 40, 130):
            overlaps = rng.uniform(-1, 1, (n, n)).astype(dtype)
            overlaps[rng.random((n, n)) < 0.1] = np.nan
            for scores in (rng.random(n).astype(dtype), rng.integers(0, 3, n)):
                for threshold in (-1.0, -0.5, 0.0, 0.9, 5):
                    expected = ref.nms_from_overlaps(overlaps, scores, threshold)
                    for level in on_every_isa():
                        got = fl.nms_from_overlaps(overlaps, scores, threshold)
                        np.testing.assert_array_equal(got, expected, err_msg=level)
