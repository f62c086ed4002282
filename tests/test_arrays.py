"""The array contract, on pointwise losses: any layout, any type that makes sense, clear errors.

Expected values come from NumPy on plain float64 copies of the same numbers.
"""

from __future__ import annotations

import numpy as np
import pytest

import fastloss as fl

RNG = np.random.default_rng(3)
DTYPES = [np.float32, np.float64]


def plain(dtype, shape=(6, 10)):
    return RNG.normal(size=shape).astype(dtype), RNG.normal(size=shape).astype(dtype)


def check(x, t, weight=None, rtol=1e-5, **options):
    """mse_loss of every reduction, with derivatives, against float64 arithmetic on copies."""
    a = np.array(x, np.float64)
    b = np.array(t, np.float64)
    w = np.broadcast_to(1.0 if weight is None else np.array(weight, np.float64), a.shape)
    total = {"none": 1.0, "sum": 1.0, "mean": w.sum() if weight is not None else a.size}
    results = {}
    for reduction, divisor in total.items():
        value, grad, hess = fl.mse_loss(
            x, t, reduction, weight=weight, grad=True, hess=True, **options
        )
        expected = w * (a - b) ** 2
        expected = expected if reduction == "none" else expected.sum() / divisor
        np.testing.assert_allclose(value, expected, rtol=rtol, atol=1e-12)
        np.testing.assert_allclose(grad, 2 * w * (a - b) / divisor, rtol=rtol, atol=1e-6)
        np.testing.assert_allclose(hess, 2 * w / divisor, rtol=rtol)
        assert type(grad) is np.ndarray and type(hess) is np.ndarray
        assert grad.shape == hess.shape == a.shape
        assert isinstance(value, float if reduction != "none" else np.ndarray)
        results[reduction] = value, grad, hess
    return results


# ---- layouts -------------------------------------------------------------------------

LAYOUTS = {
    "contiguous": lambda a: a,
    "fortran": np.asfortranarray,
    "strided": lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
    "negative": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "one_negative": lambda a: a[:, ::-1].copy()[:, ::-1],
    "transposed": lambda a: a.T.copy().T,
    "column": lambda a: np.stack([a, a], -1)[..., 1],
    "padded_rows": lambda a: np.pad(a, ((0, 0), (0, 5)))[:, :-5],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target_layout", LAYOUTS)
@pytest.mark.parametrize("input_layout", LAYOUTS)
def test_layouts(input_layout, target_layout, dtype):
    x, t = plain(dtype)
    a, b = LAYOUTS[input_layout](x), LAYOUTS[target_layout](t)
    np.testing.assert_array_equal(a, x)
    results = check(a, b)
    for reduction, (_, grad, _) in results.items():
        assert grad.dtype == dtype
        expected = fl.mse_loss(x, t, reduction, grad=True)[1]
        np.testing.assert_array_equal(grad, expected)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1), (3, 1, 5), (2, 3, 4, 5), (1,) * 20])
def test_shapes(shape):
    check(*plain(np.float32, shape))
    x, t = plain(np.float64, (*shape, 2))
    check(x[..., 0], t[..., 1])


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 31, 33, 1023, 1024, 1025, 4095, 4097, 9001])
@pytest.mark.parametrize("dtype", DTYPES)
def test_lengths_around_rows_blocks_and_chunks(n, dtype):
    x, t = plain(dtype, n)
    check(x, t)
    check(x[::-1], t, weight=np.abs(t))


def test_axes_in_any_order():
    x, t = plain(np.float64, (3, 4, 5, 6))
    for axes in ((3, 1, 0, 2), (2, 3, 1, 0), (0, 2, 1, 3)):
        check(x.transpose(axes), t.transpose(axes))
        check(x.transpose(axes), np.ascontiguousarray(t.transpose(axes)))
    check(x[::2, :, ::-1, 1:5:2], t[1::-1, :, :, 2:4])


def test_broadcast_views():
    x = np.broadcast_to(np.float32([1, 2, 3]), (4, 3))
    t = np.broadcast_to(np.float32([[1], [2], [3], [4]]), (4, 3))
    check(x, t)


@pytest.mark.parametrize("dtype", DTYPES)
def test_memory_order_of_outputs_follows_input(dtype):
    x, t = plain(dtype, (4, 5))
    for order in "CF":
        value, grad = fl.mse_loss(x.copy(order), t, "none", grad=True)
        assert value.flags[f"{order}_CONTIGUOUS"] and grad.flags[f"{order}_CONTIGUOUS"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_read_only(dtype):
    x, t = plain(dtype)
    x.flags.writeable = t.flags.writeable = False
    check(x, t)


@pytest.mark.parametrize("dtype", DTYPES)
def test_misaligned(dtype):
    def misaligned(a):
        raw = np.zeros(a.nbytes + 1, np.uint8)
        out = raw[1:].view(a.dtype).reshape(a.shape)
        out[...] = a
        assert not out.flags.aligned
        return out

    x, t = plain(dtype)
    check(misaligned(x), misaligned(t), weight=misaligned(np.abs(x)))
    grad = misaligned(x)
    value, same = fl.mse_loss(x, t, grad=grad)
    assert same is grad
    np.testing.assert_array_equal(grad, fl.mse_loss(x, t, grad=True)[1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_big_endian(dtype):
    x, t = plain(dtype)
    swapped = np.dtype(dtype).newbyteorder()
    for a, b in (
        (x.astype(swapped), t),
        (x, t.astype(swapped)),
        (x.astype(swapped), t.astype(swapped)),
    ):
        for _, grad, hess in check(a, b).values():
            assert grad.dtype == hess.dtype == np.dtype(dtype)
            assert grad.dtype.isnative


def test_structured_fields():
    record = np.zeros(7, dtype=[("label", "i1"), ("score", "<f4")])
    record["score"] = RNG.normal(size=7)
    record["label"] = 1
    check(record["score"], record["label"])


@pytest.mark.parametrize("dtype", DTYPES)
def test_memmap(tmp_path, dtype):
    x, t = plain(dtype)
    x.tofile(tmp_path / "x")
    t.tofile(tmp_path / "t")
    a = np.memmap(tmp_path / "x", dtype, "r", shape=x.shape)
    b = np.memmap(tmp_path / "t", dtype, "r", shape=t.shape)
    check(a, b)
    out = np.memmap(tmp_path / "g", dtype, "w+", shape=x.shape)
    assert fl.mse_loss(a, b, grad=out)[1] is out
    np.testing.assert_array_equal(out, fl.mse_loss(x, t, grad=True)[1])


# ---- other containers ----------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_subclasses_are_treated_as_data():
    x, t = plain(np.float64)
    check(np.matrix(x), np.matrix(t))
    masked = np.ma.masked_array(x, mask=x > 0)
    value, grad = fl.mse_loss(masked, t, "none", grad=True)
    assert type(value) is type(grad) is np.ndarray
    np.testing.assert_array_equal(value, fl.mse_loss(x, t, "none"))

    class Own(np.ndarray):
        pass

    check(x.view(Own), t.view(Own))


def test_sequences():
    assert fl.mse_loss([1.0, 2.0], (1, 4)) == 2.0
    assert fl.mse_loss([[1.0], [2.0]], [[True], [False]], "sum") == 4.0
    value, grad = fl.mse_loss([1.0, 3.0], [0.0, 0.0], weight=[1, 3], grad=True)
    assert value == 7.0
    assert grad.dtype == np.float64 and grad.tolist() == [0.5, 4.5]
    check([np.float32(1), np.float32(2)], (3, 4))


def test_scalars():
    assert fl.mse_loss(3.0, 1.0) == 4.0
    assert fl.mse_loss(np.float32(3), 1) == 4.0
    value, grad = fl.mse_loss(np.float32(3), np.int8(1), "none", grad=True)
    assert value.shape == grad.shape == ()
    assert value.dtype == grad.dtype == np.float32
    assert grad == 4


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0, 2)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing(shape, dtype):
    x = np.zeros(shape, dtype)
    with np.errstate(all="raise"):
        assert np.isnan(fl.mse_loss(x, x))
        assert fl.mse_loss(x, x, "sum") == 0.0
        value, grad, hess = fl.mse_loss(x, x, "none", grad=True, hess=True)
    for out in (value, grad, hess):
        assert out.shape == shape and out.dtype == dtype
    assert fl.mse_loss(x, x, "sum", weight=2.0, grad=x)[1] is x
    fl.mse_loss(x.swapaxes(0, -1)[::-1], x.swapaxes(0, -1), grad=True)


class Tensor:
    """An object that only speaks DLPack."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_dlpack():
    x, t = plain(np.float32)
    results = check_dlpack(Tensor(x), Tensor(t[::-1]))
    expected = fl.mse_loss(x, t[::-1], grad=True)
    assert results[0] == expected[0]
    np.testing.assert_array_equal(results[1], expected[1])


def check_dlpack(x, t):
    value, grad = fl.mse_loss(x, t, grad=True)
    assert type(grad) is np.ndarray and grad.dtype == np.float32
    return value, grad


# ---- types ---------------------------------------------------------------------------

INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "l", "q", "L", "Q", "p", "P"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target_type", INTEGERS)
def test_integer_targets(target_type, dtype):
    x = RNG.normal(size=(5, 7)).astype(dtype)
    t = (RNG.integers(0, 2, (5, 7)) if target_type == "?" else RNG.integers(0, 100, (5, 7))).astype(
        target_type
    )
    for target in (t, t[::-1], np.asfortranarray(t), t.astype(t.dtype.newbyteorder())):
        for _, grad, _ in check(x, target).values():
            assert grad.dtype == dtype


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8"])
def test_negative_targets(kind):
    t = np.array([-1, -100, np.iinfo(kind).min, np.iinfo(kind).max], kind)
    value = fl.l1_loss(np.zeros(4), t, "none")
    np.testing.assert_array_equal(value, np.abs(t.astype(np.float64)))


def test_other_float_dtype_is_converted():
    x, t = plain(np.float32)
    results = check(x, t.astype(np.float64), weight=np.abs(t.astype(np.float64)))
    assert results["mean"][1].dtype == np.float32
    results = check(x.astype(np.float64), t, weight=np.abs(t))
    assert results["none"][0].dtype == np.float64


@pytest.mark.parametrize(
    "dtype", [np.float16, np.complex64, np.int32, bool, object, "U3", "S3", "M8[s]", np.longdouble]
)
def test_input_of_another_type(dtype):
    if np.dtype(dtype) == np.float64:
        pytest.skip("long double is double here")
    x = np.zeros(3, dtype)
    t = np.zeros(3)
    if dtype is np.float16:
        expected = r"input has dtype float16, which is not supported yet; .*astype\(np.float32\)"
    else:
        expected = f"input has dtype {np.dtype(dtype)}; expected float32 or float64".replace(
            "[", r"\["
        )
    for call in (fl.mse_loss, fl.l1_loss, fl.smooth_l1_loss, fl.huber_loss, fl.rmse_loss):
        with pytest.raises(TypeError, match=expected):
            call(x, t)


@pytest.mark.parametrize("dtype", [np.float16, np.complex128, object, "U3", np.longdouble])
@pytest.mark.parametrize("argument", ["target", "weight"])
def test_operands_of_another_type(argument, dtype):
    arguments = {"input": np.zeros(3), "target": np.zeros(3)}
    arguments[argument] = np.zeros(3, dtype)
    with pytest.raises(TypeError, match=f"{argument} has dtype {np.dtype(dtype)}"):
        fl.mse_loss(**arguments)


def test_none_is_no_array():
    with pytest.raises(TypeError, match="input is None; expected an array"):
        fl.mse_loss(None, [1.0])
    with pytest.raises(TypeError, match="target is None; expected an array"):
        fl.mse_loss([1.0], None)


@pytest.mark.filterwarnings("ignore")
def test_ragged_lists():
    with pytest.raises((ValueError, TypeError)):  # NumPy 1.23 makes an object array
        fl.mse_loss([[1.0], [1.0, 2.0]], [[1.0], [2.0]])


# ---- shapes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "other"), [((3,), (4,)), ((3,), (1, 3)), ((2, 3), (3,)), ((), (1,)), ((0,), (1,))]
)
def test_shapes_must_match(shape, other):
    text = f"target has shape {other}, but input has shape {shape}"
    with pytest.raises(ValueError, match=text.translate({40: r"\(", 41: r"\)"})):
        fl.mse_loss(np.zeros(shape), np.zeros(other))


@pytest.mark.parametrize("shape", [(), (1,), (10,), (6, 1), (1, 10), (6, 10), (1, 1)])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "?"])
def test_weights_broadcast(shape, dtype):
    x, t = plain(np.float32)
    w = RNG.integers(1, 4, shape).astype(dtype)
    check(x, t, weight=w)
    check(x[::-1].T, t.T, weight=np.broadcast_to(w, x.shape).T)


def test_weight_of_a_wrong_shape():
    x, t = plain(np.float32)
    for shape in ((6,), (2, 6, 10), (3, 10)):
        text = f"weight has shape {shape}, which does not broadcast to input's (6, 10)"
        with pytest.raises(ValueError, match=text.translate({40: r"\(", 41: r"\)"})):
            fl.mse_loss(x, t, weight=np.zeros(shape))


def test_nan_stays_where_it_is():
    x, t = plain(np.float32, 100)
    x[37] = np.nan
    value, grad = fl.huber_loss(x, t, "none", grad=True)
    assert np.flatnonzero(np.isnan(value)).tolist() == [37]
    assert np.flatnonzero(np.isnan(grad)).tolist() == [37]
    assert np.isnan(fl.huber_loss(x, t))
