"""Bad input to suppression and post-processing: errors that name the argument, and no crash."""

import inspect
import re
import threading
import time

import numpy as np
import pytest

import fastloss as fl
from fastloss.reference import CRITERIA

BOXES = np.array([[0.0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6]])
SCORES = np.array([0.5, 0.9, 0.1])
OVERLAPS = np.eye(3)
PREDICTION = np.random.default_rng(0).random((2, 7, 5))

# function -> good arguments, by name
GOOD = {
    "nms": {"boxes": BOXES, "scores": SCORES, "iou_threshold": 0.5},
    "batched_nms": {"boxes": BOXES, "scores": SCORES, "idxs": [0, 1, 0], "iou_threshold": 0.5},
    "nms_from_overlaps": {"overlaps": OVERLAPS, "scores": SCORES, "threshold": 0.5},
    "nms_rotated": {"boxes": np.column_stack([BOXES, SCORES]), "scores": SCORES,
                    "iou_threshold": 0.5},
    "soft_nms": {"boxes": BOXES, "scores": SCORES},
    "matrix_nms": {"boxes": BOXES, "scores": SCORES},
    "weighted_boxes_fusion": {
        "boxes_list": [BOXES], "scores_list": [SCORES], "labels_list": [[0, 1, 0]],
    },
    "non_max_suppression": {"prediction": PREDICTION},
    "decode_boxes": {"boxes": np.zeros((1, 8, 5)), "level_sizes": [(2, 2), (1, 1)],
                     "strides": [8, 16]},
    "letterbox": {"image_shape": (480, 640)},
    "scale_boxes": {"boxes": BOXES, "from_shape": 640, "to_shape": (480, 640)},
}  # fmt: skip


class Raises:
    def __array__(self, *args, **kwargs):
        raise ValueError("no array today")

    __len__ = __iter__ = __index__ = __float__ = __bool__ = __array__


ENDLESS: list = []
ENDLESS.append(ENDLESS)
NOTHING_GOOD = (
    None, "abc", b"abc", object(), {1.0}, len, [[1.0], [2.0, 3.0]], ENDLESS, Raises(),
    np.array([["a", "b"]]), np.zeros(3, "datetime64[s]"), np.zeros(3, complex),
    np.array([1.0, None], dtype=object), np.zeros(3, "f4,f8"), np.zeros((3, 4), np.float16),
    np.zeros(3, np.longdouble), np.zeros((2, 2, 2, 2)), np.float64(3), -7.5, np.nan, np.inf,
    2**70, -(2**70), 10**400, [], (), {}, np.zeros((0, 0)), [None], [[[]]],
)  # fmt: skip


def fails(errors, argument, name, **changes):
    arguments = {**GOOD[name], **changes}
    arrays = [a for a in arguments.values() if type(a) is np.ndarray and a.dtype != object]
    copies = [a.copy() for a in arrays]
    with pytest.raises(errors) as caught:
        getattr(fl, name)(**arguments)
    text = str(caught.value)
    assert re.search(rf"\b{argument}\b", text), (name, argument, text)
    assert len(text) < 1000
    for a, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(a, copy)
    return text


def test_every_function_has_good_arguments_here():
    boxes = {entry.name for entry in CRITERIA.values() if entry.family == "boxes"}
    assert boxes == set(GOOD)
    for name, arguments in GOOD.items():
        getattr(fl, name)(**arguments)


def optional_none(name, argument):
    default = inspect.signature(getattr(fl, name)).parameters[argument].default
    return default is None


@pytest.mark.parametrize(
    "name, argument",
    [(name, p) for name in GOOD for p in inspect.signature(getattr(fl, name)).parameters],
)
def test_whatever_comes_is_refused_or_computed(name, argument):
    """An error of the usual kinds, or a result; never anything else."""
    for bad in NOTHING_GOOD:
        if bad is None and optional_none(name, argument):
            continue
        try:
            getattr(fl, name)(**{**GOOD[name], argument: bad})
        except (TypeError, ValueError, IndexError) as error:
            assert re.search(rf"\b{argument}\b", str(error)), (name, argument, bad, error)
            assert len(str(error)) < 1000


@pytest.mark.parametrize("name", ["nms", "batched_nms", "soft_nms", "matrix_nms"])
def test_boxes_and_scores(name):
    for bad in (
        np.zeros(4),
        np.zeros((3, 5)),
        np.zeros((1, 3, 4)),
        np.float64(1),
        np.zeros((4, 3)),
    ):
        text = fails(ValueError, "boxes", name, boxes=bad)
        assert str(np.shape(bad)) in text
    for bad in (np.zeros(2), np.zeros((3, 1)), 1.0, []):
        assert "expected (3,)" in fails(ValueError, "scores", name, scores=bad)
    assert "scores[1] is nan" in fails(ValueError, "scores", name, scores=[1, np.nan, np.nan])
    single = np.array([np.nan, 1, 2], np.float32)
    assert "scores[0] is nan" in fails(ValueError, "scores", name, scores=single)
    assert "not supported yet" in fails(TypeError, "boxes", name, boxes=BOXES.astype("f2"))
    assert "not supported yet" in fails(TypeError, "scores", name, scores=SCORES.astype("f2"))


def test_thresholds():
    for name, argument in (("nms", "iou_threshold"), ("batched_nms", "iou_threshold"),
                           ("soft_nms", "iou_threshold"), ("weighted_boxes_fusion", "iou_thr"),
                           ("non_max_suppression", "iou_threshold"),
                           ("non_max_suppression", "conf_threshold")):  # fmt: skip
        for bad in (-0.1, 1.5, np.nan, np.inf, -np.inf, 10**400):
            text = fails(ValueError, argument, name, **{argument: bad})
            assert "expected a number in [0, 1]" in text
        for bad in ("0.5", None, [0.5], 1j, np.ones(2)):
            fails(TypeError, argument, name, **{argument: bad})
        for good in (0, 1, np.float32(0.5), np.array(0.5), True):
            getattr(fl, name)(**{**GOOD[name], argument: good})
    for argument in ("sigma", "score_threshold"):
        for name in ("soft_nms", "matrix_nms"):
            for bad in (-7.5, np.nan, np.inf):
                assert "expected" in fails(ValueError, argument, name, **{argument: bad})
    assert "expected" in fails(ValueError, "sigma", "soft_nms", sigma=0)
    for method in ("soft_nms", "matrix_nms"):
        for bad in ("", "Linear", None, 3, b"linear", ["linear"]):
            assert "'linear'" in fails(ValueError, "method", method, method=bad)
    # next to 0 and next to infinity
    for sigma in (5e-324, 1e-45, 1e308):
        for boxes in (BOXES, BOXES.astype(np.float32)):
            keep, scores = fl.soft_nms(boxes, SCORES, sigma=sigma, score_threshold=0)
            assert np.isfinite(scores).all() and len(keep) == 3
            keep, scores = fl.matrix_nms(boxes, SCORES, sigma=sigma)
            assert np.isfinite(scores).all() and len(keep) == 3


def test_classes():
    for name in ("batched_nms", "soft_nms", "matrix_nms"):
        for bad in ([0.0, 1, 2], np.zeros(3, bool), ["a", "b", "c"], np.zeros(3, complex)):
            fails(TypeError, "idxs", name, idxs=bad)
        for bad in ([0, 1], np.zeros((3, 1), int), np.zeros((), int)):
            fails(ValueError, "idxs", name, idxs=bad)
    fails(TypeError, "idxs", "batched_nms", idxs=None)
    for bad in (3, -1, [0, 1, 7]):
        text = fails(IndexError, "classes", "non_max_suppression", classes=bad)
        assert "but prediction has 3 classes (0..2)" in text
    for bad in ([0.5], "1", [True, False], [[0], [1]], [None]):
        fails((TypeError, ValueError), "classes", "non_max_suppression", classes=bad)


def test_rotated_boxes():
    for bad in (BOXES, np.zeros(5), np.zeros((1, 3, 5))):
        fails(ValueError, "boxes", "nms_rotated", boxes=bad)
    fails(ValueError, "boxes", "nms_rotated", fmt="xyxyxyxy")
    for bad in ("xyxy", None, 5, "CXCYWHR"):
        assert "'cxcywhr'" in fails(ValueError, "fmt", "nms_rotated", fmt=bad)
    nan = np.full((3, 5), np.nan)
    assert fl.nms_rotated(nan, SCORES, 0.5).tolist() == [1, 0, 2]
    assert fl.nms_rotated(np.full((3, 5), np.inf), SCORES, 0.5).tolist() == [1, 0, 2]
    assert fl.nms_rotated([], [], 0.5).shape == (0,)


def test_matrices():
    for bad in (np.zeros((2, 3)), np.zeros(9), np.zeros((1, 3, 3))):
        fails(ValueError, "overlaps", "nms_from_overlaps", overlaps=bad)
        fails(ValueError, "boxes", "matrix_nms", boxes=bad, precomputed=True)
    for bad in (np.nan, np.inf):
        fails(ValueError, "threshold", "nms_from_overlaps", threshold=bad)
    for flag in (0, 1, None, "yes", []):
        fails(TypeError, "precomputed", "matrix_nms", precomputed=flag)


def test_models():
    name = "weighted_boxes_fusion"
    fails(ValueError, "boxes_list", name, boxes_list=[], scores_list=[], labels_list=[])
    fails(ValueError, "scores_list", name, scores_list=[SCORES, SCORES])
    fails(ValueError, "labels_list", name, labels_list=[])
    assert "boxes_list[0]" in fails(ValueError, "boxes_list", name, boxes_list=[BOXES[:, :3]])
    assert "scores_list[0]" in fails(ValueError, "scores_list", name, scores_list=[SCORES[:2]])
    assert "labels_list[0]" in fails(TypeError, "labels_list", name, labels_list=[[0.5, 1, 2]])
    text = fails(ValueError, "scores_list", name, scores_list=[[1, 2, np.nan]])
    assert "scores_list[0][2] is nan" in text
    for bad in ([-1], [0], [np.nan], [1, 2], [[1]], 1.0):
        fails(ValueError, "weights", name, weights=bad)
    for bad in ("mean", None, 1, ["avg"]):
        assert "'avg'" in fails(ValueError, "conf_type", name, conf_type=bad)
    fails(TypeError, "allows_overflow", name, allows_overflow=1)


def test_predictions():
    name = "non_max_suppression"
    for bad in (PREDICTION[0], PREDICTION[:, :4], PREDICTION[None], np.float64(1)):
        assert str(np.shape(bad)) in fails(ValueError, "prediction", name, prediction=bad)
    fails(TypeError, "prediction", name, prediction=PREDICTION.astype(int))
    for argument in ("max_det", "max_candidates"):
        for bad in (-1, -(2**40)):
            fails(ValueError, argument, name, **{argument: bad})
        for bad in (1.5, "3", [1], True):
            fails(TypeError, argument, name, **{argument: bad})
    for bad in (0, 4):
        fails(ValueError, "num_classes", name, num_classes=bad)
    for flag in ("agnostic", "multi_label", "return_index", "return_counts"):
        for bad in (0, 1, None, "yes", np.ones(2)):
            fails(TypeError, flag, name, **{flag: bad})
    for bad in ("XYXY", None, "xywhr"):
        fails(ValueError, "fmt", name, fmt=bad)


def test_levels_and_shapes():
    name = "decode_boxes"
    text = fails(ValueError, "level_sizes", name, level_sizes=[(2, 2), (2, 1)])
    assert "which makes 6 anchors, but boxes has 5" in text
    fails(ValueError, "level_sizes", name, level_sizes=[(2,), (1, 1)])
    fails(ValueError, "level_sizes", name, level_sizes=[(-2, -2), (1, 1)])
    fails(TypeError, "level_sizes", name, level_sizes=[(2.0, 2), (1, 1)])
    for bad in ([8], [8, 0], [8, -1], [8, np.nan], [[8, 16]], 8):
        fails(ValueError, "strides", name, strides=bad)
    for bad in (np.zeros((1, 6, 5)), np.zeros((8, 5)), np.zeros((1, 0, 5))):
        fails(ValueError, "boxes", name, boxes=bad)
    for bad in ((0, 640), (640,), (), (-1, 5)):
        fails(ValueError, "image_shape", "letterbox", image_shape=bad)
        fails(ValueError, "from_shape", "scale_boxes", from_shape=bad)
        fails(ValueError, "to_shape", "scale_boxes", to_shape=bad)
    for bad in (0, -32):
        fails(ValueError, "stride", "letterbox", stride=bad)
    for bad in (np.zeros((3, 3)), np.float64(1)):
        fails(ValueError, "boxes", "scale_boxes", boxes=bad)


def test_more_than_memory_holds():
    """A petabyte that is one number: an error, not a crash."""
    many = 2**50
    boxes = np.broadcast_to(np.float32(1), (many, 4))
    scores = np.broadcast_to(np.float32(1), (many,))
    for call in (
        lambda: fl.nms(boxes, scores, 0.5),
        lambda: fl.batched_nms(boxes, scores, np.broadcast_to(0, (many,)), 0.5),
        lambda: fl.soft_nms(boxes, scores),
        lambda: fl.matrix_nms(boxes, scores),
        lambda: fl.scale_boxes(boxes, 640, 480),
        lambda: fl.non_max_suppression(np.broadcast_to(np.float32(0), (1, 84, many))),
        lambda: fl.weighted_boxes_fusion([boxes], [scores], [np.broadcast_to(0, (many,))]),
    ):
        with pytest.raises((ValueError, MemoryError)):
            call()


def test_boxes_changed_by_another_thread():
    """What happens to the arrays during a call may cost the result only."""
    rng = np.random.default_rng(0)
    boxes = rng.uniform(0, 5000, (20_000, 4)).astype(np.float32)
    boxes[:, 2:] += boxes[:, :2]
    scores = rng.random(20_000).astype(np.float32)
    classes = rng.integers(0, 9, 20_000)
    other = rng.integers(-(2**60), 2**60, 20_000)
    prediction = rng.random((1, 14, 8400)).astype(np.float32)
    stop = threading.Event()

    def scribble():
        while not stop.is_set():
            boxes[:, 2] = np.nan
            boxes[:, 2] = boxes[:, 0] + 50
            scores[::2] = 0.5
            classes[:] = other
            prediction[:, 4:] = 0.9
            prediction[:, 4:] = 0.1

    thread = threading.Thread(target=scribble)
    thread.start()
    end = time.monotonic() + 0.4
    while time.monotonic() < end:
        fl.nms(boxes, scores, 0.5)
        fl.batched_nms(boxes, scores, classes, 0.5)
        fl.soft_nms(boxes[:500], scores[:500], idxs=classes[:500])
        fl.non_max_suppression(prediction)
        fl.non_max_suppression(prediction, multi_label=True)
    stop.set()
    thread.join()
