"""Class labels: which are taken, which are refused, and what the message says."""

import decimal
import fractions

import numpy as np
import pytest
from instruction_sets import on_every_isa

import fastloss as fl
import fastloss.reference as ref

X = np.log([[2.0, 1.0, 1.0], [1.0, 1.0, 2.0]])
LOSSES = [fl.cross_entropy, fl.nll_loss]
both = pytest.mark.parametrize("loss", LOSSES, ids=lambda f: f.__name__)
INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
INTEGERS += [np.longlong, np.ulonglong, np.intc, np.uintp]


@both
@pytest.mark.parametrize("dtype", INTEGERS)
def test_every_integer_type(loss, dtype):
    expected, slope = loss(X, [0, 2], grad=True)
    for target in (
        np.array([0, 2], dtype),
        np.array([0, 2], np.dtype(dtype).newbyteorder(">")),
        np.array([2, 0], dtype)[::-1],
        np.array([0, 9, 2], dtype)[::2],
    ):
        value, got = loss(X, target, grad=True)
        assert value == expected
        np.testing.assert_array_equal(got, slope)
    if np.iinfo(dtype).min == 0:
        # no unsigned label is -100, however its bits read
        largest = np.iinfo(dtype).max
        for label in (largest, largest - 99, largest // 2 + 1):
            with pytest.raises(
                IndexError, match=rf"target\[1\] is {label}, but input has 3 classes"
            ):
                loss(X, np.array([0, label], dtype))


@both
def test_first_bad_position_and_value(loss):
    message = r"^target\[1\] is 3, but input has 3 classes \(0\.\.2\); ignore_index is -100$"
    with pytest.raises(IndexError, match=message):
        loss(X, [0, 3])
    with pytest.raises(IndexError, match=r"target\[0\] is -1, .*; ignore_index is 7$"):
        loss(X, [-1, 7], ignore_index=7)
    with pytest.raises(IndexError, match=r"^target is 5, but input has 3 classes"):
        loss(X[0], 5)
    pixels = np.zeros((2, 3, 4, 5))
    target = np.zeros((2, 4, 5), int)
    target[1, 2, 3] = 9
    target[1, 3, 0] = 8
    with pytest.raises(IndexError, match=r"target\[1, 2, 3\] is 9"):
        loss(pixels, target)
    with pytest.raises(IndexError, match=r"target\[1, 2, 3\] is 9"):
        loss(np.asfortranarray(pixels), np.asfortranarray(target))
    with pytest.raises(IndexError, match=r"input has 1 classes \(0\.\.0\)|input has 1 class "):
        loss(np.zeros((2, 1)), [0, 1])


@both
def test_a_bad_label_writes_nothing(loss):
    for x in (X, X.copy(order="F"), np.zeros((2, 40)), np.zeros((2, 3, 70))):
        target = np.zeros((2, *x.shape[2:]), int)
        target.flat[-1] = 99
        for buffer in (np.full(x.shape, 7.0), np.full(x.shape, 7.0, order="F")):
            with pytest.raises(IndexError, match="is 99"):
                loss(x, target, grad=buffer)
            assert (buffer == 7).all()
        same = x.copy(order="K")
        with pytest.raises(IndexError, match="is 99"):
            loss(same, target, grad=same)
        np.testing.assert_array_equal(same, x)


@both
def test_labels_of_other_types(loss):
    for bad in ([0.0, 2.0], [True, False], ["0", "2"], [0j, 2j], np.array([0, 2], object)):
        with pytest.raises(TypeError, match="target has dtype"):
            loss(X, bad)
    with pytest.raises(TypeError, match="target"):
        loss(X, [0, None])
    with pytest.raises(TypeError, match="target"):
        loss(X, [0, 2**64])
    with pytest.raises(TypeError, match="target has dtype float64"):
        loss(X, np.zeros(2))
    with pytest.raises(TypeError, match="target has dtype float32"):
        loss(X, np.zeros(2, np.float32))


def test_integers_of_the_input_shape_are_no_probabilities():
    with pytest.raises(TypeError, match=r"target has dtype int64 and input's shape \(2, 3\)"):
        fl.cross_entropy(X, np.zeros((2, 3), int))


@both
def test_ignore_index(loss):
    for value in (7, -1, 2**63 - 1, -(2**63), np.int8(-5), np.uint64(9), np.array(3), 0):
        loss(X, [1, 2], ignore_index=value)
    for bad in (1.0, -100.0, np.float64(1), "1", None, 1j, [1], np.array([1]), True, np.True_,
                decimal.Decimal(1), fractions.Fraction(1), np.array(1.5)):  # fmt: skip
        with pytest.raises(TypeError, match="ignore_index is .*; expected an integer"):
            loss(X, [1, 2], ignore_index=bad)
    for huge in (2**63, -(2**63) - 1, 10**30, 10**5000):
        with pytest.raises(ValueError, match="ignore_index is .*, beyond 64 bits"):
            loss(X, [1, 2], ignore_index=huge)
    # 255 in unsigned labels is 255
    value = loss(X, np.array([0, 255], np.uint8), ignore_index=255)
    assert value == loss(X[:1], [0])
    with pytest.raises(IndexError, match=r"target\[1\] is 255"):
        loss(X, np.array([0, 255], np.uint8), ignore_index=-1)


def test_ignore_index_needs_labels():
    with pytest.raises(ValueError, match="ignore_index is 1, but target holds class probabilities"):
        fl.cross_entropy(X, X, ignore_index=1)


@both
def test_no_classes(loss):
    with pytest.raises(ValueError, match=r"input has shape \(2, 0\): no classes"):
        loss(np.zeros((2, 0)), [0, 0])
    with pytest.raises(ValueError, match=r"input has shape \(\)"):
        loss(1.0, 0)


@both
def test_weight_of_classes(loss):
    for bad in (np.ones(2), np.ones((3, 1)), 1.0, np.ones(0), np.ones((2, 3))):
        with pytest.raises(ValueError, match=r"weight has shape \(.*\); expected \(3,\), one per"):
            loss(X, [0, 1], weight=bad)
    expected = loss(X, [0, 1], weight=[1.0, 2.0, 0.0])
    for same in ([1, 2, 0], np.array([1, 2, 0], np.uint8), np.array([1, 2, 0], ">f4")):
        assert loss(X, [0, 1], weight=same) == expected


def test_dice_labels():
    x = np.zeros((2, 3, 4))
    target = np.zeros((2, 4), int)
    target[1, 2] = 3
    with pytest.raises(
        IndexError, match=r"target\[1, 2\] is 3, but input has 3 classes \(0\.\.2\)"
    ):
        fl.dice_loss(x, target, mode="multiclass")
    with pytest.raises(IndexError, match=r"target\[1, 2\] is 3, .*; ignore_index is 255"):
        fl.dice_loss(x, target, mode="multiclass", ignore_index=255)
    fl.dice_loss(x, target, mode="multiclass", ignore_index=3)
    for bad in (1.0, "1", True, [1]):
        with pytest.raises(TypeError, match="ignore_index is"):
            fl.dice_loss(x, target, mode="multiclass", ignore_index=bad)
    for bad, error in (([3], IndexError), ([-1], IndexError), ([0, 0], ValueError),
                       ([], ValueError), ([0.0], TypeError), ("0", ValueError), (1, ValueError),
                       ([[0]], ValueError), ([True], TypeError), ([None], TypeError),
                       ([[0], [1, 2]], ValueError), ([2**70], TypeError)):  # fmt: skip
        with pytest.raises(error, match="classes"):
            fl.dice_loss(x, target * 0, mode="multiclass", classes=bad)
    target = np.full((2, 4), 2**64 - 1, np.uint64)
    with pytest.raises(IndexError, match="is 18446744073709551615"):
        fl.dice_loss(x, target, mode="multiclass", ignore_index=-1)


def test_values_outside_the_unit_interval():
    """binary_cross_entropy alone looks at its input's range, and says where it is left."""
    x = np.full((2, 3), 0.5)
    for bad in (1.5, -0.5, np.inf, -np.inf, np.nextafter(1, 2), -1e-300):
        x[1, 2] = bad
        with pytest.raises(ValueError, match=r"^input\[1, 2\] is .*; expected values in \[0, 1\]$"):
            fl.binary_cross_entropy(x, np.zeros((2, 3)))
        with pytest.raises(ValueError, match=r"input\[1, 2\]"):
            fl.binary_cross_entropy(x[::-1, ::-1][::-1, ::-1], np.ones((2, 3)), reduction="none")
        with pytest.raises(ValueError, match=r"^input is"):
            fl.binary_cross_entropy(bad, 1.0)
    x[0, 0] = np.nan
    with pytest.raises(ValueError, match=r"input\[1, 2\]"):
        fl.binary_cross_entropy(x, np.zeros((2, 3)))
    x[1, 2] = 0.25
    assert np.isnan(fl.binary_cross_entropy(x, np.zeros((2, 3))))


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize("shape", [(3, 4, 151, 149), (50_000, 3), (2, 40, 97, 90)])
def test_labels_over_several_chunks(name, shape):
    """A chunk may begin in the middle of an image; many labels are looked at in vectors."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=shape)
    labels = rng.integers(0, shape[1], (shape[0], *shape[2:]))
    labels[labels == 1] = -100
    function, reference = getattr(fl, name), getattr(ref, name)
    for weight in (None, rng.random(shape[1])):
        wanted, by_x = reference(x, labels, weight=weight, grad=True)
        for _ in on_every_isa():
            for threads in (1, 2):
                with fl.num_threads(threads):
                    value, grad = function(x, labels, weight=weight, grad=True)
                    buffer = np.full(shape, np.nan)
                    assert function(x, labels, weight=weight, grad=buffer)[0] == value
                np.testing.assert_allclose(value, wanted, rtol=1e-12)
                np.testing.assert_allclose(grad, by_x, rtol=1e-11, atol=1e-18)
                assert buffer.tobytes() == grad.tobytes()
    bad = labels.copy()
    bad[(-1,) * bad.ndim] = shape[1]
    position = ", ".join(str(n - 1) for n in bad.shape)
    with pytest.raises(IndexError, match=rf"target\[{position}\] is {shape[1]}, but input has"):
        function(x, bad)
