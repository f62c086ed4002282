"""Soft-NMS, matrix NMS and weighted boxes fusion against the reference and by hand."""

import nms_samples as samples
import numpy as np
import pytest
from instruction_sets import on_every_isa

import fastloss as fl
import fastloss.reference as ref
from fastloss import _core

DTYPES = (np.float32, np.float64)


def same(got, expected, dtype):
    """The same positions; scores to a few ulp, of each factor that they were multiplied by."""
    np.testing.assert_array_equal(got[0], expected[0])
    assert got[1].dtype == dtype
    np.testing.assert_allclose(got[1], expected[1], rtol=200 * np.finfo(dtype).eps)


@pytest.mark.parametrize("method", ["gaussian", "linear"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_soft_nms(method, dtype):
    for make in (samples.crowded, samples.clustered, samples.piled, samples.degenerate):
        for n in (0, 1, 5, 120):
            rng = np.random.default_rng(n)
            with np.errstate(all="ignore"):
                boxes = make(rng, n).astype(dtype)
            scores = rng.permutation(n).astype(dtype) / dtype(max(n, 1))
            for options in (
                {},
                {"idxs": rng.integers(-2, 2, n)},
                {"sigma": 0.1, "iou_threshold": 0.6, "score_threshold": 0.0},
            ):
                with np.errstate(all="ignore"):
                    expected = ref.soft_nms(boxes, scores, method=method, **options)
                for _ in on_every_isa():
                    got = fl.soft_nms(boxes, scores, method=method, **options)
                    same(got, expected, dtype)


def test_soft_nms_by_hand():
    boxes = np.array([[0.0, 0, 2, 2], [0, 0, 2, 1], [0, 0, 2, 2], [5, 5, 6, 6]])
    keep, scores = fl.soft_nms(boxes, [0.9, 0.8, 0.5, 0.1], method="linear", iou_threshold=0.5)
    # 1 overlaps 0 by a half, which is not less than the threshold; 2 is 0 again and goes
    assert keep.tolist() == [0, 1, 3]
    np.testing.assert_allclose(scores, [0.9, 0.4, 0.1])
    keep, scores = fl.soft_nms(boxes, [0.9, 0.8, 0.5, 0.1], sigma=1.0)
    assert keep.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(
        scores, [0.9, 0.8 * np.exp(-0.25), 0.5 * np.exp(-1.25), 0.1], rtol=1e-14
    )
    # what was below the threshold from the start goes, too; equal scores by position
    assert fl.soft_nms(boxes, [0.0, 1e-4, 0.2, 0.2])[0].tolist() == [2, 3]
    keep, scores = fl.soft_nms(boxes[[3, 3, 3]], [1, 1, 1], score_threshold=0)
    assert keep.tolist() == [0, 1, 2] and (np.diff(scores) < 0).all()


@pytest.mark.parametrize("method", ["gaussian", "linear"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_matrix_nms(method, dtype):
    for make in (samples.crowded, samples.clustered, samples.piled, samples.degenerate):
        for n in (0, 1, 5, 120):
            rng = np.random.default_rng(n)
            with np.errstate(all="ignore"):
                boxes = make(rng, n).astype(dtype)
            scores = rng.permutation(n).astype(dtype) / dtype(max(n, 1))
            for options in (
                {"score_threshold": 1e-3},
                {"idxs": rng.integers(-2, 2, n), "sigma": 0.5, "score_threshold": 1e-3},
            ):
                with np.errstate(all="ignore"):
                    expected = ref.matrix_nms(boxes, scores, method=method, **options)
                    overlaps = np.nan_to_num(ref.box_iou(boxes, boxes), nan=0)
                options["method"] = method
                expected = [e[np.argsort(expected[0])] for e in expected]
                for _ in on_every_isa():
                    got = fl.matrix_nms(boxes, scores, **options)
                    given = fl.matrix_nms(overlaps, scores, precomputed=True, **options)
                    for result in (got, given):
                        assert (np.diff(result[1]) <= 0).all()
                        same([r[np.argsort(result[0])] for r in result], expected, dtype)


@pytest.mark.parametrize("method", ["gaussian", "linear"])
def test_matrix_nms_of_many_boxes(method):
    """Steps of some hundred boxes, and chunks of those that they fade."""
    for n in (1500, 4300):
        rng = np.random.default_rng(n)
        boxes, scores = samples.clustered(rng, n), rng.random(n)
        for idxs in (None, rng.integers(0, 5, n)):
            options = {"idxs": idxs, "method": method, "score_threshold": 0}
            results = []
            for threads in (1, 2, 3):
                with fl.num_threads(threads):
                    kept, faded = fl.matrix_nms(boxes, scores, **options)
                results.append((kept.tobytes(), faded.tobytes()))
            assert len(set(results)) == 1
            if n == 1500:
                expected = ref.matrix_nms(boxes, scores, **options)
                np.testing.assert_allclose(faded, expected[1], rtol=1e-9)
                np.testing.assert_array_equal(np.sort(kept), np.sort(expected[0]))


def test_matrix_nms_by_hand():
    boxes = np.array([[0.0, 0, 2, 2], [0, 0, 2, 1], [0, 0, 2, 2]])
    keep, scores = fl.matrix_nms(boxes, [0.9, 0.8, 0.5], method="linear")
    # 2 is 0 again: nothing is left of it. 1 loses its half
    assert keep.tolist() == [0, 1, 2]
    np.testing.assert_allclose(scores, [0.9, 0.4, 0])
    # three times the same box: for the third, 0/0 from the second says nothing
    keep, scores = fl.matrix_nms(boxes[[0, 0, 0]], [0.9, 0.8, 0.5], method="linear")
    assert scores.tolist() == [0.9, 0, 0] and keep.tolist() == [0, 1, 2]
    overlaps = np.array([[1, 0.5, 0.4], [0, 1, 0.8], [0, 0, 1]])
    _, scores = fl.matrix_nms(overlaps, [0.9, 0.8, 0.5], precomputed=True, sigma=1)
    third = min(np.exp(-(0.4**2)), np.exp(-(0.8**2)) / np.exp(-(0.5**2)))
    np.testing.assert_allclose(scores, [0.9, 0.8 * np.exp(-0.25), 0.5 * third], rtol=1e-14)


def models(rng, dtype, make=samples.clustered):
    """Three models that see the same objects, and one that sees nothing."""
    boxes = make(rng, 60)
    lists = [], [], []
    for share in (1.0, 0.6, 0.3, 0.0):
        chosen = np.flatnonzero(rng.random(len(boxes)) < share)
        shaken = boxes[chosen] + rng.normal(0, 3, (len(chosen), 4))
        lists[0].append(shaken.astype(dtype))
        lists[1].append(rng.permutation(len(chosen)).astype(dtype) / dtype(70))
        lists[2].append(chosen % 3 - 1)
    return lists


@pytest.mark.parametrize("conf_type", ["avg", "max", "box_and_model_avg", "absent_model_aware_avg"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_weighted_boxes_fusion(conf_type, dtype):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        lists = models(rng, dtype, samples.clustered if seed else samples.degenerate)
        for options in (
            {},
            {"weights": [2.0, 1.0, 0.5, 3.0], "iou_thr": 0.4, "skip_box_thr": 0.1},
            {"weights": (1, 0, 0, 1), "allows_overflow": True},
        ):
            with np.errstate(all="ignore"):
                expected = ref.weighted_boxes_fusion(*lists, conf_type=conf_type, **options)
            for _ in on_every_isa():
                got = fl.weighted_boxes_fusion(*lists, conf_type=conf_type, **options)
                assert got[0].dtype == got[1].dtype == dtype and got[2].dtype == np.int64
                assert got[0].shape == expected[0].shape
                # Equal scores but for rounding may come in another order.
                np.testing.assert_allclose(got[1], expected[1], rtol=1e-5)
                rows = [np.column_stack([r[2], r[0], r[1]]).astype(float) for r in (got, expected)]
                rows = [r[np.lexsort(np.round(r.T[:3], 2))] for r in rows]
                np.testing.assert_allclose(rows[0], rows[1], rtol=2e-5, atol=1e-4)


def test_fusion_of_many_labels_on_threads():
    rng = np.random.default_rng(12)
    boxes = [samples.clustered(rng, 900).clip(0, 640) / 640 for _ in range(2)]
    scores = [rng.random(900) for _ in range(2)]
    labels = [rng.integers(0, 40, 900) for _ in range(2)]
    results = []
    for threads in (1, 2, 3):
        with fl.num_threads(threads):
            fused = fl.weighted_boxes_fusion(boxes, scores, labels)
        results.append(tuple(np.asarray(a).tobytes() for a in fused))
    assert len(set(results)) == 1
    for a, b in zip(fused, ref.weighted_boxes_fusion(boxes, scores, labels), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_weighted_boxes_fusion_by_hand():
    one, two = np.array([[0.0, 0, 10, 10]]), np.array([[2.0, 0, 12, 10], [1, 0, 11, 10]])
    lists = [one, two], [[0.9], [0.6, 0.3]], [[5], [5, 5]]
    box = (0.9 * one[0] + 0.6 * two[0] + 0.3 * two[1]) / 1.8
    for conf_type, weights, expected in (
        ("avg", None, 0.6),
        ("max", None, 0.9),
        ("box_and_model_avg", None, 0.6),
        ("absent_model_aware_avg", None, 0.6),
        ("box_and_model_avg", [1, 3], (0.9 + 1.8 + 0.9) / 7 * 4 / 4),
        ("max", [1, 3], 1.8 / 3),
    ):
        boxes, scores, labels = fl.weighted_boxes_fusion(
            *lists, conf_type=conf_type, weights=weights
        )
        assert labels.tolist() == [5] and scores[0] == pytest.approx(expected)
        if weights is None:
            np.testing.assert_allclose(boxes, [box])
    alone = [one], [[0.9]], [[1]]
    assert fl.weighted_boxes_fusion(*alone)[1].tolist() == [0.9]
    # another label, another cluster; two models, one of which found nothing: half the score
    boxes, scores, labels = fl.weighted_boxes_fusion([one, []], [[0.9], []], [[1], []])
    assert scores.tolist() == [0.45] and labels.tolist() == [1]
    boxes, scores, labels = fl.weighted_boxes_fusion(
        [one, []], [[0.9], []], [[1], []], conf_type="absent_model_aware_avg", weights=[1, 2]
    )
    assert scores[0] == pytest.approx(0.3)
    boxes, scores, labels = fl.weighted_boxes_fusion([[], []], [[], []], [[], []])
    assert boxes.shape == (0, 4) and scores.shape == labels.shape == (0,)
    # overflow: the mean of two equal boxes of one model counts twice
    twice = [np.concatenate([one, one])], [[0.8, 0.8]], [[0, 0]]
    assert fl.weighted_boxes_fusion(*twice)[1].tolist() == [0.8]
    assert fl.weighted_boxes_fusion(*twice, allows_overflow=True)[1].tolist() == [1.6]


# ---- rotated boxes -----------------------------------------------------------------------


def turned(rng, n, side, thin=False):
    size = rng.uniform(5, 60, (n, 2))
    if thin:
        size = np.stack([rng.uniform(100, 900, n), 10.0 ** rng.uniform(-2, 1, n)], axis=1)
    angle = rng.choice([rng.uniform(-360, 360, n), 90.0 * rng.integers(-4, 4, n)])
    return np.column_stack([rng.uniform(0, side, (n, 2)), size, angle])


@pytest.mark.parametrize("dtype", DTYPES)
def test_rotated_boxes_by_their_matrix(dtype):
    """Lists and grids keep what the matrix of all overlaps keeps."""
    for n, side in ((0, 1), (1, 1), (60, 80), (1300, 1000)):
        for thin in (False, True):
            rng = np.random.default_rng(n)
            boxes = turned(rng, n, side, thin).astype(dtype)
            boxes[rng.random(n) < 0.02, rng.integers(0, 5)] = np.nan
            boxes[rng.random(n) < 0.02, 2] = 0
            scores = rng.permutation(n).astype(dtype)
            for _ in on_every_isa():
                overlaps = fl.box_iou(boxes, boxes, "cxcywhr")
                for threshold in (0.0, 0.3):
                    expected = fl.nms_from_overlaps(overlaps, scores, threshold)
                    got = fl.nms_rotated(boxes, scores, threshold)
                    np.testing.assert_array_equal(got, expected)


def test_rotated_boxes_of_every_format_and_class():
    rng = np.random.default_rng(0)
    boxes, scores = turned(rng, 24, 60), rng.random(24)
    classes = rng.integers(0, 3, 24)
    for fmt in ("cxcywhr", "xywhr", "xyxyxyxy"):
        same = fl.box_convert(boxes, "cxcywhr", fmt)
        for idxs in (None, classes):
            got = fl.nms_rotated(same, scores, 0.2, idxs=idxs, fmt=fmt)
            np.testing.assert_array_equal(
                got, ref.nms_rotated(same, scores, 0.2, idxs=idxs, fmt=fmt)
            )
    upright = turned(rng, 200, 200) * [1, 1, 1, 1, 0]
    scores = rng.random(200)
    corners = fl.box_convert(upright[:, :4], "cxcywh", "xyxy")
    np.testing.assert_array_equal(
        fl.nms_rotated(upright, scores, 0.35), fl.nms(corners, scores, 0.35)
    )


def test_rotated_boxes_far_out_and_huge():
    rng = np.random.default_rng(0)
    for scale, shift in ((1e-25, 0), (1e15, 0), (1, 1e7), (1e36, 0)):
        boxes = turned(rng, 1500, 4000)
        boxes[:, :4] = boxes[:, :4] * scale + [shift, shift, 0, 0]
        boxes = boxes.clip(-1e38, 1e38).astype(np.float32)
        with np.errstate(all="ignore"):
            overlaps = fl.box_iou(boxes, boxes, "cxcywhr")
        expected = fl.nms_from_overlaps(overlaps, np.arange(1500), 0.2)
        np.testing.assert_array_equal(fl.nms_rotated(boxes, np.arange(1500), 0.2), expected)


FUSED = [level for level in _core.isa_levels() if level in ("x86-64-v3", "x86-64-v4")]


@pytest.mark.skipif(len(FUSED) < 2, reason="one level with fused multiply-add")
@pytest.mark.parametrize("dtype", DTYPES)
def test_levels_give_the_same_bits(dtype):
    rng = np.random.default_rng(0)
    boxes, scores = samples.clustered(rng, 900).astype(dtype), rng.random(900).astype(dtype)
    logits = rng.normal(size=(1, 64, 900)).astype(dtype)
    lists = models(rng, dtype)
    results = []
    for level in FUSED:
        _core.select_isa(level)
        try:
            result = [fl.decode_boxes(logits, level_sizes=[(30, 30)], strides=[8])]
            for method in ("gaussian", "linear"):
                result += fl.soft_nms(boxes, scores, method=method)
                result += fl.matrix_nms(boxes, scores, method=method)
            result += fl.weighted_boxes_fusion(*lists)
        finally:
            _core.select_isa(_core.isa_levels()[0])
        results.append([a.tobytes() for a in result])
    assert all(result == results[0] for result in results)
