"""Caller's buffers, in-place gradients and inputs of every layout; nothing else is written."""

import threading

import numpy as np
import pytest
from layouts import LAYOUTS, WRITABLE

import fastloss as fl
from fastloss.reference import LOSSES

SHAPES = {
    "pointwise": ((3, 4), (2, 3, 40), ()),
    "rowwise": ((3, 4), (5, 40), (2, 3, 5), (70, 2), (2, 3, 4, 20)),
    "ratio": ((2, 3, 4), (2, 3, 5, 20)),
    "pairs": ((2, 3),),
    "penalty": ((3, 4),),
    "masks": ((2, 3, 4, 5), (2, 2, 3, 4, 5)),
}
# Buffers of several gradients: test_variance.py
DIFFERENTIABLE = [n for n, loss in LOSSES.items() if loss.gradients == 1]
IN_PLACE = [n for n in DIFFERENTIABLE if LOSSES[n].kind in ("pointwise", "rowwise")]
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def calls(name, dtype):
    """(arguments, options) of every input and option, with two reductions."""
    loss = LOSSES[name]
    for number, case in enumerate(loss.cases()):
        if case.options.get("reduction") == "sum":
            continue
        for shape in SHAPES.get(loss.kind, ((3,), (2, 3))):
            rng = np.random.default_rng([number, *shape])
            args = case.sample(rng, shape, dtype)
            if type(args[0]) is np.ndarray:
                yield args, case.keywords(rng, args)


def same(actual, expected, message):
    np.testing.assert_array_equal(actual, expected, err_msg=message, strict=True)


def close(actual, expected, message):
    """Equal up to the order in which a layout adds things up."""
    if isinstance(expected, tuple):
        for one, other in zip(actual, expected, strict=True):
            close(one, other, message)
        return
    if np.issubdtype(np.asarray(expected).dtype, np.integer):
        return same(actual, expected, message)
    if np.array_equal(actual, expected, equal_nan=True):
        return
    eps = np.finfo(np.asarray(expected).dtype).eps if np.ndim(expected) else 1e-7
    size = np.abs(expected[np.isfinite(expected)]).max(initial=1e-3) if np.ndim(expected) else 1
    np.testing.assert_allclose(actual, expected, 32 * eps, 32 * eps * size, err_msg=message)


@pytest.mark.parametrize("name", LOSSES)
@each_dtype
def test_inputs_of_every_layout(name, dtype):
    loss = LOSSES[name]
    outputs = {"grad": True} if loss.gradients else {}
    for args, options in calls(name, dtype):
        expected = loss.public(*args, **options, **outputs)
        for layout in LAYOUTS:
            changed = [layout(a) if isinstance(a, np.ndarray) else a for a in args]
            before = [np.asarray(a).tobytes() for a in changed]
            got = loss.public(*changed, **options, **outputs)
            if not outputs:
                close(got, expected, layout.__name__)
                continue
            close(got[0], expected[0], layout.__name__)
            close(got[1], expected[1], layout.__name__)
            assert [np.asarray(a).tobytes() for a in changed] == before, "an input was written to"


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@each_dtype
def test_buffers_of_every_layout(name, dtype):
    loss = LOSSES[name]
    for args, options in calls(name, dtype):
        expected = loss.public(*args, **options, grad=True)
        for layout in WRITABLE:
            buffer = layout(np.full(expected[1].shape, 7, dtype))
            base = buffer if buffer.base is None else buffer.base
            value, got = loss.public(*args, **options, grad=buffer)
            assert got is buffer
            close(value, expected[0], layout.__name__)
            close(buffer, expected[1], layout.__name__)
            if layout.__name__ in ("sliced", "last_gap") and buffer.ndim:
                buffer[...] = 7
                assert (base == 7).all(), "written beyond the buffer"


@pytest.mark.parametrize("name", IN_PLACE)
@each_dtype
def test_in_place(name, dtype):
    loss = LOSSES[name]
    for args, options in calls(name, dtype):
        for layout in WRITABLE:
            x = layout(args[0])
            fresh = loss.public(layout(args[0]), *args[1:], **options, grad=True)
            value, got = loss.public(x, *args[1:], **options, grad=x)
            assert got is x
            close(value, fresh[0], layout.__name__)
            close(got, fresh[1], layout.__name__)
        if loss.hess:
            x = args[0].copy()
            expected = loss.public(*args, **options, hess=True)
            got = loss.public(x, *args[1:], **options, grad=x, hess=True)
            for a, b in zip(got, expected, strict=True):
                same(a, b, "hess")


@pytest.mark.parametrize("name", [n for n in DIFFERENTIABLE if LOSSES[n].hess])
def test_second_derivatives_in_buffers(name):
    loss = LOSSES[name]
    for args, options in calls(name, np.float64):
        expected = loss.public(*args, **options, hess=True)
        for layout in WRITABLE:
            first, second = (layout(np.full(args[0].shape, 7.0)) for _ in range(2))
            got = loss.public(*args, **options, grad=first, hess=second)
            assert got[1] is first and got[2] is second
            for a, b in zip(got, expected, strict=True):
                close(a, b, layout.__name__)
            got = loss.public(*args, **options, hess=second)
            assert got[2] is second
            close(got[1], expected[1], layout.__name__)


@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if loss.kind != "masks"])
def test_inputs_that_repeat_themselves(name):
    """Broadcast inputs: strides of 0, which no output may copy."""
    loss = LOSSES[name]
    outputs = {"grad": True} if loss.gradients else {}
    rng = np.random.default_rng(1)
    for shape in SHAPES.get(loss.kind, ((3,), (2, 3))):
        args = loss.sample(rng, shape, np.float64)
        for axes in range(1, 2 ** args[0].ndim):
            cut = tuple(slice(0, 1) if axes >> i & 1 else slice(None) for i in range(args[0].ndim))
            if loss.kind not in ("pointwise", "rowwise", "ratio", "penalty"):
                cut = (*cut[:-1], slice(None))
            wide = np.broadcast_to(args[0][cut], args[0].shape)
            got = loss.public(wide, *args[1:], **loss.required, **outputs)
            plain = loss.public(wide.copy(order="C"), *args[1:], **loss.required, **outputs)
            if not outputs:
                same(got, plain, str(wide.strides))
                continue
            close(got[0], plain[0], str(wide.strides))
            close(got[1], plain[1], str(wide.strides))
            for gradient in got[1] if isinstance(got[1], tuple) else got[1:]:
                assert gradient.flags.writeable and 0 not in gradient.strides


def test_sliding_windows():
    """Overlapping rows as an input are fine; the gradient has memory of its own."""
    data = np.random.default_rng(2).normal(size=60)
    for shape, strides in (
        ((20, 40), (8, 8)),
        ((20, 5), (8, 8)),
        ((4, 3, 20), (8, 8, 8)),
        ((4, 20, 3), (8, 8, 16)),
        ((4, 3, 20), (16, 0, 8)),
    ):
        x = np.lib.stride_tricks.as_strided(data, shape, strides)
        target = np.zeros((shape[0], *shape[2:]), int)
        for loss in (fl.cross_entropy, fl.nll_loss):
            value, slope = loss(x, target, grad=True)
            expected = loss(x.copy(), target, grad=True)
            close(slope, expected[1], str(strides))
            assert value == pytest.approx(expected[0])
        soft = np.lib.stride_tricks.as_strided(np.abs(data), shape, strides)
        got = fl.cross_entropy(x, soft, grad=True)
        close(got[1], fl.cross_entropy(x.copy(), soft.copy(), grad=True)[1], "soft")


def test_penalties_of_collections():
    w = {"a": np.ones((2, 3)), "b": -np.ones(4)}
    buffers = {name: np.empty_like(a) for name, a in w.items()}
    value, got = fl.l1_penalty(w, grad=buffers)
    assert value == 10 and all(got[name] is buffers[name] for name in w)
    shared = np.zeros(6)
    with pytest.raises(ValueError, match="grad shares memory with the gradient of params"):
        fl.l2_penalty([np.ones(4), np.ones(4)], grad=[shared[:4], shared[2:]])
    assert not shared.any()
    with pytest.raises(TypeError, match="keys of params"):
        fl.l1_penalty(w, grad={"a": buffers["a"]})
    with pytest.raises(TypeError, match="list of 2 arrays"):
        fl.l1_penalty(list(w.values()), grad=[buffers["a"]])
    with pytest.raises(TypeError, match=r"params\[1\] has dtype int64"):
        fl.l1_penalty([np.ones(2), np.ones(2, int)])
    with pytest.raises(TypeError, match=r"params\['b'\] is None"):
        fl.l2_penalty({"a": np.ones(2), "b": None})
    # the second buffer is wrong: the first is not written
    first = np.full(2, 7.0)
    with pytest.raises(
        ValueError, match=r"grad has shape \(3,\), but params\[1\] has shape \(2,\)"
    ):
        fl.l2_penalty([np.ones(2), np.ones(2)], grad=[first, np.zeros(3)])
    assert (first == 7).all()


def test_calls_from_many_threads():
    """Every thread gets the answer of a lone call."""
    rng = np.random.default_rng(5)
    x, t = rng.normal(size=(2, 50_000))
    logits, labels = rng.normal(size=(500, 50)), rng.integers(0, 50, 500)
    work = {
        "mse": lambda: fl.mse_loss(x, t, grad=True),
        "focal": lambda: fl.sigmoid_focal_loss(x, (t > 0), reduction="mean", grad=True),
        "rows": lambda: fl.cross_entropy(logits, labels, grad=True),
        "picked": lambda: fl.nll_loss(logits, labels, grad=True),
        "dice": lambda: fl.dice_loss(x.reshape(50, 1000), (t > 0).reshape(50, 1000), grad=True),
    }
    alone = {name: call() for name, call in work.items()}
    wrong = []

    def many(name):
        for _ in range(20):
            value, slope = work[name]()
            if value != alone[name][0] or not np.array_equal(slope, alone[name][1]):
                wrong.append(name)

    threads = [threading.Thread(target=many, args=(name,)) for name in work for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
