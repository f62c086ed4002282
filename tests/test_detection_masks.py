"""Instance masks as YOLO26 has them: masks in the assignment, and a semantic map beside them."""

import detection_samples as samples
import numpy as np
import pytest
from detection_samples import (
    LEVELS,
    STRIDES,
    TOLERANCE,
    anchors,
    assert_same_bits,
    head,
    objects,
)

import fastloss as fl
from fastloss import reference as ref

SIX = np.array([[1, 1, 1, 1, 1, 1, 0, 0]] * 4)  # an object on six columns of eight


def scenes(seed, n, shape=(12, 18), overlapping=True, dtype=np.float64, bins=1, one_image=False):
    """Boxes and masks so near the objects that the overlap of masks decides about some anchors."""
    rng = np.random.default_rng(seed)
    boxes, scores = head(rng, bins=bins, dtype=dtype)
    batch_idx, cls, bboxes = objects(rng, n)
    if one_image:
        batch_idx[:] = 1
    coefficients = rng.normal(0, 1, (2, 4, anchors())).astype(dtype)
    proto = rng.normal(0, 1, (2, 4, 12, 18)).astype(dtype)
    stride = np.repeat(STRIDES, [height * width for height, width in LEVELS])
    if bins == 1:
        boxes = (boxes * 16 / stride).astype(dtype)

    rows, columns = ((np.arange(size) + 0.5) / size for size in shape)
    corners = np.concatenate(
        [bboxes[:, :2] - bboxes[:, 2:] / 2, bboxes[:, :2] + bboxes[:, 2:] / 2], 1
    )
    inside = [
        (columns > x1) & (columns < x2) & (rows[:, None] > y1) & (rows[:, None] < y2)
        for x1, y1, x2, y2 in corners
    ]
    masks = np.array(inside, bool).reshape(n, *shape) & (rng.uniform(size=(n, *shape)) < 0.8)
    if overlapping:
        maps = np.zeros((2, *shape), np.uint8)
        for b in range(2):
            for j, row in enumerate(np.flatnonzero(batch_idx == b)):
                maps[b][masks[row]] = j + 1
        maps[:, ::5, ::7] = 200  # an object that the image does not have
        masks = maps
    return boxes, scores, coefficients, proto, batch_idx, cls, bboxes, masks


def semantic(seed, size, classes=3, dtype=np.float64):
    return np.random.default_rng(seed).normal(0, 2, (2, classes, *size)).astype(dtype)


def call(arguments, **options):
    return fl.segmentation_detection_loss(*arguments, **{"level_sizes": LEVELS, **options})


def agree(arguments, tolerance, sem=None, **options):
    """`samples.agree`, with the semantic map as one argument more, in the precision of the rest."""

    def with_map(function):
        return lambda *a, **o: function(*a[:-1], sem=a[-1], **o)

    ours, theirs = (with_map(library.segmentation_detection_loss) for library in (fl, ref))
    options = {"level_sizes": LEVELS, **options}
    return samples.agree(ours, theirs, [*arguments, sem], tolerance, **options)


# ---- masks in the assignment --------------------------------------------------------------


@pytest.mark.parametrize("overlapping", [True, False])
@pytest.mark.parametrize("shape", [(12, 18), (24, 36), (17, 41)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_assignment_by_masks_agrees_with_the_reference(dtype, shape, overlapping):
    for n, bins, options in (
        (0, 1, {}),
        (9, 1, {}),
        (9, 16, {"topk2": 1}),
        (20, 1, {"topk": 2, "topk2": 1}),
        (20, 1, {"topk": 3, "alpha": 1.0, "beta": 2.0}),
    ):
        arguments = scenes(n, n, shape, overlapping, dtype, bins)
        options = {"overlapping": overlapping, "mask_assignment": True, **options}
        loss, grads = agree(arguments, TOLERANCE[dtype], **options)
        assert len(grads) == 4 and loss.sem == 0
        assert (loss.seg > 0) == (n > 0)
        options["mask_assignment"] = False
        assert n == 0 or loss.box != call(arguments, **options).box


def test_masks_of_an_image_without_objects():
    for overlapping in (True, False):
        arguments = scenes(1, 7, overlapping=overlapping, one_image=True)
        options = {"overlapping": overlapping, "mask_assignment": True}
        _, grads = agree(arguments, 1e-9, semantic(1, (12, 18)), **options)
        assert grads[3][1].any() and not grads[3][0].any() and grads[4][0].any()


def scores_of(boxes, logits, coefficients, proto, bboxes, masks, **options):
    """The target score of every anchor, from the slope of the class loss.

    With S, the sum of scores, at most 1 the slope is 0.5 (s(x) - t).
    """
    options = {"strides": (32,), "alpha": 1.0, "beta": 1.0, "mask_assignment": True, **options}
    options["level_sizes"] = ((1, len(logits)),)
    arrays = (np.array(a, float) for a in ([boxes], [[logits]], [[coefficients]], [[proto]]))
    arguments = (*arrays, [0], [0], bboxes, masks)
    results = []
    for library in (fl, ref):
        loss, grads = library.segmentation_detection_loss(*arguments, grad=True, **options)
        results.append(1 / (1 + np.exp(-arguments[1][0, 0])) - 2 * grads[1][0, 0])
    assert results[0] == pytest.approx(results[1], abs=1e-12)
    assert results[0].sum() < 1 + 1e-8, "S is more than 1"
    return loss, results[0]


def in_both_forms(mask):
    """As a map of the image, and as the mask of the object."""
    mask = np.asarray(mask)
    return ((mask[None].astype(np.int64), True), (mask[None] != 0, False))


def test_the_overlap_with_a_mask_by_hand():
    """An image of 64 x 32 pixels, two anchors at (16, 16) and (48, 16), 8 x 4 cells of 8 pixels.

    The object's box is the whole image, its mask the columns 0 to 5: 24 cells.

    Anchor 0 predicts (16, 8, 48, 24), with the centre and the aspect of the object, so that
    CIoU = IoU = 32 16 / (64 32) = 1/4. Its box holds columns 2 to 5, rows 1 and 2 (cell 2 begins
    at 16 = x1 and belongs to it, cell 6 begins at 48 = x2 and does not), its logits are positive
    on columns 0 to 3: 4 cells, all of the object. Masks 4/24, together (1/4 + 1/6) / 2 = 5/24.

    Anchor 1 predicts the whole image, CIoU = 1, its logits are positive on columns 4 to 7: 16
    cells, 8 of the object. Masks 8 / (24 + 16 - 8) = 1/4, together (1 + 1/4) / 2 = 5/8.

    With alpha = beta = 1 and p = 1/2, m = o / 2, and the score m max(o) / max(m) = o.
    """
    boxes = [[0.0, 1.5], [0.25, 0.5], [1.0, 0.5], [0.25, 0.5]]  # left, top, right, bottom
    proto = [[1, 1, 1, 1, -1, -1, -1, -1]] * 4
    whole = [[0.5, 0.5, 1, 1]]
    for masks, overlapping in in_both_forms(SIX):
        loss, found = scores_of(
            boxes, [0, 0], [1, -1], proto, whole, masks, overlapping=overlapping
        )
        assert found == pytest.approx([5 / 24, 5 / 8], abs=1e-7)
        assert loss.box == pytest.approx(7.5 * (5 / 24) * (3 / 4), abs=1e-5)  # CIoU has its 1e-7


def test_cells_at_the_sides_of_a_box_off_the_grid():
    """As above, but the box of anchor 0 is (17, 9, 49, 25): columns 3 to 6, rows 2 and 3.

    Column 3 is positive: 2 cells, and IoU 2/24. Shifted by (1, 1), the boxes have CIoU
    = 1/4 - 2 / (64^2 + 32^2).
    """
    boxes = [[-1 / 32, 1.5], [7 / 32, 0.5], [33 / 32, 0.5], [9 / 32, 0.5]]
    proto = [[1, 1, 1, 1, -1, -1, -1, -1]] * 4
    _, found = scores_of(boxes, [0, 0], [1, -1], proto, [[0.5, 0.5, 1, 1]], SIX[None])
    ciou = 1 / 4 - 2 / (64**2 + 32**2)
    assert found == pytest.approx([(ciou + 2 / 24) / 2, 5 / 8], abs=1e-7)


@pytest.mark.parametrize("size", [(8, 16), (7, 13), (5, 31), (4, 9)])
def test_masks_are_shrunk_to_the_nearest_pixel_for_the_assignment(size):
    """Only the pixels floor(i in / out) count; all others say the opposite."""
    boxes = [[0.0, 1.5], [0.25, 0.5], [1.0, 0.5], [0.25, 0.5]]
    proto = [[1, 1, 1, 1, -1, -1, -1, -1]] * 4
    large = np.full(size, -1)
    for y in range(4):
        for x in range(8):
            large[y * size[0] // 4, x * size[1] // 8] = SIX[y][x]
    large[large < 0] = 1 if size == (7, 13) else 0
    for masks, overlapping in in_both_forms(large):
        _, found = scores_of(
            boxes, [0, 0], [1, -1], proto, [[0.5, 0.5, 1, 1]], masks, overlapping=overlapping
        )
        assert found == pytest.approx([5 / 24, 5 / 8], abs=1e-7)


def whole_image(n):
    """The distances of n anchors in a row that all predict the whole image."""
    x = np.arange(n) + 0.5
    return [x, [0.5] * n, n - x, [0.5] * n]


def test_only_three_times_topk_anchors_are_compared_by_masks():
    """Four anchors predict the whole image, which is the object: o = 1 and, halved, 1/2.

    The masks of most are empty; o' = 1 for one that has the right mask and is compared by it.
    """
    mask, whole, proto = np.ones((1, 4, 16)), [[0.5, 0.5, 1, 1]], np.ones((4, 16))
    for logits, coefficients, options, expected in (
        ([0.2, 0.3, 0.1, 0.0], [-1, -1, -1, 1], {"topk": 1}, [0, 0.5, 0, 0]),  # the last is fourth
        ([0.2, 0.3, 0.0, 0.1], [-1, -1, -1, 1], {"topk": 1}, [0, 0, 0, 1]),
        ([0.2, 0.3, 0.1, 0.0], [-1, -1, -1, 1], {"topk": 2, "topk2": 1}, [0, 0, 0, 1]),
        ([0.0, 0.0, 0.0, 0.0], [-1, -1, -1, 1], {"topk": 1}, [0.5, 0, 0, 0]),  # first of equal ones
        ([0.0, 0.0, 0.0, 0.0], [-1, -1, 1, -1], {"topk": 1}, [0, 0, 1, 0]),
    ):
        _, found = scores_of(whole_image(4), logits, coefficients, proto, whole, mask, **options)
        assert found == pytest.approx(expected, abs=1e-7)


def test_candidates_whose_boxes_miss_are_compared_by_masks():
    """An image of 128 x 32 pixels; the box ends at y = 12, the predictions begin at y = 16.

    So o = 0, but the mask covers everything, and an anchor with positive logits predicts the lower
    half of it: o' = (0 + 1/2) / 2. The other anchors predict nothing: o' = 0.
    """
    boxes = whole_image(4)
    boxes[1] = [0.0] * 4
    mask, proto = np.ones((1, 4, 16)), np.ones((4, 16))
    wide, narrow = ([[0.5, 6 / 32, 1, 12 / 32]], [[80 / 128, 6 / 32, 96 / 128, 12 / 32]])
    for bboxes, coefficients, topk, expected in (
        (wide, [-1, -1, -1, 1], 1, [0, 0, 0, 0]),  # the fourth of equal ones
        (wide, [-1, -1, -1, 1], 2, [0, 0, 0, 0.25]),
        (wide, [-1, -1, 1, -1], 1, [0, 0, 0.25, 0]),
        (wide, [0, 0, 1, 0], 1, [0, 0, 0.25, 0]),  # logits of 0 are not positive
        (narrow, [-1, -1, -1, 1], 1, [0, 0, 0, 0.25]),  # of which the first is no candidate
    ):
        options = {"topk": topk, "min_side": (16, 24)}
        loss, found = scores_of(boxes, [0] * 4, coefficients, proto, bboxes, mask, **options)
        assert found == pytest.approx(expected, abs=1e-7)
        assert (loss.seg > 0) == any(expected)


def test_what_is_not_a_number_is_in_no_mask():
    arguments = list(scenes(3, 8))
    options = {"mask_assignment": True}
    arguments[2], arguments[3] = (np.full_like(a, value) for a, value in
                                  zip(arguments[2:4], (-1, 1), strict=True))  # fmt: skip
    empty = call(arguments, **options)
    arguments[3] = np.full_like(arguments[3], np.nan)
    loss = call(arguments, **options)
    assert loss[1] == empty.box and loss[3:] == empty[3:] and np.isnan(loss.seg)

    arguments = scenes(3, 8)
    arguments[0][:, :, ::7] = np.nan  # which are background then
    loss, grads = agree(arguments, 1e-9, **options)
    assert np.isfinite(loss.total) and not grads[0][:, :, ::7].any()


# ---- the semantic map ---------------------------------------------------------------------


@pytest.mark.parametrize("overlapping", [True, False])
@pytest.mark.parametrize("size", [(17, 41), (8, 10), (1, 1), (20, 50)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_semantic_maps_agree_with_the_reference(dtype, size, overlapping):
    for n, options in (
        (0, {}),
        (9, {}),
        (9, {"mask_assignment": True, "topk2": 1, "sem_gain": 2.5}),
        (9, {"sem_gain": 0.0}),
    ):
        arguments = scenes(n, n, (17, 41), overlapping, dtype, bins=16)
        sem = semantic(n, size, dtype=dtype)
        options = {"overlapping": overlapping, **options}
        loss, grads = agree(arguments, TOLERANCE[dtype], sem, **options)
        assert len(grads) == 5 and grads[4].dtype == dtype and grads[4].shape == sem.shape
        assert (loss.sem > 0) == grads[4].any() == (n > 0 and options.get("sem_gain") != 0)


def test_the_rest_is_the_same_with_a_semantic_map():
    arguments, sem = scenes(4, 8), semantic(4, (12, 18))
    loss, grads = call(arguments, sem=sem, grad=True)
    plain, slopes = call(arguments, grad=True)
    assert plain.sem == 0 and type(plain.sem) is type(loss.sem) is float
    assert loss[1:5] == plain[1:5] and loss._fields[-1] == "sem"
    assert loss.total == pytest.approx(2 * sum(loss[1:]), rel=1e-13)
    assert plain.total == pytest.approx(2 * sum(plain[1:]), rel=1e-13)
    for a, b in zip(grads[:4], slopes, strict=True):
        np.testing.assert_array_equal(a, b)


def semantic_alone(sem, cls, bboxes, masks, **options):
    """The item `sem` of one image of 32 x 32 pixels, whose one anchor predicts all of it."""
    boxes, scores = np.full((1, 4, 1), 0.5), np.zeros((1, sem.shape[1], 1))
    arguments = (boxes, scores, np.ones((1, 1, 1)), np.zeros((1, 1, 2, 2)), [0] * len(cls), cls,
                 bboxes, masks)  # fmt: skip
    options = {"level_sizes": ((1, 1),), "strides": (32,), **options}
    found = [
        library.segmentation_detection_loss(*arguments, sem=sem, **options).sem
        for library in (fl, ref)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    return found[0]


def test_a_semantic_map_by_hand():
    """Two classes, 2 x 2 pixels, all p = 1/2; class 1 covers one pixel, class 0 none.

    BCE = ln 2. Dice of class 0: 1 - 1 / (2 + 1) = 2/3, of class 1: 1 - (1 + 1) / (2 + 1 + 1) = 1/2,
    with a mean of 7/12. Of the 4 x 5 map, rows 0 and 2 and columns 0 and 2 count.
    """
    whole, large = [[0.5, 0.5, 1, 1]], np.ones((4, 5), int)
    large[2, 0] = large[0, 2] = large[2, 2] = 0
    logits = np.zeros((1, 2, 2, 2))
    expected = 7.5 * (np.log(2) / 2 + 7 / 24)
    for mask in (np.array([[1, 0], [0, 0]]), large):
        for masks, overlapping in in_both_forms(mask):
            options = {"overlapping": overlapping}
            found = semantic_alone(logits, [1], whole, masks, **options)
            assert found == pytest.approx(expected, rel=1e-12)
            found = semantic_alone(logits, [1], whole, masks, sem_gain=0.5, **options)
            assert found == pytest.approx(expected / 15, rel=1e-12)


def certain(*classes):
    """Logits of 2 x 2 pixels that are sure of the classes, -1 for none."""
    at = np.array(classes).reshape(2, 2)
    return np.where(at == np.arange(3)[:, None, None], 40.0, -40.0)[None]


def test_the_first_mask_that_covers_a_pixel_names_its_class():
    bboxes = [[0.5, 0.5, 1, 1]] * 3
    masks = np.array([[[1, 0], [0, 0]], [[1, 1], [0, 0]], [[1, 1], [1, 0]]])
    options = {"overlapping": False}
    for cls in ([0, 1, 2], [2, 1, 0], [1, 1, 0]):
        right = certain(*cls, -1)
        assert semantic_alone(right, cls, bboxes, masks, **options) == pytest.approx(0, abs=1e-12)
    assert semantic_alone(certain(2, 1, 2, -1), [0, 1, 2], bboxes, masks, **options) > 10


def test_values_beyond_the_objects_cover_nothing():
    masks, bboxes = np.array([[[1, 2], [3, 0]]]), [[0.5, 0.5, 1, 1]] * 2
    right = certain(2, 0, -1, -1)
    for dtype in (np.uint8, np.int64, np.float32):
        assert semantic_alone(right, [2, 0], bboxes, masks.astype(dtype)) < 1e-12


def test_objects_that_are_padding_have_a_class():
    """Their boxes are ignored by the assignment, their masks are not by the semantic map."""
    bboxes, right = [[0.5, 0.5, 1, 1], [0, 0, 0, 0]], certain(2, 0, 0, -1)
    masks = np.array([[[1, 0], [0, 0]], [[0, 1], [1, 0]]])
    assert semantic_alone(right, [2, 0], bboxes, masks, overlapping=False) < 1e-12
    assert semantic_alone(right, [2, 0], bboxes, np.array([[[1, 2], [2, 0]]])) < 1e-12


def test_without_foreground_there_is_no_semantic_loss():
    arguments, sem = list(scenes(5, 6)), semantic(5, (12, 18))
    arguments[6] = np.zeros((6, 4))  # padding, though with masks
    for options in ({}, {"mask_assignment": True}):
        loss, grads = agree(arguments, 1e-9, sem, **options)
        assert loss.sem == loss.seg == 0 and not grads[4].any()


def test_slopes_of_the_semantic_map_by_finite_differences():
    arguments, sem = scenes(6, 6), semantic(6, (5, 7))
    for function in (ref.segmentation_detection_loss, fl.segmentation_detection_loss):
        _, grads = function(*arguments, level_sizes=LEVELS, sem=sem, grad=True)
        for i in np.random.default_rng(0).choice(sem.size, 20, replace=False):
            totals = []
            for step in (1e-5, -1e-5):
                moved = sem.copy()
                moved.flat[i] += step
                loss = function(*arguments, level_sizes=LEVELS, sem=moved)
                totals.append(2 * loss.sem)  # the rest is a constant
            slope = (totals[0] - totals[1]) / 2e-5
            assert grads[4].flat[i] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_large_logits_are_finite():
    for dtype in (np.float32, np.float64):
        arguments = scenes(7, 6, dtype=dtype)
        sem = semantic(7, (12, 18), dtype=dtype) * dtype(1e4)
        loss, grads = agree(arguments, TOLERANCE[dtype], sem)
        assert np.isfinite(loss.total) and np.isfinite(grads[4]).all()


# ---- arrays, errors, threads --------------------------------------------------------------


def test_five_buffers_are_filled_and_returned():
    arguments, sem = scenes(8, 7), semantic(8, (9, 11))
    options = {"sem": sem, "mask_assignment": True}
    loss, grads = call(arguments, **options, grad=True)
    spaced = [np.full((*g.shape[:-1], 2 * g.shape[-1]), 7.0)[..., ::2] for g in grads]
    turned = [np.full(g.shape[::-1], np.nan).T for g in grads]
    for buffers in ([np.full_like(g, np.nan) for g in grads], spaced, turned):
        again, filled = call(arguments, **options, grad=tuple(buffers))
        assert again == loss
        for buffer, got, grad in zip(buffers, filled, grads, strict=True):
            assert got is buffer
            np.testing.assert_array_equal(buffer, grad)

    arguments = [*scenes(5, 0)]
    buffers = tuple(np.full_like(g, 7) for g in grads)
    _, filled = call(arguments, **options, grad=buffers)
    assert filled[4] is buffers[4] and not buffers[4].any()


def test_layouts_of_the_semantic_map_give_the_same_bits():
    arguments, sem = scenes(9, 7), semantic(9, (9, 11))
    loss, grads = call(arguments, sem=sem, grad=True)
    wide = np.zeros((2, 3, 18, 33))
    wide[:, :, ::2, ::3] = sem
    for same in (wide[:, :, ::2, ::3], np.asfortranarray(sem), sem.astype(">f8"), sem.tolist()):
        again, slopes = call(arguments, sem=same, grad=True)
        assert again == loss
        for a, expected in zip(slopes, grads, strict=True):
            np.testing.assert_array_equal(a, expected)


def test_inputs_are_never_written():
    arrays = [*scenes(10, 7), semantic(10, (9, 11))]
    copies = [a.copy() for a in arrays]
    for a in arrays:
        a.flags.writeable = False
    call(arrays[:8], sem=arrays[8], mask_assignment=True, grad=True)
    for a, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(a, copy)


@pytest.mark.parametrize("bad,error,text", [
    (np.zeros((2, 3, 12)), ValueError, r"sem has shape \(2, 3, 12\)"),
    (np.zeros((2, 3, 12, 18, 1)), ValueError, "sem has shape"),
    (np.zeros((2, 2, 12, 18)), ValueError, r"sem has shape \(2, 2, 12, 18\)"),
    (np.zeros((2, 4, 12, 18)), ValueError, "sem has shape"),
    (np.zeros((1, 3, 12, 18)), ValueError, "sem has shape"),
    (np.zeros((2, 3, 0, 18)), ValueError, "sem has shape"),
    (np.zeros((2, 3, 12, 0)), ValueError, "sem has shape"),
    (np.zeros((2, 3, 12, 18), np.float16), TypeError, "sem has dtype float16"),
    (np.zeros((2, 3, 12, 18), np.float32), TypeError, "sem has dtype float32, but boxes"),
    (np.zeros((2, 3, 12, 18), complex), TypeError, "sem has dtype"),
    ("x", TypeError, "sem"),
])  # fmt: skip
def test_bad_semantic_maps(bad, error, text):
    with pytest.raises(error, match=text):
        call(scenes(11, 4), sem=bad)


def test_a_double_map_beside_single_boxes():
    with pytest.raises(TypeError, match="sem has dtype float64, but boxes"):
        call(scenes(11, 4, dtype=np.float32), sem=semantic(11, (12, 18)))


@pytest.mark.parametrize("options,error,text", [
    ({"mask_assignment": 1}, TypeError, "mask_assignment is 1; expected True or False"),
    ({"mask_assignment": None}, TypeError, "mask_assignment is None"),
    ({"mask_assignment": "yes"}, TypeError, "mask_assignment is 'yes'"),
    ({"sem_gain": -1}, ValueError, "sem_gain is -1"),
    ({"sem_gain": np.nan}, ValueError, "sem_gain is nan"),
    ({"sem_gain": np.inf}, ValueError, "sem_gain is inf"),
    ({"sem_gain": "x"}, TypeError, "sem_gain is 'x'"),
])  # fmt: skip
def test_bad_parameters(options, error, text):
    for sem in (None, semantic(11, (12, 18))):
        with pytest.raises(error, match=text):
            call(scenes(11, 4), sem=sem, **options)


def test_bad_buffers():
    arguments, sem = scenes(12, 4), semantic(12, (9, 11))
    own = [np.full_like(a, 7) for a in (*arguments[:4], sem)]
    frozen = sem.copy()
    frozen.flags.writeable = False
    for grad, given, error, text in (
        (own[:4], sem, ValueError, "grad is"),
        (own, None, ValueError, "grad is"),
        ([*own[:4], None], sem, TypeError, r"grad\[4\]"),
        ([*own[:4], own[4][:, :2]], sem, ValueError, r"grad\[4\] has shape"),
        ([*own[:4], own[4].astype(np.float32)], sem, TypeError, r"grad\[4\] has dtype"),
        ([*own[:4], frozen], sem, ValueError, r"grad\[4\] is read-only"),
        ([*own[:4], sem], sem, ValueError, r"grad\[4\] shares memory with sem"),
    ):
        with pytest.raises(error, match=text):
            call(arguments, sem=given, grad=tuple(grad))
        assert all((a == 7).all() for a in own)


@pytest.mark.parametrize("overlapping", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_do_not_depend_on_threads(dtype, overlapping):
    arguments = scenes(13, 60, (24, 36), overlapping, dtype)
    for sem in (None, semantic(13, (24, 36), dtype=dtype), semantic(13, (96, 80), dtype=dtype)):
        assert_same_bits(
            fl.segmentation_detection_loss, arguments, overlapping=overlapping,
            mask_assignment=True, sem=sem,
        )  # fmt: skip
