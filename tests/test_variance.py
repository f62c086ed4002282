"""gaussian_nll_loss: the derivatives by its variances, and the buffers for them."""

import numpy as np
import pytest
from layouts import LAYOUTS, WRITABLE

import fastloss as fl
import fastloss.reference as ref
from fastloss import _core

SHAPES = (((3, 40), (3, 40)), ((3, 40), (3,)), ((3, 40), (1, 40)), ((70, 33), (70, 1)), ((), ()))
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_shape = pytest.mark.parametrize("shape, narrow", SHAPES)


def arrays(shape, narrow, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    x, t = rng.normal(size=(2, *shape)).astype(dtype)
    return np.asarray(x), np.asarray(t), np.asarray(rng.uniform(0.5, 2, narrow).astype(dtype))


def flat(result):
    """Value and derivatives in a row."""
    return [a for part in result for a in (part if isinstance(part, tuple) else (part,))]


def assert_close(got, expected, dtype):
    for a, b in zip(flat(got), flat(expected), strict=True):
        eps = float(np.finfo(dtype).eps)
        np.testing.assert_allclose(a, b, rtol=200 * eps, atol=200 * eps)


@each_shape
@each_dtype
def test_layouts(shape, narrow, dtype):
    args = arrays(shape, narrow, dtype)
    weight = np.linspace(0.5, 1, shape[-1] if shape else 1, dtype=dtype).reshape(shape[-1:])
    for options in ({}, {"weight": weight}, {"reduction": "none", "weight": weight}):
        expected = ref.gaussian_nll_loss(*(a.astype(float) for a in args), **options, hess=True)
        for layout in LAYOUTS:
            changed = [layout(a) for a in args]
            copies = [np.array(a) for a in changed]
            got = fl.gaussian_nll_loss(*changed, **options, hess=True)
            assert_close(got, expected, dtype)
            for derivative in got[1:]:
                assert [d.shape for d in derivative] == [shape, narrow]
                assert all(d.dtype == dtype for d in derivative)
            for a, copy in zip(changed, copies, strict=True):
                np.testing.assert_array_equal(a, copy)


@each_shape
@each_dtype
def test_buffers_of_every_layout(shape, narrow, dtype):
    args = arrays(shape, narrow, dtype)
    expected = fl.gaussian_nll_loss(*args, hess=True)
    for layout in WRITABLE:
        grads, hesses = (
            tuple(layout(np.full(s, 7, dtype)) for s in (shape, narrow)) for _ in range(2)
        )
        got = fl.gaussian_nll_loss(*args, grad=grads, hess=hesses)
        assert_close(got, expected, dtype)
        for buffers, filled in ((grads, got[1]), (hesses, got[2])):
            assert all(a is b for a, b in zip(buffers, filled, strict=True))
    # one buffer, the other derivative fresh; and a list for a tuple
    buffer = np.empty(narrow, dtype)
    got = fl.gaussian_nll_loss(*args, grad=[True, buffer])
    assert got[1][1] is buffer
    assert_close(got, expected[:2], dtype)


def test_in_place_of_the_input():
    args = arrays((2000,), (2000,))
    expected = fl.gaussian_nll_loss(*args, hess=True)
    x = args[0].copy()
    got = fl.gaussian_nll_loss(x, *args[1:], grad=(x, True), hess=True)
    assert got[1][0] is x
    for a, b in zip(flat(got), flat(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@each_dtype
def test_other_types(dtype):
    """Targets and variances of any type; derivatives have the input's."""
    x, t, v = arrays((40,), (40,), dtype)
    for kind in (np.float32, np.float64, np.int8, np.uint64, np.bool_):
        whole = np.maximum(np.round(v), 1).astype(kind)
        value, (slope, by_var) = fl.gaussian_nll_loss(x, t, whole, grad=True)
        assert slope.dtype == by_var.dtype == dtype
        assert_close(
            (value, slope, by_var),
            flat(fl.gaussian_nll_loss(x, t, whole.astype(dtype), grad=True)),
            dtype,
        )
    values = fl.gaussian_nll_loss(x.tolist(), t.tolist(), v.tolist(), grad=True)
    assert_close(values, fl.gaussian_nll_loss(x, t, v, grad=True), np.float32)


@pytest.mark.parametrize("isa", _core.isa_levels())
def test_same_bits_for_any_number_of_threads(isa):
    x, t, v = arrays((300, 500), (300, 500), np.float32)
    _core.select_isa(isa)
    try:
        for var in (v, v[:, 0], 2.0):
            results = []
            for threads in (1, 2):
                with fl.num_threads(threads):
                    results.append(flat(fl.gaussian_nll_loss(x, t, var, hess=True)))
            for a, b in zip(*results, strict=True):
                assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    finally:
        _core.select_isa(_core.isa_levels()[0])


@pytest.mark.parametrize("var", [2, 2.0, np.float32(2), np.int64(2), True])
def test_numbers(var):
    x, t, _ = arrays((5,), (5,))
    value, slope = fl.gaussian_nll_loss(x, t, var, grad=True)
    np.testing.assert_allclose(slope, (x - t) / float(var) / 5)
    assert value == pytest.approx(fl.gaussian_nll_loss(x, t, np.full(5, float(var))))


def test_negative_variances_are_named():
    x, t, v = arrays((3, 4), (3, 4))
    v[1, 2] = -0.5
    for options in ({}, {"reduction": "none"}, {"weight": np.zeros(4)}, {"hess": True}):
        with pytest.raises(ValueError, match=r"var\[1, 2\] is -0.5; expected values >= 0"):
            fl.gaussian_nll_loss(x, t, v, **options)
    with pytest.raises(ValueError, match=r"var\[2\] is -1; expected values >= 0"):
        fl.gaussian_nll_loss(x, t, [1, 1, -1])
    with pytest.raises(ValueError, match="var is -1; expected a finite number >= 0"):
        fl.gaussian_nll_loss(x, t, -1)
    # NaN is no negative number
    assert np.isnan(fl.gaussian_nll_loss(x, t, np.full((3, 4), np.nan)))
    assert np.isnan(fl.gaussian_nll_loss(np.full((3, 4), np.nan), t, np.ones((3, 4))))


def test_outputs_that_do_not_fit():
    x, t, v = arrays((3, 4), (3,))
    good = lambda: (np.full((3, 4), 7.0), np.full(3, 7.0))  # noqa: E731
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    cases = [
        (
            TypeError,
            "grad is one array; expected .* 2 writable arrays",
            np.zeros((3, 4)),
        ),
        (ValueError, "(?s)grad is .*; expected 2 arrays", (np.zeros((3, 4)),)),
        (ValueError, "grad is .*; expected 2 arrays", ()),
        (TypeError, "grad is None; expected False, True or a writable array", (None, True)),
        (TypeError, "grad is 1; expected False, True or a writable array", (True, 1)),
        (TypeError, "grad is 'yes'; expected False", "yes"),
        (ValueError, r"grad has shape \(4,\), but var has shape \(3,\)", (True, np.zeros(4))),
        (ValueError, r"grad has shape \(3,\), but input has shape \(3, 4\)", (np.zeros(3), True)),
        (TypeError, "grad has dtype float32, but var has", (True, np.zeros(3, np.float32))),
        (ValueError, "grad is read-only", (True, frozen)),
        (ValueError, "grad shares memory with var", (True, v)),
        (ValueError, "grad shares memory with target", (t, True)),
        (ValueError, "grad shares memory with input", (True, x[:, 0])),
    ]
    for error, message, bad in cases:
        with pytest.raises(error, match=message):
            fl.gaussian_nll_loss(x, t, v, grad=bad)
    both = np.zeros(12).reshape(3, 4)
    for bad in ((both, both[:, 0]), (True, both[:, 0])):
        with pytest.raises(ValueError, match="shares memory with"):
            fl.gaussian_nll_loss(x, t, v, grad=bad, hess=(both, True))
    # nothing is written before the checks are through
    for wrong in ({"reduction": "avg"}, {"weight": np.zeros(7)}, {"eps": -1.0}, {"full": 1}):
        grads, hesses = good(), good()
        with pytest.raises((ValueError, TypeError)):
            fl.gaussian_nll_loss(x, t, v, grad=grads, hess=hesses, **wrong)
        assert all((a == 7).all() for a in (*grads, *hesses))


def test_variances_that_are_no_arrays():
    x, t, _ = arrays((3,), (3,))
    for bad in (
        None,
        "abc",
        b"abc",
        object(),
        {1.0},
        np.zeros(3, complex),
        np.zeros(3, np.float16),
    ):
        with pytest.raises(TypeError, match="var"):
            fl.gaussian_nll_loss(x, t, bad)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="var is .*; expected a finite number >= 0"):
            fl.gaussian_nll_loss(x, t, bad)
