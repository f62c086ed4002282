"""Bad input to every public function, by a loop over the registry and its signatures.

A new loss is covered as soon as it is registered: each of its arguments is replaced by things that
cannot be used, and the call must raise a library error that names the argument, write nothing to
inputs or buffers, and leave the process alive.
"""

import inspect
import re

import numpy as np
import pytest

import fastloss as fl
from fastloss.reference import CRITERIA, LOSSES

SHAPES = {"pointwise": (3, 4), "rowwise": (3, 4), "ratio": (2, 3, 4), "pairs": (2, 3),
          "masks": (2, 3, 4, 5)}  # fmt: skip
SWITCHES = ("grad", "hess")
SEVERAL = ("classes", "class_weight", "weight", "pos_weight", "ignore_index")  # None is allowed


def arguments(loss, seed=3):
    """Good positional arguments, float64."""
    shape = SHAPES.get(loss.kind, (3,))
    return list(loss.sample(np.random.default_rng(seed), shape, np.float64))


def positional(loss):
    return list(inspect.signature(loss.public).parameters)[: len(arguments(loss))]


def parameters(loss, *, without=()):
    """Names of the arguments after the arrays."""
    names = list(inspect.signature(loss.public).parameters)
    return [n for n in names[len(arguments(loss)) :] if n not in (*SWITCHES, *without)]


def numeric(loss):
    """Parameters whose default is a float, or an integer that is none of the choices."""
    signature = inspect.signature(loss.public).parameters
    return [n for n in parameters(loss) if type(signature[n].default) is float]


def fails(loss, errors, argument, *args, **options):
    """The call raises one of `errors`, whose message names the argument; inputs keep."""
    arrays = [a for a in args if type(a) is np.ndarray and a.dtype != object]
    before = [a.tobytes() for a in arrays]
    options = {**loss.required, **options}
    with pytest.raises(errors) as caught:
        loss.public(*args, **options)
    text = str(caught.value)
    assert re.search(rf"\b{argument}\b", text), (loss.name, argument, text)
    assert len(text) < 1000
    assert [a.tobytes() for a in arrays] == before
    return text


def everywhere(pick):
    """(loss, argument) pairs for parametrize."""
    pairs = [(loss, argument) for loss in LOSSES.values() for argument in pick(loss)]
    return pytest.mark.parametrize(
        "loss, argument", pairs, ids=[f"{loss.name}-{argument}" for loss, argument in pairs]
    )


class Raises:
    def __array__(self, *args, **kwargs):
        raise ValueError("no array today")


class NoArray:
    def __array__(self, *args, **kwargs):
        return 5


def endless():
    inner = []
    inner.append(inner)
    return inner


NOT_ARRAYS = {
    "None": None,
    "a string": "abc",
    "bytes": b"abc",
    "an object": object(),
    "a set": {1.0, 2.0},
    "a function": len,
    "ragged": [[1.0], [2.0, 3.0]],
    "endless": endless(),
    "__array__ that raises": Raises(),
    "__array__ of no array": NoArray(),
    "strings": np.array([["a", "b"]]),
    "datetimes": np.zeros(3, "datetime64[s]"),
    "durations": np.zeros(3, "timedelta64[s]"),
    "complex": np.zeros(3, complex),
    "objects": np.array([1.0, None], dtype=object),
    "numbers as objects": np.array([1.0, 2.0], dtype=object),
    "records": np.zeros(3, "f4,f8"),
    "subarrays of void": np.zeros(3, "V8"),
    "half": np.zeros(3, np.float16),
    "long double": np.zeros(3, np.longdouble),
}


@everywhere(lambda loss: [*positional(loss), *(n for n in parameters(loss) if "weight" in n)])
def test_arguments_that_are_no_arrays_of_numbers(loss, argument):
    for label, bad in NOT_ARRAYS.items():
        if bad is None and argument in SEVERAL:
            continue
        if loss.kind == "penalty" and label in ("a set", "ragged"):
            continue
        args, options = arguments(loss), {}
        if argument in positional(loss):
            args[positional(loss).index(argument)] = bad
        else:
            options[argument] = bad
        if argument == "class_weight":
            options["mode"] = "multilabel"
            args = [np.zeros((2, 3, 4)), np.zeros((2, 3, 4))]
        text = fails(loss, (TypeError, ValueError), argument, *args, **options)
        if label == "half" and loss.kind != "masks":
            assert "float16" in text and "not supported yet" in text
        if label in ("complex", "strings", "objects", "datetimes"):
            assert "dtype" in text


@everywhere(positional)
def test_shapes_that_do_not_fit(loss, argument):
    if loss.kind in ("penalty", "masks"):
        return
    at = positional(loss).index(argument)
    good = arguments(loss)
    shorter = [] if loss.kind in ("pairs", "transform") else [lambda a: a[:0]]
    for change in (
        *shorter,
        lambda a: a[..., None, None, None],
        lambda a: np.zeros((5, 5, 7), a.dtype),
        lambda a: a.reshape(-1)[0],
    ):
        args = list(good)
        args[at] = np.asarray(change(good[at]))
        with pytest.raises(ValueError, match=r"\(") as caught:
            loss.public(*args, **loss.required)
        assert any(re.search(rf"\b{name}\b", str(caught.value)) for name in positional(loss))


EITHER_SIGN = ("margin", "epsilon")


@everywhere(lambda loss: numeric(loss))
def test_parameters_that_are_no_numbers(loss, argument):
    signature = inspect.signature(loss.public).parameters
    for bad in ("1", b"1", None, 1j, [1.0], (), {}, object(), np.ones(2), np.array("x"), "nan"):
        fails(loss, TypeError, argument, *arguments(loss), **{argument: bad})
    for bad in (np.nan, np.inf, -np.inf, 10**400, 10**5000, -(10**400)):
        fails(loss, ValueError, argument, *arguments(loss), **{argument: bad})
    # far outside of any other domain here: -1 switches alpha off
    if argument not in EITHER_SIGN:
        text = fails(loss, ValueError, argument, *arguments(loss), **{argument: -7.5})
        assert "-7.5" in text and "expected" in text
    value = signature[argument].default
    for same in (np.float32(value), np.float64(value), np.array(value)):
        loss.public(*arguments(loss), **loss.required, **{argument: same})


@everywhere(lambda loss: ["reduction"] if loss.reductions else [])
def test_reductions(loss, argument):
    for bad in ("", "Mean", "avg", b"mean", None, 0, 1.0, True, [], {}, ["mean"],
                np.array(["mean"]), object(), "mean\0", "x" * 10_000):  # fmt: skip
        text = fails(loss, ValueError, argument, *arguments(loss), reduction=bad)
        assert "expected 'mean', 'sum' or 'none'" in text.replace("'batchmean', ", "")
    for good in (np.str_("sum"), "".join(["me", "an"])):
        assert type(loss.public(*arguments(loss), **loss.required, reduction=good)) is float


@everywhere(lambda loss: [n for n in parameters(loss) if n in ("mode", "average", "kind", "fmt",
                                                               "in_fmt", "out_fmt")])  # fmt: skip
def test_choices(loss, argument):
    for bad in ("", "XYXY", "x", b"xyxy", None, 3, [], {}, np.array(["xyxy", "xywh"])):
        fails(loss, ValueError, argument, *arguments(loss), **{argument: bad})


@everywhere(lambda loss: [p.name for p in inspect.signature(loss.public).parameters.values()
                          if type(p.default) is bool and p.name not in SWITCHES])  # fmt: skip
def test_flags(loss, argument):
    for bad in (0, 1, None, "yes", [], np.ones(2), 1.0):
        fails(loss, TypeError, argument, *arguments(loss), **{argument: bad})
    loss.public(*arguments(loss), **{argument: np.True_})


def switches(loss):
    """Outputs that are one array; buffers of several gradients: test_variance.py."""
    names = inspect.signature(loss.public).parameters
    return [n for n in names if n in SWITCHES and loss.gradients == 1]


@everywhere(switches)
def test_outputs_that_are_no_buffers(loss, argument):
    args = arguments(loss)
    for bad in (None, 0, 1, "yes", [], [0.0], object(), np.float64(1), memoryview(b"12345678")):
        fails(loss, TypeError, argument, *args, **{argument: bad})
    on, off = (
        loss.public(*args, **loss.required, **{argument: flag}) for flag in (np.True_, np.False_)
    )
    assert isinstance(on, tuple) and not isinstance(off, tuple)


def buffers(good):
    """(error, buffer) for every way a buffer can be wrong; `good` is one that fits."""
    strided = np.lib.stride_tricks.as_strided
    frozen = good.copy()
    frozen.flags.writeable = False
    size = good.dtype.itemsize
    yield TypeError, good.astype(np.float32)
    yield TypeError, good.astype(good.dtype.newbyteorder(">"))
    yield TypeError, np.zeros(good.shape, np.int64)
    yield TypeError, good.astype(object)
    yield TypeError, np.zeros(good.shape, "f4,f4")
    yield ValueError, np.zeros((*good.shape, 1))
    yield ValueError, np.zeros((*good.shape[:-1], good.shape[-1] + 1))
    yield ValueError, np.zeros(good.size + 1)
    yield ValueError, np.zeros(())
    yield ValueError, np.zeros(0)
    yield ValueError, frozen
    yield ValueError, np.broadcast_to(good, good.shape)
    yield ValueError, strided(np.zeros(9), good.shape, (0,) * good.ndim)
    yield ValueError, strided(np.zeros(good.size + 9), good.shape, (size,) * good.ndim)
    yield ValueError, strided(np.zeros(good.size + 9), good.shape, (size // 2,) * good.ndim)


@everywhere(switches)
def test_buffers_that_do_not_fit(loss, argument):
    args = arguments(loss)
    good = loss.public(*args, **loss.required, **{argument: True})[-1]
    for error, bad in buffers(good):
        plain = bad.shape == good.shape == (good.size,) and bad.strides == good.strides
        if plain and error is ValueError and bad.flags.writeable:
            continue  # in one dimension as_strided gave an array like any other
        before = bad.copy()
        text = fails(loss, error, argument, *args, **{argument: bad})
        assert "expected" in text or "has" in text or "is" in text
        np.testing.assert_array_equal(bad, before)


def shifted(a, by):
    """A copy of `a` and a buffer of its shape that begins `by` elements later in its memory."""
    store = np.zeros(a.size + by, a.dtype)
    first, second = store[: a.size].reshape(a.shape), store[by:].reshape(a.shape)
    first[...] = a
    return first, second


@everywhere(switches)
def test_buffers_that_overlap_an_argument(loss, argument):
    names = positional(loss)
    for at, name in enumerate(names):
        args = arguments(loss)
        good = loss.public(*args, **loss.required, **{argument: True})[-1]
        if args[at].dtype != good.dtype or args[at].size != good.size:
            continue
        for by in (1, args[at].size - 1):
            args[at], buffer = shifted(args[at], by)
            buffer = buffer.reshape(good.shape)
            text = fails(loss, ValueError, argument, *args, **{argument: buffer})
            assert "shares memory" in text and name in text
        args = arguments(loss)
        in_place = argument == "grad" and at == 0 and loss.kind in ("pointwise", "rowwise")
        if not in_place and args[at].shape == good.shape:
            fails(loss, ValueError, argument, *args, **{argument: args[at]})


@everywhere(lambda loss: ["hess"] if "hess" in switches(loss) else [])
def test_gradient_and_second_derivative_in_one_buffer(loss, argument):
    args = arguments(loss)
    for buffer in (np.zeros(args[0].shape), np.zeros(97, np.uint8)[1:].view(float).reshape(3, 4)):
        fails(loss, ValueError, argument, *args, grad=buffer, hess=buffer)
        assert not buffer.any()


@everywhere(lambda loss: [n for n in parameters(loss) if n in ("weight", "pos_weight")])
def test_weights_of_a_wrong_shape(loss, argument):
    args = arguments(loss)
    for bad in (
        np.ones(7),
        np.ones((2, 7)),
        np.ones((1, 1, 1, 1, 1, 4)),
        np.ones((0,)),
        np.ones((4, 3)),
    ):
        text = fails(loss, ValueError, argument, *args, **{argument: bad})
        assert str(bad.shape) in text
        if "grad" in switches(loss):
            buffer = np.full(args[0].shape, 7.0)
            fails(loss, ValueError, argument, *args, **{argument: bad, "grad": buffer})
            assert (buffer == 7).all()


@everywhere(lambda loss: ["unknown"])
def test_keywords(loss, argument):
    with pytest.raises(TypeError, match="unknown"):
        loss.public(*arguments(loss), unknown=1)
    with pytest.raises(TypeError, match=positional(loss)[-1]):
        loss.public(*arguments(loss)[:-1])


def test_every_function_of_the_package_is_in_the_registry():
    functions = {n for n, f in vars(fl).items() if inspect.isroutine(f) and not n.startswith("_")}
    assert functions - set(LOSSES) - set(CRITERIA) <= {
        "set_num_threads",
        "get_num_threads",
        "show_config",
        "get_config",
    }
