"""Layouts, types, buffers, reductions and errors of the box functions."""

import numpy as np
import pytest
from instruction_sets import on_every_isa

import fastloss as fl
import fastloss.reference

ALIGNED = ("box_iou_loss", "generalized_box_iou_loss", "distance_box_iou_loss",
           "complete_box_iou_loss", "bbox_iou")  # fmt: skip
LOSSES = ALIGNED[:4]
MATRICES = ("box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou")
EVERY = ALIGNED + MATRICES


def boxes(n=37, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 9, (n, 2))
    return np.hstack([low, low + rng.uniform(1, 6, (n, 2))]).astype(dtype)


def strided(a):
    out = np.zeros((2 * len(a), 9), a.dtype)[::-2, 8::-2][:, :4]
    out[...] = a
    return out


def misaligned(a):
    out = np.zeros(a.nbytes + 1, np.uint8)[1:].view(a.dtype).reshape(a.shape)
    out[...] = a
    return out


LAYOUTS = {
    "strided": strided,
    "fortran": np.asfortranarray,
    "misaligned": misaligned,
    "big endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "list": lambda a: a.tolist(),
    "subclass": lambda a: a.view(np.recarray),
}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts(name, layout, dtype):
    if layout == "list" and dtype == np.float32:
        pytest.skip("a list has no float32")
    f, a, b = getattr(fl, name), boxes(), boxes(seed=1)
    a, b = a.astype(dtype), b.astype(dtype)
    value, grad = f(a, b, grad=True)
    change = LAYOUTS[layout]
    for p, t in ((change(a), b), (a, change(b)), (change(a), change(b))):
        got, got_grad = f(p, t, grad=True)
        assert type(got) is np.ndarray and got.dtype == dtype
        np.testing.assert_array_equal(got, value)
        np.testing.assert_array_equal(got_grad, grad)


@pytest.mark.parametrize("name", EVERY)
def test_memory_maps_and_read_only_inputs(name, tmp_path):
    f, a, b = getattr(fl, name), boxes(), boxes(seed=1)
    np.save(tmp_path / "a.npy", a)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    b.flags.writeable = False
    got = f(mapped, b, grad=True)
    for x, y in zip(got, f(a, b.copy(), grad=True), strict=True):
        np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(mapped, a)


@pytest.mark.parametrize("name", EVERY)
def test_types(name):
    f = getattr(fl, name)
    whole = np.round(boxes())
    for dtype in (np.int8, np.uint16, np.int32, np.int64):
        got = f(whole.astype(dtype), whole[::-1].astype(dtype), grad=True)
        expected = f(whole, whole[::-1], grad=True)
        for x, y in zip(got, expected, strict=True):
            assert x.dtype == np.float64
            np.testing.assert_array_equal(x, y)
    single, double = boxes(dtype=np.float32), boxes(seed=1)
    for other in (double, whole.astype(np.int32)):
        got = f(single, other, grad=True)
        for x, y in zip(got, f(single, other.astype(np.float32), grad=True), strict=True):
            assert x.dtype == np.float32
            np.testing.assert_array_equal(x, y)
    assert f(double, single).dtype == np.float64


@pytest.mark.parametrize("name", ALIGNED)
def test_leading_axes(name):
    f, a, b = getattr(fl, name), boxes(60), boxes(60, 1)
    value, grad = f(a, b, grad=True)
    for shape in ((60,), (3, 20), (3, 4, 5), (1, 60, 1)):
        got, got_grad = f(a.reshape(*shape, 4), b.reshape(*shape, 4), grad=True)
        np.testing.assert_array_equal(got, value.reshape(shape))
        np.testing.assert_array_equal(got_grad, grad.reshape(*shape, 4))
    axes = np.moveaxis(a.reshape(3, 20, 4), 0, 1), np.moveaxis(b.reshape(3, 20, 4), 0, 1)
    np.testing.assert_array_equal(f(*axes), value.reshape(3, 20).T)
    one = f(a[0], b[0])
    assert one.shape == () and one == value[0]


@pytest.mark.parametrize("name", MATRICES)
def test_leading_axes_of_matrices(name):
    f, a, b = getattr(fl, name), boxes(24).reshape(2, 3, 4, 4), boxes(15, 1).reshape(3, 5, 4)
    value, grad = f(a, b, grad=True)
    assert value.shape == (2, 3, 4, 5) and grad.shape == (2, 3, 4, 5, 4)
    for i in range(2):
        for j in range(3):
            expected = f(a[i, j], b[j], grad=True)
            np.testing.assert_array_equal(value[i, j], expected[0])
            np.testing.assert_array_equal(grad[i, j], expected[1])
    for empty in (a[:, :, :0], a[:0]):
        shape = f(empty, b).shape
        assert shape == (*empty.shape[:-1], 5)
    value, grad = f(a[0, 0], b[0, :0], grad=True)
    assert value.shape == (4, 0) and grad.shape == (4, 0, 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 700), (700, 3), (65, 257), (600, 900)])
def test_tiles_of_matrices(shape, dtype):
    a, b = boxes(shape[0], dtype=dtype), boxes(shape[1], 1, dtype)
    for name in MATRICES:
        f = getattr(fl, name)
        value, grad = f(a, b, grad=True)
        np.testing.assert_array_equal(f(a, b), value)
        rows = np.array([0, shape[0] // 2, shape[0] - 1])
        for i in rows:
            expected, slope = f(a[i : i + 1], b, grad=True)
            np.testing.assert_array_equal(value[i], expected[0])
            np.testing.assert_array_equal(grad[i], slope[0])


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("n", [0, 1, 300, 5000])
def test_reductions_and_weights(name, n):
    f, a, b = getattr(fl, name), boxes(n), boxes(n, 1)
    w = np.random.default_rng(2).uniform(0, 2, n)
    each, slopes = f(a, b, grad=True)
    assert each.shape == (n,)
    weighted, weighted_slopes = f(a, b, weight=w, grad=True)
    np.testing.assert_allclose(weighted, w * each, 1e-15)
    np.testing.assert_allclose(weighted_slopes, w[:, None] * slopes, 1e-15)
    for reduction, divisor in (("sum", 1), ("mean", max(n, 1))):
        value, grad = f(a, b, reduction, weight=w.astype(np.float32), grad=True)
        w32 = w.astype(np.float32).astype(float)
        assert type(value) is float
        assert value == pytest.approx((w32 * each).sum() / divisor, rel=1e-13, abs=0)
        np.testing.assert_allclose(grad, w32[:, None] * slopes / divisor, 1e-14)
    if n == 0:
        assert f(a, b, "mean") == 0.0
    np.testing.assert_allclose(f(a, b, weight=2.0), 2 * each)
    np.testing.assert_allclose(f(a, b, weight=np.ones(n, bool)), each)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("make", [np.empty, lambda s, d: strided_buffer(s, d),
                                  lambda s, d: misaligned(np.empty(s, d)),
                                  lambda s, d: np.empty(s[::-1], d).T])  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_buffers(name, make, dtype):
    f, a, b = getattr(fl, name), boxes(300, dtype=dtype), boxes(300, 1, dtype)
    value, grad = f(a, b, grad=True)
    buffer = make(grad.shape, dtype)
    got, filled = f(a, b, grad=buffer)
    assert filled is buffer
    np.testing.assert_array_equal(buffer, grad)
    np.testing.assert_array_equal(got, value)


def strided_buffer(shape, dtype):
    return np.empty((*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]


def test_large_outputs_are_the_same(tmp_path):
    """Outputs beyond the caches take another way to memory."""
    a, b = boxes(400_000, dtype=np.float32), boxes(400_000, 1, np.float32)
    value, grad = fl.complete_box_iou_loss(a, b, grad=True)
    part = slice(255_990, 256_300)
    np.testing.assert_array_equal(
        fl.complete_box_iou_loss(a[part], b[part], grad=True)[1], grad[part]
    )
    odd = np.empty(4 * len(a) + 1, np.float32)[1:].reshape(-1, 4)
    fl.complete_box_iou_loss(a, b, "sum", grad=odd)
    np.testing.assert_array_equal(odd, grad)


@pytest.mark.parametrize("name", EVERY)
def test_errors_of_all(name):
    f, a, b = getattr(fl, name), boxes(6), boxes(6, 1)

    def fails(error, message, *args, **keywords):
        with pytest.raises(error) as caught:
            f(*args, **keywords)
        assert message in str(caught.value)

    fails(ValueError, "boxes1 has shape (6, 3); its last axis must hold the 4", a[:, :3], b)
    fails(ValueError, "boxes2 has shape (6, 3); its last axis must hold the 4", a, b[:, :3])
    fails(ValueError, "boxes1 has shape (); its last axis must hold the 4", 1.0, b)
    fails(TypeError, "boxes1 has dtype float16, which is not supported yet", a.astype("f2"), b)
    fails(TypeError, "boxes2 has dtype complex128; expected", a, b + 1j)
    fails(TypeError, "boxes1 is None; expected an array", None, b)
    fails(TypeError, "grad is 'yes'; expected False, True or a writable array", a, b, grad="yes")
    whole = f(a, b, grad=True)[1]
    buffer = np.zeros_like(whole)
    fails(ValueError, "grad has shape (6,)", a, b, grad=np.empty(6))
    fails(TypeError, "grad has dtype float32, but boxes1 has", a, b, grad=whole.astype("f4"))
    buffer.flags.writeable = False
    fails(ValueError, "grad is read-only", a, b, grad=buffer)
    assert not buffer.any()
    repeated = np.lib.stride_tricks.as_strided(np.zeros(9), whole.shape, (0,) * whole.ndim)
    fails(ValueError, "several elements in one place", a, b, grad=repeated)
    store = np.zeros(whole.size + 24)
    store[:24] = a.ravel()
    overlapping = store[20 : 20 + whole.size].reshape(whole.shape)
    shared = store[:24].reshape(6, 4)
    fails(ValueError, "grad shares memory with boxes1", shared, b, grad=overlapping)
    fails(ValueError, "grad shares memory with boxes2", a, shared, grad=overlapping)
    np.testing.assert_array_equal(shared, a)


@pytest.mark.parametrize("name", [x for x in EVERY if x not in ("box_iou", "generalized_box_iou")])
def test_errors_of_eps(name):
    f, a, b = getattr(fl, name), boxes(6), boxes(6, 1)
    for eps, shown in ((-1.0, "-1.0"), (np.nan, "nan"), (np.inf, "inf")):
        with pytest.raises(ValueError, match=f"eps is {shown}; expected a finite number >= 0"):
            f(a, b, eps=eps)
    with pytest.raises(TypeError, match="eps is '1'; expected a number"):
        f(a, b, eps="1")


@pytest.mark.parametrize("name", LOSSES)
def test_errors_of_losses(name):
    f, a, b = getattr(fl, name), boxes(6), boxes(6, 1)
    with pytest.raises(ValueError, match=r"boxes2 has shape \(5, 4\), but boxes1 has shape \(6, 4"):
        f(a, b[:5])
    with pytest.raises(ValueError, match="reduction is 'avg'; expected 'mean', 'sum' or 'none'"):
        f(a, b, "avg")
    with pytest.raises(ValueError, match=r"weight has shape \(5,\), which does not broadcast to"):
        f(a, b, weight=np.ones(5))
    with pytest.raises(TypeError, match="weight has dtype complex128"):
        f(a, b, weight=np.ones(6) * 1j)
    w = np.ones(24)
    with pytest.raises(ValueError, match="grad shares memory with weight"):
        f(a, b, weight=w[:6], grad=w.reshape(6, 4))
    with pytest.raises(ValueError, match="grad shares memory with boxes1"):
        f(a, b, grad=a)


def test_errors_of_choices():
    a = boxes(6)
    with pytest.raises(ValueError, match="kind is 'siou'; expected 'iou', 'giou', 'diou' or 'ciou"):
        fl.bbox_iou(a, a, kind="siou")
    with pytest.raises(ValueError, match="fmt is 'xywh'; expected one of 'xyxy', 'cxcywh'"):
        fl.bbox_iou(a, a, fmt="xywh")
    with pytest.raises(ValueError, match=r"boxes1 has shape \(6, 4\); its last axis .* 5 numbers"):
        fl.box_iou(a, a, "xywhr")
    with pytest.raises(ValueError, match="fmt is None; expected one of"):
        fl.box_area(a, None)
    with pytest.raises(ValueError, match=r"boxes1 has shape \(4,\); expected \(..., number"):
        fl.box_iou(a[0], a)
    with pytest.raises(ValueError, match=r"boxes2 has shape \(2, 3, 4\), whose leading axes"):
        fl.box_iou(a.reshape(3, 2, 4), a.reshape(2, 3, 4))


def test_area():
    a = np.array([[0.0, 0, 2, 3], [1, 1, 1, 5], [4, 0, 0, 2]])
    np.testing.assert_array_equal(fl.box_area(a), [6, 0, -8])
    np.testing.assert_array_equal(fl.box_area(a, "xywh"), [6, 5, 0])
    np.testing.assert_array_equal(fl.box_area(a[0], fmt="cxcywh"), 6)
    assert fl.box_area(a.astype(np.int64)).dtype == np.float64
    assert fl.box_area(a.astype(np.float32)).dtype == np.float32
    assert fl.box_area(np.zeros((2, 0, 4))).shape == (2, 0)
    np.testing.assert_array_equal(fl.box_area(strided(a)), [6, 0, -8])
    with pytest.raises(
        ValueError, match=r"boxes has shape \(3, 3\); its last axis must hold the 4"
    ):
        fl.box_area(a[:, :3])


def test_conversion_of_formats():
    corners = np.array([1.0, 2, 5, 10])
    same = {"xyxy": corners, "xywh": [1, 2, 4, 8], "cxcywh": [3, 6, 4, 8]}
    for before, b in same.items():
        for after, expected in same.items():
            b = np.array(b, np.float32)
            got = fl.box_convert(b, before, after)
            assert got.dtype == np.float32 and got is not b
            np.testing.assert_array_equal(got, expected)
    # (1, 2), 4 wide, 2 high, turned 90 degrees counter-clockwise: the upper side runs up the page
    turned = np.array([1.0, 2, 4, 2, 90])
    around = [1, 2, 1, -2, 3, -2, 3, 2]
    np.testing.assert_allclose(fl.box_convert(turned, "xywhr", "xyxyxyxy"), around, atol=1e-14)
    np.testing.assert_allclose(fl.box_convert(turned, "xywhr", "cxcywhr"), [2, 0, 4, 2, 90])
    np.testing.assert_allclose(fl.box_convert(np.array(around), "xyxyxyxy", "xywhr"), turned)
    np.testing.assert_allclose(
        fl.box_convert(np.array([2.0, 0, 4, 2, 90]), "cxcywhr", "xyxyxyxy"), around, atol=1e-14
    )
    np.testing.assert_array_equal(fl.box_convert(strided(boxes()), "xyxy", "xywh"),
                                  fl.box_convert(boxes(), "xyxy", "xywh"))  # fmt: skip
    assert fl.box_convert(np.zeros((0, 3, 5)), "xywhr", "xyxyxyxy").shape == (0, 3, 8)


def test_errors_of_conversion():
    a = boxes(6)
    with pytest.raises(ValueError, match="in_fmt is 'xxyy'; expected one of 'xyxy', 'xywh'"):
        fl.box_convert(a, "xxyy", "xyxy")
    with pytest.raises(ValueError, match="out_fmt is 3; expected one of"):
        fl.box_convert(a, "xyxy", 3)
    with pytest.raises(ValueError, match="in_fmt is 'xyxy' and out_fmt is 'xywhr'; boxes with and"):
        fl.box_convert(a, "xyxy", "xywhr")
    with pytest.raises(
        ValueError, match=r"boxes has shape \(6, 4\); its last axis must hold the 5"
    ):
        fl.box_convert(a, "xywhr", "cxcywhr")
    with pytest.raises(
        ValueError, match=r"boxes has shape \(6, 4\); its last axis must hold the 8"
    ):
        fl.box_convert(a, "xyxyxyxy", "xyxyxyxy")
    with pytest.raises(TypeError, match="boxes has dtype float16, which is not supported yet"):
        fl.box_convert(a.astype("f2"), "xyxy", "xywh")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("power", [-55, -40, -21, -10, 0, 12, 28, 31, 50])
def test_matrices_do_not_depend_on_the_unit(power, dtype):
    """Beyond moderate sizes other loops serve; a power of two scales every number exactly."""
    a, b = boxes(40, dtype=dtype), boxes(30, 1, dtype)
    a[:3], b[1] = b[:3], a[7, [0, 1, 0, 1]]  # the same, and a point
    scale = dtype(2.0**power)
    for name in MATRICES:
        f = getattr(fl, name)
        keywords = {"eps": 0} if name != "box_iou" and name != "generalized_box_iou" else {}
        for isa in on_every_isa():
            with np.errstate(all="ignore"):
                expected = f(a, b, **keywords)
                got = f(a * scale, b * scale, **keywords)
            tolerance = 4 * np.finfo(dtype).eps
            np.testing.assert_allclose(got, expected, tolerance, tolerance, err_msg=isa)


def test_one_extreme_box_changes_no_other_pair():
    a, b = boxes(40, dtype=np.float32), boxes(30, 1, np.float32)
    for odd in (
        [1e12, 0, 2e12, 1],
        [0, 0, 1e-9, 1],
        [0, 0, 1e30, 1e30],
        [3, 3, 1, 1],
        [np.nan] * 4,
    ):
        other = b.copy()
        other[4] = odd
        for name in MATRICES:
            f = getattr(fl, name)
            with np.errstate(all="ignore"):
                got, expected = f(a, other), f(a, b)
            others = np.arange(30) != 4
            np.testing.assert_array_equal(got[:, others], expected[:, others])
            np.testing.assert_array_equal(f(other, a)[others], f(b, a)[others])
            reference = getattr(fastloss.reference, name)
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(
                    got[:, 4], reference(a, other[4:5])[:, 0], 1e-5, 1e-6, err_msg=f"{name} {odd}"
                )
