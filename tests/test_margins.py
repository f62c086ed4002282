"""The margin losses of rows: worked out by hand, limits, errors."""

import numpy as np
import pytest

import fastloss as fl

X = np.array([[0.5, 1.0, 0.0], [2.0, 0.0, 1.5]])


def assert_call(result, *expected):
    for got, want in zip(result, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


def test_multi_margin_by_hand():
    # z = 1 - x_t + x_c: row 0, t = 0: (1.5, 0.5); row 1, t = 0: (-1, 0.5)
    none = fl.multi_margin_loss(X, [0, 0], reduction="none", hess=True)
    slope = np.array([[-2, 1, 1], [-1, 0, 1]]) / 3
    assert_call(none, [2 / 3, 0.5 / 3], slope, np.zeros((2, 3)))
    assert_call(fl.multi_margin_loss(X, [0, 0], grad=True), 2.5 / 6, slope / 2)
    # squares: 2.25 + 0.25 and 0.25; slopes 2 z; curvature 2 for each that is inside
    square = fl.multi_margin_loss(X, [0, 0], 2, reduction="none", hess=True)
    slope = np.array([[-4, 3, 1], [-1, 0, 1]]) / 3
    assert_call(square, [2.5 / 3, 0.25 / 3], slope, np.array([[4, 2, 2], [2, 0, 2]]) / 3)
    # the weight is that of the row's class; margin 0.25: z = (0.75, -0.25)
    weighted = fl.multi_margin_loss(X[:1], [0], 1, 0.25, [3.0, 5, 7], "sum", grad=True)
    assert_call(weighted, 0.75, [[-1, 1, 0]])
    # on the margin the slope is 0
    assert_call(fl.multi_margin_loss([[1.0, 0.0]], [0], grad=True), 0, [[0, 0]])


def test_multilabel_margin_by_hand():
    # class 1 is right: z = 1 - 1 + (0.5, 0); then 0 and 2, each against class 1: z = -1, -0.5
    target = [[1, -1, 2], [0, 2, -1]]
    result = fl.multilabel_margin_loss(X, target, "none", hess=True)
    assert_call(result, [0.5 / 3, 0], [[1 / 3, -1 / 3, 0], [0, 0, 0]], np.zeros((2, 3)))
    # a class that stands twice counts twice; nothing right, nothing wrong
    twice = fl.multilabel_margin_loss(X[0], [1, 1, -1], "sum", grad=True)
    assert_call(twice, 1 / 3, [2 / 3, -2 / 3, 0])
    assert_call(
        fl.multilabel_margin_loss(X, [[-1, 0, 1], [0, 1, 2]], grad=True), 0, np.zeros((2, 3))
    )


def test_multilabel_soft_margin_by_hand():
    x = np.log([[3.0, 1.0]])  # p = 3/4, 1/2
    value, slope, curve = fl.multilabel_soft_margin_loss(x, [[1, 0]], [1.0, 4.0], hess=True)
    assert value == pytest.approx((np.log(4 / 3) + 4 * np.log(2)) / 2)
    np.testing.assert_allclose(slope, [[-1 / 8, 1]])
    np.testing.assert_allclose(curve, [[3 / 32, 1 / 2]])
    for reduction, shape in (("none", (2, 3)), ("sum", ()), ("mean", ())):
        a = np.random.default_rng(1).normal(size=(2, 3, 4))
        each = fl.binary_cross_entropy_with_logits(a, a > 0, reduction="none").mean(-1)
        expected = {"none": each, "sum": each.sum(), "mean": each.mean()}[reduction]
        value, slope = fl.multilabel_soft_margin_loss(a, a > 0, reduction=reduction, grad=True)
        assert np.shape(value) == shape
        np.testing.assert_allclose(value, expected)
        size = 24 if reduction == "mean" else 4
        np.testing.assert_allclose(slope, (1 / (1 + np.exp(-a)) - (a > 0)) / size)
    single = fl.multilabel_soft_margin_loss(x[0], [1, 0], reduction="none")
    assert isinstance(single, np.ndarray) and single.shape == ()


CALLS = {
    "multi_margin_loss": lambda x, **o: fl.multi_margin_loss(x, np.zeros(len(x), int), **o),
    "multilabel_margin_loss": lambda x, **o: fl.multilabel_margin_loss(
        x, np.zeros(x.shape, int), **o
    ),
    "multilabel_soft_margin_loss": lambda x, **o: fl.multilabel_soft_margin_loss(
        x, np.zeros(x.shape), **o
    ),
}
every = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@every
def test_no_rows(call):
    """torch's margin losses return uninitialised memory here."""
    x = np.zeros((0, 4), np.float32)
    value, slope = call(x, grad=True)
    assert np.isnan(value) and slope.shape == (0, 4)
    assert call(x, reduction="sum") == 0
    assert call(x, reduction="none").shape == (0,)


@every
def test_rows_stand_alone(call):
    """The same row gives the same answer, wherever and beside whatever it stands."""
    rng = np.random.default_rng(3)
    for classes in (1, 2, 10, 16, 31, 32, 33, 100, 1500):
        x = rng.normal(size=(150, classes)).astype(np.float32)
        value, slope, curve = call(x, reduction="none", hess=True)
        for row in (0, 63, 64, 149):
            alone = call(x[row : row + 1], reduction="none", hess=True)
            np.testing.assert_allclose(value[row], alone[0][0], rtol=2e-6)
            np.testing.assert_allclose(slope[row], alone[1][0], rtol=2e-6)
            np.testing.assert_allclose(curve[row], alone[2][0], rtol=2e-6)
        x[5] = np.inf
        poisoned = call(x, reduction="none", hess=True)
        for a, b in zip((value, slope, curve), poisoned, strict=True):
            others = np.arange(150) != 5
            np.testing.assert_array_equal(a[others], b[others])


@pytest.mark.parametrize("p", [1, 2])
def test_short_and_long_rows_agree(p):
    """Padding a row with scores far below changes nothing but the number of classes."""
    rng = np.random.default_rng(4)
    x, t = rng.normal(size=(70, 20)), rng.integers(0, 20, 70)
    long = np.concatenate([x, np.full((70, 40), -1e6)], axis=1)
    short = fl.multi_margin_loss(x, t, p, reduction="none", hess=True)
    padded = fl.multi_margin_loss(long, t, p, reduction="none", hess=True)
    for a, b in zip(short, padded, strict=True):
        np.testing.assert_allclose(a * 20, (b[:, :20] if b.ndim == 2 else b) * 60, rtol=1e-12)


def test_a_single_score():
    for function in (fl.multi_margin_loss, fl.multilabel_margin_loss):
        grad = np.array(7.0)
        value, got, curve = function(0.5, 0, grad=grad, hess=True)
        assert value == 0 and got is grad and grad == 0 and curve.shape == ()
        assert function(0.5, [0], reduction="none").shape == (
            (1,) if "multi_" in str(function) else ()
        )
        with pytest.raises(ValueError, match=r"grad has shape \(1,\), but input has shape \(\)"):
            function(0.5, 0, grad=np.zeros(1))
        with pytest.raises(IndexError, match="is 1, but input has 1 classes"):
            function(0.5, 1)


def test_labels_that_do_not_serve():
    multi, lists = fl.multi_margin_loss, fl.multilabel_margin_loss
    for bad, text in (([0, 3], r"target\[1\] is 3"), ([-1, 0], r"target\[0\] is -1")):
        with pytest.raises(IndexError, match=text + r", but input has 3 classes \(0\.\.2\)$"):
            multi(X, bad)
    with pytest.raises(IndexError, match=r"target\[0\] is -100"):  # no row is ignored
        multi(X, [-100, 0])
    for bad, text in (
        ([[0, -1, 3], [0, -1, 3]], r"target\[0, 2\] is 3"),
        ([[0, -1, 0], [-2, 0, 0]], r"target\[1, 0\] is -2"),
    ):
        with pytest.raises(IndexError, match=text + ".*; -1 ends the classes of a row$"):
            lists(X, bad)
    huge = np.full((2, 3), 2**64 - 1, np.uint64)
    with pytest.raises(IndexError, match="is 18446744073709551615"):
        lists(X, huge)
    for function, target in ((multi, np.zeros(2)), (lists, np.zeros((2, 3)))):
        for bad in (target, target.astype(bool), target.astype(str)):
            with pytest.raises(TypeError, match="target has dtype"):
                function(X, bad)
        for kind in (np.int8, np.uint8, np.int32, ">i8", np.uint64):
            assert function(X, target.astype(kind)) == function(X, target.astype(int))
    for bad in ([0], [0, 1, 2], 0, [[0], [1]]):
        with pytest.raises(ValueError, match=r"target has shape .*; expected \(2,\)"):
            multi(X, bad)
    for bad in ([0, 1, 2], [[0, 1], [1, 2]], 0):
        with pytest.raises(ValueError, match=r"target has shape .*, but input has shape \(2, 3\)"):
            lists(X, bad)


def test_a_bad_label_writes_nothing():
    for x in (X, np.zeros((80, 40)), np.zeros((80, 5), order="F")):
        buffer = np.full(x.shape, 7.0)
        target = np.zeros(x.shape, int)
        target[-1, -1] = 99
        with pytest.raises(IndexError, match="is 99"):
            fl.multilabel_margin_loss(x, target, grad=buffer, hess=np.empty_like(buffer))
        with pytest.raises(IndexError, match="is 99"):
            fl.multi_margin_loss(x, target[:, -1], grad=buffer)
        assert (buffer == 7).all()


def test_arguments_that_do_not_serve():
    for p in (0, 3, 1.5, -1, np.inf, np.nan):
        with pytest.raises(ValueError, match="p is .*; expected 1 or 2"):
            fl.multi_margin_loss(X, [0, 1], p)
    with pytest.raises(TypeError, match="p is '1'; expected a number"):
        fl.multi_margin_loss(X, [0, 1], "1")
    for margin in (np.inf, np.nan):
        with pytest.raises(ValueError, match="margin is .*; expected a finite number"):
            fl.multi_margin_loss(X, [0, 1], 1, margin)
    with pytest.raises(
        ValueError, match=r"weight has shape \(2,\); expected \(3,\), one per class"
    ):
        fl.multi_margin_loss(X, [0, 1], weight=[1.0, 2.0])
    cube = np.zeros((2, 3, 4))
    for function in (fl.multi_margin_loss, fl.multilabel_margin_loss):
        with pytest.raises(ValueError, match=r"input has shape \(2, 3, 4\); expected \(N, C\) or"):
            function(cube, cube.astype(int))
        with pytest.raises(ValueError, match=r"input has shape \(2, 0\): no classes"):
            function(np.zeros((2, 0)), np.zeros((2, 0), int))
    soft = fl.multilabel_soft_margin_loss
    with pytest.raises(ValueError, match=r"input has shape \(3, 0\): no classes along axis 1"):
        soft(np.zeros((3, 0)), np.zeros((3, 0)))
    with pytest.raises(ValueError, match=r"input has shape \(\); expected at least one axis"):
        soft(1.0, 1.0)
    with pytest.raises(ValueError, match=r"target has shape \(3,\), but input has shape \(2, 3\)"):
        soft(X, [0, 1, 0])
    with pytest.raises(ValueError, match=r"weight has shape \(2,\), which does not broadcast"):
        soft(X, X, [1, 2])


def test_many_right_classes():
    """Every class right but one: long lists of long rows."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(3, 1200))
    target = np.argsort(rng.random(x.shape), axis=1)
    target[:, -1] = -1
    value, slope = fl.multilabel_margin_loss(x, target, "none", grad=True)
    for row in range(3):
        wrong = np.setdiff1d(np.arange(1200), target[row])[0]
        z = 1 - np.delete(x[row], wrong) + x[row, wrong]
        assert value[row] == pytest.approx(z[z > 0].sum() / 1200)
        assert slope[row, wrong] == pytest.approx((z > 0).sum() / 1200)
    np.testing.assert_allclose(slope.sum(axis=1), 0, atol=1e-12)
