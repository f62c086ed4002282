"""From raw predictions to detections, against the reference; geometry by hand."""

import nms_samples as samples
import numpy as np
import pytest
from instruction_sets import on_every_isa

import fastloss as fl
import fastloss.reference as ref

DTYPES = (np.float32, np.float64)


def predict(rng, batch, classes, anchors, dtype, ties=False):
    """Boxes around a few objects, scores of which a part is above the confidence."""
    boxes = samples.clustered(rng, batch * anchors).reshape(batch, anchors, 4)
    centred = fl.box_convert(boxes, "xyxy", "cxcywh").transpose(0, 2, 1)
    scores = rng.random((batch, classes, anchors)) ** 4
    if ties:
        scores = np.round(scores * 8) / 8
    return np.concatenate([centred, scores], axis=1).astype(dtype)


def agree(got, expected):
    """Lists of arrays and arrays, the same bits."""
    assert type(got) is type(expected)
    if isinstance(got, (list, tuple)):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            agree(a, b)
        return
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


OPTIONS = (
    {},
    {"multi_label": True},
    {"agnostic": True},
    {"classes": [2, 0], "multi_label": True},
    {"classes": 1},
    {"classes": []},
    {"max_det": 3},
    {"max_candidates": 10, "multi_label": True, "max_det": 5},
    {"max_candidates": 0},
    {"conf_threshold": 0.0, "iou_threshold": 0.0},
    {"conf_threshold": 1.0},
    {"num_classes": 2},
    {"fmt": "xywh", "multi_label": True, "agnostic": True},
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_detections(dtype, options):
    for batch, anchors, ties in ((0, 5, 0), (1, 0, 0), (1, 1, 0), (3, 130, 1), (2, 600, 0)):
        prediction = predict(np.random.default_rng(anchors), batch, 3, anchors, dtype, ties)
        asked = {**options, "return_index": True, "return_counts": True}
        expected = ref.non_max_suppression(prediction, **asked)
        for level in on_every_isa():
            with fl.num_threads(1 + (level == "x86-64-v3")):
                agree(fl.non_max_suppression(prediction, **asked), expected)
        agree(fl.non_max_suppression(prediction, **options), expected[0])


@pytest.mark.parametrize("multi_label", [False, True])
def test_an_image_of_usual_size(multi_label):
    prediction = predict(np.random.default_rng(1), 2, 20, 5000, np.float32)
    prediction[:, 4:] *= 0.35
    options = {"multi_label": multi_label, "return_index": True, "return_counts": True}
    expected = ref.non_max_suppression(prediction, **options)
    for threads in (1, 2):
        with fl.num_threads(threads):
            agree(fl.non_max_suppression(prediction, **options), expected)


def test_limits_are_reported():
    prediction = predict(np.random.default_rng(0), 2, 3, 400, np.float32)
    free, counts = fl.non_max_suppression(prediction, return_counts=True)
    assert [len(rows) for rows in free] == counts[:, 2].tolist() == counts[:, 1].tolist()
    cut, fewer = fl.non_max_suppression(prediction, max_det=4, return_counts=True)
    assert fewer[:, 2].tolist() == [4, 4]
    np.testing.assert_array_equal(fewer[:, :2], counts[:, :2])
    for a, b in zip(cut, free, strict=True):
        np.testing.assert_array_equal(a, b[:4])


def test_index_finds_the_other_rows():
    prediction = predict(np.random.default_rng(0), 1, 3, 300, np.float64)
    masks = np.random.default_rng(1).normal(size=(1, 32, 300))
    whole = np.concatenate([prediction, masks], axis=1)
    rows, index = fl.non_max_suppression(whole, num_classes=3, return_index=True)
    agree(rows, fl.non_max_suppression(prediction))
    kept = prediction[0][:, index[0]]
    np.testing.assert_array_equal(kept[4:].max(axis=0), rows[0][:, 4])
    np.testing.assert_array_equal(kept[4:].argmax(axis=0), rows[0][:, 5])
    assert whole[0, 7:, index[0]].shape == (len(rows[0]), 32)


def test_predictions_of_any_layout():
    prediction = predict(np.random.default_rng(2), 2, 4, 200, np.float32)
    expected = fl.non_max_suppression(prediction)
    turned = np.ascontiguousarray(prediction.transpose(0, 2, 1)).transpose(0, 2, 1)
    wide = np.zeros((2, 8, 400), np.float32)
    wide[:, :, ::2] = prediction
    frozen = prediction.copy()
    frozen.flags.writeable = False
    for same in (turned, wide[:, :, ::2], frozen, prediction.astype(">f4"), prediction[::-1][::-1]):
        agree(fl.non_max_suppression(same), expected)


def test_scores_that_are_nan():
    for multi_label in (False, True):
        for at in ((0, 4, 0), (1, 5, 17), (1, 6, 2999), (2, 4, 2050)):
            prediction = predict(np.random.default_rng(3), 3, 3, 3000, np.float32)
            prediction[at] = np.nan
            place = rf"prediction\[{at[0]}, {at[1]}, {at[2]}\] is nan"
            with pytest.raises(ValueError, match=place):
                fl.non_max_suppression(prediction, multi_label=multi_label)
    prediction[at] = 0.9
    prediction[2, 1, 2050] = np.nan  # a box may be NaN: it is kept
    rows, index = fl.non_max_suppression(prediction, return_index=True)
    assert 2050 in index[2] and np.isnan(rows[2]).any()


# ---- decoding ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bins", [1, 2, 16])
def test_decoding(dtype, bins):
    for sizes, strides in (
        ([(8, 8), (4, 4), (2, 2)], (8, 16, 32)),
        ([(20, 33), (1, 5)], (8, 64)),
        ([(0, 3), (3, 5), (2, 0), (1, 1)], [4, 8.5, 16, 32]),
        ([], []),
    ):
        anchors = sum(h * w for h, w in sizes)
        rng = np.random.default_rng(anchors)
        boxes = (3 * rng.normal(size=(2, 4 * bins, anchors))).astype(dtype)
        for fmt in ("xyxy", "cxcywh", "xywh"):
            for first in (False, True):
                options = {"level_sizes": sizes, "strides": strides, "fmt": fmt}
                expected = ref.decode_boxes(boxes, channels_first=first, **options)
                for _ in on_every_isa():
                    got = fl.decode_boxes(boxes, channels_first=first, **options)
                    with fl.num_threads(1):
                        one = fl.decode_boxes(boxes, channels_first=first, **options)
                    assert got.dtype == dtype and got.shape == expected.shape
                    np.testing.assert_array_equal(got, one)
                    scale = 64 * 50 * np.finfo(dtype).eps
                    np.testing.assert_allclose(got, expected, rtol=0, atol=scale)


def test_decoding_of_large_logits():
    boxes = np.zeros((1, 64, 1))
    boxes[0, [3, 16 + 5, 32, 48 + 15]] = 1e4
    options = {"level_sizes": [(1, 1)], "strides": [8]}
    np.testing.assert_array_equal(
        fl.decode_boxes(boxes, **options), [[[8 * -2.5, 8 * -4.5, 4, 8 * 15.5]]]
    )


def test_from_logits_to_detections():
    rng = np.random.default_rng(0)
    sizes, strides = [(8, 8), (4, 4)], [8, 16]
    logits = rng.normal(size=(2, 64, 80)).astype(np.float32)
    scores = rng.random((2, 3, 80)).astype(np.float32)
    options = {"level_sizes": sizes, "strides": strides}
    boxes = fl.decode_boxes(logits, fmt="cxcywh", channels_first=True, **options)
    rows = fl.non_max_suppression(np.concatenate([boxes, scores], 1), return_index=True)
    corners = fl.decode_boxes(logits, **options)
    for image in range(2):
        found, index = rows[0][image], rows[1][image]
        np.testing.assert_allclose(found[:, :4], corners[image, index], atol=1e-4)


# ---- geometry ------------------------------------------------------------------------------


def test_letterbox():
    assert fl.letterbox((480, 640), 640) == (1.0, (480, 640), (80, 80, 0, 0))
    assert fl.letterbox((640, 480), (640, 640)) == (1.0, (640, 480), (0, 0, 80, 80))
    assert fl.letterbox((101, 100, 3), (200, 200)).padding == (0, 0, 1, 1)
    assert fl.letterbox((100, 50), 201).padding == (0, 0, 50, 51)
    assert fl.letterbox((100, 51), 200).padding == (0, 0, 49, 49)
    assert fl.letterbox((100, 51), 201, center=False).padding == (0, 0, 0, 98)
    assert fl.letterbox((100, 50), 640, scale_up=False) == (1.0, (100, 50), (270, 270, 295, 295))
    assert fl.letterbox((1080, 1920), 640, stride=32) == (1 / 3, (360, 640), (12, 12, 0, 0))
    assert fl.letterbox((1, 10_000), 32).size == (1, 32)
    rng = np.random.default_rng(0)
    for _ in range(300):
        shape, new = rng.integers(1, 2000, 2).tolist(), rng.integers(1, 2000, 2).tolist()
        options = {"scale_up": bool(rng.integers(2)), "center": bool(rng.integers(2)),
                   "stride": [None, 1, 32][rng.integers(3)]}  # fmt: skip
        got = fl.letterbox(shape, new, **options)
        assert got == ref.letterbox(shape, new, **options)
        assert min(got.padding) >= 0
        if options["stride"] is None:
            top, bottom, left, right = got.padding
            assert [got.size[0] + top + bottom, got.size[1] + left + right] == new


@pytest.mark.parametrize("dtype", DTYPES)
def test_boxes_there_and_back(dtype):
    rng = np.random.default_rng(0)
    for shape, new in (((720, 1280), 640), ((333, 201), (640, 512)), ((50, 40), 320)):
        for options in ({}, {"center": False}, {"scale_up": False}, {"padded": False}):
            boxes = np.sort(rng.uniform(0, 1, (5, 2, 2)), axis=1).reshape(5, 4) * [
                *shape[::-1],
                *shape[::-1],
            ]
            if options == {"padded": False}:
                high, wide = (new, new) if np.ndim(new) == 0 else new
                moved = boxes * np.tile([wide / shape[1], high / shape[0]], 2)
            else:
                box = fl.letterbox(shape, new, **options)
                moved = boxes * box.ratio + np.tile([box.padding[2], box.padding[0]], 2)
            back = fl.scale_boxes(moved.astype(dtype), new, shape, **options)
            assert back.dtype == dtype
            np.testing.assert_allclose(back, boxes, atol=2000 * np.finfo(dtype).eps)
            expected = ref.scale_boxes(moved.astype(dtype), new, shape, **options)
            np.testing.assert_array_equal(back, expected)


def test_scaling_leaves_other_columns_and_axes_alone():
    rows = np.array([[[-5.0, 3, 700, 9, 0.5, 7]]] * 4)
    got = fl.scale_boxes(rows, 640, (640, 640, 3))
    assert got.shape == (4, 1, 6)
    np.testing.assert_array_equal(got[0], [[0, 3, 640, 9, 0.5, 7]])
    np.testing.assert_array_equal(fl.scale_boxes(rows, 640, 640, clip=False), rows)
    assert fl.scale_boxes(np.zeros((0, 6), np.float32), 640, 480).shape == (0, 6)
    np.testing.assert_array_equal(fl.scale_boxes([0, 0, 10, 10], 10, 20), [0, 0, 20, 20])
    nan = fl.scale_boxes([[np.nan, 0, np.inf, -np.inf]], 10, 20)
    np.testing.assert_array_equal(nan, [[np.nan, 0, 20, 0]])
