"""Buffers of the caller and arguments that are no arrays, on pointwise losses."""

from __future__ import annotations

import re

import numpy as np
import pytest
from test_arrays import DTYPES, LAYOUTS, RNG, plain

import fastloss as fl

# ---- buffers -------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_buffers_of_any_layout(layout, dtype):
    x, t = plain(dtype)
    w = np.abs(t) + 1
    for reduction in ("mean", "sum", "none"):
        expected = fl.huber_loss(x, t, reduction, weight=w, grad=True, hess=True)
        grad, hess = (LAYOUTS[layout](np.full_like(x, 7)) for _ in range(2))
        value, g, h = fl.huber_loss(x, t, reduction, weight=w, grad=grad, hess=hess)
        assert g is grad and h is hess
        for got, wanted in zip((value, g, h), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_buffer_writes_nothing_between_its_elements():
    x, t = plain(np.float64, 100)
    block = np.full((100, 3), 5.0)
    fl.mse_loss(x, t, grad=block[:, 1])
    np.testing.assert_array_equal(block[:, 1], fl.mse_loss(x, t, grad=True)[1])
    assert (block[:, [0, 2]] == 5).all()


@pytest.mark.parametrize("n", [5, 1000, 100_000, 3_000_000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_gradient_in_place_of_input(n, dtype):
    x, t = plain(dtype, n)
    expected = fl.mse_loss(x, t, grad=True)
    value, grad = fl.mse_loss(x, t, grad=x)
    assert grad is x and value == expected[0]
    np.testing.assert_array_equal(x, expected[1])


def test_gradient_in_place_of_a_strided_input():
    x, t = plain(np.float32)
    expected = fl.rmse_loss(x, t, grad=True)
    view = np.stack([x, x], -1)[..., 0]
    value, grad = fl.rmse_loss(view, t, grad=view)
    assert value == expected[0]
    np.testing.assert_array_equal(view, expected[1])


def test_inputs_are_never_written():
    x, t = plain(np.float64)
    w = np.abs(x)
    copies = x.copy(), t.copy(), w.copy()
    fl.rmse_loss(x, t, weight=w, grad=True, hess=True)
    for a, b in zip((x, t, w), copies, strict=True):
        np.testing.assert_array_equal(a, b)


def overlapping(dtype=np.float64):
    block = RNG.normal(size=40).astype(dtype)
    return block[:20], block[5:25], block[20:]


def test_buffers_must_not_overlap():
    x, shifted, other = overlapping()
    cases = [
        ({"input": x, "target": other, "grad": shifted}, "grad shares memory with input"),
        ({"input": x, "target": other, "grad": x[::-1]}, "grad shares memory with input"),
        ({"input": x, "target": other, "grad": other}, "grad shares memory with target"),
        ({"input": x, "target": x, "grad": x}, "grad shares memory with target"),
        ({"input": x, "target": other, "hess": x}, "hess shares memory with input"),
        ({"input": x, "target": other, "hess": other}, "hess shares memory with target"),
        ({"input": x, "target": 0 * x, "weight": other, "grad": other}, "memory with weight"),
    ]
    same = np.empty_like(x)
    cases.append(({"input": x, "target": other, "grad": same, "hess": same}, "memory with grad"))
    before = x.copy(), other.copy()
    for arguments, message in cases:
        with pytest.raises(ValueError, match=message):
            fl.mse_loss(**arguments)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(other, before[1])


def test_interleaved_buffers_do_not_overlap():
    block = RNG.normal(size=(20, 2))
    x, t = block[:, 0], RNG.normal(size=20)
    expected = fl.mse_loss(x, t, grad=True)[1]
    np.testing.assert_array_equal(fl.mse_loss(x, t, grad=block[:, 1])[1], expected)


@pytest.mark.parametrize("name", ["grad", "hess"])
def test_buffers_that_cannot_serve(name):
    x, t = plain(np.float32, (2, 3))
    read_only = np.zeros_like(x)
    read_only.flags.writeable = False
    stacked = np.lib.stride_tricks.as_strided(np.zeros(3, "f"), (2, 3), (0, 4))
    cases = [
        (np.zeros((2, 3)), TypeError, f"{name} has dtype float64, but input has dtype float32"),
        (np.zeros((2, 3), ">f4"), TypeError, f"{name} has dtype >f4, but input has dtype float32"),
        (np.zeros((2, 3), int), TypeError, f"{name} has dtype int64"),
        (
            np.zeros((3, 2), "f"),
            ValueError,
            rf"{name} has shape \(3, 2\), but input has .*\(2, 3\)",
        ),
        (np.zeros(6, "f"), ValueError, rf"{name} has shape \(6,\)"),
        (read_only, ValueError, f"{name} is read-only; expected a writable array"),
        (stacked, ValueError, f"{name} has several elements in one place"),
        (1, TypeError, f"{name} is 1; expected False, True or a writable array"),
        (None, TypeError, f"{name} is None; expected False, True or a writable array"),
        ("yes", TypeError, f"{name} is 'yes'; expected False, True or a writable array"),
        ([0.0], TypeError, rf"{name} is \[0.0\]; expected False, True or a writable array"),
    ]
    for buffer, error, message in cases:
        with pytest.raises(error, match=message):
            fl.mse_loss(x, t, **{name: buffer})


def test_nothing_is_written_before_the_checks_pass():
    x, t = plain(np.float32, 50)
    grad, hess = np.full((2, 50), 7, np.float32)
    bad = [
        {"reduction": "avg"},
        {"weight": np.zeros(3)},
        {"weight": np.zeros(50, complex)},
        {"delta": -1.0},
        {"target": t[1:]},
        {"hess": hess[1:]},
        {"hess": grad},
    ]
    for wrong in bad:
        with pytest.raises((TypeError, ValueError)):
            fl.huber_loss(**{"input": x, "target": t, "grad": grad, "hess": hess, **wrong})
        assert (grad == 7).all() and (hess == 7).all(), wrong


def test_numpy_booleans_serve_as_flags():
    x, t = plain(np.float32, 5)
    assert isinstance(fl.mse_loss(x, t, grad=np.False_), float)
    assert fl.mse_loss(x, t, grad=np.True_)[1].shape == (5,)


# ---- arguments -----------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["avg", "", "MEAN", None, 1, b"mean", True])
def test_reduction_must_be_known(reduction):
    text = re.escape(f"reduction is {reduction!r}; expected 'mean', 'sum' or 'none'")
    with pytest.raises(ValueError, match=text):
        fl.mse_loss([1.0], [1.0], reduction)


def test_reduction_from_a_string_made_at_run_time():
    assert fl.mse_loss([3.0, 1.0], [1.0, 1.0], "".join(["s", "um"])) == 4.0


@pytest.mark.parametrize(
    ("call", "name", "bad", "expected"),
    [
        (fl.huber_loss, "delta", 0.0, "> 0"),
        (fl.huber_loss, "delta", -1, "> 0"),
        (fl.huber_loss, "delta", np.inf, "> 0"),
        (fl.huber_loss, "delta", np.nan, "> 0"),
        (fl.smooth_l1_loss, "beta", -0.5, ">= 0"),
        (fl.smooth_l1_loss, "beta", np.nan, ">= 0"),
    ],
)
def test_parameters_out_of_their_domain(call, name, bad, expected):
    text = re.escape(f"{name} is {bad!r}; expected a finite number {expected}")
    with pytest.raises(ValueError, match=text):
        call([1.0], [2.0], **{name: bad})


@pytest.mark.parametrize(
    "bad",
    ["1", None, 1j, [1.0, 2.0], b"1", np.ones(3), np.complex64(1), np.array("1"), np.array(1j)],
)
def test_parameters_must_be_numbers(bad):
    with pytest.raises(TypeError, match="delta is .*; expected a number"):
        fl.huber_loss([1.0], [2.0], delta=bad)


@pytest.mark.parametrize("good", [2, 2.0, np.float32(2), np.int8(2), np.array(2.0), True + 1])
def test_parameters_of_any_number_type(good):
    assert fl.huber_loss([5.0], [0.0], delta=good) == 8.0


@pytest.mark.parametrize("name", ["mse_loss", "distribution_focal_loss", "box_iou_loss"])
def test_buffer_may_not_share_memory_with_an_argument_that_is_copied(name):
    # A target of another byte order is copied before it is read; the caller's own memory counts.
    shapes = {"mse_loss": (4, 4), "distribution_focal_loss": (4,), "box_iou_loss": (4, 4)}
    memory = np.zeros(16)
    x, buffer = np.ones((4, 4)), memory.reshape(4, 4)
    size = int(np.prod(shapes[name]))
    target = memory[:size].view(memory.dtype.newbyteorder()).reshape(shapes[name])
    with pytest.raises(ValueError, match="grad shares memory with (target|boxes2)"):
        getattr(fl, name)(x, target, grad=buffer)


class Lent:
    """An object that is no array but lends its memory as one."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


@pytest.mark.parametrize("lend", [memoryview, Lent])
@pytest.mark.parametrize(
    ("loss", "shape"),
    [
        (fl.mse_loss, (6, 4)),
        (fl.binary_cross_entropy_with_logits, (6, 4)),
        (fl.gaussian_nll_loss, (6, 4)),
        (fl.cross_entropy, (6,)),
        (fl.nll_loss, (6,)),
        (fl.distribution_focal_loss, (6,)),
        (fl.dice_loss, (6, 4)),
        (fl.box_iou_loss, (6, 4)),
    ],
)
def test_buffer_may_not_share_memory_with_what_is_no_array(lend, loss, shape):
    memory = np.random.default_rng(0).uniform(size=(7, 4))
    before, others = memory.copy(), [np.zeros(shape, int)]
    if loss is fl.gaussian_nll_loss:
        others.append(1.0)
    with pytest.raises(ValueError, match="grad shares memory with (input|boxes1)"):
        loss(lend(memory[:-1]), *others, grad=memory[1:])
    if shape == (6, 4):
        with pytest.raises(ValueError, match="grad shares memory with (target|boxes2)"):
            loss(np.ones(shape), lend(memory[:-1]), *others[1:], grad=memory[1:])
    np.testing.assert_array_equal(memory, before)


def test_gradient_in_place_of_what_is_no_array():
    memory, target = np.random.default_rng(0).normal(size=9), np.zeros(9)
    expected = fl.mse_loss(memory, target, grad=True)
    value, slope = fl.mse_loss(memoryview(memory), target, grad=memory)
    assert value == expected[0] and slope is memory
    np.testing.assert_array_equal(slope, expected[1])


def test_buffers_of_a_collection_of_parameters():
    a, b = np.array([1.0, 2.0]), np.array([3.0])
    buffers = [np.empty(2), np.empty(1)]
    value, grads = fl.l2_penalty([a, b], grad=buffers)
    assert value == 7 and grads[0] is buffers[0] and grads[1] is buffers[1]
    for bad, at in (([False, True], "0"), ([np.empty(2), None], "1"), ([True, True], "0")):
        with pytest.raises(TypeError, match=rf"grad\[{at}\] is \w+; expected a writable array"):
            fl.l2_penalty([a, b], grad=bad)
    with pytest.raises(TypeError, match=r"grad\['a'\] is False; expected a writable array"):
        fl.l2_penalty({"a": a, "b": b}, grad={"a": False, "b": True})
    unaligned = np.zeros(17, np.uint8)[1:].view(np.float64)
    for params, grad in ((unaligned, unaligned), ([unaligned], [unaligned])):
        with pytest.raises(ValueError, match="grad shares memory with params"):
            fl.l2_penalty(params, grad=grad)
    with pytest.raises(ValueError, match="grad shares memory with params"):
        fl.l2_penalty(memoryview(a), grad=a)
