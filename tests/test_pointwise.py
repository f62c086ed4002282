"""Pointwise losses by hand, at their ends and kinks; the reference must say the same."""

import numpy as np
import pytest
from instruction_sets import on_every_isa

import fastloss as fl
import fastloss.reference as ref
from fastloss.reference import LOSSES

LN2, LN3 = np.log(2), np.log(3)
TAU = 2 * np.pi
POINTWISE = [n for n, loss in LOSSES.items() if loss.kind == "pointwise"]


@pytest.fixture(params=[fl, ref], ids=["compiled", "reference"])
def lib(request):
    return request.param


def close(result, *expected):
    """Value, gradient and second derivative as worked out, whatever their nesting."""
    for got, want in zip(result, expected, strict=True):
        if isinstance(want, tuple):
            close(got, *want)
        else:
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


def test_residuals_by_hand(lib):
    # r = (ln 2, -3): cosh ln 2 = 5/4, tanh ln 2 = 3/5
    result = lib.log_cosh_loss([LN2], [0.0], hess=True)
    close(result, np.log(1.25), [0.6], [0.64])
    far = lib.log_cosh_loss([-1000.0], [0.0], hess=True)
    close(far, 1000 - LN2, [-1], [0])
    # r = (2, -1): 1/4 of 2, 3/4 of 1
    result = lib.quantile_loss([2.0, -1.0], [0.0, 0.0], quantile=0.75, hess=True)
    close(result, 0.625, [0.125, -0.375], [0, 0])
    close(lib.quantile_loss([1.0], [1.0], quantile=0.9, hess=True), 0, [0], [0])
    # 1/4 of 4, 3/4 of 1; twice the factors
    result = lib.expectile_loss([2.0, -1.0], [0.0, 0.0], expectile=0.75, hess=True)
    close(result, 0.875, [0.5, -0.75], [0.25, 0.75])


def test_relative_errors_by_hand(lib):
    # |12 - 10| / 10, |3 - 4| / 4
    result = lib.mape_loss([12.0, 3.0, -5.0], [10.0, -4.0, -5.0], reduction="none", hess=True)
    close(result, [0.2, 1.75, 0], [0.1, 0.25, 0], [0, 0, 0])
    close(lib.mape_loss([1.0], [0.0], eps=0.5, grad=True), 2, [2])
    # at the default eps, 2^-52
    close(lib.mape_loss([1.0], [0.0], grad=True), 2.0**52, [2.0**52])
    # d = ln(4/2): gradient 2 d / 4, second derivative 2 (1 - d) / 16
    result = lib.msle_loss([3.0], [1.0], hess=True)
    close(result, LN2**2, [LN2 / 2], [(1 - LN2) / 8])
    # d = ln(1/4) of input 0
    close(lib.msle_loss([0.0], [3.0], grad=True), 4 * LN2**2, [-4 * LN2])


def test_poisson_by_hand(lib):
    # e^x - t x at x = ln 2, t = 3
    result = lib.poisson_nll_loss([LN2], [3], hess=True)
    close(result, 2 - 3 * LN2, [-1], [2])
    # x - t ln(x + eps), m = 2
    result = lib.poisson_nll_loss([1.5], [3], log_input=False, eps=0.5, hess=True)
    close(result, 1.5 - 3 * LN2, [-0.5], [0.75])
    # Stirling for t = 3, nothing for t = 1
    stirling = 3 * LN3 - 3 + np.log(3 * TAU) / 2
    for log_input, at in ((True, 0.0), (False, 1.0)):
        options = {"log_input": log_input, "full": True, "eps": 0.0, "reduction": "none"}
        result = lib.poisson_nll_loss([at, at], [3, 1], **options, grad=True)
        close(result, [1 + stirling, 1], [-2, 0])


def test_gaussian_by_hand(lib):
    # r = (2, -1), v = (4, 1): (ln 4 + 1) / 2 and 1/2
    x, t, v = [2.0, -1.0], [0.0, 0.0], [4.0, 1.0]
    result = lib.gaussian_nll_loss(x, t, v, reduction="none", hess=True)
    value = [LN2 + 0.5, 0.5]
    close(result, value, ([0.5, -1], [0, 0]), ([0.25, 1], [1 / 32, 0.5]))
    close(lib.gaussian_nll_loss(x, t, v, grad=True), sum(value) / 2, ([0.25, -0.5], [0, 0]))
    full = lib.gaussian_nll_loss(x, t, v, full=True)
    assert full == pytest.approx(sum(value) / 2 + np.log(TAU) / 2)
    # a number: no gradient of its own; r^2 / v = (1, 1/4)
    result = lib.gaussian_nll_loss(x, t, 4.0, reduction="none", hess=True)
    close(result, [LN2 + 0.5, LN2 + 0.125], [0.5, -0.25], [0.25, 0.25])
    # below eps = 4 the variance counts as 4, and its derivative passes
    result = lib.gaussian_nll_loss([4.0], [0.0], [1.0], eps=4.0, grad=True)
    close(result, LN2 + 2, ([1], [(1 - 4) / 8]))
    # one variance for a row: its derivative is the sum of the row's, (1 - r^2/v) / (2 v)
    rows = np.array([[2.0, 4.0], [1.0, 0.0]]), np.zeros((2, 2))
    for var in ([4.0, 1.0], [[4.0], [1.0]]):
        _, (_, by_var) = lib.gaussian_nll_loss(*rows, var, reduction="sum", grad=True)
        np.testing.assert_allclose(by_var, np.reshape([0 - 3 / 8, 0 + 0.5], np.shape(var)))


def test_gamma_and_tweedie_by_hand(lib):
    # t / m + ln m at m = 2, t = 4
    close(lib.gamma_nll_loss([LN2], [4.0], hess=True), 2 + LN2, [-1], [2])
    result = lib.gamma_nll_loss([1.5], [4.0], log_input=False, eps=0.5, hess=True)
    close(result, 2 + LN2, [-0.5], [0.75])
    # power 3/2 at m = 4, t = 8: 2 sqrt(m) + 2 t / sqrt(m); sqrt(m) - t / sqrt(m); 1 + 2
    result = lib.tweedie_loss([2 * LN2], [8.0], hess=True)
    close(result, 12, [-2], [3])
    # 0: (m - t)^2 / 2 less t^2 / 2; 3: t / (2 m^2) - 1 / m
    close(lib.tweedie_loss([LN2], [3.0], power=0, hess=True), -4, [-2], [2])
    close(lib.tweedie_loss([LN2], [4.0], power=3, hess=True), 0, [-0.5], [1.5])
    x, t = np.array([-1.0, 0.3, 2.0]), np.array([0.0, 1.0, 3.0])
    for power, same in ((1, lib.poisson_nll_loss), (2, lib.gamma_nll_loss)):
        expected = same(x, t, hess=True)
        close(lib.tweedie_loss(x, t, power=power, hess=True), *expected)


def test_divergence_by_hand(lib):
    # t (ln t - x): 1/2 (ln 1/2 - ln 1/4); 0 for t = 0
    x, t = np.log([[0.25, 0.5], [0.5, 0.5]]), np.array([[0.5, 0.0], [0.5, 1.0]])
    each = [[LN2 / 2, 0], [0, LN2]]
    close(lib.kl_div(x, t, "none", hess=True), each, -t, np.zeros((2, 2)))
    close(lib.kl_div(x, t, "batchmean", grad=True), 0.75 * LN2, -t / 2)
    close(lib.kl_div(x, t, grad=True), 0.375 * LN2, -t / 4)
    logs = lib.kl_div(x[1:], np.log([[0.5, 1.0]]), "sum", log_target=True, grad=True)
    close(logs, LN2, [[-0.5, -1]])
    weighted = lib.kl_div(x, t, "batchmean", weight=[[2.0], [1.0]], grad=True)
    close(weighted, LN2, [[-0.5, 0], [-0.25, -0.5]])
    assert lib.kl_div(-1.0, 1.0, "batchmean") == 1  # no axis: nothing to divide by
    assert lib.kl_div(np.zeros((3, 0)), np.zeros((3, 0)), "batchmean") == 0
    assert np.isnan(lib.kl_div(np.zeros((0, 3)), np.zeros((0, 3)), "batchmean"))


def test_margins_by_hand(lib):
    # t x = ln 3: e^-ln 3, ln(1 + 1/3), s = 1/4
    close(lib.exponential_loss([-LN3], [-1], hess=True), 1 / 3, [1 / 3], [1 / 3])
    close(lib.soft_margin_loss([-LN3], [-1], hess=True), np.log(4 / 3), [0.25], [3 / 16])
    # margins 3/4, 3/2, and one beyond
    result = lib.squared_hinge_loss([0.25, 0.5, 2.0], [1, -1, 1], reduction="none", hess=True)
    close(result, [9 / 16, 9 / 4, 0], [-1.5, 3, 0], [2, 2, 0])
    assert lib.squared_hinge_loss([1.0], [1], hess=True)[2].tolist() == [0]
    # a pair that belongs together, two that do not, one that is both; then the kink
    x, t = [0.5, 0.5, 3.0, 0.5], [1, -1, -1, 0]
    result = lib.hinge_embedding_loss(x, t, 2.0, "none", hess=True)
    close(result, [0.5, 1.5, 0, 2], [1, -1, 0, 0], [0, 0, 0, 0])
    close(lib.hinge_embedding_loss([1.0], [-1], grad=True), 0, [-1])


def test_focal_losses_by_hand(lib):
    # p = 3/4, t = 1: m = 1/4, m^2 ln(4/3); gradient m^2 (-m - 2 p ln(4/3))
    result = lib.quality_focal_loss([LN3], [1.0], grad=True)
    close(result, np.log(4 / 3) / 16, [-(0.25 + 1.5 * np.log(4 / 3)) / 16])
    # t = p: nothing but the curvature 2 (p q)^2 b
    entropy = 0.75 * np.log(4 / 3) + 0.25 * np.log(4)
    value, slope, curve = lib.quality_focal_loss([LN3], [0.75], hess=True)
    np.testing.assert_allclose([value, *slope], 0, atol=1e-15)
    np.testing.assert_allclose(curve, [2 * (3 / 16) ** 2 * entropy])
    # t = 1: (1 - p) ln(4/3); gradient -q p ln(4/3) - q q
    result = lib.asymmetric_loss([LN3], [1.0], grad=True)
    close(result, np.log(4 / 3) / 4, [-(3 * np.log(4 / 3) + 1) / 16])
    # t = 0: n = 1/2, u = 1/2: u^4 ln 2; gradient (4 u^3 ln 2 + u^4 / n) p q
    result = lib.asymmetric_loss([LN3], [0.0], clip=0.25, grad=True)
    close(result, LN2 / 16, [(LN2 / 2 + 1 / 8) * 3 / 16])
    # a negative below the clip, and a positive below eps, are flat but for u
    close(lib.asymmetric_loss([-LN3], [0.0], clip=0.25, hess=True), 0, [0], [0])
    result = lib.asymmetric_loss([-LN3], [1.0], gamma_pos=0.0, eps=0.5, hess=True)
    close(result, LN2, [0], [0])


# ---- ends ------------------------------------------------------------------------------

LARGE = [-1e30, -1000.0, -100.0, -20.0, -1.0, -0.0, 1.0, 20.0, 100.0, 1000.0, 1e30]
# Exponentials and squares overflow: their limits, where they have one, by name below.
SCORES = {
    "asymmetric_loss": ([0, 1, 0.3], ({}, {"clip": 0.0}, {"gamma_pos": 0.5, "gamma_neg": 0.25})),
    "quality_focal_loss": ([0, 1, 0.3], ({}, {"beta": 0.0}, {"beta": 0.5}, {"beta": 1.5})),
    "soft_margin_loss": ([-1, 1, 0, 0.5], ({},)),
    "hinge_embedding_loss": ([-1, 1, 0], ({},)),
    "log_cosh_loss": ([-1, 0, 100], ({},)),
    "quantile_loss": ([-1, 0, 100], ({}, {"quantile": 0.0}, {"quantile": 1.0})),
    "kl_div": ([0, 1, 0.3], ({},)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SCORES)
def test_finite_scores_give_finite_results(name, dtype):
    targets, cases = SCORES[name]
    x, t = (a.ravel().astype(dtype) for a in np.meshgrid(LARGE, targets))
    for options in cases:
        outputs = getattr(fl, name)(x, t, **options, reduction="none", hess=True)
        assert all(np.isfinite(a).all() for a in outputs), options


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_times_an_overflow_is_nothing(dtype):
    x, t = np.array([-1000, -1e6, 1000], dtype), np.zeros(3, dtype)
    value, slope, curve = fl.gamma_nll_loss(x, t, reduction="none", hess=True)
    assert value.tolist() == x.tolist() and slope.tolist() == [1] * 3 and not curve.any()
    for power in (1.0, 1.5, 1.9):
        outputs = fl.tweedie_loss(x[:2], t[:2], power=power, reduction="none", hess=True)
        assert np.abs(outputs).max() < 1e-40
    outputs = fl.poisson_nll_loss(x[:2], t[:2], reduction="none", hess=True)
    assert not np.any(outputs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logarithmic_errors_at_their_ends(dtype):
    """What is out of the domain is NaN in its own place; equal arguments differ by nothing."""
    x = np.array([-1, -2, 3, np.nan, 0, np.inf, 5], dtype)
    t = np.array([0, 0, -2, 1, np.nan, 1, 5], dtype)
    value, slope = fl.msle_loss(x, t, reduction="none", grad=True)
    assert value[0] == np.inf and slope[0] == -np.inf and value[5] == np.inf
    assert np.isnan(value[1:5]).all() and value[6] == slope[6] == 0
    rng = np.random.default_rng(0)
    same = (1e6 * rng.random(1000)).astype(dtype)
    assert fl.msle_loss(same, same) == 0
    # far apart, and so close that a difference of logarithms would lose every digit
    far = np.array([0, 1e30, 1e-30, 0.5], dtype), np.array([1e30, 0, 0, 1e20], dtype)
    exact = np.log1p(far[0].astype(float)) - np.log1p(far[1].astype(float))
    np.testing.assert_allclose(fl.msle_loss(*far, reduction="none"), exact**2, 1e-5, 1e-37)
    near = np.nextafter(same, dtype(np.inf))
    ratio = (near.astype(float) - same) / (1 + same.astype(float))
    slope = fl.msle_loss(near, same, reduction="sum", grad=True)[1]
    np.testing.assert_allclose(slope, 2 * ratio / (1 + same.astype(float)), rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_residuals_keep_their_digits(dtype):
    r = np.array([1e-12, 1e-6, 1e-3, 0.3, 0.79, 0.81], dtype)
    value, slope = fl.log_cosh_loss(r, np.zeros_like(r), reduction="none", grad=True)
    wide = r.astype(np.longdouble)
    exact = np.log1p(np.sinh(wide) ** 2) / 2
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(value, exact.astype(float), rtol=3 * eps)
    np.testing.assert_allclose(slope, np.tanh(wide).astype(float), rtol=2 * eps)


# Targets are compared alone: NaN is neither of two kinds, as in torch.
NEITHER = (("hinge_embedding_loss", 1),)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", POINTWISE)
def test_nan_stays_in_its_place(name, dtype):
    loss = LOSSES[name]
    clean = [a.astype(dtype) for a in loss.smooth_sample(np.random.default_rng(4), (40,), dtype)]
    expected = getattr(fl, name)(*clean, reduction="none", hess=True)
    for at in range(len(clean)):
        args = [a.copy() for a in clean]
        args[at][[3, 37]] = np.nan
        outputs = getattr(fl, name)(*args, reduction="none", hess=True)
        if (name, at) in NEITHER:
            continue
        assert np.isnan(outputs[0][[3, 37]]).all()
        others = np.setdiff1d(np.arange(40), [3, 37])
        for got, want in zip(outputs, expected, strict=True):
            np.testing.assert_array_equal(
                np.asarray(got)[..., others], np.asarray(want)[..., others]
            )
        assert np.isnan(getattr(fl, name)(*args, reduction="sum"))


@pytest.mark.parametrize("name", POINTWISE)
def test_the_mean_of_nothing(name, lib):
    for shape in ((0,), (2, 0, 3)):
        args = LOSSES[name].sample(np.random.default_rng(0), shape, np.float32)
        function = getattr(lib, name)
        assert np.isnan(function(*args, reduction="mean"))
        assert function(*args, reduction="sum") == 0
        value, slope, curve = function(*args, reduction="none", hess=True)
        assert value.shape == shape
        for derivative in (slope, curve):
            first = derivative[0] if isinstance(derivative, tuple) else derivative
            assert first.shape == shape and first.dtype == np.float32


def test_targets_of_labels():
    """Labels of any integer type, and bool where they are 0 and 1."""
    x = np.array([0.3, -2.0, 1.0])
    for name in ("soft_margin_loss", "squared_hinge_loss", "exponential_loss"):
        function = getattr(fl, name)
        expected = function(x, [1.0, -1.0, 1.0], grad=True)
        close(function(x, np.array([1, -1, 1], np.int8), grad=True), *expected)
    for name in ("quality_focal_loss", "asymmetric_loss"):
        expected = getattr(fl, name)(x, [1.0, 0.0, 1.0], grad=True)
        close(getattr(fl, name)(x, x > 0, grad=True), *expected)


@pytest.mark.parametrize(
    "name, argument, bad, expected",
    [
        ("quantile_loss", "quantile", 1.5, r"a number in \[0, 1\]"),
        ("expectile_loss", "expectile", -0.1, r"a number in \[0, 1\]"),
        ("tweedie_loss", "power", 0.5, "0 or a finite number >= 1"),
        ("tweedie_loss", "power", -1, "0 or a finite number >= 1"),
        ("poisson_nll_loss", "eps", -1e-9, "a finite number >= 0"),
        ("poisson_nll_loss", "full", 1, "True or False"),
        ("kl_div", "log_target", None, "True or False"),
        ("kl_div", "reduction", "avg", "'batchmean', 'mean', 'sum' or 'none'"),
        ("mse_loss", "reduction", "batchmean", "'mean', 'sum' or 'none'"),
        ("asymmetric_loss", "clip", 2, r"a number in \[0, 1\]"),
        ("hinge_embedding_loss", "margin", np.inf, "a finite number"),
    ],
)
def test_parameters_out_of_their_domain(name, argument, bad, expected):
    with pytest.raises((ValueError, TypeError), match=rf"{argument} is .*; expected {expected}"):
        getattr(fl, name)([0.5], [1.0], **{argument: bad})


@pytest.mark.parametrize("beta", [1e-38, 1e-39, 1e-40, 1e-45, 1e-46, 1e-60])
def test_parameters_that_are_small_in_single_precision(beta):
    """They are judged as the formula sees them: in the type of the input."""
    x, t = np.ones(20, np.float32), np.zeros(20, np.float32)
    for _ in on_every_isa():
        value, slope = fl.smooth_l1_loss(x, t, beta=beta, reduction="sum", grad=True)
        assert value == 20 and (slope == 1).all()
        for power, near in ((1 + 1e-9, 1.0), (2 - 1e-9, 2.0)):
            got = fl.tweedie_loss(x, x, power=power, reduction="none")
            np.testing.assert_array_equal(got, fl.tweedie_loss(x, x, power=near, reduction="none"))


@pytest.mark.parametrize("beta", [41.0, 49.0, 0.1, 3.0])
def test_smooth_l1_is_exact_beyond_beta(beta):
    for dtype in (np.float32, np.float64):
        x = np.array([200.0, -300.0], dtype)
        for _ in on_every_isa():
            value, slope = fl.smooth_l1_loss(x, x * 0, beta=beta, reduction="none", grad=True)
            np.testing.assert_array_equal(slope, [1, -1])
            np.testing.assert_array_equal(value, np.abs(x) - dtype(0.5) * dtype(beta))


@pytest.mark.parametrize(
    "name", ["mse_loss", "l1_loss", "huber_loss", "hinge_loss", "quantile_loss"]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_over_several_chunks(name, dtype):
    """Losses of cheap arithmetic have the weights in their loop."""
    rng = np.random.default_rng(5)
    x, t = rng.normal(size=(2, 9, 1111)).astype(dtype)
    if name == "hinge_loss":
        t = np.sign(t)
    weight = rng.integers(0, 3, x.shape)
    function, close = getattr(fl, name), 1e-5 if dtype == np.float32 else 1e-12
    wide = [a.astype(float) for a in (x, t, weight)]
    wanted, by_x = getattr(ref, name)(*wide[:2], weight=wide[2], grad=True)
    spread = np.repeat(weight, 2, axis=1).astype(dtype)[:, ::2]
    row = weight[:, :1].astype(dtype)
    for _ in on_every_isa():
        for w in (weight, weight.astype(dtype), spread):
            value, grad = function(x, t, weight=w, grad=True)
            np.testing.assert_allclose(value, wanted, rtol=close)
            np.testing.assert_allclose(grad, by_x, rtol=close, atol=close * 1e-6)
            assert function(x, t, weight=w) == value
            with fl.num_threads(2):
                again = function(x, t, weight=w, grad=True)
            assert again[0] == value
            assert again[1].tobytes() == grad.tobytes()
        value, grad = function(x, t, weight=row, grad=True)
        full = np.ascontiguousarray(np.broadcast_to(row, x.shape))
        other = function(x, t, weight=full, grad=True)
        np.testing.assert_allclose(value, other[0], rtol=close)
        np.testing.assert_allclose(grad, other[1], rtol=close)
