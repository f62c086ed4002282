"""Functions of a row's probability: worked out by hand, limits, second derivatives, errors."""

import numpy as np
import pytest
from instruction_sets import on_every_isa

import fastloss as fl
from fastloss import reference

LN2 = np.log(2)
X = np.log([[2.0, 1.0, 1.0]])  # P = (1/2, 1/4, 1/4)
FUNCTIONS = (fl.cross_entropy, fl.softmax_focal_loss, fl.poly1_cross_entropy)
each = pytest.mark.parametrize("loss", FUNCTIONS, ids=lambda f: f.__name__)


def assert_call(result, *expected):
    for got, want in zip(result, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


def test_softmax_focal_by_hand():
    # P_t = 1/2: s = Q^2 + 2 P Q ln 2, b = 2 P Q (2 - ln 2 + ln 2)
    d = np.array([[0.5, -0.25, -0.25]])
    p = np.array([[0.5, 0.25, 0.25]])
    s, b = 0.25 + 0.5 * LN2, 0.5 * (2 - LN2 + LN2)
    expected = LN2 / 4, -s * d, s * p * (1 - p) + b * d * d
    assert_call(fl.softmax_focal_loss(X, [0], hess=True), *expected)
    # gamma 1: s = Q - P l, b = P (2 + l)
    s, b = 0.5 + 0.5 * LN2, 0.5 * (2 - LN2)
    expected = LN2 / 2, -s * d, s * p * (1 - p) + b * d * d
    assert_call(fl.softmax_focal_loss(X, [0], gamma=1, hess=True), *expected)


def test_poly1_by_hand():
    # P_t = 1/4: ln 4 + 2 * 3/4; slope -(1 + 2/4)
    d = np.array([[-0.5, 0.75, -0.25]])
    p = np.array([[0.5, 0.25, 0.25]])
    result = fl.poly1_cross_entropy(X, [1], epsilon=2.0, hess=True)
    assert_call(result, 2 * LN2 + 1.5, -1.5 * d, 1.5 * p * (1 - p) - 0.5 * d * d)


def test_special_cases_are_cross_entropy():
    rng = np.random.default_rng(1)
    x, t, w = rng.normal(size=(6, 5)), rng.integers(0, 5, 6), rng.uniform(0.5, 2, 5)
    t[2] = -100
    for reduction in ("mean", "sum", "none"):
        expected = fl.cross_entropy(x, t, w, reduction=reduction, hess=True)
        options = {"weight": w, "reduction": reduction, "hess": True}
        for got in (
            fl.softmax_focal_loss(x, t, gamma=0, **options),
            fl.poly1_cross_entropy(x, t, epsilon=0, **options),
        ):
            for a, b in zip(got, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gamma", [0, 1e-3, 0.5, 1, 1.5, 2, 5, 1e6, 1e300])
@pytest.mark.parametrize("classes", [2, 5, 40])
def test_focal_is_finite_where_logits_are(classes, gamma, dtype):
    rng = np.random.default_rng(2)
    scale = 10.0 ** np.arange(-8, 4)[:, None]
    x = np.concatenate([rng.normal(size=(12, classes)) * scale, np.full((1, classes), 0.0)])
    x[0, 0], x[1, 0], x[2, 0] = 1000, 90, 20
    for t in (0, 1):
        labels = np.full(13, t)
        for layout in ("C", "F"):
            args = np.array(x, dtype, order=layout), labels
            for a in fl.softmax_focal_loss(*args, gamma=gamma, reduction="none", hess=True):
                assert np.isfinite(a).all()


@pytest.mark.parametrize("gamma", [0.5, 1.5, 2.0])
def test_focal_of_nearly_certain_rows(gamma):
    """1 - P_t without cancellation: small losses are right to their own last bits."""
    for gap in (3.0, 6.0, 12.0, 25.0, 33.0):
        x = np.array([[gap, 0.0]])
        q = 1 / (1 + np.exp(gap))
        value, slope = fl.softmax_focal_loss(x, [0], gamma=gamma, grad=True)
        # the sum 1 + e^-gap is rounded to a multiple of 2^-52
        tolerance = 2e-15 + 4 * 2.0**-52 / q
        assert value == pytest.approx(-(q**gamma) * np.log1p(-q), rel=tolerance)


@each
def test_hess_of_ignored_rows_and_special_numbers(loss):
    for classes in (3, 40):
        for order in ("C", "F"):
            x = np.zeros((4, classes), order=order)
            x[0], x[1, 0], x[2, 0] = np.nan, np.nan, -np.inf
            value, slope, curve = loss(x, [-100, 0, 1, 1], reduction="none", hess=True)
            assert value[0] == 0 and not slope[0].any() and not curve[0].any()
            assert np.isnan(curve[1]).all()
            assert np.isfinite(curve[2]).all() and curve[2, 0] == 0 and slope[2, 0] == 0
            assert np.isfinite(curve[3]).all()
    value, slope, curve = loss(x, [-100] * 4, hess=True)
    assert np.isnan(value) and not slope.any() and not curve.any()
    impossible = loss([[-np.inf, 0.0, 1.0]], [0], hess=True)
    assert (
        impossible[0] == np.inf
        and np.isfinite(impossible[1]).all()
        and np.isfinite(impossible[2]).all()
    )


SHAPES = [(7, 3), (70, 10), (33, 40), (5, 200), (3, 300), (2, 3, 70), (2, 20, 3, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@each
def test_hess_in_every_layout_and_buffer(loss, shape):
    rng = np.random.default_rng(len(shape))
    x = rng.normal(size=shape)
    t = rng.integers(0, shape[1], (shape[0], *shape[2:]))
    t.flat[1] = -100
    options = {"weight": rng.uniform(0.5, 2, shape[1])}
    if loss is fl.cross_entropy:
        options["label_smoothing"] = 0.2
    expected = loss(x, t, **options, hess=True)
    np.testing.assert_array_equal(loss(x, t, **options, grad=True)[1], expected[1])
    last = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    for layout in (x, np.asfortranarray(x), last, x[::-1][::-1], np.repeat(x, 2, -1)[..., ::2]):
        for a, b in zip(loss(layout, t, **options, hess=True), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-16)
        for order in ("C", "F"):
            hess = np.full(shape, 7.0, order=order)
            got = loss(layout, t, **options, hess=hess)
            assert got[2] is hess
            np.testing.assert_allclose(hess, expected[2], rtol=1e-13, atol=1e-16)
    scratch = x.copy()
    got = loss(scratch, t, **options, grad=scratch, hess=True)
    assert got[1] is scratch
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("threads", [1, 2])
def test_hess_of_large_rows_is_streamed_past(threads):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(600, 3000)).astype(np.float32)
    t = rng.integers(0, 3000, 600)
    with fl.num_threads(threads):
        value, slope, curve = fl.cross_entropy(x, t, hess=True)
    with fl.num_threads(1):
        assert (value, slope.tobytes()) == (lambda r: (r[0], r[1].tobytes()))(
            fl.cross_entropy(x, t, grad=True)
        )
    p = np.exp(x[17].astype(float))
    p /= p.sum()
    np.testing.assert_allclose(curve[17], p * (1 - p) / 600, rtol=2e-6)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rows", [3, 300, 9000])
def test_nll_is_zero_beside_its_labels(rows, threads):
    """Zeros from the system or filled in: in new arrays of either kind, buffers and in place."""
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 1000)).astype(np.float32)
    t = rng.integers(0, 1000, rows)
    t[1] = -100
    expected = np.zeros_like(x)
    expected[np.arange(rows), t.clip(0)] = -1
    expected[1] = 0
    with fl.num_threads(threads):
        for buffer in (
            True,
            np.full_like(x, 7),
            np.full((rows, 1001), 7, np.float32)[:, 1:],
            x.copy(),
        ):
            source = buffer if isinstance(buffer, np.ndarray) and (buffer == x).all() else x
            value, slope = fl.nll_loss(source, t, reduction="sum", grad=buffer)
            np.testing.assert_array_equal(slope, expected)
            assert value == fl.nll_loss(x, t, reduction="sum")
        curve = fl.nll_loss(x, t, hess=True)[2]
        assert not curve.any()


@each
def test_buffers_of_hess_that_cannot_serve(loss):
    x, t = np.zeros((4, 3)), np.zeros(4, int)
    for bad, error, text in (
        (np.zeros((3, 4)), ValueError, r"hess has shape \(3, 4\)"),
        (np.zeros((4, 3), "f"), TypeError, "hess has dtype float32"),
        (x, ValueError, "hess shares memory with input"),
        (1, TypeError, "hess is 1; expected False, True"),
        (None, TypeError, "hess is None"),
    ):
        with pytest.raises(error, match=text):
            loss(x, t, hess=bad)
    both = np.full((4, 3), 7.0)
    with pytest.raises(ValueError, match="hess shares memory with grad"):
        loss(x, t, grad=both, hess=both)
    with pytest.raises(IndexError):
        loss(x, [0, 1, 2, 3], hess=both)
    assert (both == 7).all()


def test_other_rows_have_hess_too():
    x, t = np.random.default_rng(3).normal(size=(5, 4)), [0, 1, 2, 3, -100]
    value, slope, curve = fl.nll_loss(x, t, hess=True)
    assert slope.any() and not curve.any() and curve.shape == x.shape
    buffer = np.full(x.shape, 7.0)
    assert fl.nll_loss(x, t, hess=buffer)[2] is buffer and not buffer.any()
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    curve = fl.distribution_focal_loss(x, np.full(5, 1.25), reduction="sum", hess=True)[2]
    np.testing.assert_allclose(curve, p * (1 - p))


def test_arguments_that_do_not_serve():
    for gamma in (-0.5, np.inf, np.nan):
        with pytest.raises(ValueError, match="gamma is .*; expected a finite number >= 0"):
            fl.softmax_focal_loss(X, [0], gamma=gamma)
    with pytest.raises(ValueError, match="epsilon is inf; expected a finite number"):
        fl.poly1_cross_entropy(X, [0], epsilon=np.inf)
    for loss in FUNCTIONS[1:]:
        with pytest.raises(TypeError, match="target has dtype float64"):
            loss(X, [[0.0, 1.0, 0.0]])
        with pytest.raises(
            IndexError, match=r"target\[0\] is 3, but input has 3 .*ignore_index is -1"
        ):
            loss(X, [3], ignore_index=-1)
        with pytest.raises(TypeError):
            loss(X, [0], 2.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 3, 5, 8, 15, 16, 17, 40, 64, 83, 130])
def test_short_rows_of_every_number_and_width(n, dtype):
    # Tiles of rows are turned over in blocks, whose last rows and columns are cases of their own.
    rng = np.random.default_rng(n)
    single = dtype == np.float32
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if single else {"rtol": 1e-12, "atol": 1e-15}
    for classes in range(1, 34):
        x, t = rng.normal(size=(n, classes)), rng.integers(0, classes, n)
        x[n // 3] = 30 * np.arange(classes)
        t[n // 2] = -100 if n > 1 else 0
        x = x.astype(dtype).astype(float)
        whole = np.empty((n + 2, classes), dtype), np.empty((2 * n + 4, 3 * classes), dtype)
        parts = whole[0][1:-1], whole[1][2:-2][::-2, ::3]
        for target, options in (
            (t, {"label_smoothing": 0.1}),
            (t, {}),
            (rng.dirichlet(np.ones(classes), n), {}),
        ):
            value, grad = reference.cross_entropy(x, target, grad=True, **options)
            for around, part in zip(whole, parts, strict=True):
                for _ in on_every_isa():
                    around[...] = np.nan
                    got, _ = fl.cross_entropy(x.astype(dtype), target, grad=part, **options)
                    assert got == pytest.approx(value, rel=tolerance["rtol"])
                    np.testing.assert_allclose(part, grad, **tolerance)
                    assert np.isnan(around[0]).all() and np.isnan(around[-1]).all()
                    part[...] = x
                    again, out = fl.cross_entropy(part, target, grad=True, **options)
                    assert again == got
                    np.testing.assert_allclose(out, grad, **tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 3, 4, 7, 8, 9, 15, 16, 63, 64, 65, 140])
def test_rows_that_lie_as_they_are(n, dtype):
    # Without a row that is left out: all rows of a tile together, their last numbers twice.
    rng = np.random.default_rng(n)
    tolerance = (
        {"rtol": 2e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-15}
    )
    for classes in (8, 11, 13, 15, 16, 17, 29, 31, 32, 33, 47, 48, 64, 65, 100, 255, 256, 257):
        x = (3 * rng.normal(size=(n, classes))).astype(dtype)
        x[n // 3] = 30 * np.arange(classes)
        x[n // 2, classes // 2] = -np.inf
        label, position = rng.integers(0, classes // 2, n), rng.uniform(0, classes - 1, n)
        position[n // 2] = 1.25
        for loss, target in (("cross_entropy", label), ("distribution_focal_loss", position)):
            target = target if target is label else target.astype(dtype)
            want = getattr(reference, loss)(x.astype(float), target, grad=True)
            results = []
            for isa in on_every_isa():
                function = getattr(fl, loss)
                value, grad = function(x, target, grad=True)
                assert value == pytest.approx(want[0], rel=tolerance["rtol"])
                np.testing.assert_allclose(grad, want[1], **tolerance)
                around = np.full((n + 2, classes), np.nan, dtype)
                around[1:-1] = x
                same = around[1:-1]
                assert function(same, target, grad=same)[0] == value  # in place
                np.testing.assert_array_equal(same, grad)
                assert np.isnan(around[0]).all() and np.isnan(around[-1]).all()
                if isa in ("x86-64-v3", "x86-64-v4"):
                    results.append((value, grad.tobytes()))
            assert len(set(results)) <= 1


@pytest.mark.parametrize("classes", [13, 16, 32, 40, 100])
def test_a_row_with_nan_spoils_no_other(classes):
    rng = np.random.default_rng(classes)
    x, t = rng.normal(size=(70, classes)).astype(np.float32), rng.integers(0, classes, 70)
    clean = fl.cross_entropy(x, t, reduction="none", grad=True)
    for column in range(classes):
        spoilt = x.copy()
        spoilt[33, column] = np.nan
        for _ in on_every_isa():
            value, grad = fl.cross_entropy(spoilt, t, reduction="none", grad=True)
            assert np.isnan(value[33]) and np.isnan(grad[33]).all()
            for got, want in ((value, clean[0]), (grad, clean[1])):
                rest = np.delete(got, 33, 0), np.delete(want, 33, 0)
                np.testing.assert_allclose(*rest, rtol=1e-5, atol=1e-6)
