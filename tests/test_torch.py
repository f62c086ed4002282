"""The compiled losses against torch: hypothesis-generated arguments, values and gradients."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.13")
pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from layouts import LAYOUTS  # noqa: E402
from torch_compare import NAMES, compare, in_torch  # noqa: E402

import fastloss as fl  # noqa: E402

POINTWISE = [n for n in NAMES if n not in ("cross_entropy", "nll_loss")]
LOGITS = "binary_cross_entropy_with_logits"

thorough = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])
layouts = st.sampled_from(LAYOUTS)
reductions = st.sampled_from(["mean", "sum", "none"])
shapes = st.one_of(
    st.lists(st.integers(0, 6), max_size=4).map(tuple),
    st.sampled_from([(17,), (64,), (1025,), (3, 70), (70, 3), (2, 33, 5), (1, 1, 1, 1)]),
)
row_shapes = st.one_of(
    st.tuples(st.integers(1, 7)),
    st.tuples(st.integers(0, 5), st.integers(1, 40)),
    st.tuples(st.integers(0, 3), st.integers(1, 9), st.integers(0, 5)),
    st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(1, 4), st.integers(1, 20)),
    st.sampled_from([(3, 1000), (70, 12), (2, 3, 130), (1, 5, 7), (130, 33), (2, 5, 1, 1)]),
)


def numbers(rng, shape, kind):
    """Ordinary numbers, many ties, or magnitudes from 1e-6 to 1e3."""
    if kind == "ties":
        return rng.integers(-2, 3, shape) / 2
    if kind == "wide":
        return rng.choice([-1, 1], shape) * 10 ** rng.uniform(-6, 3, shape)
    return 3 * rng.normal(size=shape)


def pair(rng, name, shape, kind):
    if name == "binary_cross_entropy":
        x = rng.random(shape) if kind == "plain" else rng.choice([1e-5, 0.5, 0.999], shape)
        return x, rng.random(shape) if kind != "ties" else rng.integers(0, 2, shape)
    if name == LOGITS:
        return numbers(rng, shape, kind), rng.choice([0, 1, 0.25, 0.9], shape)
    if name == "kl_div":
        return -np.abs(numbers(rng, shape, kind)), np.maximum(rng.uniform(-0.2, 1, shape), 0)
    if name == "poisson_nll_loss":
        return numbers(rng, shape, "ties" if kind == "ties" else "plain"), rng.poisson(2, shape)
    if name in ("soft_margin_loss", "hinge_embedding_loss"):
        targets = [-1, 1] if kind == "plain" else [-1, 1, 0, 0.5]
        # beyond 88 torch's exponential overflows
        return np.clip(numbers(rng, shape, kind), -80, 80), rng.choice(targets, shape)
    return numbers(rng, shape, kind), numbers(rng, shape, "ties" if kind == "ties" else "plain")


poisson = st.fixed_dictionaries(
    {},
    optional={
        "log_input": st.booleans(),
        "full": st.booleans(),
        "eps": st.sampled_from([1e-8, 1e-3, 1.0]),
    },
)
divergence = st.fixed_dictionaries(
    {}, optional={"log_target": st.booleans(), "reduction": st.just("batchmean")}
)
gaussian = st.fixed_dictionaries(
    {}, optional={"full": st.booleans(), "eps": st.sampled_from([1e-6, 0.5, 2.0])}
)
# torch's logits cancel, too: x - x t + log(1 + e^-x)
SUMS = (LOGITS, "poisson_nll_loss", "gaussian_nll_loss", "kl_div")


def variance(rng, shape, dtype, kind, data):
    """Variances in each shape that torch takes; some below eps, for "clamped"."""
    if kind == "number":
        return data.draw(st.sampled_from([1.0, 0.25, 0.0, 7.5]))
    narrow = list(shape)
    if kind == "rows":
        narrow = narrow[:-1]
    elif kind == "along" and shape:
        narrow[data.draw(st.integers(0, len(shape) - 1))] = 1
    low = 0 if kind == "clamped" else 0.1
    return data.draw(layouts)(np.asarray(rng.uniform(low, 3, narrow), dtype))


def broadcast_shape(data, shape):
    """A shape that broadcasts to `shape`: some axes 1, leading ones left out."""
    kept = [data.draw(st.sampled_from([1, n])) if n else n for n in shape]
    drop = data.draw(st.integers(0, len(kept)))
    return tuple(kept[drop:])


@pytest.mark.parametrize("name", POINTWISE)
@thorough
@given(data=st.data(), seed=seeds, shape=shapes, dtype=dtypes, reduction=reductions)
def test_pointwise(name, data, seed, shape, dtype, reduction):
    rng = np.random.default_rng(seed)
    kind = data.draw(st.sampled_from(["plain", "ties", "wide"]))
    x, t = (a.astype(dtype) for a in map(np.asarray, pair(rng, name, shape, kind)))
    options = {"reduction": reduction}
    if data.draw(st.booleans()):
        weight = np.asarray(rng.uniform(0.1, 2, broadcast_shape(data, shape)), dtype)
        options["weight"] = data.draw(layouts)(weight)
    if name == LOGITS and data.draw(st.booleans()):
        options["pos_weight"] = np.asarray(rng.uniform(0, 3, broadcast_shape(data, shape)), dtype)
    if name == "huber_loss":
        options["delta"] = data.draw(st.sampled_from([1.0, 0.5, 2, 1e-3, 100.0]))
    if name == "smooth_l1_loss":
        options["beta"] = data.draw(st.sampled_from([1.0, 0.5, 2, 0, 1e-3, 100.0]))
    if name == "hinge_embedding_loss":
        options["margin"] = data.draw(st.sampled_from([1.0, 0.5, 0, -2, 100.0]))
    if name == "poisson_nll_loss":
        options |= data.draw(poisson)
        if not options.get("log_input", True):
            x = np.abs(x)
    if name == "kl_div":
        options |= data.draw(divergence)
        if options.get("log_target"):
            t = -(t * 4)
    args = data.draw(layouts)(x), data.draw(layouts)(t)
    if name == "gaussian_nll_loss":
        options |= data.draw(gaussian)
        var = data.draw(st.sampled_from(["same", "rows", "along", "number", "clamped"]))
        args += (variance(rng, shape, dtype, var, data),)
    # torch has no strides below 0 and no big-endian numbers: it sees a plain copy
    # where values and derivatives are sums of terms of either sign
    scale = 1.0 + float(np.abs(x).max(initial=0) if x.size else 0) if name in SUMS else 0.0
    compare(name, args, options, scale)


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
@thorough
@given(data=st.data(), seed=seeds, shape=row_shapes, dtype=dtypes, reduction=reductions)
def test_class_indices(name, data, seed, shape, dtype, reduction):
    rng = np.random.default_rng(seed)
    axis = 0 if len(shape) == 1 else 1
    classes, rows = shape[axis], shape[:axis] + shape[axis + 1 :]
    x = numbers(rng, shape, data.draw(st.sampled_from(["plain", "ties", "wide"]))).astype(dtype)
    t = np.asarray(rng.integers(0, classes, rows))
    options = {"reduction": reduction}
    if data.draw(st.booleans()):
        options["ignore_index"] = ignore = data.draw(st.sampled_from([-100, -1, 0, classes, 255]))
        t = np.where(rng.random(rows) < data.draw(st.sampled_from([0.3, 1.0])), ignore, t)
    if data.draw(st.booleans()):
        options["weight"] = data.draw(layouts)(rng.uniform(0, 2, classes).astype(dtype))
    if name == "cross_entropy":
        options["label_smoothing"] = data.draw(st.sampled_from([0.0, 0.0, 0.1, 1.0]))
    kind = data.draw(st.sampled_from([np.int64, np.int32, np.int16]))
    counted = np.count_nonzero(t != options.get("ignore_index", -100))
    # differences of terms that are as large as a weight, sums of scores of either sign
    largest = 2 if name == "cross_entropy" else float(np.abs(x).max(initial=0))
    scale = largest / max(counted, 1) if reduction == "mean" else largest
    args = data.draw(layouts)(x), data.draw(layouts)(t.astype(kind))
    compare(name, args, options, scale=scale)


@thorough
@given(data=st.data(), seed=seeds, shape=row_shapes, dtype=dtypes, reduction=reductions)
def test_class_probabilities(data, seed, shape, dtype, reduction):
    rng = np.random.default_rng(seed)
    axis = 0 if len(shape) == 1 else 1
    x = numbers(rng, shape, data.draw(st.sampled_from(["plain", "ties", "wide"]))).astype(dtype)
    t = rng.random(shape) ** 4
    if data.draw(st.booleans()):
        t /= t.sum(axis=axis, keepdims=True)
    options = {"reduction": reduction}
    options["label_smoothing"] = data.draw(st.sampled_from([0.0, 0.1, 1.0]))
    if data.draw(st.booleans()):
        options["weight"] = rng.uniform(0, 2, shape[axis]).astype(dtype)
    t = t.astype(dtype)
    scale = 2 / max(x.size / shape[axis], 1) if reduction == "mean" else 2
    args = data.draw(layouts)(x), data.draw(layouts)(t)
    compare("cross_entropy", args, options, scale=scale)


# ---- NaN, infinities and magnitudes at the ends ---------------------------------------


def next_to_the_end(x, t):
    return x * (1 - x) < 2e-12


# Where this library and torch differ, knowingly: (function, which elements, reason).
DEVIATIONS = (
    (
        "soft_margin_loss",
        lambda x, t: x * t < -80,
        "torch's exponential overflows, and its gradient is NaN; see test_large_margins",
    ),
    (
        LOGITS,
        lambda x, t: np.isinf(x),
        "torch takes infinity minus infinity or 0 times infinity; see test_infinite_logits",
    ),
    (
        "binary_cross_entropy",
        lambda x, t: np.isnan(x),
        "torch raises an error for NaN; NaN is data here and propagates",
    ),
    (
        "binary_cross_entropy",
        next_to_the_end,
        "torch's least x (1 - x) is 1e-12 as a float, 4e-9 off; see test_least_spread",
    ),
)


def deviates(name, x, t):
    skip = np.zeros(x.shape, bool)
    for function, where, _ in DEVIATIONS:
        if function == name:
            with np.errstate(invalid="ignore"):
                skip |= where(x, t)
    return skip


def ends(dtype):
    info = np.finfo(dtype)
    tiny = [0.0, -0.0, info.tiny, -info.tiny, info.smallest_subnormal, info.eps]
    return [*tiny, 1.0, -1.0, 30.0, -30.0, 1e3, -1e3, 1e15, -1e15, np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", POINTWISE)
def test_ends_of_the_numbers(name, dtype):
    inputs = np.array(ends(dtype), dtype)
    targets = inputs
    if name == "binary_cross_entropy":
        inputs = np.array([0, 1, 0.5, np.finfo(dtype).tiny, 1e-11, 1e-30, np.nan], dtype)
    if "binary" in name:
        targets = np.array([0, 1, 0.5, 0.1], dtype)
    x, t = (a.ravel() for a in np.meshgrid(inputs, targets))
    skip = deviates(name, x, t)
    with np.errstate(all="ignore"):
        for i in np.flatnonzero(~skip):
            # one at a time: the tolerance is that of the largest number beside
            for reduction in ("none", "mean"):
                each = slice(i, i + 1)
                # torch's logits cancel: x - x t + log(1 + e^-x) and x (1 - t) ...
                scale = float(np.fmax(np.abs(x[i]), 1)) if name == LOGITS else 0.0
                var = (np.array([0.5], dtype),) if name == "gaussian_nll_loss" else ()
                compare(name, (x[each], t[each], *var), {"reduction": reduction}, scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("classes", [2, 5, 40])
def test_rows_with_special_values(classes, smoothing, dtype):
    rng = np.random.default_rng(classes)
    special = [np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0]
    x = rng.normal(size=(60, classes)).astype(dtype)
    for row in range(50):
        for _ in range(row % 3):
            x[row, rng.integers(classes)] = rng.choice(special)
    x[0], x[1] = -np.inf, np.inf
    t = rng.integers(0, classes, 60)
    soft = np.eye(classes, dtype=dtype)[t]
    for i in range(60):
        each = slice(i, i + 1)
        for reduction in ("none", "sum"):
            options = {"reduction": reduction, "label_smoothing": smoothing}
            compare("cross_entropy", (x[each], t[each]), options)
            compare("cross_entropy", (x[each], soft[each]), options)
            compare("nll_loss", (x[each], t[each]), {"reduction": reduction})


def test_a_row_that_is_ignored_never_poisons_its_neighbours():
    """torch multiplies an ignored row's gradient by 0, which leaves NaN as NaN; here it is 0."""
    x = np.array([[np.nan, 1.0], [2.0, 0.5]])
    t = np.array([-100, 0])
    value, slope = fl.cross_entropy(x, t, grad=True)
    alone, slope_alone = fl.cross_entropy(x[1:], t[1:], grad=True)
    assert value == alone
    np.testing.assert_array_equal(slope, np.vstack([[0, 0], slope_alone]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_least_spread(dtype):
    """The deviation of binary_cross_entropy, spelled out: equal but for torch's rounded 1e-12."""
    x = np.array([0, 1, 0, 1, 1e-13, 1e-13], dtype)
    t = np.array([0, 1, 1, 0, 1, 0], dtype)
    value, slope = fl.binary_cross_entropy(x, t, reduction="none", grad=True)
    expected, expected_slope = in_torch("binary_cross_entropy", (x, t), {"reduction": "none"})
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(slope, expected_slope, rtol=1e-7)


def test_infinite_logits_have_their_limits():
    """The deviation of binary_cross_entropy_with_logits, spelled out."""
    x = np.array([np.inf, -np.inf, -np.inf, np.inf])
    t = np.array([1.0, 0.0, 1.0, 0.0])
    value, slope = fl.binary_cross_entropy_with_logits(x, t, reduction="none", grad=True)
    np.testing.assert_array_equal(slope, [0, 0, -1, 1])
    assert np.isposinf(value[2:]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_margins(dtype):
    """The deviation of soft_margin_loss, spelled out: a loss of -t x instead of an overflow."""
    x, t = np.array([-1000, 1000, -100, 1e30], dtype), np.array([1, -1, 1, -1], dtype)
    value, slope = fl.soft_margin_loss(x, t, reduction="none", grad=True)
    np.testing.assert_allclose(value, [1000, 1000, 100, 1e30], rtol=1e-6)
    np.testing.assert_array_equal(slope, [-1, 1, -1, 1])


SHAPES_OF_VARIANCES = [
    ((), ()),
    ((3,), (3,)),
    ((3,), (1,)),
    ((3,), ()),
    ((2, 3), (2, 3)),
    ((2, 3), (2,)),
    ((3, 3), (3,)),
    ((2, 3), (2, 1)),
    ((2, 3), (1, 3)),
    ((2, 3), (1, 1)),
    ((2, 3), (3,)),
    ((2, 3), ()),
    ((2, 3), (1,)),
    ((2, 1, 3), (2, 1)),
    ((2, 3, 4), (2, 1, 4)),
    ((2, 3, 4), (3, 4)),
    ((2, 3, 4), (1, 3, 1)),
    ((2, 3), (2, 3, 1)),
    ((0, 3), (0,)),
    ((0, 3), (1, 3)),
    ((3, 0), (3,)),
]


@pytest.mark.parametrize("shape, var", SHAPES_OF_VARIANCES)
def test_variances_have_the_shapes_that_torch_takes(shape, var):
    rng = np.random.default_rng(0)
    args = rng.normal(size=shape), rng.normal(size=shape), np.asarray(rng.uniform(0.5, 2, var))
    try:
        in_torch("gaussian_nll_loss", args, {})
    except ValueError:
        with pytest.raises(ValueError, match=r"var has shape .* input has shape"):
            fl.gaussian_nll_loss(*args)
        return
    for reduction in ("mean", "sum", "none"):
        compare("gaussian_nll_loss", args, {"reduction": reduction}, scale=2.0)


def test_negative_variances():
    for var in (-1.0, np.array([1.0, -1e-9])):
        with pytest.raises(ValueError, match="var"):
            in_torch("gaussian_nll_loss", (np.ones(2), np.zeros(2), var), {})
        with pytest.raises(ValueError, match=r"var(\[1\])? is -.*>= 0"):
            fl.gaussian_nll_loss(np.ones(2), np.zeros(2), var)
