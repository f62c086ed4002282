"""The compiled functions against finite differences, and against numbers worked out by hand."""

import numpy as np
import pytest
from pytest import approx

import fastloss as fl
from fastloss.reference import LOSSES

STEP = 1e-6
SHAPES = {
    "pointwise": ((6,), (2, 3)),
    "rowwise": ((4, 5), (2, 3, 4), (3, 20)),
    "ratio": ((2, 3, 4),),
    "boxes": ((6,), (2, 3)),
    "pairs": ((3, 4),),
    "penalty": ((7,),),
}


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


def smooth_cases(loss, seed):
    for number, case in enumerate(loss.cases()):
        # a part is constant in the derivative (alpha of CIoU): it is not that of the value
        if loss.frozen(case.options):
            continue
        for shape in SHAPES[loss.kind]:
            rng = np.random.default_rng([seed, number])
            args = case.smooth_sample(rng, shape, np.float64)
            options = case.keywords(rng, args)
            if isinstance(args[0], list):
                args = (args[0][0],)
            yield args, options


@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if loss.gradients])
def test_gradients_are_slopes(name):
    loss = LOSSES[name]
    for args, options in smooth_cases(loss, 11):
        result, gradients = loss.public(*args, **options, grad=True)
        if np.isnan(result).all():
            continue  # every row is ignored: the mean of none
        for at, gradient in zip(loss.wrt, each(gradients), strict=True):

            def value(x, at=at, args=args, options=options):
                return loss.public(*args[:at], x, *args[at + 1 :], **options)

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
    for args, options in smooth_cases(loss, 12):
        _, gradients, curves = loss.public(*args, **options, hess=True)
        for i, at in enumerate(loss.wrt):

            def gradient(x, i=i, at=at, args=args, options=options):
                called = [*args[:at], x, *args[at + 1 :]]
                return each(loss.public(*called, **options, grad=True)[1])[i].ravel()

            np.testing.assert_array_equal(each(gradients)[i].ravel(), gradient(args[at]))
            expected = np.diag(slopes(gradient, args[at]).reshape(args[at].size, -1))
            np.testing.assert_allclose(each(curves)[i].ravel(), expected, rtol=1e-6, atol=2e-8)


def assert_call(result, *expected):
    """Value, gradient (and second derivative) as worked out."""
    for got, want in zip(result, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


R = [0.5, -3.0], [0.0, 0.0]  # residuals 1/2 and -3


def test_regression_by_hand():
    # r^2 = (1/4, 9), mean 37/8; slope 2 r / 2; curvature 2 / 2
    assert_call(fl.mse_loss(*R, hess=True), 4.625, [0.5, -3], [1, 1])
    # weights 1 and 3: (1/4 + 27) / 4; slope 2 w r / 4
    assert_call(fl.mse_loss(*R, weight=[1.0, 3.0], grad=True), 6.8125, [0.25, -4.5])
    # |r| = (1/2, 3)
    assert_call(fl.l1_loss(*R, "sum", hess=True), 3.5, [1, -1], [0, 0])
    # beta 2: 0.25 / 4 and 3 - 1; slope r / 2 and -1
    smooth = fl.smooth_l1_loss(*R, "none", 2.0, hess=True)
    assert_call(smooth, [0.0625, 2], [0.25, -1], [0.5, 0])
    # delta 2: 0.125 and 2 (3 - 1); slope clip(r)
    assert_call(fl.huber_loss(*R, "none", 2.0, hess=True), [0.125, 4], [0.5, -2], [1, 0])
    # r = (3, 4): L = 5; slope r / L; curvature (1 - slope^2) / L
    rmse = fl.rmse_loss([3.0, 4.0], [0.0, 0.0], reduction="sum", hess=True)
    assert_call(rmse, 5, [0.6, 0.8], [0.128, 0.072])
    # at the kinks: sign(0) = 0; |r| = beta takes the line, |r| = delta the parabola
    zero = [0.0], [0.0]
    assert_call(fl.l1_loss(*zero, hess=True), 0, [0], [0])
    assert_call(fl.rmse_loss(*zero, hess=True), 0, [0], [0])
    assert_call(fl.smooth_l1_loss([1.0], [0.0], hess=True), 0.5, [1], [0])
    assert_call(fl.huber_loss([1.0], [0.0], hess=True), 0.5, [1], [1])


LN2, LN3 = np.log(2), np.log(3)


def test_binary_losses_by_hand():
    # p = 3/4, t = 1: -ln p, -1/p, 1/p^2
    assert_call(fl.binary_cross_entropy([0.75], [1], hess=True), np.log(4 / 3), [-4 / 3], [16 / 9])
    # x = ln 3: p = 3/4; t = 1: -ln p, p - 1, p q
    logits = fl.binary_cross_entropy_with_logits([LN3], [1], hess=True)
    assert_call(logits, np.log(4 / 3), [-0.25], [3 / 16])
    # pos_weight 3, t = 1/2: 3/2 ln(4/3) + 1/2 ln 4; (1 + 2/2) p - 3/2; 2 p q
    weighted = fl.binary_cross_entropy_with_logits([LN3], [0.5], pos_weight=[3.0], hess=True)
    assert_call(weighted, 1.5 * np.log(4 / 3) + LN2, [0.0], [3 / 8])
    # margins 3/4 and 3/2; then one beyond and one on the margin, where the slope is 0
    assert_call(fl.hinge_loss([0.25, 0.5], [1, -1], hess=True), 1.125, [-0.5, 0.5], [0, 0])
    assert_call(fl.hinge_loss([2.0, 1.0], [1, 1], grad=True), 0, [0, 0])
    # gamma 0, alpha off: the cross entropy alone
    assert_call(
        fl.sigmoid_focal_loss([LN3], [1], -1, 0, hess=True), [np.log(4 / 3)], [-0.25], [3 / 16]
    )
    # t = 1, q = 1/4: 1/4 q^2 ln(4/3); slope 1/4 q^2 (-2 p ln(4/3) - q)
    value, slope = fl.sigmoid_focal_loss([LN3], [1], grad=True)
    assert value == approx(np.log(4 / 3) / 64)
    assert slope == approx(-(1.5 * np.log(4 / 3) + 0.25) / 64)
    # t = 0: 3/4 p^2 ln 4; slope 3/4 p^2 (2 q ln 4 + p)
    value, slope = fl.sigmoid_focal_loss([LN3], [0], grad=True)
    assert value == approx(27 / 64 * np.log(4))
    assert slope == approx(27 / 64 * (LN2 + 0.75))
    # positive of quality 1/2: t bce = 1/2 (ln(4/3) + ln 4) / 2, slope t (p - t); then 3/4 p^2 ln 4
    value, slope = fl.varifocal_loss([LN3, LN3], [0.5, 0.0], reduction="none", grad=True)
    assert value == approx([np.log(16 / 3) / 4, 27 / 64 * np.log(4)])
    assert slope == approx([0.125, 27 / 64 * (LN2 + 0.75)])


def test_rows_by_hand():
    x = np.log([[2.0, 1.0, 1.0]])  # P = (1/2, 1/4, 1/4)
    assert_call(fl.cross_entropy(x, [0], grad=True), LN2, [[-0.5, 0.25, 0.25]])
    # the diagonal P (1 - P), whatever the class; weight 2 and a second row that is ignored
    curve = fl.cross_entropy(x, [2], hess=True)[2]
    np.testing.assert_allclose(curve, [[1 / 4, 3 / 16, 3 / 16]])
    curve = fl.cross_entropy(np.vstack([x, x]), [1, 7], [1, 2, 4], 7, "sum", hess=True)[2]
    np.testing.assert_allclose(curve, [[1 / 2, 3 / 8, 3 / 8], [0, 0, 0]])
    # smoothing 0.3: k = (0.8, 0.1, 0.1): 0.8 ln 2 + 0.2 ln 4; slope P - k
    smooth = fl.cross_entropy(x, [0], label_smoothing=0.3, grad=True)
    assert_call(smooth, 1.2 * LN2, [[-0.3, 0.15, 0.15]])
    # probabilities (1/2, 1/2, 0): (ln 2 + ln 4) / 2; slope P - y
    soft = fl.cross_entropy(x, [[0.5, 0.5, 0.0]], grad=True)
    assert_call(soft, 1.5 * LN2, [[0, -0.25, 0.25]])
    # weights (1, 2, 4), classes 0 and 1, an ignored row: (ln 2 + 2 ln 4) / 3
    rows = np.vstack([x, x, x])
    value, slope = fl.cross_entropy(rows, [0, 1, -100], [1.0, 2.0, 4.0], grad=True)
    assert value == approx(5 / 3 * LN2)
    want = [[-0.5 / 3, 0.25 / 3, 0.25 / 3], [1 / 3, -1.5 / 3, 0.5 / 3], [0, 0, 0]]
    np.testing.assert_allclose(slope, want)
    # the entries -2 of class 1 (weight 3) and -3 of class 0 (weight 1)
    picked = fl.nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [1, 0], [1.0, 3.0], grad=True)
    assert_call(picked, (3 * 2 + 1 * 3) / 4, [[0, -0.75], [-0.25, 0]])
    # position 1/4: 3/4 ln 2 + 1/4 ln 4; slope P - (3/4, 1/4, 0)
    dfl = fl.distribution_focal_loss(x, [0.25], grad=True)
    assert_call(dfl, 1.25 * LN2, [[-0.25, 0, 0.25]])
    # beyond the end: 1.99, so 0.01 of bin 1 and 0.99 of bin 2
    dfl = fl.distribution_focal_loss(x, [9.0], grad=True)
    assert_call(dfl, 2 * LN2, [[0.5, 0.24, -0.74]])


def test_dice_by_hand():
    # I = 1/2 + 1/4, P = 1/2 + 1/4 + 1/4, T = 2: dice = 1.5 / 3; d dice / d p = 2 t / 3 - 1.5 / 9
    p, t = [[0.5, 0.25, 0.25]], [[1.0, 1.0, 0.0]]
    dice = fl.dice_loss(p, t, from_logits=False, smooth_nr=0, smooth_dr=0, grad=True)
    assert_call(dice, 0.5, [[-0.5, -0.5, 1 / 6]])


A, B = np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0]])


def test_boxes_by_hand():
    # I = 2, U = 6, E = 6; centres 1 apart, diagonal^2 = 9 + 4; equal shapes
    for name, overlap in (
        ("box_iou", 1 / 3),
        ("generalized_box_iou", 1 / 3),
        ("distance_box_iou", 1 / 3 - 1 / 13),
        ("complete_box_iou", 1 / 3 - 1 / 13),
    ):
        assert getattr(fl, name)(A, B)[0, 0] == approx(overlap, rel=1e-7)
        assert getattr(fl, f"{name}_loss")(A, B, "mean") == approx(1 - overlap, rel=1e-7)
        kind = {"b": "iou", "g": "giou", "d": "diou", "c": "ciou"}[name[0]]
        assert fl.bbox_iou(A, B, kind=kind)[0] == approx(overlap, rel=1e-6)
    # x2: dI = 2, dU = 0, so -2/6; x1: dI = 0, dU = -2, so -2 * 2/36
    _, slope = fl.box_iou_loss(A, B, grad=True)
    np.testing.assert_allclose(slope[0, [0, 2]], [-4 / 36, -2 / 6], rtol=1e-6)
    # boxes apart, E = 12, U = 8: GIoU = -4/12; x2 of A: dE = 0 (inside), dU = 2: -2/12
    far = np.array([[4.0, 0.0, 6.0, 2.0]])
    value, slope = fl.generalized_box_iou_loss(A, far, grad=True)
    assert value[0] == approx(4 / 3) and slope[0, 2] == approx(-1 / 6)
    assert fl.box_area([[1, 2, 4, 6]]).tolist() == [12.0]
    assert fl.box_convert([1, 2, 4, 6], "xyxy", "cxcywh").tolist() == [2.5, 4, 3, 4]


def test_penalties_by_hand():
    w = [np.array([1.0, -2.0]), np.array([0.0])]
    # 1/2 (1 + 2)
    value, slope = fl.l1_penalty(w, strength=0.5, grad=True)
    assert value == 1.5 and slope[0].tolist() == [0.5, -0.5] and slope[1].tolist() == [0]
    # 1/2 (1 + 4) / 2
    assert_call(fl.l2_penalty(w[0], strength=0.5, grad=True), 1.25, [0.5, -1])
    # 2 (1/4 * 3 + 3/8 * 5); slope 2 (1/4 sign + 3/4 w)
    net = fl.elastic_net_penalty(w[0], strength=2.0, l1_ratio=0.25, grad=True)
    assert_call(net, 5.25, [2, -3.5])
