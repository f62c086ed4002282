"""Accuracy, confusion, precision and recall."""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest

from fastloss import metrics
from fastloss.reference import metrics as reference

NAMES = ("accuracy", "confusion_matrix", "precision_recall_f1")
SHAPES = [
    ((40, 5), 1),
    ((12, 70), 1),
    ((3, 40, 4), 1),
    ((7, 4, 3, 2), 1),
    ((6,), 0),
    ((0, 3), 1),
    ((30, 1), 1),
]


def case(seed, shape, axis, dtype=np.float32):
    """Scores with ties, labels with some to ignore, weights with zeros."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1, shape).round(1).astype(dtype)
    rows = shape[:axis] + shape[axis + 1 :]
    labels = rng.integers(0, shape[axis], rows)
    ignored = np.where(rng.random(rows) < 0.1, -100, labels)
    return scores, ignored, rng.integers(0, 3, rows) / 2


@pytest.mark.parametrize("name", NAMES)
def test_reference_has_the_same_signature(name):
    def shape(function):
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    assert shape(getattr(metrics, name)) == shape(getattr(reference, name))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_accuracy_against_reference(shape, axis, dtype):
    scores, labels, weight = case(0, shape, axis, dtype)
    ks = tuple(range(1, shape[axis] + 1))
    for options in ({}, {"topk": ks}, {"weight": weight}, {"topk": list(ks), "weight": weight}):
        ours = metrics.accuracy(scores, labels, **options)
        expected = reference.accuracy(scores, labels, **options)
        np.testing.assert_allclose(ours, expected, rtol=1e-14)
        assert type(ours) is type(expected)
    best = scores.argmax(axis)
    assert metrics.accuracy(scores, best, ignore_index=None) == 1 or not best.size
    np.testing.assert_allclose(
        metrics.accuracy(best, labels), metrics.accuracy(scores, labels), rtol=0
    )


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_confusion_against_reference(shape, axis):
    scores, labels, weight = case(1, shape, axis)
    best = scores.argmax(axis)
    for options in (
        {},
        {"weight": weight},
        *({"normalize": normalize} for normalize in ("true", "pred", "all")),
    ):
        ours = metrics.confusion_matrix(scores, labels, **options)
        expected = reference.confusion_matrix(scores, labels, **options)
        np.testing.assert_allclose(ours, expected, rtol=1e-14)
        assert ours.dtype == expected.dtype
        of_labels = metrics.confusion_matrix(best, labels, num_classes=shape[axis], **options)
        np.testing.assert_array_equal(of_labels, ours)


@pytest.mark.parametrize("zero_division", [0, 1.0, np.nan])
@pytest.mark.parametrize("average", ["macro", "micro", "weighted", "none", None])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_precision_recall_f1_against_reference(shape, axis, average, zero_division):
    scores, labels, weight = case(2, shape, axis)
    for options in ({}, {"weight": weight}):
        options |= {"average": average, "zero_division": zero_division}
        ours = metrics.precision_recall_f1(scores, labels, **options)
        expected = reference.precision_recall_f1(scores, labels, **options)
        np.testing.assert_allclose(ours, expected, rtol=1e-14)
        assert ours.precision is ours[0] and ours.f1 is ours[2]
        assert isinstance(ours.recall, np.ndarray if average in ("none", None) else float)


def test_layouts_and_dtypes():
    scores, labels, _ = case(3, (12, 5, 3, 2), 1)
    expected = metrics.accuracy(scores, labels, topk=(1, 3))
    for other in (
        np.asfortranarray(scores),
        np.moveaxis(np.ascontiguousarray(np.moveaxis(scores, 1, -1)), -1, 1),
        scores.astype(">f4"),
        scores[::-1].copy()[::-1],
    ):
        assert metrics.accuracy(other, labels.astype(np.int16), topk=(1, 3)) == expected
    assert metrics.accuracy(scores.tolist(), labels.tolist(), topk=(1, 3)) == expected
    unsigned = np.array([0, 1, 2**64 - 1], np.uint64)
    with pytest.raises(IndexError, match=r"target\[2\]"):
        metrics.accuracy(np.eye(3), unsigned)


def test_ties_and_nan():
    assert metrics.accuracy([[1.0, 1.0]], [0]) == 1 and metrics.accuracy([[1.0, 1.0]], [1]) == 0
    nan = [[np.nan, 1.0, 0.0]]
    assert metrics.accuracy(nan, [0]) == 0
    assert metrics.accuracy(nan, [1], topk=(1, 2)) == (0, 1)
    assert metrics.confusion_matrix(nan, [1]).tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("place", [0, 17, 40, 69])
def test_nan_in_long_rows(place):
    scores = np.random.default_rng(place).normal(size=(3, 70))
    scores[1, place] = np.nan
    scores[2] = -np.inf
    labels = [5, place, 0]
    expected = reference.confusion_matrix(scores, labels)
    np.testing.assert_array_equal(metrics.confusion_matrix(scores, labels), expected)
    for k in (1, 2, 70):
        assert metrics.accuracy(scores, labels, topk=k) == reference.accuracy(
            scores, labels, topk=k
        )


def test_nothing_is_nan_or_zero_division():
    assert np.isnan(metrics.accuracy([[1.0, 2.0]], [-100]))
    assert np.isnan(metrics.accuracy([], []))
    assert metrics.confusion_matrix([], []).shape == (0, 0)
    assert metrics.precision_recall_f1([], [], zero_division=1) == (1, 1, 1)
    assert metrics.precision_recall_f1([], [], average="micro") == (0, 0, 0)
    assert metrics.precision_recall_f1([], [], average="none").f1.shape == (0,)


def test_by_hand():
    #  spam: 3 of 4 found, one false alarm
    input, target = [1, 1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 0, 0, 0]
    precision, recall, f1 = metrics.precision_recall_f1(input, target, average="none")
    assert precision.tolist() == [2 / 3, 3 / 4] and recall.tolist() == [2 / 3, 3 / 4]
    assert f1.tolist() == [2 / 3, 3 / 4]
    assert metrics.precision_recall_f1(input, target).f1 == (2 / 3 + 3 / 4) / 2
    weighted = metrics.precision_recall_f1(input, target, average="weighted")
    assert weighted.recall == pytest.approx(5 / 7) == metrics.accuracy(input, target)


ERRORS = [
    (lambda: metrics.accuracy([[0.5, 0.5]], [2]), IndexError, r"target\[0\] is 2, but there are 2"),
    (lambda: metrics.accuracy([[0.5, 0.5]], [0], topk=3), ValueError, "topk is 3; expected 1 to 2"),
    (lambda: metrics.accuracy([[0.5, 0.5]], [0], topk=0), ValueError, "topk is 0"),
    (lambda: metrics.accuracy([0], [0], topk=2), ValueError, "since input holds labels"),
    (lambda: metrics.accuracy([0], [0], topk="a"), TypeError, "topk is 'a'"),
    (lambda: metrics.accuracy([[0.5, 0.5]], [0.0]), TypeError, "target has dtype float64"),
    (lambda: metrics.accuracy([[0.5, 0.5]], [True]), TypeError, "target has dtype bool"),
    (lambda: metrics.accuracy([0.5, 0.2], [0, 1]), ValueError, "scores have one axis more"),
    (lambda: metrics.accuracy([0, 1], [0]), ValueError, r"input has shape \(2,\), but target"),
    (lambda: metrics.accuracy(np.ones((2, 3)), [0]), ValueError, r"expected \(2,\)"),
    (lambda: metrics.accuracy(np.ones((2, 0)), [0, 0]), ValueError, "no classes along axis 1"),
    (lambda: metrics.accuracy([[1.0]], [0], weight=[1, 2]), ValueError, "weight has shape"),
    (lambda: metrics.accuracy(None, [0]), TypeError, "input is None"),
    (lambda: metrics.accuracy([0], [0], ignore_index="x"), TypeError, "ignore_index is 'x'"),
    (lambda: metrics.confusion_matrix([0, -1], [0, 0]), IndexError, r"input\[1\] is -1"),
    (lambda: metrics.confusion_matrix([3], [0], num_classes=3), IndexError, r"\(0..2\)"),
    (lambda: metrics.confusion_matrix([0], [0], num_classes=0), ValueError, "num_classes is 0"),
    (lambda: metrics.confusion_matrix([[1.0]], [0], num_classes=2), ValueError, "expected 1"),
    (lambda: metrics.confusion_matrix([10**9], [0]), ValueError, "num_classes is 1000000001"),
    (
        lambda: metrics.confusion_matrix([0], [0], normalize="rows"),
        ValueError,
        "normalize is 'row",
    ),
    (
        lambda: metrics.precision_recall_f1([0], [0], average="mean"),
        ValueError,
        "average is 'mean'",
    ),
    (lambda: metrics.precision_recall_f1([0], [0], zero_division=2), ValueError, "zero_division"),
    (lambda: metrics.precision_recall_f1([0], [0], average=3), ValueError, "average is 3"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_fastloss_is_imported_without_its_metrics():
    code = "import sys, fastloss; assert 'fastloss.metrics' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.peer
@pytest.mark.parametrize("seed", range(5))
def test_against_scikit_learn(seed):
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    input, target = rng.choice([0, 1, 3, 4], 60), rng.choice([0, 1, 2, 3], 60)
    weight = rng.random(60)
    np.testing.assert_array_equal(
        metrics.confusion_matrix(input, target), sklearn.confusion_matrix(target, input)
    )
    assert metrics.accuracy(input, target, weight=weight) == pytest.approx(
        sklearn.accuracy_score(target, input, sample_weight=weight)
    )
    for average in ("macro", "micro", "weighted", None):
        for zero in (0, 1, np.nan):
            for w in (None, weight):
                expected = sklearn.precision_recall_fscore_support(
                    target, input, average=average, zero_division=zero, sample_weight=w
                )[:3]
                ours = metrics.precision_recall_f1(
                    input, target, average=average, zero_division=zero, weight=w
                )
                np.testing.assert_allclose(ours, expected, rtol=1e-13)
    scores = rng.random((60, 5))
    for k in (1, 2, 4):
        assert metrics.accuracy(scores, target, topk=k) == pytest.approx(
            sklearn.top_k_accuracy_score(target, scores, k=k, labels=range(5))
        )
