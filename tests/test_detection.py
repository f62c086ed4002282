"""The detection criterion against its reference, finite differences and hand-made cases."""

import detection_samples as samples
import numpy as np
import pytest
from detection_samples import (
    LEVELS,
    SIZE,
    STRIDES,
    anchors,
    head,
    objects,
    pixels,
)

import fastloss as fl
from fastloss import reference as ref

TOLERANCE = {np.float32: 5e-4, np.float64: 1e-10}
OPTIONS = (
    {},
    {"topk": 3},
    {"topk": 7, "topk2": 1},
    {"topk": 2, "topk2": 5},
    {"topk": 1000},
    {"alpha": 1.0, "beta": 2.0},
    {"alpha": 0.0, "beta": 0.7},
    {"min_side": (8, 16)},
    {"min_side": (0, 0)},
    {"min_side": (30, 40.5)},
    {"gains": (1.0, 2.0, 0.0)},
    {"class_weight": [0.5, 2.0, 0.0]},
)


def agree(arguments, tolerance, **options):
    return samples.agree(fl.detection_loss, ref.detection_loss, arguments, tolerance, **options)


@pytest.mark.parametrize("bins", [16, 1, 2, 5])
@pytest.mark.parametrize("n", [1, 4, 30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_the_reference(dtype, n, bins):
    rng = np.random.default_rng(n + bins)
    arguments = (*head(rng, bins=bins, dtype=dtype), *objects(rng, n))
    for options in OPTIONS if bins == 16 and dtype == np.float64 else OPTIONS[:3]:
        agree(arguments, TOLERANCE[dtype], level_sizes=LEVELS, **options)


@pytest.mark.parametrize("n", [0, 1, 4, 30])
def test_assignment_is_that_of_the_reference(n):
    rng = np.random.default_rng(n)
    arguments = (*head(rng), *objects(rng, n))
    for options in OPTIONS[:-2]:
        found = fl.task_aligned_assign(*arguments, level_sizes=LEVELS, **options)
        expected = ref.task_aligned_assign(*arguments, level_sizes=LEVELS, **options)
        np.testing.assert_array_equal(found.object_index, expected.object_index)
        np.testing.assert_allclose(found.score, expected.score, 1e-9, 1e-12)
        assert found.object_index.dtype == np.int64
        assert found.score.dtype == np.float64
        front = found.object_index >= 0
        image = np.broadcast_to(np.arange(2)[:, None], front.shape)
        np.testing.assert_array_equal(arguments[2][found.object_index[front]], image[front])


@pytest.mark.parametrize("bins", [16, 1])
def test_finite_differences(bins):
    """Of the total, with the assignment held: steps too small to change it."""
    rng = np.random.default_rng(bins)
    boxes, scores, *targets = (*head(rng, bins=bins, levels=((4, 5), (2, 3))), *objects(rng, 6))
    options = {"level_sizes": ((4, 5), (2, 3)), "strides": (8, 16), "topk": 4}

    def assigned(b, s):
        return fl.task_aligned_assign(b, s, *targets, **options)

    # The targets follow the output, and are constants of the gradient: freeze them in an own sum.
    before = assigned(boxes, scores)
    loss, (by_boxes, by_scores) = fl.detection_loss(boxes, scores, *targets, **options, grad=True)
    front = np.argwhere(before.object_index >= 0)
    assert len(front) > 5
    normaliser = max(before.score.sum(), 1)

    def frozen(b, s):
        return frozen_total(b, s, before, targets, normaliser, options)

    assert frozen(boxes, scores) == pytest.approx(loss.total, rel=1e-12)
    step = 1e-6
    for image, anchor in front[:6]:
        for channel in rng.choice(boxes.shape[1], min(6, boxes.shape[1]), replace=False):
            up, down = boxes.copy(), boxes.copy()
            up[image, channel, anchor] += step
            down[image, channel, anchor] -= step
            slope = (frozen(up, scores) - frozen(down, scores)) / (2 * step)
            assert by_boxes[image, channel, anchor] == pytest.approx(slope, rel=1e-5, abs=1e-7)
    for image, channel, anchor in [(i, c, a) for i, a in front[:4] for c in range(3)]:
        up, down = scores.copy(), scores.copy()
        up[image, channel, anchor] += step
        down[image, channel, anchor] -= step
        slope = (frozen(boxes, up) - frozen(boxes, down)) / (2 * step)
        assert by_scores[image, channel, anchor] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def frozen_total(boxes, scores, assignment, targets, normaliser, options):
    """The criterion as a function of the output alone, made of the library's other losses."""
    batch_idx, cls, bboxes = targets
    x = np.concatenate([np.tile(np.arange(w) + 0.5, h) for h, w in options["level_sizes"]])
    y = np.concatenate([np.repeat(np.arange(h) + 0.5, w) for h, w in options["level_sizes"]])
    stride = np.repeat(options["strides"], [h * w for h, w in options["level_sizes"]])
    height, width = np.array(options["level_sizes"][0]) * options["strides"][0]
    image, anchor = np.nonzero(assignment.object_index >= 0)
    row, w = assignment.object_index[image, anchor], assignment.score[image, anchor]
    soft = np.zeros_like(scores)
    soft[image, cls[row], anchor] = w
    cx, cy, bw, bh = bboxes[row].T * np.array([[width], [height], [width], [height]])
    t = np.stack([cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2], axis=1)
    t = t / stride[anchor, None]
    ax, ay = x[anchor], y[anchor]
    z = boxes.reshape(len(boxes), 4, -1, boxes.shape[2])[image, :, :, anchor]
    goal = np.stack([ax - t[:, 0], ay - t[:, 1], t[:, 2] - ax, t[:, 3] - ay], axis=1)
    if z.shape[2] == 1:
        d = z[..., 0]
        unit = stride[anchor, None] / np.array([[width, height, width, height]])
        sides = np.abs(d * unit - goal * unit).mean(axis=1)
    else:
        p = np.exp(z - z.max(axis=2, keepdims=True))
        d = (p * np.arange(z.shape[2])).sum(axis=2) / p.sum(axis=2)
        goal = np.clip(goal, 0, z.shape[2] - 1.01)
        sides = fl.distribution_focal_loss(z, goal, reduction="none").mean(axis=1)
    predicted = np.stack([ax - d[:, 0], ay - d[:, 1], ax + d[:, 2], ay + d[:, 3]], axis=1)
    box = 7.5 * (w * ciou_with_constant_alpha(predicted, t)).sum()
    dfl = 1.5 * (w * sides).sum()
    bce = 0.5 * fl.binary_cross_entropy_with_logits(scores, soft, reduction="sum")
    return len(boxes) * (box + bce + dfl) / normaliser


ALPHA = {}


def ciou_with_constant_alpha(p, t):
    """1 - CIoU, where alpha keeps the value it had at the first call with these targets."""
    key = t.tobytes()
    with np.errstate(divide="ignore"):
        iou = fl.bbox_iou(p, t, kind="iou")
        diou = fl.bbox_iou(p, t, kind="diou")
        angle = np.arctan((t[:, 2] - t[:, 0]) / (t[:, 3] - t[:, 1] + 1e-7)) - np.arctan(
            (p[:, 2] - p[:, 0]) / (p[:, 3] - p[:, 1] + 1e-7)
        )
    v = 4 / np.pi**2 * angle**2
    alpha = ALPHA.setdefault(key, v / (1 - iou + v + 1e-7))
    return 1 - (diou - alpha * v)


# ---- edge cases -------------------------------------------------------------------------


def one_image(rng, n, classes=3, bins=16, dtype=np.float64):
    return head(rng, images=1, classes=classes, bins=bins, dtype=dtype)


@pytest.mark.parametrize("bins", [16, 1])
def test_no_objects(bins):
    """Everything is background: the plain sum of BCE against 0, and zeros for the boxes."""
    boxes, scores = head(np.random.default_rng(0), bins=bins)
    for none in ([], np.empty((0, 1)), np.empty(0, np.float32)):
        loss, grads = fl.detection_loss(
            boxes, scores, none, none, np.empty((0, 4)), level_sizes=LEVELS, grad=True
        )
        bce = fl.binary_cross_entropy_with_logits(scores, np.zeros_like(scores), reduction="sum")
        assert loss.cls == pytest.approx(0.5 * bce)
        assert loss.box == loss.dfl == 0
        assert loss.total == 2 * loss.cls
        assert not grads[0].any()
        sigmoid = 1 / (1 + np.exp(-scores))
        np.testing.assert_allclose(grads[1], 2 * 0.5 * sigmoid, rtol=1e-12)
    assert fl.detection_loss(boxes, scores, [], [], [], level_sizes=LEVELS) == loss


def test_no_images_and_no_classes():
    boxes, scores = np.empty((0, 4, anchors())), np.empty((0, 3, anchors()))
    loss, grads = fl.detection_loss(boxes, scores, [], [], [], level_sizes=LEVELS, grad=True)
    assert loss == (0, 0, 0, 0)
    assert [g.shape for g in grads] == [boxes.shape, scores.shape]
    boxes, scores = np.ones((2, 4, anchors())), np.empty((2, 0, anchors()))
    loss, grads = fl.detection_loss(boxes, scores, [], [], [], level_sizes=LEVELS, grad=True)
    assert loss == (0, 0, 0, 0) and not grads[0].any()


@pytest.mark.parametrize("bins", [16, 1])
def test_an_image_without_objects(bins):
    rng = np.random.default_rng(3)
    boxes, scores = head(rng, images=3, bins=bins)
    _, cls, bboxes = objects(rng, 5)
    loss, grads = agree((boxes, scores, [0, 2, 0, 2, 2], cls, bboxes), 1e-10, level_sizes=LEVELS)
    assert not grads[0][1].any() and grads[0][0].any() and grads[0][2].any()


def test_order_of_images_does_not_matter():
    rng = np.random.default_rng(4)
    arguments = head(rng, images=3)
    batch_idx, cls, bboxes = objects(rng, 20, images=3)
    sorted_ = np.argsort(batch_idx, kind="stable")
    loss, grads = fl.detection_loss(
        *arguments, batch_idx, cls, bboxes, level_sizes=LEVELS, grad=True
    )
    again, slopes = fl.detection_loss(
        *arguments, batch_idx[sorted_], cls[sorted_], bboxes[sorted_], level_sizes=LEVELS, grad=True
    )
    assert loss == again
    for a, b in zip(grads, slopes, strict=True):
        np.testing.assert_array_equal(a, b)
    found = fl.task_aligned_assign(*arguments, batch_idx, cls, bboxes, level_sizes=LEVELS)
    other = fl.task_aligned_assign(
        *arguments, batch_idx[sorted_], cls[sorted_], bboxes[sorted_], level_sizes=LEVELS
    ).object_index
    np.testing.assert_array_equal(found.object_index, np.where(other < 0, -1, sorted_[other]))


def test_duplicates_share_nothing():
    """One class: the first copy takes every anchor. Two classes: shared anchors go to the first."""
    rng = np.random.default_rng(5)
    boxes, scores = head(rng, images=1)
    box = pixels((10, 10, 50, 40))
    alone = fl.task_aligned_assign(boxes, scores, [0], [1], box, level_sizes=LEVELS)
    twice = fl.task_aligned_assign(
        boxes, scores, [0, 0], [1, 1], np.tile(box, (2, 1)), level_sizes=LEVELS
    )
    np.testing.assert_array_equal(alone.object_index, twice.object_index)
    arguments = (boxes, scores, [0, 0], [1, 2], np.tile(box, (2, 1)))
    found = fl.task_aligned_assign(*arguments, level_sizes=LEVELS).object_index[0]
    chosen = [
        set(np.flatnonzero(fl.task_aligned_assign(
            boxes, scores, [0], [c], box, level_sizes=LEVELS).object_index[0] == 0))
        for c in (1, 2)
    ]  # fmt: skip
    assert set(np.flatnonzero(found == 0)) == chosen[0]
    assert set(np.flatnonzero(found == 1)) == chosen[1] - chosen[0]
    agree(arguments, 1e-10, level_sizes=LEVELS)


def test_a_contested_anchor_may_go_to_a_third_object():
    """The largest overlap counts, also that of an object that had not selected the anchor."""
    level, stride = ((1, 8),), (8,)
    boxes = np.tile(np.array([1.0, 1.0, 1.0, 1.0])[:, None], (1, 1, 8))
    scores = np.full((1, 3, 8), -6.0)
    scores[0, 0] = scores[0, 1] = 4  # two classes that everything looks like
    size = np.array([64.0, 8.0])
    # Anchor 3 predicts x in 20..36. The third object fits it best, but its class scores low there.
    scores[0, 2, 4] = 5
    targets = pixels((12, -4, 44, 12), (18, -4, 42, 12), (20, -4, 36, 12), size=size)
    found = fl.task_aligned_assign(
        boxes, scores, [0, 0, 0], [0, 1, 2], targets, level_sizes=level, strides=stride, topk=1
    )
    expected = ref.task_aligned_assign(
        boxes, scores, [0, 0, 0], [0, 1, 2], targets, level_sizes=level, strides=stride, topk=1
    )
    np.testing.assert_array_equal(found.object_index, expected.object_index)
    assert found.object_index[0, 3] == 2


TINY = {
    "a point": (20, 20, 20, 20),
    "no width": (20, 10, 20, 30),
    "no height": (10, 20, 30, 20),
    "half a pixel": (20.1, 20.2, 20.6, 20.7),
    "the whole image": (0, 0, 72, 48),
    "beyond the image": (-100, -50, 300, 200),
    "mostly outside": (60, 40, 200, 100),
    "outside": (100, 100, 150, 150),
    "on anchors": (4, 4, 20, 20),
    "inverted": (30, 30, 20, 20),
    "a sliver": (0, 24, 72, 24.5),
    "beyond the corner": (-50, -50, 20, 20),
    "a point at the origin": (0, 0, 0, 0),
    "huge": (-1e12, -1e12, 2e12, 2e12),
}


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("bins", [16, 1])
def test_extreme_boxes(name, bins):
    rng = np.random.default_rng(6)
    for dtype in (np.float64, np.float32):
        arguments = (*head(rng, images=1, bins=bins, dtype=dtype), [0, 0], [1, 0],
                     pixels(TINY[name], (10, 12, 50, 40)))  # fmt: skip
        for options in ({"topk": 2, "topk2": 1}, {"min_side": (0, 0)}):
            tolerance = 1e-9 if dtype == np.float64 else 1e-3
            agree(arguments, tolerance, level_sizes=LEVELS, **options)


def test_padding_is_recognised_by_the_corner_sum():
    boxes, scores = head(np.random.default_rng(7), images=1)
    for box in (TINY["a point at the origin"], TINY["beyond the corner"]):
        found = fl.task_aligned_assign(boxes, scores, [0], [0], pixels(box), level_sizes=LEVELS)
        assert (found.object_index == -1).all() and not found.score.any()


def test_small_objects_take_anchors_from_a_wider_region():
    boxes, scores = np.full((1, 4, 54), 0.5), np.zeros((1, 3, 54))
    speck = pixels((12.5, 12.5, 14.5, 14.5))  # holds no anchor: those are at 12 and 20
    counts = []
    for min_side in ((0, 0), (8, 16), (16, 16)):
        found = fl.task_aligned_assign(
            boxes, scores, [0], [0], speck, level_sizes=[(6, 9)], strides=[8], min_side=min_side
        )
        counts.append(int((found.object_index == 0).sum()))
    assert counts == [0, 1, 1]


def test_saturated_logits():
    rng = np.random.default_rng(8)
    for dtype in (np.float64, np.float32):
        boxes, scores = head(rng, dtype=dtype)
        batch_idx, cls, bboxes = objects(rng, 8)
        for size in (50, 1e4):
            tolerance = 1e-9 if dtype == np.float64 else 2e-3
            agree(
                (boxes * dtype(size), scores, batch_idx, cls, bboxes), tolerance, level_sizes=LEVELS
            )
            agree(
                (boxes, scores * dtype(size), batch_idx, cls, bboxes), tolerance, level_sizes=LEVELS
            )


def test_zero_distances_and_exact_matches():
    """Predictions without area, and predictions that are their targets: kinks of every kind."""
    level, stride = ((6, 9),), (8,)
    for distance in (0.0, 1.0, 2.0):
        boxes, scores = np.full((1, 4, 54), distance), np.zeros((1, 3, 54))
        targets = pixels((4, 4, 36, 36), (20, 12, 36, 28), (28, 28, 28, 28))
        agree(
            (boxes, scores, [0, 0, 0], [0, 1, 2], targets), 1e-9, level_sizes=level, strides=stride
        )


def test_one_class_one_level_one_anchor_one_object():
    rng = np.random.default_rng(9)
    for levels, strides in (
        (((1, 1),), (32,)),
        (((5, 1),), (8,)),
        (((1, 40),), (4,)),
        (((3, 3), (1, 1)), (8, 24)),
    ):
        for bins in (16, 1):
            arguments = (*head(rng, images=1, classes=1, bins=bins, levels=levels), [0], [0],
                         [[0.5, 0.5, 0.9, 0.8]])  # fmt: skip
            agree(arguments, 1e-10, level_sizes=levels, strides=strides)


def test_many_objects_and_wide_levels():
    """More candidates in a row than are taken at once; more claims than anchors."""
    rng = np.random.default_rng(10)
    levels = ((3, 700), (2, 350))
    boxes, scores = head(rng, images=1, classes=4, bins=4, levels=levels)
    arguments = (boxes, scores, *objects(rng, 60, images=1, classes=4))
    agree(arguments, 1e-10, level_sizes=levels, strides=(8, 16))
    agree(arguments, 1e-10, level_sizes=levels, strides=(8, 16), topk=200)


def test_hostile_numbers_stay_where_they_are():
    """NaN and infinite logits reach the losses that they belong to, and no other image."""
    rng = np.random.default_rng(11)
    boxes, scores = head(rng, images=2)
    targets = [0, 1], [1, 2], pixels((10, 10, 50, 40), (8, 4, 40, 40))
    clean = fl.task_aligned_assign(boxes, scores, *targets, level_sizes=LEVELS)
    for value in (np.nan, np.inf, -np.inf):
        bad_boxes, bad_scores = boxes.copy(), scores.copy()
        bad_boxes[0, :, ::2] = value
        bad_scores[0, :, 1::2] = value
        found = fl.task_aligned_assign(bad_boxes, bad_scores, *targets, level_sizes=LEVELS)
        np.testing.assert_array_equal(found.object_index[1], clean.object_index[1])
        _, grads = fl.detection_loss(bad_boxes, bad_scores, *targets, level_sizes=LEVELS, grad=True)
        assert np.isfinite(grads[0][1]).all() or not np.isfinite(found.score).all()


def test_scores_add_up():
    """S is the sum over the batch, at least 1; items are the total without the batch."""
    rng = np.random.default_rng(12)
    boxes, scores = head(rng, bins=1)
    arguments = (boxes, scores + 6, *objects(rng, 12))
    found = fl.task_aligned_assign(*arguments, level_sizes=LEVELS)
    assert found.score.sum() > 1
    loss = fl.detection_loss(*arguments, level_sizes=LEVELS)
    assert loss.total == pytest.approx(2 * (loss.box + loss.cls + loss.dfl), rel=1e-14)
    assert SIZE.tolist() == [LEVELS[0][1] * STRIDES[0], LEVELS[0][0] * STRIDES[0]]
