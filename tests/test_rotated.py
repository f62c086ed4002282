"""Rotated boxes: exact overlaps, robust next to coincidence, and ProbIoU; clipping, small boxes."""

import numpy as np
import pytest

import fastloss as fl
from fastloss import _core

FORMATS = ("cxcywhr", "xywhr", "xyxyxyxy")


@pytest.fixture(params=_core.isa_levels())
def isa(request):
    before = _core.active_isa()
    _core.select_isa(request.param)
    yield request.param
    _core.select_isa(before)


def turned(n, seed=0, spread=30.0):
    """Centre, size 1 to 20, and an angle in degrees."""
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [rng.uniform(0, spread, (n, 2)), rng.uniform(1, 20, (n, 2)), rng.uniform(-400, 400, n)]
    )


def iou(a, b, fmt="cxcywhr"):
    """Of box i with box i."""
    return np.array([fl.box_iou(x[None], y[None], fmt)[0, 0] for x, y in zip(a, b, strict=True)])


def test_by_hand(isa):
    square = np.array([[5.0, 5, 2, 2, 0]])
    # turned by 45 degrees: an octagon of area 8 (sqrt 2 - 1); by 90: itself
    octagon = 8 * (np.sqrt(2) - 1)
    for other, shared, area in (
        ([5, 5, 2, 2, 45], octagon, 4),
        ([5, 5, 2, 2, -135], octagon, 4),
        ([5, 5, 2, 2, 90], 4, 4),
        ([5, 5, 2, 2, 720], 4, 4),
        ([6, 5, 2, 2, 0], 2, 4),
        ([5, 5, 1, 3, 90], 2, 3),
        ([5, 5, 4, 4, 45], 4, 16),
        ([5, 5, 0.2, 0.4, 30], 0.08, 0.08),
        ([5, 5, -2, 2, 45], octagon, 4),
        ([7, 5, 2, 2, 0], 0, 4),
        ([50, 5, 2, 2, 10], 0, 4),
        ([6 + np.sqrt(2), 5, 2, 2, 45], 0, 4),
        ([5, 5, 2, 0, 45], 0, 0),
    ):
        for a, b in ((square, np.array([other], float)), (np.array([other], float), square)):
            expected = shared / (4 + area - shared)
            assert fl.box_iou(a, b, "cxcywhr") == pytest.approx(expected, rel=1e-12, abs=1e-15)
    flat = np.array([[5.0, 5, 2, 0, 45]])
    assert np.isnan(fl.box_iou(flat, flat, "cxcywhr"))
    # counter-clockwise on a page: 45 degrees turn the right end up
    thin = np.array([[0.0, 0, 10, 0.1, 45]])
    up, down = np.array([[3.0, -3, 1, 1, 0]]), np.array([[3.0, 3, 1, 1, 0]])
    assert fl.box_iou(thin, up, "cxcywhr") > 0 == fl.box_iou(thin, down, "cxcywhr")


def test_boxes_without_rotation_agree_with_plain_ones(isa):
    a, b = turned(40), turned(30, 1)
    a[:, 4] = b[:, 4] = 0
    plain = fl.box_iou(a[:, :4], b[:, :4], "cxcywh")
    np.testing.assert_allclose(fl.box_iou(a, b, "cxcywhr"), plain, 1e-12, 1e-14)
    a[:, 4], b[:, 4] = 90, -270
    quarter = fl.box_iou(a[:, [0, 1, 3, 2]], b[:, [0, 1, 3, 2]], "cxcywh")
    np.testing.assert_allclose(fl.box_iou(a, b, "cxcywhr"), quarter, 1e-11, 1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_next_to_coincidence(dtype, isa):
    """Identical, nested, touching, perturbed: where rounding says what lies inside."""
    eps = np.finfo(dtype).eps
    a = turned(300).astype(dtype)
    rng = np.random.default_rng(5)
    long = np.maximum(a[:, 2], a[:, 3]) / np.minimum(a[:, 2], a[:, 3])
    tolerance = 100 * eps * long * (1 + np.abs(a[:, :2]).max())
    assert (np.abs(iou(a, a) - 1) <= tolerance).all()
    for move in (1e-6, 1e-12):
        b = (a + move * rng.normal(size=a.shape)).astype(dtype)
        near = 1 - 4 * (move + eps * 400) * (1 + long) * 20
        assert (iou(a, b) >= near).all() and (iou(a, b) <= 1 + tolerance).all()
    same = a.copy()
    same[:, [2, 3]], same[:, 4] = a[:, [3, 2]], a[:, 4] + 90
    assert (np.abs(iou(a, same) - 1) <= tolerance + 1e3 * eps).all()
    inner = a * np.array([1, 1, 0.5, 0.25, 1], dtype)
    np.testing.assert_allclose(iou(a, inner), 0.125, rtol=1e3 * eps)
    inner = a * np.array([1, 1, 0.5, 1, 1], dtype)  # two sides coincide
    np.testing.assert_allclose(iou(a, inner), 0.5, rtol=1e3 * eps)
    # side by side: they touch along a whole side
    c, s = np.cos(np.deg2rad(a[:, 4])), np.sin(np.deg2rad(a[:, 4]))
    beside = a.copy()
    beside[:, 0] += a[:, 2] * c
    beside[:, 1] -= a[:, 2] * s
    assert (iou(a, beside) <= tolerance).all() and (iou(a, beside) >= 0).all()


def test_motions_change_nothing():
    a, b = turned(60), turned(50, 1)
    expected = fl.box_iou(a, b, "cxcywhr")
    np.testing.assert_allclose(fl.box_iou(b, a, "cxcywhr").T, expected, 1e-11, 1e-13)
    for boxes in (moved := [a.copy(), b.copy()]):
        z = (boxes[:, 0] + 1j * boxes[:, 1]) * np.exp(-1j * np.deg2rad(33)) + 100 - 50j
        boxes[:, 0], boxes[:, 1] = z.real, z.imag
        boxes[:, 4] += 33
    np.testing.assert_allclose(fl.box_iou(*moved, "cxcywhr"), expected, 1e-10, 1e-12)
    for fmt in FORMATS[1:]:
        sets = (fl.box_convert(x, "cxcywhr", fmt) for x in (a, b))
        np.testing.assert_allclose(fl.box_iou(*sets, fmt), expected, 1e-10, 1e-12)
    np.testing.assert_allclose(
        fl.box_iou(a.astype("f4"), b.astype("f4"), "cxcywhr"), expected, 1e-4, 3e-6
    )


def test_boxes_apart_have_exactly_no_overlap(isa):
    for dtype in (np.float32, np.float64):
        a, b = turned(200, 2, 300).astype(dtype), turned(200, 3, 300).astype(dtype)
        radius = np.hypot(a[:, 2], a[:, 3])[:, None] + np.hypot(b[:, 2], b[:, 3])
        apart = radius / 2 < np.hypot(*(a[:, None, :2] - b[:, :2]).T).T
        value, grad = fl.box_iou(a, b, "cxcywhr", grad=True)
        assert apart.sum() > 1000 and not value[apart].any() and not grad[apart].any()


@pytest.mark.parametrize("fmt", FORMATS)
def test_gradients_are_slopes(fmt, isa):
    a, b = (fl.box_convert(turned(25, s), "cxcywhr", fmt) for s in (7, 8))
    value, grad = fl.box_iou(a, b, fmt, grad=True)
    assert grad.shape == (25, 25, a.shape[1])
    np.testing.assert_array_equal(fl.box_iou(a, b, fmt), value)
    for k, move in enumerate(1e-6 * np.eye(a.shape[1])):
        slope = (fl.box_iou(a + move, b, fmt) - fl.box_iou(a - move, b, fmt)) / 2e-6
        np.testing.assert_allclose(grad[..., k], slope, 1e-5, 2e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_of_degenerate_boxes_are_finite(dtype, isa):
    kinds = [[0, 0, 4, 2, 0], [0, 0, 4, 2, 30], [0, 0, 0, 2, 30], [0, 0, 4, 0, 45],
             [1e4, 1e4, 1, 1, 5], [0, 0, 4, 2, 30 + 1e-6], [4, 0, 4, 2, 0], [0, 0, 2, 1, 30],
             [0, 0, -4, 2, 30], [0, 0, 1e-6, 1, 3], [0, 0, 4, 2, 90], [0, 0, 1e3, 1e-3, 1],
             [1e-30, 0, 4, 2, 1e-30]]  # fmt: skip
    boxes = np.array(kinds, dtype)
    full = boxes[:, 2] * boxes[:, 3] != 0
    value, grad = fl.box_iou(boxes, boxes, "cxcywhr", grad=True)
    some = full[:, None] | full
    assert np.isfinite(value[some]).all() and np.isfinite(grad[some]).all()
    assert (value[some] >= 0).all() and (value[some] <= 1 + 1e-5).all()
    quads = fl.box_convert(boxes, "cxcywhr", "xyxyxyxy")
    assert np.isfinite(fl.box_iou(quads, quads, "xyxyxyxy", grad=True)[1][some]).all()
    radians = boxes * np.array([1, 1, 1, 1, np.pi / 180], dtype)
    for floor in (0.0, 0.01):
        p, t = np.repeat(radians, len(boxes), 0), np.tile(radians, (len(boxes), 1))
        value, grad = fl.probiou_loss(p, t, floor=floor, reduction="none", grad=True)
        assert np.isfinite(value).all() and np.isfinite(grad).all()
        assert (value > 0).all() and (value <= 1.0001).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 300), (70, 17), (130, 129)])
def test_tiles_threads_and_axes(shape, dtype):
    a, b = turned(shape[0]).astype(dtype), turned(shape[1], 1).astype(dtype)
    for call in (lambda x, y: fl.box_iou(x, y, "cxcywhr", grad=True),
                 lambda x, y: fl.probiou(x, y, grad=True)):  # fmt: skip
        with fl.num_threads(1):
            value, grad = call(a, b)
        with fl.num_threads(2):
            two = call(a, b)
        np.testing.assert_array_equal(two[0], value)
        np.testing.assert_array_equal(two[1], grad)
        i, j = shape[0] - 1, shape[1] // 2
        one = call(a[i : i + 1], b[j : j + 1])
        np.testing.assert_array_equal(one[0][0, 0], value[i, j])
        np.testing.assert_array_equal(one[1][0, 0], grad[i, j])
        batch = call(np.stack([a, a[::-1]])[:, None], np.stack([b, b[::-1], b]))
        assert batch[0].shape == (2, 3, *shape) and batch[1].shape == (2, 3, *shape, 5)
        np.testing.assert_array_equal(batch[0][1, 1], value[::-1, ::-1])
        np.testing.assert_array_equal(batch[1][0, 2], grad)


def test_a_bad_box_stays_alone():
    a, b = turned(40), turned(20, 1)
    value = fl.box_iou(a, b, "cxcywhr")
    for k in range(5):
        for bad in (np.nan, np.inf):
            hurt = a.copy()
            hurt[17, k] = bad
            got = fl.box_iou(hurt, b, "cxcywhr")
            rest = np.arange(40) != 17
            np.testing.assert_array_equal(got[rest], value[rest])
            assert np.isnan(bad) <= np.isnan(got[17]).all()


# ---- ProbIoU ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probiou_by_hand(dtype, isa):
    # Equal boxes: B is cut at eps. Moved by d along the side w: B = d^2 / (8 w^2 / 12).
    one = np.array([[3, 4, 6, 2, 0.7]], dtype)
    moved = one + np.array([2 * np.cos(0.7), 2 * np.sin(0.7), 0, 0, 0], dtype)
    assert fl.probiou_loss(one, one) == pytest.approx(np.sqrt(2e-7), rel=1e-4)
    assert fl.probiou_loss(one, moved) == pytest.approx(np.sqrt(1 - np.exp(-1 / 6)), rel=1e-5)
    # Twice as long: det S / N = 15 (2/3) / 8, B = ln(5/4) / 2. Turned by 90 degrees: (10/3)^2 / 4.
    double = one * np.array([1, 1, 2, 1, 1], dtype)
    assert fl.probiou(one, double) == pytest.approx(1 - np.sqrt(1 - np.sqrt(4 / 5)), rel=1e-5)
    across = one + np.array([0, 0, 0, 0, np.pi / 2], dtype)
    expected = 1 - np.sqrt(1 - np.exp(-np.log((3 + 1 / 3) ** 2 / 4) / 2))
    assert fl.probiou(one, across) == pytest.approx(expected, rel=1e-5)
    value, grad = fl.probiou(one, moved, grad=True)
    loss, slope = fl.probiou_loss(one, moved, reduction="none", grad=True)
    np.testing.assert_allclose(value[0], 1 - loss, rtol=1e-6)
    np.testing.assert_allclose(grad[0], -slope, rtol=1e-6)


def test_probiou_in_single_keeps_its_digits():
    """Long boxes and near ones, where the textbook formula loses them to cancellation."""
    rng = np.random.default_rng(0)
    low, high = [0, 0, 50, 0.5, -9], [99, 99, 99, 1, 9]
    p = rng.uniform(low, high, (500, 5)).astype("f4")
    t = (p + rng.normal(size=p.shape) * [0.01, 0.01, 0.01, 0.01, 1e-4]).astype("f4")
    exact = fl.probiou_loss(p.astype(float), t.astype(float), reduction="none", grad=True)
    single = fl.probiou_loss(p, t, reduction="none", grad=True)
    np.testing.assert_allclose(single[0], exact[0], 2e-3)
    # the angle between two boxes is known to 2^-23 or so: of 1e-4 it has four digits
    apart = np.abs(p[:, 4] - t[:, 4]) > 1e-4
    scale = np.abs(exact[1]).max(-1, keepdims=True)
    error = np.abs(single[1] - exact[1]) / scale
    assert apart.sum() > 100 and error[apart].max() <= 2e-3 and error.max() <= 0.1


def test_angles_far_from_zero(isa):
    one = np.array([[3.0, 4, 6, 2, 0.7]])
    for turns in (1e3, 1e6, 1e9):
        far = one + [0, 0, 0, 0, 2 * np.pi * turns]
        other = one + [1, 1, 0, 0, 0.3]
        assert fl.probiou(far, other) == pytest.approx(fl.probiou(one, other), rel=1e-6)
    assert np.isnan(fl.probiou(one * [1, 1, 1, 1, np.inf], one)).all()


def test_errors():
    a = turned(4)
    for call in (fl.probiou, fl.probiou_loss, lambda x, y: fl.box_iou(x, y, "xywhr")):
        with pytest.raises(ValueError, match=r"boxes1 has shape \(4, 4\); its last axis must hold"):
            call(a[:, :4], a)
        with pytest.raises(ValueError, match=r"boxes2 has shape \(4, 4\); its last axis must hold"):
            call(a, a[:, :4])
    with pytest.raises(ValueError, match=r"boxes1 has shape \(4, 5\); its last axis must hold"):
        fl.box_iou(a, a, "xyxyxyxy")
    with pytest.raises(ValueError, match="floor is -1.0; expected a finite number >= 0"):
        fl.probiou(a, a, floor=-1.0)
    with pytest.raises(
        ValueError, match="fmt is 'xywhr'; expected one of 'xyxy', 'xywh', 'cxcywh'"
    ):
        fl.pairwise_box_iou(a, a, fmt="xywhr")
    with pytest.raises(ValueError, match=r"grad has shape \(4, 4, 4\), but the derivative"):
        fl.box_iou(a, a, "xywhr", grad=np.empty((4, 4, 4)))


# ---- clipping and small boxes --------------------------------------------------------------


def test_clipping_and_small_boxes(isa):
    boxes = np.array([[-1.0, -2, 3, 4], [5, 5, 50, 60], [90, 90, 99, 99], [np.nan, 1, 2, np.inf]])
    expected = [[0, 0, 3, 4], [5, 5, 40, 30], [40, 30, 40, 30], [np.nan, 1, 2, 30]]
    for dtype in (np.float32, np.float64):
        got = fl.clip_boxes_to_image(boxes.astype(dtype), (30, 40))
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(
        fl.clip_boxes_to_image(boxes[:3].astype(int), [30, 40]), expected[:3]
    )
    np.testing.assert_array_equal(fl.clip_boxes_to_image(boxes[0], (30, 40)), expected[0])
    np.testing.assert_array_equal(
        fl.clip_boxes_to_image(boxes[None, ::-1], (30, 40))[0], expected[::-1]
    )
    kept = fl.remove_small_boxes(boxes, 4)
    assert kept.dtype == np.int64 and kept.tolist() == [0, 1, 2]
    assert fl.remove_small_boxes(boxes, 9.0).tolist() == [1, 2]
    assert fl.remove_small_boxes(boxes, 9.5).tolist() == [1]
    assert fl.remove_small_boxes(boxes[:0], 1).shape == (0,)
    # in the working type, as torch compares
    assert fl.remove_small_boxes(np.array([[0, 0, 0.1, 0.1]], "f4"), 0.1).tolist() == [0]
    for bad, error, message in (
        (5, TypeError, r"size is 5; expected \(height, width\)"),
        ((1, 2, 3), TypeError, r"size is \(1, 2, 3\); expected"),
        ((-1, 5), ValueError, "size is -1; expected a finite number >= 0"),
        ((1, np.nan), ValueError, "size is nan"),
    ):
        with pytest.raises(error, match=message):
            fl.clip_boxes_to_image(boxes, bad)
    with pytest.raises(
        ValueError, match=r"boxes has shape \(4,\); expected \(number of boxes, 4\)"
    ):
        fl.remove_small_boxes(boxes[0], 1)
    with pytest.raises(ValueError, match="min_size is nan"):
        fl.remove_small_boxes(boxes, np.nan)
