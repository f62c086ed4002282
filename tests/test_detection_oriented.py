"""The criterion of rotated boxes against its reference, finite differences and hand-made cases."""

import detection_samples as samples
import numpy as np
import pytest
from detection_samples import LEVELS, anchors, head, objects

import fastloss as fl
from fastloss import reference as ref

TOLERANCE = {np.float32: 5e-4, np.float64: 1e-9}


def sample(seed, n, bins=16, dtype=np.float64, images=2):
    rng = np.random.default_rng(seed)
    boxes, scores = head(rng, images=images, bins=bins, dtype=dtype)
    angles = rng.uniform(-0.8, 2.4, (images, 1, anchors())).astype(dtype)
    batch_idx, cls, bboxes = objects(rng, n, images=images)
    turned = np.concatenate([bboxes, rng.uniform(-0.8, 2.4, (n, 1))], axis=1)
    return boxes, scores, angles, batch_idx, cls, turned


def agree(arguments, tolerance, **options):
    options = {"level_sizes": LEVELS, **options}
    return samples.agree(
        fl.obb_detection_loss, ref.obb_detection_loss, arguments, tolerance, **options
    )


@pytest.mark.parametrize("bins", [16, 1])
@pytest.mark.parametrize("n", [0, 1, 20])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_the_reference(dtype, n, bins):
    arguments = sample(n + bins, n, bins, dtype)
    for options in (
        {},
        {"topk": 7, "topk2": 1},
        {"alpha": 1.0, "beta": 2.0, "class_weight": [1, 2, 3]},
        {"gains": (1, 2, 3, 4), "min_side": (20, 30)},
    ):
        agree(arguments, TOLERANCE[dtype], **options)


@pytest.mark.parametrize("bins", [16, 1])
def test_finite_differences_of_the_box_part(bins):
    """With a target score that no step changes: one anchor, one object, its score below 1."""
    rng = np.random.default_rng(3)
    level = {"level_sizes": ((1, 1),), "strides": (32,)}
    boxes, scores, angles = rng.normal(0.4, 0.1, (1, 4 * bins, 1)), np.zeros((1, 1, 1)), [[[0.4]]]
    boxes -= np.tile(np.arange(bins), 4)[None, :, None]  # all distances of about half a stride
    target = [0], [0], [[0.55, 0.5, 0.9, 0.5, 0.6]]
    # The class part is left out; box, dfl and angle are proportional to the (detached) score.
    options = {**level, "gains": (7.5, 0.0, 1.5, 1.0)}
    angles = np.array(angles)

    def score(b, a):
        gradient = fl.obb_detection_loss(b, scores, a, *target, **level, grad=True)[1][1]
        return 0.5 - gradient[0, 0, 0] / 0.5  # gradient = gain (1/2 - score) / S, S = 1

    def per_score(b, a):
        return fl.obb_detection_loss(b, scores, a, *target, **options).total / score(b, a)

    _, (by_boxes, _, by_angles) = fl.obb_detection_loss(
        boxes, scores, angles, *target, **options, grad=True
    )
    weight, step = score(boxes, angles), 1e-6
    assert weight > 0.1
    for channel in range(0, 4 * bins, 1 if bins == 1 else 5):
        up, down = boxes.copy(), boxes.copy()
        up[0, channel, 0] += step
        down[0, channel, 0] -= step
        slope = weight * (per_score(up, angles) - per_score(down, angles)) / (2 * step)
        assert by_boxes[0, channel, 0] == pytest.approx(slope, rel=1e-5, abs=1e-7)
    slope = (
        weight * (per_score(boxes, angles + step) - per_score(boxes, angles - step)) / (2 * step)
    )
    assert by_angles[0, 0, 0] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_upright_boxes_turned_by_half_a_turn_are_the_same():
    arguments = list(sample(4, 12))
    loss = fl.obb_detection_loss(*arguments, level_sizes=LEVELS)
    arguments[5] = arguments[5] + [0, 0, 0, 0, 2 * np.pi]
    again = fl.obb_detection_loss(*arguments, level_sizes=LEVELS)
    assert again == pytest.approx(loss, rel=1e-9)
    arguments[2] = arguments[2] + np.pi / 2
    assert fl.obb_detection_loss(*arguments, level_sizes=LEVELS, gains=(0, 0, 0, 1)).angle >= 0


def test_objects_below_two_pixels_are_left_out():
    arguments = list(sample(5, 2, images=1))
    arguments[3], arguments[4] = [0, 0], [1, 2]
    for size in ([1.9 / 72, 0.5], [0.5, 1.9 / 48], [0, 0]):
        arguments[5] = np.array([[0.5, 0.5, *size, 0.1]] * 2)
        loss, grads = agree(arguments, 1e-10)
        assert loss.box == loss.dfl == loss.angle == 0
        assert not grads[0].any() and not grads[2].any()


@pytest.mark.parametrize("box", [
    (0.5, 0.5, 0.03, 0.05, 0.2), (0.5, 0.5, 1, 1, 0), (0.5, 0.5, 3, 2, 0.7),
    (1.5, 1.5, 0.3, 0.2, 1), (0.5, 0.5, 0.9, 0.045, 0.8), (-0.5, -0.5, 0.5, 0.5, 0),
    (0.4, 0.5, 0.5, 0.5, -40.0),
])  # fmt: skip
@pytest.mark.parametrize("bins", [16, 1])
def test_extreme_boxes(box, bins):
    for dtype in (np.float64, np.float32):
        arguments = list(sample(6, 2, bins, dtype, images=1))
        arguments[3], arguments[4] = [0, 0], [1, 2]
        arguments[5][0] = box
        agree(arguments, 1e-9 if dtype == np.float64 else 2e-3)


def test_predictions_without_area_and_exact_matches():
    level, stride = ((4, 6),), (8,)
    target = np.array([[0.5, 0.5, 0.5, 0.4, 0.0]])
    for distance in (0.0, 1.0, 1.5):
        boxes, scores = np.full((1, 4, 24), distance), np.zeros((1, 3, 24))
        arguments = (boxes, scores, np.zeros((1, 1, 24)), [0], [1], target)
        _, grads = agree(arguments, 1e-9, level_sizes=level, strides=stride)
        assert all(np.isfinite(g).all() for g in grads)


def test_bits_do_not_depend_on_threads():
    arguments = sample(7, 200, dtype=np.float32, images=4)
    results = []
    for threads in (1, 2, 3):
        with fl.num_threads(threads):
            results.append(fl.obb_detection_loss(*arguments, level_sizes=LEVELS, grad=True))
    for loss, grads in results[1:]:
        assert loss == results[0][0]
        for a, b in zip(grads, results[0][1], strict=True):
            np.testing.assert_array_equal(a, b)


def test_errors_name_the_argument():
    boxes, scores, angles, *targets = sample(8, 3)
    with pytest.raises(ValueError, match=r"angles has shape \(2, 75\); expected \(2, 1, 75\)"):
        fl.obb_detection_loss(boxes, scores, angles[:, 0], *targets, level_sizes=LEVELS)
    with pytest.raises(TypeError, match="angles has dtype float32"):
        fl.obb_detection_loss(
            boxes, scores, angles.astype(np.float32), *targets, level_sizes=LEVELS
        )
    with pytest.raises(ValueError, match=r"bboxes has shape \(3, 4\); expected \(objects, 5\)"):
        fl.obb_detection_loss(
            boxes, scores, angles, *targets[:2], targets[2][:, :4], level_sizes=LEVELS
        )
    with pytest.raises(ValueError, match="gains"):
        fl.obb_detection_loss(
            boxes, scores, angles, *targets, level_sizes=LEVELS, gains=(7.5, 0.5, 1.5)
        )
