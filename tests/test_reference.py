"""The reference against finite differences and against numbers worked out by hand."""

import numpy as np
import pytest

import fastloss.reference as ref
from fastloss.reference import LOSSES

STEP = 1e-6
SHAPES = {"rowwise": (4, 5), "ratio": (2, 3, 3), "pairs": (2, 3), "boxes": (3,), "penalty": (7,)}


def each(derivative):
    """The derivatives by every argument that there is one for."""
    return derivative if isinstance(derivative, tuple) else (derivative,)


def slopes(function, x):
    """Central differences of an array-valued function by each entry of x: x.shape + out.shape."""
    out = []
    for i in range(x.size):
        ahead, behind = x.copy(), x.copy()
        ahead.flat[i] += STEP
        behind.flat[i] -= STEP
        out.append((np.asarray(function(ahead)) - np.asarray(function(behind))) / (2 * STEP))
    return np.array(out).reshape(x.shape + np.shape(out[0]))


def smooth_cases(name, seed):
    """(value function of the first argument, its value, outputs asked for) of every case."""
    loss = LOSSES[name]
    for number, case in enumerate(loss.cases()):
        if loss.frozen(case.options):  # CIoU keeps alpha constant
            continue
        rng = np.random.default_rng([seed, number])
        args = case.smooth_sample(rng, SHAPES.get(loss.kind, (6,)), np.float64)
        yield args, case.keywords(rng, args)


@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if loss.gradients])
def test_gradients_are_slopes(name):
    loss = LOSSES[name]
    for args, options in smooth_cases(name, 5):
        if isinstance(args[0], list):
            args = (args[0][0],)

        result, gradients = loss.function(*args, **options, grad=True)
        if np.isnan(result).all():
            continue  # every row is ignored: the mean of none
        for at, gradient in zip(loss.wrt, each(gradients), strict=True):

            def value(x, at=at, args=args, options=options):
                return np.asarray(loss.function(*args[:at], x, *args[at + 1 :], **options))

            expected = slopes(value, args[at])
            if loss.kind == "pairs":
                # expected[i, k, n, m] is d out[n, m] / d boxes1[i, k]: only n = i is not zero
                expected = np.einsum("ikim->imk", expected)
            else:
                expected = expected.reshape(args[at].shape + (-1,)).sum(-1)
            np.testing.assert_allclose(gradient, expected, 1e-6, 2e-8, err_msg=str(options))


@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if loss.hess])
def test_second_derivatives_are_slopes_of_the_gradient(name):
    loss = LOSSES[name]
    for args, options in smooth_cases(name, 6):
        curves = loss.function(*args, **options, grad=True, hess=True)[2]
        for i, at in enumerate(loss.wrt):

            def gradient(x, i=i, at=at, args=args, options=options):
                called = [*args[:at], x, *args[at + 1 :]]
                return each(loss.function(*called, **options, grad=True)[1])[i].ravel()

            expected = np.diag(slopes(gradient, args[at]).reshape(args[at].size, -1))
            curve = each(curves)[i].ravel()
            np.testing.assert_allclose(curve, expected, 1e-6, 2e-8, err_msg=str(options))


@pytest.mark.parametrize("fmt", ["xyxy", "cxcywh"])
def test_ciou_gradient_with_alpha_held_constant(fmt):
    rng = np.random.default_rng(7)
    sampler = LOSSES["bbox_iou"].smooth_sample
    if fmt == "cxcywh":
        sampler = LOSSES["bbox_iou"].variants[0].smooth_sample
    boxes1, boxes2 = sampler(rng, (8,), np.float64)

    def sides(boxes):
        size = boxes[:, 2:] if fmt == "cxcywh" else boxes[:, 2:] - boxes[:, :2]
        return size[:, 0], size[:, 1] + (1e-7 if fmt == "xyxy" else 0)

    def v(boxes):
        (w, h), (tw, th) = sides(boxes), sides(boxes2)
        return 4 / np.pi**2 * (np.arctan(tw / th) - np.arctan(w / h)) ** 2

    def diou(boxes):
        return ref.bbox_iou(boxes, boxes2, kind="diou", fmt=fmt)

    iou = ref.bbox_iou(boxes1, boxes2, fmt=fmt)
    alpha = v(boxes1) / (1 - iou + v(boxes1) + 1e-7)
    value, gradient = ref.bbox_iou(boxes1, boxes2, kind="ciou", fmt=fmt, grad=True)
    np.testing.assert_allclose(value, diou(boxes1) - alpha * v(boxes1), rtol=1e-12)
    expected = slopes(lambda b: diou(b) - alpha * v(b), boxes1).sum(-1)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)
    if fmt == "xyxy":
        # the loss differs by its eps alone, the matrix by having none
        loss, slope = ref.complete_box_iou_loss(boxes1, boxes2, grad=True)
        np.testing.assert_allclose(loss, 1 - value, rtol=1e-6)
        np.testing.assert_allclose(slope, -gradient, rtol=1e-5, atol=1e-8)
        matrix, by_first = ref.complete_box_iou(boxes1, boxes2, grad=True)
        np.testing.assert_allclose(np.diag(matrix), value, rtol=1e-6, atol=1e-8)
        each = np.arange(8)
        np.testing.assert_allclose(by_first[each, each], gradient, rtol=1e-5, atol=1e-8)


def test_regression_by_hand():
    x, t = [0.5, -3.0], [0.0, 0.0]
    # r = (0.5, -3)
    assert ref.mse_loss(x, t) == pytest.approx((0.25 + 9) / 2)
    assert ref.mse_loss(x, t, weight=[1, 3]) == pytest.approx((0.25 + 27) / 4)
    assert ref.l1_loss(x, t) == pytest.approx(1.75)
    assert ref.smooth_l1_loss(x, t, "none").tolist() == [0.125, 2.5]
    # beta 2: 0.25 / 4 and 3 - 1
    assert ref.smooth_l1_loss(x, t, "none", beta=2.0).tolist() == [0.0625, 2.0]
    # delta 2: 0.125 and 2 (3 - 1)
    assert ref.huber_loss(x, t, "none", delta=2.0).tolist() == [0.125, 4.0]
    # r = (3, 4): L = 5 for the sum; gradient r / L; second derivative (1 - g^2) / L
    value, gradient, curve = ref.rmse_loss([3, 4], t, reduction="sum", grad=True, hess=True)
    assert value == 5 and gradient.tolist() == [0.6, 0.8]
    np.testing.assert_allclose(curve, [0.64 / 5, 0.36 / 5])


def test_binary_losses_by_hand():
    # x = ln 3: p = 3/4
    x = np.log(3.0)
    assert ref.binary_cross_entropy(0.75, 1.0) == pytest.approx(np.log(4 / 3))
    loss, gradient, curve = ref.binary_cross_entropy_with_logits(x, 1.0, grad=True, hess=True)
    assert loss == pytest.approx(np.log(4 / 3))
    assert (gradient, curve) == (pytest.approx(-0.25), pytest.approx(3 / 16))
    assert ref.binary_cross_entropy_with_logits(x, 1.0, pos_weight=2.0) == pytest.approx(
        2 * np.log(4 / 3)
    )
    # focal: 1/4 (1 - 3/4)^2 ln(4/3) for a positive, 3/4 (3/4)^2 ln 4 for a negative
    focal = ref.sigmoid_focal_loss([x, x], [1.0, 0.0])
    np.testing.assert_allclose(focal, [np.log(4 / 3) / 64, 27 / 64 * np.log(4)])
    # varifocal: t bce = 0.5 (0.5 ln(4/3) + 0.5 ln 4) and 3/4 (3/4)^2 ln 4
    varifocal = ref.varifocal_loss([x, x], [0.5, 0.0], reduction="none")
    np.testing.assert_allclose(varifocal, [np.log(16 / 3) / 4, 27 / 64 * np.log(4)])
    # margins 1 - 0.25 and 1 + 0.5
    assert ref.hinge_loss([0.25, 0.5], [1.0, -1.0]) == pytest.approx((0.75 + 1.5) / 2)


def test_rows_by_hand():
    # P = (1/2, 1/4, 1/4)
    x = np.log([[2.0, 1.0, 1.0]])
    loss, gradient = ref.cross_entropy(x, [0], grad=True)
    assert loss == pytest.approx(np.log(2))
    np.testing.assert_allclose(gradient, [[-0.5, 0.25, 0.25]])
    # smoothing 0.3: k = (0.8, 0.1, 0.1), so 0.8 ln 2 + 0.2 ln 4 = 1.2 ln 2
    assert ref.cross_entropy(x, [0], label_smoothing=0.3) == pytest.approx(1.2 * np.log(2))
    # probabilities (1/2, 1/2, 0): (ln 2 + ln 4)/2 = 1.5 ln 2
    assert ref.cross_entropy(x, [[0.5, 0.5, 0.0]]) == pytest.approx(1.5 * np.log(2))
    # weights (1, 2, 4), classes 0 and 1: (ln 2 + 2 ln 4) / 3
    two = ref.cross_entropy(np.vstack([x, x]), [0, 1], [1.0, 2.0, 4.0])
    assert two == pytest.approx(5 / 3 * np.log(2))
    assert ref.nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [1, 0], [1.0, 3.0]) == pytest.approx(9 / 4)
    # position 0.25: 0.75 ln 2 + 0.25 ln 4; beyond the end: 1.99, 0.01 of bin 1 and 0.99 of bin 2
    assert ref.distribution_focal_loss(x, [0.25]) == pytest.approx(1.25 * np.log(2))
    loss, gradient = ref.distribution_focal_loss(x, [9.0], grad=True)
    assert loss == pytest.approx(np.log(4))
    np.testing.assert_allclose(gradient, [[0.5, 0.25 - 0.01, 0.25 - 0.99]])


def test_boxes_by_hand():
    a, b = np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0]])
    # I = 2, U = 6, E = 6; centres 1 apart, diagonal^2 = 9 + 4; equal shapes: v = 0
    assert ref.box_iou(a, b) == pytest.approx(1 / 3)
    assert ref.generalized_box_iou(a, b) == pytest.approx(1 / 3)
    assert ref.distance_box_iou(a, b) == pytest.approx(1 / 3 - 1 / 13)
    assert ref.complete_box_iou(a, b) == pytest.approx(1 / 3 - 1 / 13)
    assert ref.complete_box_iou_loss(a, b, "mean") == pytest.approx(2 / 3 + 1 / 13)
    # moving x2 of a: dI = 2, dU = 2 - 2 = 0, so d(1 - I/U) = -2/6; x1: dI = 0, dU = -2: -I 2/36
    _, gradient = ref.box_iou_loss(a, b, grad=True)
    np.testing.assert_allclose(gradient[0, [0, 2]], [-4 / 36, -2 / 6], rtol=1e-6)
    far = np.array([[4.0, 0.0, 6.0, 2.0]])
    # E = 12, U = 8: GIoU = -4/12
    assert ref.generalized_box_iou_loss(a, far, "sum") == pytest.approx(4 / 3)
    assert np.isnan(ref.box_iou([[1.0, 1, 1, 1]], [[2.0, 2, 2, 2]]))
    assert ref.box_area([[1, 2, 4, 6]]).tolist() == [12.0]
    assert ref.box_area([[1, 2, 4, 6]], fmt="xywh").tolist() == [24.0]


def test_conversions_by_hand():
    assert ref.box_convert([1, 2, 4, 6], "xyxy", "cxcywh").tolist() == [2.5, 4, 3, 4]
    assert ref.box_convert([2.5, 4, 3, 4], "cxcywh", "xywh").tolist() == [1, 2, 3, 4]
    # a quarter turn counter-clockwise (y points down): the first side goes up, the second right
    four = ref.box_convert([0.0, 0.0, 2.0, 1.0, 90.0], "xywhr", "xyxyxyxy")
    np.testing.assert_allclose(four, [0, 0, 0, -2, 1, -2, 1, 0], atol=1e-12)
    middle = ref.box_convert([0.0, 0.0, 2.0, 1.0, 90.0], "xywhr", "cxcywhr")
    np.testing.assert_allclose(middle, [0.5, -1, 2, 1, 90], atol=1e-12)
    back = ref.box_convert(four, "xyxyxyxy", "cxcywhr")
    np.testing.assert_allclose(back, middle, atol=1e-12)
    with pytest.raises(ValueError, match="convert"):
        ref.box_convert([0.0, 0, 1, 1], "xyxy", "xywhr")


def test_penalties_by_hand():
    w = [np.array([1.0, -2.0]), np.array([0.0])]
    value, gradient = ref.l1_penalty(w, strength=0.5, grad=True)
    assert value == 1.5 and gradient[0].tolist() == [0.5, -0.5] and gradient[1].tolist() == [0]
    assert ref.l2_penalty(w[0], strength=0.5) == 0.25 * 5
    # 2 (0.25 * 3 + 0.375 * 5) = 5.25
    assert ref.elastic_net_penalty(w, strength=2.0, l1_ratio=0.25) == pytest.approx(5.25)
