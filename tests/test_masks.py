"""Masks of pixels and as run lengths: overlaps by hand and by COCO's own code, boxes, bad input."""

import numpy as np
import pytest

import fastloss as fl
from fastloss import _core
from fastloss.reference import _mask_samples as samples


@pytest.fixture(params=_core.isa_levels())
def isa(request):
    before = _core.active_isa()
    _core.select_isa(request.param)
    yield request.param
    _core.select_isa(before)


def pair(n=9, m=6, height=23, width=31, seed=0):
    return samples.mask_pairs(np.random.default_rng(seed), (n, m, height, width), None)


def runs(masks, text=False, size=None):
    size = list(masks.shape[-2:])
    counts = [samples.runs_of(mask) for mask in masks]
    return [{"size": size, "counts": samples.text_of(c) if text else c} for c in counts]


def test_by_hand():
    # columns of 2: {0, 1} of 3 and {1, 2}: 2 pixels in both, 6 in either
    left, right = np.zeros((2, 1, 2, 3), bool)
    left[..., :2] = right[..., 1:] = True
    assert fl.mask_iou(left, right) == 1 / 3
    assert fl.mask_iou(left, right, iscrowd=[1]) == 1 / 2
    assert fl.mask_iou(left, right, iscrowd=True) == 1 / 2
    nothing = np.zeros_like(left)
    assert fl.mask_iou(left, nothing) == fl.mask_iou(nothing, nothing) == 0
    assert fl.mask_iou(nothing, nothing, iscrowd=[True]) == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 64), (1, 200), (130, 1), (8, 8), (37, 53)])
def test_forms_agree(isa, size):
    """Pixels, runs and compressed runs; lengths on both sides of a word of 64 pixels."""
    a, b = pair(12, 10, *size)
    crowd = np.arange(10) % 2
    for flags in (None, crowd, crowd.astype(bool), list(map(int, crowd))):
        expected = fl.reference.mask_iou(a, b, iscrowd=flags)
        for first in (a, runs(a), runs(a, True), tuple(runs(a))):
            for second in (b, runs(b), runs(b, True)):
                got = fl.mask_iou(first, second, iscrowd=flags)
                assert got.dtype == np.float64
                np.testing.assert_array_equal(got, expected)


def test_any_byte_but_zero_is_inside():
    a, b = pair()
    expected = fl.mask_iou(a, b)
    odd = (a * 0x40).astype(np.uint8)
    for masks in (odd, odd.view(bool), -odd.astype(np.int8), a.astype(np.uint64) << 40, a * -1):
        np.testing.assert_array_equal(fl.mask_iou(masks, b), expected)
    np.testing.assert_array_equal(fl.mask_iou(a.tolist(), b), expected)


def test_text_is_as_good_as_bytes():
    a, b = pair()
    text = [{**mask, "counts": mask["counts"].decode()} for mask in runs(b, True)]
    np.testing.assert_array_equal(fl.mask_iou(runs(a), text), fl.mask_iou(a, b))
    arrays = [{**mask, "counts": np.array(mask["counts"], np.uint32)} for mask in runs(a)]
    np.testing.assert_array_equal(fl.mask_iou(arrays, b), fl.mask_iou(a, b))


def test_runs_that_are_split():
    """Runs of no pixel, as some writers leave them."""
    whole, split = (
        {"size": [2, 4], "counts": [1, 5, 2]},
        {"size": [2, 4], "counts": [1, 2, 0, 3, 2]},
    )
    assert fl.mask_iou([whole], [split]) == 1
    assert fl.mask_iou([{"size": [2, 4], "counts": [8, 0, 0]}], [split]) == 0


def test_leading_axes():
    a, b = pair(3, 4, 5, 6)
    a, b = np.stack([a, a[::-1]])[:, None], np.stack([b, b[::-1], b])
    got = fl.mask_iou(a, b, iscrowd=np.arange(12).reshape(3, 4) % 2)
    assert got.shape == (2, 3, 3, 4)
    for i in range(2):
        for j in range(3):
            crowd = np.arange(4 * j, 4 * j + 4) % 2
            np.testing.assert_array_equal(got[i, j], fl.mask_iou(a[i, 0], b[j], iscrowd=crowd))


def test_empty_sets():
    a, b = pair()
    for first, second in ((a[:0], b), (a, b[:0]), (a[:0], b[:0]), (a[:0], runs(b)), (runs(a), [])):
        assert fl.mask_iou(first, second).shape == (len(first), len(second))
    assert fl.mask_iou([], []).shape == (0, 0)
    assert fl.mask_iou(a[:, :0], b[:, :0]).tolist() == np.zeros((9, 6)).tolist()
    assert fl.mask_iou(a, [], iscrowd=[]).shape == (9, 0)


def test_threads_agree():
    a, b = pair(40, 30, 120, 130)
    for first, second in ((a, b), (runs(a), runs(b))):
        with fl.num_threads(1):
            one = fl.mask_iou(first, second)
        with fl.num_threads(2):
            np.testing.assert_array_equal(fl.mask_iou(first, second), one)


@pytest.mark.peer
def test_pycocotools_agrees():
    mask = pytest.importorskip("pycocotools.mask")
    for seed, size in enumerate([(1, 1), (1, 64), (130, 1), (8, 8), (37, 53), (200, 300)]):
        a, b = pair(12, 10, *size, seed)
        theirs = [mask.encode(np.asfortranarray(m.astype(np.uint8))) for m in a]
        others = [mask.encode(np.asfortranarray(m.astype(np.uint8))) for m in b]
        assert [m["counts"] for m in theirs] == [m["counts"] for m in runs(a, True)]
        crowd = (np.arange(10) % 3 == 0).astype(np.uint8)
        expected = mask.iou(theirs, others, crowd.tolist())
        np.testing.assert_array_equal(fl.mask_iou(theirs, others, iscrowd=crowd), expected)
        np.testing.assert_array_equal(fl.mask_iou(a, others, iscrowd=crowd), expected)


ONE = {"size": [2, 3], "counts": [2, 4]}
BAD = [
    (ValueError, "masks1[1] has runs of 7 pixels together, but its size is 2 x 3", [2, 5]),
    (ValueError, "masks1[1] has runs of 0 pixels together", []),
    (ValueError, "masks1[1] has a run of -2 pixels", [8, -2]),
    (ValueError, "masks1[1] has a run of 4611686018427387904 pixels", [2**62, 2**62, 6]),
    (ValueError, "masks1[1] has counts b'\\xff', which is no compressed list", b"\xff"),
    (ValueError, "masks1[1] has counts b'2P', which is no compressed list", "2P"),
    (ValueError, "which is no compressed list", b"P" * 100),
    (ValueError, "which is no compressed list", b"o" * 100 + b"0"),
    (ValueError, "which is no compressed list", b"N6"),
    (TypeError, "masks1[1] has counts [2.0, 4.0]; expected a list of integers", [2.0, 4.0]),
    (TypeError, "masks1[1] has counts 6; expected a list of integers", 6),
    (TypeError, "masks1[1]['counts'] is None", None),
]


@pytest.mark.parametrize(("error", "message", "counts"), BAD)
def test_runs_that_cannot_be(error, message, counts):
    with pytest.raises(error) as caught:
        fl.mask_iou([ONE, {"size": [2, 3], "counts": counts}], [ONE])
    assert message in str(caught.value)


def test_errors():
    a, b = pair()

    def fails(error, message, *args, **keywords):
        with pytest.raises(error) as caught:
            fl.mask_iou(*args, **keywords)
        assert message in str(caught.value)

    fails(ValueError, "masks2 has shape (6, 22, 31), but masks1 has shape (9, 23, 31)", a, b[:, 1:])
    fails(ValueError, "masks1 has shape (23, 31); expected (..., number of masks,", a[0], b)
    fails(TypeError, "masks1 has dtype float64; expected bool or an integer type", a * 1.0, b)
    fails(TypeError, "masks2 is None", a, None)
    fails(ValueError, "masks2[0] has size 2 x 3, but masks1[0] has size 23 x 31", a, [ONE])
    fails(ValueError, "masks1[0] has size [2]; expected [height, width]", [{**ONE, "size": [2]}], b)
    fails(ValueError, "masks1[0] has size 5", [{**ONE, "size": 5}], b)
    huge = {"size": [2**40, 2**40], "counts": [6]}
    fails(ValueError, "of at most 2^40 pixels", [huge], [ONE])
    fails(ValueError, "masks2[0] has size [-2, 3]", [ONE], [{**ONE, "size": [-2, 3]}])
    fails(TypeError, "masks1[1] is 5; expected a dict with 'size' and 'counts'", [ONE, 5], [ONE])
    fails(TypeError, "masks1[0] is {}; expected a dict with 'size'", [{}], [ONE])
    fails(ValueError, "iscrowd has shape (5,), which does not broadcast to masks2's", a, b,
          iscrowd=np.zeros(5, int))  # fmt: skip
    fails(TypeError, "iscrowd has dtype float64", a, b, iscrowd=np.zeros(6))
    fails(ValueError, "beside run lengths expected (number of masks", a[None], [ONE])
    fails(ValueError, "whose leading axes do not broadcast", a[None][[0, 0]], b[None][[0] * 3])


def test_boxes_around_masks(isa):
    masks = np.zeros((2, 3, 20, 41), np.uint8)
    for i, (x1, y1, x2, y2) in enumerate(corners := [
        (0, 0, 0, 0), (40, 19, 40, 19), (3, 5, 30, 5), (8, 0, 8, 19), (0, 0, 40, 19), (7, 2, 39, 12)
    ]):  # fmt: skip
        mask = masks.reshape(6, 20, 41)[i]
        mask[y1, x1] = mask[y2, x2] = 200
        mask[(y1 + y2) // 2, (x1 + x2) // 2] = 1
    boxes = fl.masks_to_boxes(masks)
    assert boxes.dtype == np.float32
    np.testing.assert_array_equal(boxes.reshape(6, 4), corners)
    for same in (
        masks != 0,
        masks.astype(np.int64),
        masks / 7,
        masks.astype(">i4"),
        masks[..., ::-1],
    ):
        expected = fl.reference.masks_to_boxes(same)
        np.testing.assert_array_equal(fl.masks_to_boxes(same), expected)
    np.testing.assert_array_equal(fl.masks_to_boxes(masks[1, 2]), boxes[1, 2])
    assert fl.masks_to_boxes(masks[:0]).shape == (0, 3, 4)


@pytest.mark.parametrize("width", [1, 7, 8, 9, 63, 64, 65, 130, 200])
def test_boxes_around_few_pixels_of_masks_of_any_width(width):
    rng = np.random.default_rng(width)
    masks = np.zeros((300, 5, width), bool)
    at = np.arange(300)
    for _ in range(3):
        masks[at, rng.integers(0, 5, 300), rng.integers(0, width, 300)] = True
    np.testing.assert_array_equal(fl.masks_to_boxes(masks), fl.reference.masks_to_boxes(masks))


def test_errors_of_boxes_around_masks():
    masks = np.ones((2, 3, 4, 5), bool)
    masks[1, 1] = False
    with pytest.raises(ValueError, match=r"masks\[1, 1\] has no pixel, so there is no box"):
        fl.masks_to_boxes(masks)
    with pytest.raises(ValueError, match=r"masks\[\.\.\.\] has no pixel"):
        fl.masks_to_boxes(masks[1, 1])
    with pytest.raises(ValueError, match=r"masks has shape \(5,\); expected \(..., height, width"):
        fl.masks_to_boxes(masks[0, 0, 0])
    with pytest.raises(TypeError, match="masks has dtype complex128; expected bool, a float or an"):
        fl.masks_to_boxes(masks * 1j)
