"""The reference's rules: what ignored rows, empty inputs, weights and kinks mean."""

import numpy as np
import pytest

import fastloss.reference as ref
from fastloss.reference import LOSSES

SECOND = [n for n, loss in LOSSES.items() if loss.hess and loss.gradients == 1]
LOGITS = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [2.0, 2.0, 2.0]])


@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if loss.reductions])
def test_a_bad_reduction_is_a_value_error(name):
    loss = LOSSES[name]
    args = loss.sample(np.random.default_rng(0), loss.shapes[-1], np.float64)
    with pytest.raises(ValueError, match="reduction"):
        loss.function(*args, **loss.required, reduction="average")


def calls(loss, dtype):
    for shape in (loss.shapes[0], loss.shapes[-1]):
        for case in loss.cases():
            rng = np.random.default_rng(1)
            args = case.sample(rng, shape, dtype)
            yield args, case.keywords(rng, args)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_and_forms_of_what_is_returned(name, dtype):
    loss = LOSSES[name]
    for args, options in calls(loss, dtype):
        value = loss.function(*args, **options)
        if options.get("reduction", "none") != "none" or loss.kind == "penalty":
            assert type(value) is float
        else:
            assert isinstance(value, np.ndarray)
            assert value.dtype == dtype or not loss.gradients  # indices, and numbers of masks
        if loss.gradients != 1:
            continue
        again, gradient = loss.function(*args, **options, grad=True)
        assert np.array_equal(again, value, equal_nan=True)
        if isinstance(args[0], list):
            assert [g.shape for g in gradient] == [a.shape for a in args[0]]
            continue
        shape = args[0].shape
        if loss.kind == "pairs":
            shape = (*value.shape, shape[-1])
        assert gradient.dtype == dtype and gradient.shape == shape
        buffer = np.full(shape, 7, dtype)
        assert loss.function(*args, **options, grad=buffer)[1] is buffer
        assert np.array_equal(buffer, gradient, equal_nan=True)


@pytest.mark.parametrize("name", SECOND)
def test_hess_comes_third_and_fills_a_buffer(name):
    loss = LOSSES[name]
    x, t = loss.sample(np.random.default_rng(2), (7,), np.float64)
    buffer = np.empty_like(x)
    value, gradient, curve = loss.function(x, t, grad=True, hess=buffer)
    assert curve is buffer and gradient.shape == x.shape
    assert np.array_equal(loss.function(x, t, hess=True)[2], buffer)
    assert np.array_equal(loss.function(x, t, grad=True)[1], gradient)


@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if (0,) in loss.shapes])
def test_the_mean_of_nothing(name):
    loss = LOSSES[name]
    if not loss.reductions:
        return
    args = loss.sample(np.random.default_rng(0), (0,), np.float64)
    value, gradient = loss.function(*args, **loss.required, reduction="mean", grad=True)
    gradient = gradient if loss.gradients == 1 else gradient[0]
    assert gradient.shape == args[0].shape
    assert value == 0.0 if loss.kind == "boxes" else np.isnan(value)
    assert loss.function(*args, **loss.required, reduction="sum") == 0.0


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "rmse_loss"])
def test_a_weighted_mean_divides_by_the_weights(name):
    function = getattr(ref, name)
    x, t, w = np.array([1.0, 2.0, 5.0]), np.zeros(3), np.array([1.0, 0.0, 3.0])
    # weights that all grow cancel out; an element of weight 0 does not count
    assert function(x, t, weight=w) == pytest.approx(function(x, t, weight=10 * w))
    assert function(x, t, weight=[1, 0, 0]) == pytest.approx(function(x[:1], t[:1]))


@pytest.mark.parametrize(
    "name",
    [n for n, v in LOSSES.items() if v.kind == "pointwise" and n not in ("mse_loss", "l1_loss")],
)
def test_other_weighted_means_divide_by_the_number_of_elements(name):
    if name == "rmse_loss":
        return
    loss = LOSSES[name]
    args = loss.sample(np.random.default_rng(3), (6,), np.float64)
    w = np.arange(6.0)
    rows = loss.function(*args, reduction="none")
    assert loss.function(*args, reduction="mean", weight=w) == pytest.approx((w * rows).sum() / 6)


def test_a_broadcast_weight_counts_once_per_element():
    x, t = np.arange(6.0).reshape(2, 3), np.zeros((2, 3))
    narrow, wide = np.array([1.0, 2.0, 3.0]), np.array([[1.0, 2.0, 3.0]] * 2)
    assert ref.mse_loss(x, t, weight=narrow) == ref.mse_loss(x, t, weight=wide)


@pytest.mark.parametrize("function", [ref.cross_entropy, ref.nll_loss])
def test_ignored_rows_leave_no_trace(function):
    target = np.array([0, -100, 2])
    weight = np.array([0.5, 1.0, 2.0])
    kept = function(LOGITS[[0, 2]], target[[0, 2]], weight)
    poisoned = LOGITS.copy()
    poisoned[1] = np.nan
    value, gradient = function(poisoned, target, weight, grad=True)
    assert value == pytest.approx(kept)
    assert not gradient[1].any() and np.isfinite(gradient).all()
    assert function(LOGITS, target, reduction="none")[1] == 0


@pytest.mark.parametrize("function", [ref.cross_entropy, ref.nll_loss])
def test_nothing_but_ignored_rows(function):
    value, gradient = function(LOGITS, [-100] * 3, grad=True)
    assert np.isnan(value) and not gradient.any()
    assert function(LOGITS, [-100] * 3, reduction="sum") == 0


def test_class_weights_divide_the_mean_of_indices_but_not_of_probabilities():
    target, weight = np.array([0, 2, 2]), np.array([1.0, 5.0, 3.0])
    rows = ref.cross_entropy(LOGITS, target, weight, reduction="none")
    assert ref.cross_entropy(LOGITS, target, weight) == pytest.approx(rows.sum() / (1 + 3 + 3))
    hot = np.eye(3)[target]
    assert ref.cross_entropy(LOGITS, hot, weight) == pytest.approx(rows.sum() / 3)


def test_bad_class_indices():
    for function in (ref.cross_entropy, ref.nll_loss):
        with pytest.raises(IndexError):
            function(LOGITS, [0, 1, 3])
        with pytest.raises(IndexError):
            function(LOGITS, [0, 1, -1])
        with pytest.raises(TypeError):
            function(LOGITS, [0.0, 1.0, 2.0])
    with pytest.raises(IndexError):
        ref.dice_loss(LOGITS, [0, 1, 3], mode="multiclass")


def test_kinks_are_decided_as_torch_decides_them():
    zeros = np.zeros(3)
    edge = np.array([0.0, 1.0, -1.0])
    assert list(ref.l1_loss(edge, zeros, "sum", grad=True)[1]) == [0, 1, -1]
    assert list(ref.smooth_l1_loss(edge, zeros, "sum", grad=True)[1]) == [0, 1, -1]
    assert list(ref.huber_loss(edge, zeros, "sum", grad=True)[1]) == [0, 1, -1]
    assert list(ref.hinge_loss([1.0, -1.0], [1.0, -1.0], reduction="sum", grad=True)[1]) == [0, 0]
    assert ref.rmse_loss(zeros, zeros, grad=True)[1].tolist() == [0, 0, 0]
    value, gradient = ref.binary_cross_entropy(
        [0.0, 0.0, 1.0, 1.0], [0.0, 1, 0, 1], None, "none", grad=True
    )
    assert list(value) == [0, 100, 100, 0]
    np.testing.assert_allclose(gradient, [0, -1e12, 1e12, 0])


def test_equal_sides_share_the_derivative():
    box = np.array([[0.0, 0.0, 2.0, 2.0]])
    # identical boxes: I = 4, U = 4; half of dI = 2 on each side, dU = 2 - 1:
    # d(1 - I/U)/dx1 = -(dI - dU I/U)/U = -(-1 - (-2 + 1))/4 = 0
    assert ref.box_iou_loss(box, box, grad=True)[1] == pytest.approx(np.zeros((1, 4)), abs=1e-7)
    right = np.array([[2.0, 0.0, 4.0, 2.0]])
    # boxes that touch: the losses have no derivative of I; the overlap has dI/dx2 = 2, U = 8
    loss = ref.box_iou_loss(box, right, grad=True)[1]
    assert loss.tolist() == [[0, 0, 0, 0]]
    touching = ref.bbox_iou(box, right, grad=True)[1]
    np.testing.assert_allclose(touching, [[0, 0, 2 / 8, 0]], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gamma", [0.0, 0.1, 0.5, 0.99, 1.0, 1.5, 2.0, 5.0])
@pytest.mark.parametrize("name", ["sigmoid_focal_loss", "varifocal_loss"])
def test_extreme_logits_stay_finite(name, gamma, dtype):
    x = np.array([-1000, -100, -20, -1, 0, 1, 20, 100, 1000] * 3, dtype)
    t = np.repeat(np.array([0, 1, 0.3], dtype), 9)
    with np.errstate(all="raise", under="ignore"):
        outputs = getattr(ref, name)(x, t, gamma=gamma, reduction="none", grad=True, hess=True)
    assert all(np.isfinite(a).all() and a.dtype == dtype for a in outputs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits_of_the_other_losses(dtype):
    x = np.array([[1000, -1000, 0], [-1000, -1000, -1000]], dtype)
    with np.errstate(all="raise", under="ignore"):
        value, gradient = ref.cross_entropy(x, [1, 0], reduction="none", grad=True)
        np.testing.assert_allclose(value, [2000, np.log(3)], rtol=1e-6)
        assert np.isfinite(gradient).all()
        for weight in (None, 3.0):
            t = np.array([[1, 0, 0.5], [0, 1, 1]], dtype)
            outputs = ref.binary_cross_entropy_with_logits(
                x, t, pos_weight=weight, reduction="none", grad=True, hess=True
            )
            assert all(np.isfinite(a).all() for a in outputs)
        rows = np.array([[1000.0, -1000.0, 0.0, 5.0]], dtype)
        assert np.isfinite(ref.distribution_focal_loss(rows, np.array([0.5], dtype)))


def test_boxes_without_area_have_finite_gradients():
    boxes = np.array([[1, 1, 1, 1], [1, 1, 5, 1], [1, 1, 1, 5], [0, 0, 4, 4]], float)
    first, second = np.repeat(boxes, 4, axis=0), np.tile(boxes, (4, 1))
    for name, loss in LOSSES.items():
        if loss.kind == "boxes":
            turned = [np.pad(b, ((0, 0), (0, name.startswith("prob")))) for b in (first, second)]
            _, gradient = getattr(ref, name)(*turned, **loss.required, grad=True)
            assert np.isfinite(gradient).all(), name
    centre = [[3.0, 3.0, 2.0, 0.0]]
    value, gradient = ref.bbox_iou(centre, [[3.0, 3.0, 2, 2]], kind="ciou", fmt="cxcywh", grad=True)
    # w/h is infinite: atan gives pi/2
    v = 4 / np.pi**2 * (np.pi / 4) ** 2
    np.testing.assert_allclose(value, -v * v / (1 + v), rtol=1e-6)
    assert np.isfinite(gradient).all()


def test_an_absent_class_counts_as_no_loss_if_asked():
    logits = np.zeros((1, 3, 2))
    target = np.array([[0, 1]])
    plain = {"mode": "multiclass", "smooth_nr": 0.0, "smooth_dr": 0.0, "reduction": "none"}
    # p = 1/3 everywhere: dice = 2 (1/3) / (2/3 + 1) = 0.4 for the present classes, 0 for the absent
    np.testing.assert_allclose(ref.dice_loss(logits, target, **plain), [0.6, 0.6, 1])
    np.testing.assert_allclose(
        ref.dice_loss(logits, target, skip_absent=True, **plain), [0.6, 0.6, 0]
    )


def test_dice_of_nothing_is_nan_unless_smoothed_or_skipped():
    nothing = np.zeros((1, 2))
    bare = {"from_logits": False, "smooth_nr": 0.0, "smooth_dr": 0.0}
    assert np.isnan(ref.dice_loss(nothing, nothing, **bare))
    assert ref.dice_loss(nothing, nothing, skip_absent=True, **bare) == 0
    assert ref.dice_loss(nothing, nothing, from_logits=False) == pytest.approx(0)


def test_class_weight_needs_classes():
    for options in ({"mode": "binary"}, {"mode": "multilabel", "average": "micro"}):
        with pytest.raises(ValueError, match="class_weight"):
            ref.dice_loss(LOGITS, LOGITS, class_weight=np.ones(3), **options)


def test_penalties_keep_the_form_of_their_argument():
    a, b = np.array([1.0, -2.0]), np.array([[3.0]])
    assert ref.l2_penalty([a, b], strength=2.0) == 14.0
    value, gradients = ref.l1_penalty({"a": a, "b": b}, grad=True)
    assert value == 6.0 and gradients["a"].tolist() == [1, -1] and gradients["b"].tolist() == [[1]]
    buffers = [np.empty(2), np.empty((1, 1))]
    assert ref.elastic_net_penalty([a, b], grad=buffers)[1][0] is buffers[0]
    assert buffers[1].tolist() == [[2.0]]
    assert ref.l1_penalty([], grad=True) == (0.0, [])
