"""Keypoints and instance masks: the criteria against their references and by hand."""

import detection_samples as samples
import numpy as np
import pytest
from detection_samples import (
    LEVELS,
    SIZE,
    TOLERANCE,
    anchors,
    assert_same_bits,
    head,
    objects,
    pixels,
    poses,
)

import fastloss as fl
from fastloss import reference as ref


def agree(name, arguments, tolerance, **options):
    options = {"level_sizes": LEVELS, **options}
    return samples.agree(getattr(fl, name), getattr(ref, name), arguments, tolerance, **options)


# ---- keypoints ----------------------------------------------------------------------------


@pytest.mark.parametrize("numbers,given", [(3, 3), (2, 3), (2, 2), (3, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_poses_agree_with_the_reference(dtype, numbers, given):
    for n, points in ((0, 5), (8, 1), (9, 17)):
        arguments = poses(n, n, points, numbers, given, dtype)
        sigmas = np.linspace(0.02, 0.3, points)
        for options in ({}, {"topk2": 1, "gains": (1, 2, 3, 4, 5), "sigmas": sigmas}):
            loss, grads = agree("pose_loss", arguments, TOLERANCE[dtype], **options)
            assert n or (loss.pose == loss.kobj == 0 and not grads[2].any())
            assert numbers == 3 or loss.kobj == 0


def test_the_rest_of_a_pose_is_the_detection_loss():
    boxes, scores, raw, batch_idx, cls, bboxes, targets = poses(3, 8)
    pose = fl.pose_loss(boxes, scores, raw, batch_idx, cls, bboxes, targets, level_sizes=LEVELS)
    plain = fl.detection_loss(boxes, scores, batch_idx, cls, bboxes, level_sizes=LEVELS)
    assert (pose.box, pose.cls, pose.dfl) == (plain.box, plain.cls, plain.dfl)
    assert pose.total == pytest.approx(plain.total + 2 * (pose.pose + pose.kobj), rel=1e-13)


def test_unlabelled_keypoints_have_no_distance():
    arguments = list(poses(4, 6))
    arguments[6][..., 2] = 0
    loss, grads = agree("pose_loss", arguments, 1e-10)
    assert loss.pose == 0 and loss.kobj > 0
    assert not grads[2].reshape(2, 5, 3, -1)[:, :, :2].any()


def test_keypoint_by_hand():
    """One object, one anchor that finds its keypoint exactly, and then half a stride off."""
    level = {"level_sizes": ((1, 1),), "strides": (32,)}
    boxes, scores = np.full((1, 4, 1), 0.4), np.zeros((1, 1, 1))
    target = [0], [0], [[0.5, 0.5, 0.8, 0.8]], [[[0.5, 0.5]]]
    for raw, gap in ((0.25, 0.0), (0.5, 0.5)):  # x = 2 raw + 0.5 - 0.5
        points = np.array([[[raw], [0.25]]])
        loss = fl.pose_loss(boxes, scores, points, *target, **level, sigmas=[0.5])
        assert loss.pose == pytest.approx(12 * (1 - np.exp(-(gap**2) / (2 * 0.64))), abs=1e-8)


def test_pose_errors():
    arguments = list(poses(5, 4))
    for at, bad, text in (
        (2, arguments[2][:, :7], "keypoints has shape"),
        (2, arguments[2][..., :3], "keypoints has shape"),
        (6, arguments[6][:3], "target_keypoints has shape"),
        (6, arguments[6][..., :1], "target_keypoints has shape"),
        (
            6,
            np.where(np.arange(4)[:, None, None] == 2, np.nan, arguments[6]),
            r"target_keypoints\[2\]",
        ),
    ):
        with pytest.raises(ValueError, match=text):
            fl.pose_loss(*arguments[:at], bad, *arguments[at + 1 :], level_sizes=LEVELS)
    for sigmas in ([1.0], [0.0] * 5, [np.nan] * 5):
        with pytest.raises(ValueError, match="sigmas"):
            fl.pose_loss(*arguments, level_sizes=LEVELS, sigmas=sigmas)
    with pytest.raises(TypeError, match="keypoints has dtype float32"):
        arguments[2] = arguments[2].astype(np.float32)
        fl.pose_loss(*arguments, level_sizes=LEVELS)


# ---- masks --------------------------------------------------------------------------------


def scenes(seed, n, proto=(12, 18), shape=None, overlapping=True, dtype=np.float64):
    rng = np.random.default_rng(seed)
    boxes, scores = head(rng, dtype=dtype)
    coefficients = rng.normal(0, 1, (2, 4, anchors())).astype(dtype)
    prototypes = rng.normal(0, 1, (2, 4, *proto)).astype(dtype)
    batch_idx, cls, bboxes = objects(rng, n)
    shape = shape or proto
    if overlapping:
        masks = rng.integers(0, 5, (2, *shape)).astype(np.uint8)
    else:
        masks = rng.integers(0, 2, (n, *shape)) > 0
    return boxes, scores, coefficients, prototypes, batch_idx, cls, bboxes, masks


@pytest.mark.parametrize("overlapping", [True, False])
@pytest.mark.parametrize("shape", [(12, 18), (24, 36), (17, 41), (12, 36)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_agree_with_the_reference(dtype, shape, overlapping):
    for n in (0, 9):
        arguments = scenes(n, n, (12, 18), shape, overlapping, dtype)
        for options in ({}, {"topk2": 1, "gains": (1, 2, 3, 4)})[: 1 + (shape == (12, 18))]:
            loss, grads = agree(
                "segmentation_detection_loss", arguments, TOLERANCE[dtype], overlapping=overlapping,
                **options,
            )  # fmt: skip
            assert n or (loss.seg == 0 and not grads[2].any() and not grads[3].any())


def test_wide_prototypes():
    arguments = list(scenes(11, 6, (40, 60)))
    arguments[6][0] = [0.5, 0.5, 1.5, 1.5]  # beyond the image on every side
    for dtype in (np.float64, np.float32):
        arguments[:4] = [a.astype(dtype) for a in arguments[:4]]
        agree("segmentation_detection_loss", arguments, TOLERANCE[dtype])


def test_a_mask_by_hand():
    """A quarter of the image, half of it covered, all logits ln 3: p = 3/4."""
    level = {"level_sizes": ((1, 1),), "strides": (32,)}
    boxes, scores = np.full((1, 4, 1), 0.3), np.zeros((1, 1, 1))
    masks = np.zeros((1, 8, 8))
    masks[0, :4] = 1
    arguments = (boxes, scores, np.ones((1, 1, 1)), np.full((1, 1, 8, 8), np.log(3)), [0], [0],
                 [[0.5, 0.5, 0.5, 0.5]], masks)  # fmt: skip
    loss = fl.segmentation_detection_loss(*arguments, **level)
    mean = (-np.log(0.75) - np.log(0.25)) / 2
    assert loss.seg == pytest.approx(7.5 * mean, rel=1e-12)


def test_boxes_that_hold_no_cell_of_the_mask():
    arguments = list(scenes(12, 2))
    arguments[4], arguments[5] = [0, 1], [0, 1]
    arguments[6] = pixels((20.1, 20.1, 21, 21), (24, 8, 25, 40))
    assert SIZE[0] / 18 == 4
    loss, _ = agree("segmentation_detection_loss", arguments, 1e-9)
    assert np.isfinite(loss.total)


def test_mask_errors():
    arguments = list(scenes(13, 4))
    for at, bad, text in (
        (2, arguments[2][..., :4], "coefficients has shape"),
        (3, arguments[3][:, :3], "proto has shape"),
        (3, arguments[3][:1], "proto has shape"),
        (7, arguments[7][:1], r"masks has shape \(1, 12, 18\); expected \(2, height, width\)"),
        (7, arguments[7][:, :5], "less than that of proto"),
    ):
        with pytest.raises(ValueError, match=text):
            fl.segmentation_detection_loss(
                *arguments[:at], bad, *arguments[at + 1 :], level_sizes=LEVELS
            )
    with pytest.raises(ValueError, match="one mask per object"):
        fl.segmentation_detection_loss(*arguments, level_sizes=LEVELS, overlapping=False)
    with pytest.raises(TypeError, match="overlapping"):
        fl.segmentation_detection_loss(*arguments, level_sizes=LEVELS, overlapping=1)


@pytest.mark.parametrize("name", ["pose_loss", "segmentation_detection_loss"])
def test_bits_do_not_depend_on_threads(name):
    make = poses if name == "pose_loss" else scenes
    assert_same_bits(getattr(fl, name), make(14, 60, dtype=np.float32))
