"""Numbers of the box functions: the reference, finite differences, hand-computed values, kinks."""

import numpy as np
import pytest
from instruction_sets import on_every_isa

import fastloss as fl
from fastloss.reference import LOSSES

FAMILY = [loss for loss in LOSSES.values() if loss.family == "boxes"]
OVERLAPS = [loss for loss in FAMILY if loss.gradients]
ALIGNED_LOSSES = ("box_iou_loss", "generalized_box_iou_loss", "distance_box_iou_loss",
                  "complete_box_iou_loss")  # fmt: skip
MATRICES = ("box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou")
KINDS = ("iou", "giou", "diou", "ciou")


def names(losses):
    return [loss.name for loss in losses]


def double(x):
    return x.astype(np.float64) if isinstance(x, np.ndarray) else x


@pytest.mark.parametrize("loss", FAMILY, ids=names(FAMILY))
def test_double_agrees_with_the_reference(loss):
    """Ties, touching, empty, inverted and far boxes included; NaN in the same places."""
    outputs = {"grad": True} if loss.gradients else {}
    for number, case in enumerate(loss.cases()):
        for shape in loss.shapes:
            rng = np.random.default_rng(number)
            args = case.sample(rng, shape, np.float64)
            keywords = case.keywords(rng, args)
            expected = loss.function(*args, **keywords, **outputs)
            for isa in on_every_isa():
                got = loss.public(*args, **keywords, **outputs)
                if not loss.gradients:
                    np.testing.assert_allclose(got, expected, 1e-13, 1e-12, err_msg=isa)
                    continue
                assert np.shape(got[0]) == np.shape(expected[0])
                np.testing.assert_allclose(got[0], expected[0], 1e-12, 1e-12, err_msg=isa)
                np.testing.assert_allclose(got[1], expected[1], 1e-9, 1e-12, err_msg=isa)
                np.testing.assert_array_equal(loss.public(*args, **keywords), got[0], isa)


# A power multiplies the error of its base, and smaller boxes are differences of the same corners.
SENSITIVE = {"alpha_box_iou_loss": 5, "inner_box_iou_loss": 5}


@pytest.mark.parametrize("loss", OVERLAPS, ids=names(OVERLAPS))
def test_single_agrees_with_the_reference(loss):
    """float32 against the float64 reference, on boxes without ties (whose sides rounding moves)."""
    for number, case in enumerate(loss.cases()):
        for shape in loss.shapes:
            rng = np.random.default_rng(number)
            args = case.smooth_sample(rng, shape, np.float32)
            keywords = case.keywords(rng, args)
            exact = tuple(double(a) for a in args)
            expected, slope = loss.function(
                *exact, **{k: double(v) for k, v in keywords.items()}, grad=True
            )
            slack = SENSITIVE.get(loss.name, 1)
            # Terms of a gradient are at most about 4 / side; sides are 0.5 and more.
            weight = 2 if "weight" in keywords else 1
            weight *= 4 if keywords.get("fmt") == "xyxyxyxy" else 1  # through an angle
            for isa in on_every_isa():
                value, grad = loss.public(*args, **keywords, grad=True)
                assert grad.dtype == np.float32
                np.testing.assert_allclose(value, expected, 3e-6 * slack, 1e-6 * slack, err_msg=isa)
                np.testing.assert_allclose(grad, slope, 1e-5, 4e-6 * weight, err_msg=isa)


@pytest.mark.parametrize("loss", OVERLAPS, ids=names(OVERLAPS))
def test_single_keeps_kinks(loss):
    """Corners are exact in float32 too, so ties and empty boxes must agree."""
    case = next(iter(loss.cases()))
    args = case.sample(np.random.default_rng(5), loss.shapes[-1], np.float32)
    value, grad = loss.public(*args, **loss.required, grad=True)
    expected, slope = loss.function(*args, **loss.required, grad=True)
    np.testing.assert_allclose(value, expected, 1e-4, 1e-5)
    np.testing.assert_array_equal(np.isnan(grad), np.isnan(slope))


BOXES = [loss for loss in FAMILY if loss.kind != "masks"]


@pytest.mark.parametrize("loss", BOXES, ids=names(BOXES))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 5, 16, 255, 256, 257, 10_000])
def test_bits_do_not_depend_on_threads_or_block(loss, dtype, n):
    """1 and 2 threads; and a box alone gets what it gets among others."""
    rng = np.random.default_rng(n)
    shape = (min(n, 70), max(n // 70, n and 1)) if loss.kind == "pairs" else (n,)
    samples = {}  # of every variant, the same for its options
    for case in loss.cases():
        if case.sample not in samples:
            samples[case.sample] = case.sample(rng, shape, dtype)
        args = samples[case.sample]
        keywords = case.keywords(rng, args)
        if loss.gradients:
            keywords["grad"] = True
        with fl.num_threads(1):
            one = loss.public(*args, **keywords)
        with fl.num_threads(2):
            two = loss.public(*args, **keywords)
        for k in range(2) if loss.gradients else [...]:
            np.testing.assert_array_equal(one[k], two[k])
        each = keywords.get("reduction", "none") == "none" and "weight" not in keywords
        if n and loss.kind == "boxes" and each:
            i = n // 2
            value, grad = loss.public(args[0][i], args[1][i], **keywords)
            np.testing.assert_array_equal(value, one[0][i])
            np.testing.assert_array_equal(grad, one[1][i])


@pytest.mark.parametrize("loss", OVERLAPS, ids=names(OVERLAPS))
def test_gradient_is_the_derivative(loss):
    """Central differences; what holds a part constant, as CIoU its alpha, stands apart."""
    step = 1e-6
    for number, case in enumerate(loss.cases()):
        rng = np.random.default_rng(number)
        boxes1, boxes2 = case.smooth_sample(rng, loss.shapes[-1], np.float64)
        keywords = case.keywords(rng, (boxes1, boxes2))
        if loss.frozen(case.options):
            continue
        if loss.reductions:
            keywords["reduction"] = "none"
        grad = loss.public(boxes1, boxes2, **keywords, grad=True)[1]
        for k in range(boxes1.shape[-1]):
            move = np.zeros(boxes1.shape[-1])
            move[k] = step
            above = loss.public(boxes1 + move, boxes2, **keywords)
            below = loss.public(boxes1 - move, boxes2, **keywords)
            np.testing.assert_allclose(grad[..., k], (above - below) / (2 * step), 1e-5, 1e-8)


def test_gradient_of_ciou_with_alpha_held_constant():
    """d CIoU = d DIoU - alpha dv, with v by central differences of its own."""
    rng = np.random.default_rng(3)
    low = rng.uniform(0, 20, (50, 2))
    p = np.hstack([low, low + rng.uniform(1, 9, (50, 2))])
    t = p + rng.uniform(-0.9, 0.9, p.shape) * 0.4

    def v(b):
        angle = np.arctan((b[:, 2] - b[:, 0]) / (b[:, 3] - b[:, 1]))
        other = np.arctan((t[:, 2] - t[:, 0]) / (t[:, 3] - t[:, 1]))
        return 4 / np.pi**2 * (other - angle) ** 2

    alpha = v(p) / (1 - fl.bbox_iou(p, t, eps=0.0) + v(p))
    grad = fl.complete_box_iou_loss(p, t, grad=True)[1]
    base = fl.distance_box_iou_loss(p, t, grad=True)[1]
    for k in range(4):
        move = np.zeros(4)
        move[k] = 1e-6
        slope = (v(p + move) - v(p - move)) / 2e-6
        np.testing.assert_allclose(grad[:, k] - base[:, k], alpha * slope, 1e-5, 1e-9)


# Two boxes by hand: p = (0, 0, 2, 2), t = (1, 1, 3, 4).
#   I = 1 * 1 = 1, U = 4 + 6 - 1 = 9, E = 3 * 4 = 12, c2 = 9 + 16 = 25,
#   centres (1, 1) and (2, 2.5): rho2 = 1 + 2.25 = 3.25
#   IoU = 1/9, GIoU = 1/9 - 3/12, DIoU = 1/9 - 3.25/25 = 1/9 - 0.13
#   v = 4/pi^2 (atan(2/3) - atan(1))^2, alpha = v / (8/9 + v)
P, T = np.array([0.0, 0, 2, 2]), np.array([1.0, 1, 3, 4])
V = 4 / np.pi**2 * (np.arctan(2 / 3) - np.pi / 4) ** 2
BY_HAND = {
    "iou": 1 / 9, "giou": 1 / 9 - 0.25, "diou": 1 / 9 - 0.13,
    "ciou": 1 / 9 - 0.13 - V * V / (8 / 9 + V),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("i", range(4))
def test_values_by_hand(i, dtype):
    p, t, expected = P.astype(dtype), T.astype(dtype), BY_HAND[KINDS[i]]
    assert getattr(fl, ALIGNED_LOSSES[i])(p, t, "sum") == pytest.approx(1 - expected, rel=1e-6)
    assert fl.bbox_iou(p, t, kind=KINDS[i]) == pytest.approx(expected, rel=2e-6)
    assert getattr(fl, MATRICES[i])(p[None], t[None])[0, 0] == pytest.approx(expected, rel=2e-6)
    centre = fl.bbox_iou(
        np.array([1, 1, 2, 2], dtype), np.array([2, 2.5, 2, 3], dtype), kind=KINDS[i], fmt="cxcywh"
    )
    assert centre == pytest.approx(expected, rel=2e-6)


def test_gradient_of_iou_by_hand():
    # dI = (0, 0, 1, 1) (the upper corner of p makes the intersection, ih = iw = 1),
    # d(w h) = (-2, -2, 2, 2), dU = d(w h) - dI = (-2, -2, 1, 1),
    # dIoU = (dI - IoU dU) / U = (2/81, 2/81, 8/81, 8/81)
    grad = fl.box_iou_loss(P, T, grad=True)[1]
    np.testing.assert_allclose(grad, -np.array([2, 2, 8, 8]) / 81, 1e-6)
    # in centre and size: (g1 + g3, ..., (g3 - g1) / 2 ...)
    p, t = np.array([1.0, 1, 2, 2]), np.array([2, 2.5, 2, 3])
    grad = fl.bbox_iou(p, t, fmt="cxcywh", grad=True)[1]
    np.testing.assert_allclose(grad, np.array([10, 10, 3, 3]) / 81, 1e-6)
    # in corner and size: x2 = x + w takes part in both
    grad = fl.box_iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 1, 2, 3]]), "xywh", grad=True)[1]
    np.testing.assert_allclose(grad[0, 0], np.array([10, 10, 8, 8]) / 81, 1e-6)


def test_ties_share_the_derivative():
    # Identical unit squares: dI = (-.5, -.5, .5, .5) by halves, d(w h) = (-1, -1, 1, 1),
    # dU = (-.5, -.5, .5, .5), I = U = 1: dIoU = dI - dU = 0.
    p = np.array([0.0, 0, 1, 1])
    np.testing.assert_allclose(fl.box_iou(p[None], p[None], grad=True)[1][0, 0], 0, atol=1e-15)
    # p = (0, 0, 1, 2), t = (0, 0, 2, 2): x1, y1, y2 tie. I = 2, U = 4, IoU = 1/2, ih = 2, iw = 1.
    # dI = (-.5*2, -.5*1, 2, .5*1), d(w h) = (-2, -1, 2, 1), dU = d(w h) - dI = (-1, -.5, 0, .5)
    # dIoU = (dI - dU / 2) / 4 = (-.125, -.0625, .5, .0625)
    grad = fl.box_iou(np.array([[0.0, 0, 1, 2]]), np.array([[0.0, 0, 2, 2]]), grad=True)[1]
    np.testing.assert_allclose(grad[0, 0], [-0.125, -0.0625, 0.5, 0.0625])


def test_touching_boxes():
    # They share the side x = 1: I = 0 either way, U = 2. The losses take them as disjoint
    # (gradient 0), the matrices and bbox_iou as overlapping: dI/dx2 = ih = 1, so dIoU/dx2 = 1/2.
    p, t = np.array([0.0, 0, 1, 1]), np.array([1.0, 0, 2, 1])
    assert not fl.box_iou_loss(p, t, grad=True)[1].any()
    np.testing.assert_allclose(fl.bbox_iou(p, t, grad=True)[1], [0, 0, 0.5, 0], 1e-6)
    np.testing.assert_allclose(fl.box_iou(p[None], t[None], grad=True)[1][0, 0], [0, 0, 0.5, 0])
    tiny = np.nextafter(1, 2)
    assert fl.box_iou_loss(np.array([0, 0, tiny, 1]), t, grad=True)[1][2] == pytest.approx(-0.5)


DEGENERATE = np.array([
    [1, 1, 1, 1], [1, 1, 3, 1], [1, 1, 1, 3], [3, 3, 1, 1], [1, 3, 3, 1], [0, 0, 0, 0],
    [0, 0, 4, 4], [1, 1, 3, 3], [-2, -2, 1, 1], [1e-30, 0, 2e-30, 1e-30],
])  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_of_degenerate_boxes_are_finite(dtype):
    p = np.repeat(DEGENERATE, len(DEGENERATE), 0).astype(dtype)
    t = np.tile(DEGENERATE, (len(DEGENERATE), 1)).astype(dtype)
    for name in ALIGNED_LOSSES:
        value, grad = getattr(fl, name)(p, t, grad=True)
        assert np.isfinite(grad).all(), name
        if name != "complete_box_iou_loss":
            assert np.isfinite(value).all(), name
    for kind in KINDS:
        for fmt in ("xyxy", "cxcywh"):
            value, grad = fl.bbox_iou(p, t, kind=kind, fmt=fmt, grad=True)
            assert np.isfinite(grad).all(), (kind, fmt)
            if fmt == "xyxy" or kind != "ciou":
                assert np.isfinite(value).all(), (kind, fmt)


def test_angle_of_flat_boxes():
    # h = 0: atan(w/h) = pi/2. A point has no angle: NaN value, and no derivative through v.
    t = np.array([0.0, 0, 2, 2])
    flat, point = np.array([0.0, 1, 2, 1]), np.array([1.0, 1, 1, 1])
    v = 4 / np.pi**2 * (np.pi / 4) ** 2
    expected = 1 + v * v / (1 + v)  # I = 0, centres equal
    assert fl.complete_box_iou_loss(flat, t, "sum") == pytest.approx(expected)
    value, grad = fl.complete_box_iou_loss(point, t, grad=True)
    assert np.isnan(value)
    np.testing.assert_array_equal(grad, fl.distance_box_iou_loss(point, t, grad=True)[1])


def test_pairs_of_empty_boxes_are_nan():
    empty = np.zeros((1, 4))
    for name in MATRICES:
        assert np.isnan(getattr(fl, name)(empty, empty)).all()


EACH = {
    loss.name: {**loss.required, **({"reduction": "none"} if loss.reductions else {})}
    for loss in OVERLAPS
}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("loss", OVERLAPS, ids=names(OVERLAPS))
def test_bad_box_stays_alone(loss, bad):
    rng = np.random.default_rng(0)
    shape = (37, 5) if loss.kind == "pairs" else (37,)
    boxes1, boxes2 = loss.smooth_sample(rng, shape, np.float32)
    value, grad = loss.public(boxes1, boxes2, **EACH[loss.name], grad=True)
    for k in range(4):
        hurt = boxes1.copy()
        hurt[20, k] = bad
        with_bad, with_bad_grad = loss.public(hurt, boxes2, **EACH[loss.name], grad=True)
        rest = np.arange(37) != 20
        np.testing.assert_array_equal(with_bad[rest], value[rest])
        np.testing.assert_array_equal(with_bad_grad[rest], grad[rest])
        if np.isnan(bad):
            assert np.isnan(with_bad[20]).all()
            assert np.isnan(with_bad_grad[20]).all()
