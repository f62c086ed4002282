"""dice_loss: conventions of other libraries, slopes, layouts, labels and edges."""

import math

import numpy as np
import pytest

import fastloss as fl
from fastloss import _core
from fastloss.reference import segmentation as reference

# Two images of 2x2 pixels. Image 1: p = .8 .6 / .4 .2, mask 1 1 / 0 0; I = 1.4, P = 2, T = 2,
# sum p^2 = 1.2. Image 2: p = .5 everywhere, nothing in the mask; I = 0, P = 2, T = 0.
P = np.array([[[0.8, 0.6], [0.4, 0.2]], [[0.5, 0.5], [0.5, 0.5]]])
MASK = np.array([[[1, 1], [0, 0]], [[0, 0], [0, 0]]])
LOGIT = np.log(P / (1 - P))
# Two classes: softmax of (ln p, ln(1 - p)) is (p, 1 - p); class 0 where the mask is 1.
TWO = np.stack([np.log(P), np.log(1 - P)], axis=1)
INDEX = 1 - MASK

SMP = {"smooth_nr": 0, "smooth_dr": 0, "skip_absent": True}
KORNIA = {"mode": "multiclass", "per_image": True, "smooth_nr": 0, "smooth_dr": 1e-8}
KERAS = {"average": "micro", "from_logits": False, "smooth_nr": 1e-7, "smooth_dr": 1e-7}


@pytest.fixture(params=_core.isa_levels())
def isa(request):
    _core.select_isa(request.param)
    yield request.param
    _core.select_isa(_core.isa_levels()[0])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize(
    ("input", "target", "options", "expected"),
    [
        # segmentation_models_pytorch: 1 - 2 I / (P + T) per class over the batch:
        # I = 1.4, P + T = 4 + 2
        (LOGIT, MASK, SMP, 1 - 2.8 / 6),
        # ... an absent class counts as 0
        (LOGIT[1:], MASK[1:], SMP, 0),
        # ... smooth = 1 on both sides
        (LOGIT, MASK, {**SMP, "smooth_nr": 1, "smooth_dr": 1}, 1 - 3.8 / 7),
        # ... class 1: q = 1 - p, I = .6 + .8 + 2 = 3.4, sum q = 4, T = 6
        (TWO, INDEX, {**SMP, "mode": "multiclass"}, (1 - 2.8 / 6 + 1 - 6.8 / 10) / 2),
        # ... image 2 has no class 0, which still counts in the mean; class 1: I = 2, P = 2, T = 4
        (TWO[1:], INDEX[1:], {**SMP, "mode": "multiclass"}, (0 + 1 - 4 / 6) / 2),
        # MONAI: 1 - (2 I + 1e-5) / (P + T + 1e-5) per image and channel, then the mean
        (LOGIT, MASK, {"per_image": True}, (1 - 2.80001 / 4.00001 + 1 - 0.00001 / 2.00001) / 2),
        # ... squared_pred: sum p^2 = 1.2 and 4 (1/4) = 1
        (
            LOGIT,
            MASK,
            {"per_image": True, "squared": True},
            (1 - 2.80001 / 3.20001 + 1 - 0.00001 / 1.00001) / 2,
        ),
        # ... include_background=False: class 1 of image 1 has I = .6 + .8, P = T = 2, of
        # image 2 I = 2, P = 2, T = 4
        (
            TWO,
            INDEX,
            {"mode": "multiclass", "per_image": True, "classes": range(1, 2)},
            (1 - 2.80001 / 4.00001 + 1 - 4.00001 / 6.00001) / 2,
        ),
        # kornia, micro: per image; image 1 has I = 1.4 + 1.4, P + T = 8, image 2 I = 0 + 2
        (
            TWO,
            INDEX,
            {**KORNIA, "average": "micro"},
            (1 - 5.6 / (8 + 1e-8) + 1 - 4 / (8 + 1e-8)) / 2,
        ),
        # ... macro: classes apart
        (
            TWO,
            INDEX,
            KORNIA,
            1 - (2.8 / (4 + 1e-8) + 2.8 / (4 + 1e-8) + 0 / (2 + 1e-8) + 4 / (6 + 1e-8)) / 4,
        ),
        # Keras: all elements at once, 1 - (2 I + 1e-7) / (P + T + 1e-7)
        (P, MASK, KERAS, 1 - (2.8 + 1e-7) / (6 + 1e-7)),
        (
            np.stack([P, 1 - P], 1),
            np.stack([MASK, INDEX], 1),
            {**KERAS, "mode": "multilabel"},
            1 - (2 * (1.4 + 3.4) + 1e-7) / (16 + 1e-7),
        ),
    ],
)
def test_conventions_of_other_libraries(input, target, options, expected):
    assert fl.dice_loss(input, target, **options) == pytest.approx(expected, rel=1e-12)
    single = fl.dice_loss(input.astype(np.float32), target, **options)
    assert single == pytest.approx(expected, rel=1e-6, abs=1e-6)


OPTIONS = [
    {},
    {"squared": True, "per_image": True},
    {"average": "micro", "reduction": "sum"},
    {"smooth_nr": 0.5, "smooth_dr": 1.5, "reduction": "none"},
    {"classes": [2, 0], "class_weight": [0.5, 1.0, 2.0]},
    {"skip_absent": True, "per_image": True},
]


def slopes(loss, x, step=1e-6):
    """Central differences of the sum of a loss."""
    result = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        result[i] = (np.sum(loss(up)) - np.sum(loss(down))) / (2 * step)
    return result


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("mode", ["multilabel", "multiclass"])
@pytest.mark.parametrize("from_logits", [True, False])
def test_gradient_is_the_slope(mode, from_logits, options, rng):
    x = rng.uniform(0.05, 0.95, (2, 3, 5))
    t = rng.integers(0, 3, (2, 5)) if mode == "multiclass" else rng.random((2, 3, 5))
    options = {**options, "mode": mode, "from_logits": from_logits}
    grad = fl.dice_loss(x, t, grad=True, **options)[1]
    expected = slopes(lambda x: fl.dice_loss(x, t, **options), x)
    np.testing.assert_allclose(grad, expected, rtol=1e-6, atol=1e-8)


def large(rng, mode, dtype, shape=(2, 5, 167, 101)):
    """Several chunks per image, none of whole rows."""
    x = (3 * rng.normal(size=shape)).astype(dtype)
    if mode == "multiclass":
        return x, rng.integers(0, shape[1], (shape[0], *shape[2:]))
    return x, rng.integers(0, 2, shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", ["binary", "multilabel", "multiclass"])
@pytest.mark.parametrize("from_logits", [True, False])
def test_many_chunks_on_any_number_of_threads(mode, dtype, from_logits, isa, rng):
    x, t = large(rng, mode, dtype)
    if not from_logits:
        x = 1 / (1 + np.exp(-x))
    options = {"mode": mode, "from_logits": from_logits, "per_image": mode == "multilabel"}
    results = []
    for threads in (1, 2, 3):
        with fl.num_threads(threads):
            value, grad = fl.dice_loss(x, t, grad=True, **options)
            assert fl.dice_loss(x, t, **options) == value
            results.append((value, grad.tobytes()))
    assert results[0] == results[1] == results[2]
    exact, exact_grad = reference.dice_loss(x.astype(np.float64), t, grad=True, **options)
    eps = float(np.finfo(dtype).eps)
    assert value == pytest.approx(exact, abs=8 * eps)
    np.testing.assert_allclose(grad, exact_grad, rtol=0, atol=8 * eps * np.abs(exact_grad).max())


@pytest.mark.skipif(
    not {"x86-64-v3", "x86-64-v4"} <= set(_core.isa_levels()), reason="needs x86-64-v4"
)
@pytest.mark.parametrize("mode", ["multilabel", "multiclass"])
def test_the_same_bits_on_v3_and_v4(mode, rng):
    x, t = large(rng, mode, np.float32)
    results = []
    try:
        for level in ("x86-64-v3", "x86-64-v4"):
            _core.select_isa(level)
            value, grad = fl.dice_loss(x, t, mode=mode, grad=True)
            results.append((value, grad.tobytes()))
    finally:
        _core.select_isa(_core.isa_levels()[0])
    assert results[0] == results[1]


@pytest.mark.parametrize("classes", [3, 100, 300, 700])
@pytest.mark.parametrize("pixels", [5, 70, 200])
def test_many_classes(classes, pixels, isa, rng):
    x = rng.normal(size=(2, classes, pixels))
    t = rng.integers(0, classes, (2, pixels))
    t[0, 1] = -1
    options = {"mode": "multiclass", "ignore_index": -1, "smooth_nr": 1, "smooth_dr": 1}
    value, grad = fl.dice_loss(x, t, grad=True, **options)
    exact, exact_grad = reference.dice_loss(x, t, grad=True, **options)
    assert value == pytest.approx(exact, rel=1e-13)
    np.testing.assert_allclose(grad, exact_grad, rtol=1e-9, atol=1e-15)


# ---- layouts and types ------------------------------------------------------------


def layouts(x):
    """The same array in other places of memory."""
    yield "fortran", np.asfortranarray(x)
    yield "channels last", np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    yield "reversed", x[..., ::-1].copy()[..., ::-1]
    yield "sliced", np.repeat(x, 2, axis=-1)[..., ::2]
    yield "big-endian", x.astype(x.dtype.newbyteorder(">"))
    buffer = np.zeros(x.nbytes + 1, np.uint8)
    shifted = buffer[1:].view(x.dtype).reshape(x.shape)
    shifted[...] = x
    yield "misaligned", shifted
    read_only = x.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only


@pytest.mark.parametrize("mode", ["binary", "multilabel", "multiclass"])
@pytest.mark.parametrize("shape", [(3, 4, 2), (2, 3, 9, 11)])
def test_layouts(mode, shape, rng):
    x, t = large(rng, mode, np.float32, shape)
    value, grad = fl.dice_loss(x, t, mode=mode, grad=True)
    for name, other in layouts(x):
        before = other.copy()
        result = fl.dice_loss(other, t, mode=mode, grad=True)
        assert result[0] == value, name
        np.testing.assert_array_equal(result[1], grad, name)
        np.testing.assert_array_equal(other, before, name)
    for name, other in layouts(t):
        result = fl.dice_loss(x, other, mode=mode, grad=True)
        assert result[0] == value, name
        np.testing.assert_array_equal(result[1], grad, name)
    for name, buffer in layouts(np.full_like(x, np.nan)):
        if name in ("big-endian", "read-only"):
            continue
        result = fl.dice_loss(x, t, mode=mode, grad=buffer)
        assert result[1] is buffer
        np.testing.assert_array_equal(buffer, grad, name)


@pytest.mark.parametrize("dtype", "bBhHiIqQ")
def test_integer_targets(dtype, rng):
    x, t = large(rng, "multiclass", np.float32, (2, 3, 50))
    expected = fl.dice_loss(x, t, mode="multiclass")
    assert fl.dice_loss(x, t.astype(dtype), mode="multiclass") == expected
    expected = fl.dice_loss(x, t[:, None].repeat(3, 1) == 1, mode="multilabel")
    mask = (t[:, None].repeat(3, 1) == 1).astype(dtype)
    assert fl.dice_loss(x, mask, mode="multilabel") == expected
    assert fl.dice_loss(x, mask.astype(np.float64), mode="multilabel") == expected


def test_class_probabilities_are_soft_labels(rng):
    x, t = large(rng, "multiclass", np.float64, (2, 3, 50))
    one_hot = np.moveaxis(np.eye(3)[t], -1, 1)
    hard = fl.dice_loss(x, t, mode="multiclass", grad=True)
    soft = fl.dice_loss(x, one_hot, mode="multiclass", grad=True)
    assert hard[0] == pytest.approx(soft[0], rel=1e-14)
    np.testing.assert_allclose(hard[1], soft[1], rtol=1e-12)


def test_shapes_of_unreduced_losses(rng):
    x, t = large(rng, "multiclass", np.float32, (2, 3, 50))
    options = {"mode": "multiclass", "reduction": "none"}

    def shape(**more):
        value = fl.dice_loss(x, t, **options, **more)
        assert value.dtype == np.float32
        return value.shape

    assert shape() == (3,)
    assert shape(per_image=True) == (2, 3)
    assert shape(per_image=True, classes=[1]) == (2, 1)
    assert shape(average="micro") == ()
    assert shape(average="micro", per_image=True) == (2,)
    assert fl.dice_loss(x[:, 0], t == 1, reduction="none").shape == ()
    assert fl.dice_loss(x[:, 0], t == 1, reduction="none", per_image=True).shape == (2,)
    ordered = fl.dice_loss(x, t, **options)
    np.testing.assert_array_equal(fl.dice_loss(x, t, classes=(2, 0), **options), ordered[[2, 0]])
    weighted = fl.dice_loss(x, t, class_weight=[1, 2, 3], **options)
    np.testing.assert_allclose(weighted, ordered * [1, 2, 3], rtol=1e-6)
    mean = fl.dice_loss(x, t, mode="multiclass", class_weight=[1, 2, 3])
    assert mean == pytest.approx((ordered * [1, 2, 3]).sum() / 6, rel=1e-6)


# ---- pixels that do not count, and numbers that are no numbers ----------------------


@pytest.mark.parametrize("ignore", [-100, 255, 1])
def test_ignored_pixels_are_as_good_as_absent(ignore, rng):
    x, t = large(rng, "multiclass", np.float64, (2, 3, 70))
    t = np.where(t == 1, 0, t)
    out = rng.random(t.shape) < 0.3
    t[out] = ignore
    x[:, :, 40][out[:, 40]] = np.nan
    value, grad = fl.dice_loss(x, t, mode="multiclass", ignore_index=ignore, grad=True)
    kept = np.moveaxis(x, 1, -1)[~out].T[None]
    expected, slope = fl.dice_loss(kept, t[~out][None], mode="multiclass", grad=True)
    assert value == pytest.approx(expected, rel=1e-13)
    moved = np.moveaxis(grad, 1, -1)
    assert not moved[out].any()
    np.testing.assert_allclose(moved[~out].T[None], slope, rtol=1e-10)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_ignored_elements_of_masks(from_logits, dtype, rng):
    x, t = rng.random((2, 37)), rng.integers(0, 2, (2, 37)).astype(dtype)
    out = rng.random(t.shape) < 0.3
    t[out] = 255
    x[out] = np.nan
    options = {"from_logits": from_logits, "grad": True}
    value, grad = fl.dice_loss(x, t, ignore_index=255, **options)
    expected, slope = fl.dice_loss(x[~out], t[~out], **options)
    assert value == pytest.approx(expected, rel=1e-14)
    assert not grad[out].any()
    np.testing.assert_allclose(grad[~out], slope, rtol=1e-13)


def test_nan_stays_in_its_group(isa, rng):
    x, t = rng.normal(size=(2, 3, 70)), rng.integers(0, 2, (2, 3, 70))
    options = {"mode": "multilabel", "per_image": True, "reduction": "none", "grad": True}
    clean, clean_grad = fl.dice_loss(x, t, **options)
    x[1, 2, 3] = np.nan
    value, grad = fl.dice_loss(x, t, **options)
    assert np.isnan(value[1, 2])
    assert np.isnan(grad[1, 2]).all()
    others = np.ones((2, 3), bool)
    others[1, 2] = False
    np.testing.assert_array_equal(value[others], clean[others])
    np.testing.assert_array_equal(grad[others], clean_grad[others])
    assert not math.isnan(fl.dice_loss(x, t, mode="multilabel", classes=[0, 1]))
    grad = fl.dice_loss(x, t, mode="multilabel", classes=[0, 1], grad=True)[1]
    assert not grad[:, 2].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits(dtype, isa):
    x = np.array([[[1000, -1000, 1000, -1000, np.inf]], [[-1000, 1000, 1000, -1000, 0]]], dtype)
    x = np.concatenate(list(x), 0)[None]
    t = np.array([[[1, 0, 0, 1, 1], [0, 1, 0, 1, 0]]], dtype)
    value, grad = fl.dice_loss(x, t, mode="multilabel", grad=True, reduction="none")
    # channel 0: I = 2 (pixels 0 and 4), P = 3, T = 3; channel 1: I = 1, P = 2.5, T = 2
    np.testing.assert_allclose(value, [1 - 4.00001 / 6.00001, 1 - 2.00001 / 4.50001], rtol=1e-6)
    assert np.isfinite(grad).all()
    assert np.count_nonzero(grad) == 1
    value, grad = fl.dice_loss(x[..., :4], np.array([[0, 1, 0, 1]]), mode="multiclass", grad=True)
    assert np.isfinite(value) and np.isfinite(grad).all()


def test_small_slopes_keep_their_digits():
    """p (1 - p) far out, where 1 - p would be rounded away."""
    x = np.array([-30, -12, 12, 15, 20], np.float32)
    t = np.array([1, 0, 1, 0, 1], np.float32)
    grad = fl.dice_loss(x, t, grad=True)[1]
    exact = reference.dice_loss(x.astype(np.float64), t, grad=True)[1]
    np.testing.assert_allclose(grad, exact, rtol=4e-6)


def test_empty_groups_and_empty_arrays():
    x, t = np.full((1, 2, 4), -1000.0), np.zeros((1, 2, 4))
    assert fl.dice_loss(x, t, mode="multilabel") == 0
    assert fl.dice_loss(x, t, mode="multilabel", smooth_nr=0.5, smooth_dr=1) == 0.5
    assert math.isnan(fl.dice_loss(x, t, mode="multilabel", smooth_nr=0, smooth_dr=0))
    value, grad = fl.dice_loss(x, t, mode="multilabel", grad=True, **SMP)
    assert value == 0 and not grad.any()
    for shape in [(0, 2, 4), (2, 2, 0)]:
        x = np.zeros(shape)
        value, grad = fl.dice_loss(x, x, mode="multilabel", grad=True)
        assert value == 0 and grad.shape == shape
        labels = np.zeros((shape[0], shape[2]), int)
        assert fl.dice_loss(x, labels, mode="multiclass") == 0
    nobody = np.zeros((0, 2, 4))
    assert math.isnan(fl.dice_loss(nobody, nobody, mode="multilabel", per_image=True))
    assert fl.dice_loss(nobody, nobody, mode="multilabel", per_image=True, reduction="sum") == 0
    none = fl.dice_loss(nobody, nobody, mode="multilabel", per_image=True, reduction="none")
    assert none.shape == (0, 2)
    assert math.isnan(fl.dice_loss(np.zeros((2, 0, 4)), np.zeros((2, 0, 4)), mode="multilabel"))


@pytest.mark.parametrize("odd", [None, 0.25, 2.0, -1.0, np.nan, 255.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_target_that_is_no_0_or_1_counts_wherever_it_stands(isa, rng, dtype, odd):
    """Where all targets of a chunk are 0 or 1, the second pass does not read them."""
    x = rng.normal(scale=4, size=(2, 2, 70_003)).astype(dtype)
    x[0, 0, :3] = [1000, -1000, 0]
    t = (rng.random(x.shape) < 0.4).astype(dtype)
    if odd is not None:
        t[1, 0, 40_000] = odd
    options = {"mode": "multilabel", "ignore_index": 255, "squared": odd == 2.0, "grad": True}
    value, grad = fl.dice_loss(x, t, **options)
    wanted, by_x = reference.dice_loss(x.astype(float), t.astype(float), **options)
    close = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(value, wanted, rtol=close)
    np.testing.assert_allclose(grad, by_x, rtol=close, atol=close * 1e-6)
    for threads in (1, 2):
        with fl.num_threads(threads):
            assert fl.dice_loss(x, t, **options)[1].tobytes() == grad.tobytes()


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int32, np.int64, np.float64])
def test_masks_of_any_dtype_give_the_same_bits(isa, rng, kind):
    x = rng.normal(size=(2, 1, 33_000)).astype(np.float32)
    mask = rng.random(x.shape) < 0.5
    value, grad = fl.dice_loss(x, mask.astype(np.float32), grad=True)
    for given in (mask.astype(kind), np.repeat(mask, 2, axis=-1).astype(kind)[..., ::2]):
        other, by_x = fl.dice_loss(x, given, grad=True)
        assert other == value
        assert by_x.tobytes() == grad.tobytes()
