"""Keypoints as YOLO26 has them: decoded from the anchor, in the assignment, levels by size."""

import detection_samples as samples
import numpy as np
import pytest
from detection_samples import LEVELS, SIZE, TOLERANCE, anchors, assert_same_bits, pixels, poses

import fastloss as fl
from fastloss import reference as ref


def agree(arguments, tolerance, **options):
    options = {"level_sizes": LEVELS, **options}
    return samples.agree(fl.pose_loss, ref.pose_loss, arguments, tolerance, **options)


NEW = {"decode": "anchor", "keypoint_assignment": True, "level_range": (2, 12)}


def near_poses(seed, n, points=5, numbers=3, given=3, dtype=np.float64, decode="anchor"):
    """Predictions so near the keypoints of an object of the image that they are worth something."""
    rng = np.random.default_rng(seed)
    arguments = list(poses(seed, n, points, numbers, given, dtype))
    _, _, raw, batch_idx, _, bboxes, targets = arguments
    targets[..., :2] = bboxes[:, None, :2] + (targets[..., :2] - 0.5) * bboxes[:, None, 2:]
    x, y, stride = np.concatenate([
        [(j + 0.5, i + 0.5, s) for i in range(h) for j in range(w)]
        for (h, w), s in zip(LEVELS, samples.STRIDES, strict=True)
    ]).T  # fmt: skip
    for b in range(2):
        rows = np.flatnonzero(batch_idx == b)
        if not len(rows):
            continue
        owner = rng.choice(rows, anchors())
        at = np.moveaxis(targets[owner, :, :2] * SIZE, 0, 2) / stride - np.stack([x, y])
        at += rng.normal(0, 0.4, at.shape)
        wide = raw[b].reshape(points, numbers, -1)
        wide[:, :2] = at if decode == "anchor" else (at + 0.5) / 2
    return arguments


@pytest.mark.parametrize("numbers,given", [(3, 3), (2, 3), (2, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decode", ["cell", "anchor"])
def test_poses_that_are_assigned_by_keypoints(decode, dtype, numbers, given):
    for n, points in ((0, 5), (8, 1), (9, 17), (30, 5)):
        arguments = near_poses(n, n, points, numbers, given, dtype, decode)
        if given == 3 and n:
            arguments[6][::3, :, 2] = 0  # which their boxes decide on
        # Similarities of narrow tolerances vanish in single precision, and with them the claims.
        sigmas = np.linspace(0.1, 0.3, points) * (10 if dtype is np.float32 else 1)
        for options in (
            {},
            {"keypoint_assignment": True},
            {"level_range": (2, 12)},
            {"level_range": (1, 3), "topk2": 1},
            {"keypoint_assignment": True, "level_range": (2, 12), "alpha": 0.7, "beta": 2.0},
        ):
            options = {"decode": decode, "sigmas": sigmas, **options}
            loss, grads = agree(arguments, TOLERANCE[dtype], **options)
            assert loss.pose > 0 if n else not grads[2].any()


def test_keypoints_decide_where_boxes_miss():
    """No box overlaps the object, and one anchor of three finds its keypoint."""
    level = {"level_sizes": ((1, 3),), "strides": (32,), "topk": 1, "sigmas": [0.5]}
    boxes, scores = np.full((1, 4, 3), -0.4), np.zeros((1, 1, 3))
    points = np.array([[[-0.5, 0.7, 0.5], [0.0, 0.0, 0.0]]])
    targets = [[[2.2 / 3, 0.5, 2.0]]]
    arguments = boxes, scores, points, [0], [0], [[0.5, 0.5, 0.9, 0.9]], targets
    assert fl.pose_loss(*arguments, decode="anchor", **level).pose == 0
    loss, grads = fl.pose_loss(
        *arguments, decode="anchor", keypoint_assignment=True, grad=True, **level
    )
    assert loss.pose == pytest.approx(0, abs=1e-12) and loss.box > 0
    assert np.flatnonzero(grads[0].any(axis=(0, 1))).tolist() == [1]

    points[0, 0, 1] = 0.95  # 8 pixels off
    scores[:] = 1.0
    loss = fl.pose_loss(*arguments, decode="anchor", keypoint_assignment=True, **level)
    similarity, p = np.exp(-(8**2) / (2 * 0.53 * 0.9 * 96 * 0.9 * 32)), 1 / (1 + np.exp(-1))
    score = similarity**7 * p**0.5 / (similarity**6 * p**0.5 + 1e-9)
    assert loss.cls == pytest.approx(0.5 * (3 * np.log1p(np.e) - score), rel=1e-9)


def test_only_a_third_number_above_0_is_visible_to_the_assignment():
    arguments = near_poses(21, 8)
    arguments[6][..., 2] = -1  # labelled, but not visible
    by_boxes = fl.pose_loss(*arguments, level_sizes=LEVELS, decode="anchor")
    assert by_boxes == fl.pose_loss(
        *arguments, level_sizes=LEVELS, decode="anchor", keypoint_assignment=True
    )
    agree(arguments, 1e-9, **NEW)


def foreground(box, **options):
    """Per level, the anchors of one object (x1, y1, x2, y2)."""
    levels = {"level_sizes": ((32, 32), (16, 16), (8, 8)), "topk": 2000}
    count = 32 * 32 + 16 * 16 + 8 * 8
    reach = np.repeat([200, 100, 50], [32 * 32, 16 * 16, 8 * 8]) / 8.0
    boxes, scores = np.broadcast_to(reach, (1, 4, count)), np.zeros((1, 1, count))
    target = pixels(box, size=np.array([256.0, 256.0]))
    points = np.zeros((1, 2, count)), [0], [0], target, np.full((1, 1, 2), 0.5)
    _, grads = fl.pose_loss(boxes, scores, *points, **levels, **options, grad=True)
    front = grads[2].any(axis=(0, 1))
    return [int(part.sum()) for part in np.split(front, [1024, 1280])]


def test_levels_for_the_side_of_an_object():
    large, middle, small = (28, 28, 228, 228), (96, 96, 160, 160), (120, 120, 137, 137)
    assert all(foreground(large)) and all(foreground(middle))
    assert [n > 0 for n in foreground(large, level_range=(2, 12))] == [False, False, True]
    assert [n > 0 for n in foreground(middle, level_range=(2, 12))] == [True, True, True]
    assert [n > 0 for n in foreground(middle, level_range=(2.1, 12))] == [True, True, False]
    assert [n > 0 for n in foreground(middle, level_range=(2, 7.9))] == [False, True, True]
    # The bounds belong to the range; the finest level has no least side, the coarsest no most.
    assert [n > 0 for n in foreground(middle, level_range=(0, 8))] == [True, True, True]
    assert [n > 0 for n in foreground(small, level_range=(3, 12))] == [True, False, False]


def test_an_object_without_candidates_on_its_levels_keeps_all():
    thin = (0.5, 64, 3.5, 128)  # between two columns of the finest level
    free = foreground(thin, min_side=(0, 0), level_range=(2, 12))
    assert free == foreground(thin, min_side=(0, 0))
    arguments = near_poses(22, 6)
    arguments[5][:, 2:] = [0.01, 0.4]
    agree(arguments, 1e-9, **NEW, min_side=(0, 0))


def test_boxes_turned_inside_out_have_no_area():
    arguments = near_poses(23, 6)
    arguments[5][::2, 2] *= -1
    loss, _ = agree(arguments, 1e-9, **NEW)
    assert np.isfinite(loss.total) and loss.pose >= 0


def test_slopes_of_keypoints_by_finite_differences():
    """The assignment is a constant, so it is left to the boxes here."""
    arguments = near_poses(24, 6)
    options = {"level_sizes": LEVELS, "decode": "anchor", "level_range": (2, 12)}
    _, (_, _, slopes) = fl.pose_loss(*arguments, **options, grad=True)
    at = np.random.default_rng(0).permutation(np.flatnonzero(slopes))[:40]
    for i in at:
        totals = []
        for step in (1e-6, -1e-6):
            moved = arguments[2].copy()
            moved.flat[i] += step
            totals.append(fl.pose_loss(*arguments[:2], moved, *arguments[3:], **options).total)
        slope = (totals[0] - totals[1]) / 2e-6
        assert slopes.flat[i] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_what_is_not_a_number_finds_no_object():
    arguments = near_poses(25, 6)
    clean = fl.pose_loss(*arguments, level_sizes=LEVELS, **NEW)
    arguments[6][..., 2] = 1
    arguments[2][...] = np.nan
    loss = fl.pose_loss(*arguments, level_sizes=LEVELS, **NEW)
    assert np.isfinite(clean.total) and np.isfinite(loss.total) and loss.box == loss.pose == 0


@pytest.mark.parametrize(
    "options,error,text",
    [
        ({"decode": "corner"}, ValueError, "decode is 'corner'; expected 'cell' or 'anchor'"),
        ({"decode": 1}, ValueError, "decode is 1"),
        ({"keypoint_assignment": 1}, TypeError, "keypoint_assignment is 1; expected True or False"),
        ({"level_range": 2}, ValueError, "level_range is 2; expected None or"),
        ({"level_range": (1, 2, 3)}, ValueError, "level_range is"),
        ({"level_range": (-1, 2)}, ValueError, "level_range is -1"),
        ({"level_range": (0, 0)}, ValueError, "level_range is 0"),
        ({"level_range": (2, np.nan)}, ValueError, "level_range is nan"),
        ({"level_range": (12, 2)}, ValueError, r"level_range is \(12, 2\); expected"),
    ],
)
def test_errors_of_the_assignment_of_poses(options, error, text):
    with pytest.raises(error, match=text):
        fl.pose_loss(*poses(26, 4), level_sizes=LEVELS, **options)


def test_bits_do_not_depend_on_threads():
    assert_same_bits(fl.pose_loss, near_poses(14, 60, dtype=np.float32), **NEW)
