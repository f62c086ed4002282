"""Arguments, buffers, errors, threads and the two-headed criterion."""

import re

import numpy as np
import pytest
from detection_samples import LEVELS, differs, head, objects

import fastloss as fl
from fastloss import _core
from fastloss import reference as ref


@pytest.fixture
def arguments():
    rng = np.random.default_rng(0)
    return [*head(rng), *objects(rng, 7)]


def call(arguments, **options):
    return fl.detection_loss(*arguments, **{"level_sizes": LEVELS, **options})


# ---- arrays -------------------------------------------------------------------------------


def test_layouts_give_the_same_bits(arguments):
    loss, grads = call(arguments, grad=True)
    boxes, scores, *targets = arguments
    wide = np.zeros((*boxes.shape[:2], 2 * boxes.shape[2]))
    wide[..., ::2] = boxes
    for b, s in (
        (wide[..., ::2], scores[::-1][::-1]),
        (
            np.asfortranarray(boxes),
            np.ascontiguousarray(scores.transpose(2, 0, 1)).transpose(1, 2, 0),
        ),
        (boxes.astype(">f8"), scores),
        (boxes.tolist(), scores.tolist()),
    ):
        again, slopes = call((b, s, *targets), grad=True)
        assert again == loss
        for a, expected in zip(slopes, grads, strict=True):
            np.testing.assert_array_equal(a, expected)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.uint64, np.float32, np.float64])
def test_dtypes_of_targets(arguments, dtype):
    loss = call(arguments)
    boxes, scores, batch_idx, cls, bboxes = arguments
    assert call((boxes, scores, batch_idx.astype(dtype), cls.astype(dtype), bboxes)) == loss
    assert call((boxes, scores, batch_idx[:, None].astype(dtype), cls[:, None], bboxes)) == loss
    assert call((boxes, scores, batch_idx.tolist(), cls.tolist(), bboxes.tolist())) == loss
    if np.dtype(dtype).kind == "f":
        assert call((boxes, scores, batch_idx, cls.astype(dtype) + dtype(0.75), bboxes)) == loss


def test_targets_are_converted_to_the_type_of_the_head(arguments):
    boxes, scores, *rest, bboxes = arguments
    single = (boxes.astype(np.float32), scores.astype(np.float32))
    rounded = bboxes.astype(np.float32)
    assert call((*single, *rest, bboxes)) == call((*single, *rest, rounded))
    loss, grads = call((*single, *rest, bboxes), grad=True)
    assert [g.dtype for g in grads] == [np.float32] * 2
    assert all(type(item) is float for item in loss)


def test_inputs_are_never_written(arguments):
    arrays = [a.copy() for a in arguments]
    for a in arguments:
        a.flags.writeable = False
    call(arguments, grad=True)
    for a, copy in zip(arguments, arrays, strict=True):
        np.testing.assert_array_equal(a, copy)


# ---- buffers ------------------------------------------------------------------------------


def test_buffers_are_filled_and_returned(arguments):
    loss, grads = call(arguments, grad=True)
    spaced = [np.full((*g.shape[:2], 2 * g.shape[2]), 7.0)[..., ::2] for g in grads]
    unaligned = [
        np.full(g.nbytes + 1, 7, np.uint8)[1:].view(np.float64).reshape(g.shape) for g in grads
    ]
    for buffers in ([np.full_like(g, np.nan) for g in grads], spaced, unaligned):
        for form in (tuple, list):
            again, filled = call(arguments, grad=form(buffers))
            assert again == loss
            for buffer, got, grad in zip(buffers, filled, grads, strict=True):
                assert got is buffer
                np.testing.assert_array_equal(buffer, grad)


def test_bad_buffers(arguments):
    boxes, scores = (np.full_like(a, 7) for a in arguments[:2])
    frozen = scores.copy()
    frozen.flags.writeable = False
    for grad, error, text in (
        (1, TypeError, "grad is 1"),
        ("ab", TypeError, "grad is 'ab'"),
        (None, TypeError, "grad is None"),
        (boxes, TypeError, "grad is array"),
        ((boxes,), ValueError, "grad is"),
        ((boxes, scores, scores), ValueError, "grad is"),
        ((boxes, None), TypeError, r"grad\[1\]"),
        ((boxes, scores[:1]), ValueError, r"grad\[1\] has shape"),
        ((boxes.astype(np.float32), scores), TypeError, r"grad\[0\] has dtype"),
        ((boxes, frozen), ValueError, r"grad\[1\] is read-only"),
        ((arguments[0], scores), ValueError, r"grad\[0\] shares memory with boxes"),
        ((boxes, arguments[1]), ValueError, r"grad\[1\] shares memory with scores"),
        ((boxes, np.broadcast_to(np.zeros(1), scores.shape)), ValueError, r"grad\[1\]"),
        ((boxes[:, :3], boxes), ValueError, r"grad\[0\] has shape"),
    ):
        with pytest.raises(error, match=text):
            call(arguments, grad=grad)
        assert (boxes == 7).all() and (scores == 7).all()
    same = np.zeros_like(arguments[0])
    square = [*head(np.random.default_rng(1), classes=64), *arguments[2:]]
    with pytest.raises(ValueError, match=r"grad\[1\] shares memory with grad\[0\]"):
        call(square, grad=(same, same))


# ---- errors -------------------------------------------------------------------------------


def fails(error, text, arguments, **options):
    buffers = tuple(np.full_like(a, 7) for a in arguments[:2]) if "grad" not in options else None
    with pytest.raises(error, match=text):
        call(arguments, **({"grad": buffers} if buffers else {}), **options)
    assert buffers is None or all((b == 7).all() for b in buffers)


@pytest.mark.parametrize("column,value,error,text", [
    ("cls", 3, IndexError, r"cls\[4\] is 3, but scores has 3 classes \(0\.\.2\)"),
    ("cls", -1, IndexError, r"cls\[4\] is -1, but scores has 3 classes"),
    ("cls", np.nan, ValueError, r"cls\[4\] is nan"),
    ("cls", np.inf, IndexError, r"cls\[4\] is inf"),
    ("batch_idx", 2, IndexError, r"batch_idx\[4\] is 2, but boxes has 2 images \(0\.\.1\)"),
    ("batch_idx", -1, IndexError, r"batch_idx\[4\] is -1"),
    ("batch_idx", 0.5, ValueError, r"batch_idx\[4\] is 0\.5; expected an integer"),
    ("batch_idx", np.nan, ValueError, r"batch_idx\[4\] is nan"),
    ("batch_idx", np.inf, IndexError, r"batch_idx\[4\] is inf"),
    ("bboxes", np.nan, ValueError, r"bboxes\[4\] is \["),
    ("bboxes", np.inf, ValueError, r"bboxes\[4\] is \["),
])  # fmt: skip
def test_bad_targets_name_the_row(arguments, column, value, error, text):
    at = {"batch_idx": 2, "cls": 3, "bboxes": 4}[column]
    bad = arguments[at].astype(np.float64)
    bad[4 if column != "bboxes" else (4, 2)] = value
    arguments[at] = bad
    fails(error, text, arguments)


@pytest.mark.parametrize("change,error,text", [
    ({"level_sizes": [(6, 9), (3, 5)], "strides": (8, 16)}, ValueError,
     "level_sizes is .* 69 anchors, but boxes has 75"),
    ({"level_sizes": [(6, 9), (3, 5), (2, 0)]}, ValueError, r"level_sizes\[2\] is 0"),
    ({"level_sizes": [(6, 9), (3, 5), (2, 3.0)]}, TypeError, r"level_sizes\[2\] is 3.0"),
    ({"level_sizes": [(6, 9), (3, 5), 2]}, ValueError, r"level_sizes\[2\] is 2"),
    ({"level_sizes": []}, ValueError, "strides|level_sizes"),
    ({"level_sizes": 7}, ValueError, "level_sizes is 7"),
    ({"level_sizes": [(1, 1)] * 17, "strides": [8] * 17}, ValueError, "level_sizes has 17"),
    ({"level_sizes": [(2**40, 2**40)], "strides": [8]}, ValueError, "level_sizes"),
    ({"strides": (8, 16)}, ValueError, "strides is"),
    ({"strides": (8, 16, 0)}, ValueError, "strides is 0"),
    ({"strides": (8, 16, np.nan)}, ValueError, "strides is nan"),
    ({"gains": (1, 2)}, ValueError, "gains is"),
    ({"gains": (1, 2, -1)}, ValueError, "gains is -1"),
    ({"gains": (1, 2, "x")}, TypeError, "gains is 'x'"),
    ({"topk": 0}, ValueError, "topk is 0"),
    ({"topk": 2.0}, TypeError, "topk is 2.0"),
    ({"topk": True}, TypeError, "topk is True"),
    ({"topk2": 0}, ValueError, "topk2 is 0"),
    ({"alpha": -1}, ValueError, "alpha is -1"),
    ({"beta": 0}, ValueError, "beta is 0"),
    ({"beta": np.inf}, ValueError, "beta is inf"),
    ({"min_side": 16}, ValueError, "min_side is 16"),
    ({"min_side": (16, -1)}, ValueError, "min_side is -1"),
    ({"class_weight": [1, 2]}, ValueError, r"class_weight has shape \(2,\), but scores has 3"),
    ({"class_weight": "x"}, TypeError, "class_weight"),
])  # fmt: skip
def test_bad_parameters(arguments, change, error, text):
    fails(error, text, arguments, **change)


@pytest.mark.parametrize("at,bad,error,text", [
    (0, np.zeros((2, 64)), ValueError, "boxes has shape"),
    (0, np.zeros((2, 63, 75)), ValueError, "boxes has shape"),
    (0, np.zeros((2, 0, 75)), ValueError, "boxes has shape"),
    (0, np.zeros((3, 64, 75)), ValueError, "scores has shape"),
    (0, np.zeros((2, 64, 75), int), TypeError, "boxes has dtype"),
    (0, np.zeros((2, 64, 75), np.float16), TypeError, "boxes has dtype float16"),
    (0, np.zeros((2, 64, 75), complex), TypeError, "boxes has dtype"),
    (0, None, TypeError, "boxes is None"),
    (1, np.zeros((2, 3, 74)), ValueError, "scores has shape"),
    (1, np.zeros((2, 3, 75), np.float32), TypeError, "scores has dtype float32, but boxes"),
    (2, np.zeros(6), ValueError, r"batch_idx has shape \(6,\), but bboxes has 7 rows"),
    (2, np.zeros((1, 7)), ValueError, "batch_idx has shape"),
    (2, ["a"] * 7, TypeError, "batch_idx"),
    (3, np.zeros((7, 2)), ValueError, "cls has shape"),
    (3, None, TypeError, "cls is None"),
    (3, np.zeros(7, complex), TypeError, "cls has dtype"),
    (4, np.zeros((7, 5)), ValueError, r"bboxes has shape \(7, 5\); expected \(objects, 4\)"),
    (4, np.zeros(28), ValueError, "bboxes has shape"),
    (4, [], ValueError, "batch_idx has shape"),
])  # fmt: skip
def test_bad_arrays(arguments, at, bad, error, text):
    arguments[at] = bad
    with pytest.raises(error, match=text):
        call(arguments)
    with pytest.raises(error, match=text):
        fl.task_aligned_assign(*arguments, level_sizes=LEVELS)


def test_bfloat16_and_keywords(arguments):
    with pytest.raises(TypeError, match="level_sizes"):
        fl.detection_loss(*arguments)
    with pytest.raises(TypeError, match="unknown"):
        call(arguments, unknown=1)


# ---- threads ------------------------------------------------------------------------------


@pytest.mark.parametrize("bins", [16, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_do_not_depend_on_threads(bins, dtype):
    rng = np.random.default_rng(2)
    levels = ((40, 52), (20, 26), (10, 13))
    arguments = (*head(rng, images=5, classes=9, bins=bins, levels=levels, dtype=dtype),
                 *objects(rng, 150, images=5, classes=9))  # fmt: skip
    options = {"level_sizes": levels}
    results = []
    for threads in (1, 2, 3, 8):
        with fl.num_threads(threads):
            results.append((fl.detection_loss(*arguments, **options, grad=True),
                            fl.task_aligned_assign(*arguments, **options)))  # fmt: skip
    (loss, grads), found = results[0]
    for (again, slopes), other in results[1:]:
        assert again == loss
        for a, b in zip((*grads, *found), (*slopes, *other), strict=True):
            np.testing.assert_array_equal(a, b)


def test_levels_with_fused_arithmetic_give_the_same_bits():
    levels = [isa for isa in _core.isa_levels() if isa in ("x86-64-v3", "x86-64-v4")]
    if len(levels) < 2:
        pytest.skip("one level with fused multiply-add")
    rng = np.random.default_rng(3)
    before, results = _core.active_isa(), []
    for dtype in (np.float32, np.float64):
        for bins in (16, 1):
            arguments = (*head(rng, bins=bins, dtype=dtype), *objects(rng, 20))
            try:
                for isa in levels:
                    _core.select_isa(isa)
                    results.append(fl.detection_loss(*arguments, level_sizes=LEVELS, grad=True))
            finally:
                _core.select_isa(before)
            (loss, grads), (again, slopes) = results[-2:]
            assert again == loss
            for a, b in zip(grads, slopes, strict=True):
                np.testing.assert_array_equal(a, b)


# ---- two heads ----------------------------------------------------------------------------


def heads(seed=4, dtype=np.float64):
    rng = np.random.default_rng(seed)
    one2many, one2one = head(rng, bins=1, dtype=dtype), head(rng, bins=1, dtype=dtype)
    return one2many, one2one, *objects(rng, 9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_two_heads_agree_with_the_reference(dtype):
    arguments = heads(dtype=dtype)
    for options in (
        {},
        {"weights": (0.1, 0.9), "topk": (4, 1), "topk2": (None, None)},
        {"weights": fl.end_to_end_weights(3, 10), "class_weight": [1, 2, 3]},
        {"weights": (1, 0)},
    ):
        loss, grads = fl.end_to_end_detection_loss(
            *arguments, level_sizes=LEVELS, grad=True, **options
        )
        expected, slopes = ref.end_to_end_detection_loss(
            *arguments, level_sizes=LEVELS, grad=True, **options
        )
        tolerance = 1e-10 if dtype == np.float64 else 5e-4
        assert differs(loss, expected) < tolerance
        for pair, other in zip(grads, slopes, strict=True):
            for a, b in zip(pair, other, strict=True):
                assert differs(a, b) < tolerance
        assert loss == fl.end_to_end_detection_loss(*arguments, level_sizes=LEVELS, **options)


def test_two_heads_are_two_criteria():
    one2many, one2one, *targets = heads()
    loss, grads = fl.end_to_end_detection_loss(
        one2many, one2one, *targets, level_sizes=LEVELS, grad=True
    )
    many, by_many = fl.detection_loss(*one2many, *targets, level_sizes=LEVELS, topk=10, grad=True)
    one, by_one = fl.detection_loss(
        *one2one, *targets, level_sizes=LEVELS, topk=7, topk2=1, grad=True
    )
    assert loss[1:] == one[1:]
    assert loss.total == pytest.approx(0.8 * many.total + 0.2 * one.total, rel=1e-14)
    for got, whole, weight in ((grads[0], by_many, 0.8), (grads[1], by_one, 0.2)):
        for a, b in zip(got, whole, strict=True):
            np.testing.assert_allclose(a, weight * b, rtol=1e-12, atol=1e-15)
    buffers = tuple(tuple(np.full_like(g, 7) for g in pair) for pair in grads)
    again, filled = fl.end_to_end_detection_loss(
        one2many, one2one, *targets, level_sizes=LEVELS, grad=buffers
    )
    assert again == loss and filled[1][0] is buffers[1][0]
    for pair, other in zip(filled, grads, strict=True):
        for a, b in zip(pair, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_one_to_one_keeps_one_anchor_per_object():
    rng = np.random.default_rng(5)
    arguments = (*head(rng, bins=1), *objects(rng, 12))
    found = fl.task_aligned_assign(*arguments, level_sizes=LEVELS, topk=7, topk2=1)
    _, counts = np.unique(found.object_index[found.object_index >= 0], return_counts=True)
    assert len(counts) > 3 and (counts == 1).all()


@pytest.mark.parametrize("change,error,text", [
    ({"weights": (1,)}, ValueError, "weights is"),
    ({"weights": (1, -1)}, ValueError, "weights is -1"),
    ({"topk": 10}, ValueError, "topk is 10"),
    ({"topk": (10, 0)}, ValueError, "topk is 0"),
    ({"topk2": None}, ValueError, "topk2 is None"),
    ({"grad": (None, None)}, ValueError, r"grad\[0\] is None"),
    ({"grad": 3}, TypeError, "grad is 3"),
])  # fmt: skip
def test_errors_of_two_heads(change, error, text):
    with pytest.raises(error, match=text):
        fl.end_to_end_detection_loss(*heads(), level_sizes=LEVELS, **change)


def test_errors_name_the_head():
    one2many, one2one, *targets = heads()
    with pytest.raises(ValueError, match="one2one is"):
        fl.end_to_end_detection_loss(one2many, one2one[:1], *targets, level_sizes=LEVELS)
    with pytest.raises(ValueError, match=re.escape("one2one[1] has shape")):
        fl.end_to_end_detection_loss(
            one2many, (one2one[0], one2one[1][:1]), *targets, level_sizes=LEVELS
        )
    boxes = tuple(tuple(np.full_like(a, 7) for a in pair) for pair in (one2many, one2one))
    with pytest.raises(ValueError, match=re.escape("grad[1][0] shares memory with grad[0][0]")):
        fl.end_to_end_detection_loss(
            one2many,
            one2one,
            *targets,
            level_sizes=LEVELS,
            grad=(boxes[0], (boxes[0][0], boxes[1][1])),
        )
    with pytest.raises(ValueError, match=re.escape("shares memory with one2one[0]")):
        fl.end_to_end_detection_loss(
            one2many,
            one2one,
            *targets,
            level_sizes=LEVELS,
            grad=((one2one[0], boxes[0][1]), boxes[1]),
        )


def test_weights_of_the_heads():
    for epoch, epochs in (
        (0, 100),
        (1, 100),
        (50, 100),
        (99, 100),
        (100, 100),
        (300, 100),
        (0, 1),
        (1, 1),
    ):
        expected = ref.end_to_end_weights(epoch, epochs)
        assert fl.end_to_end_weights(epoch, epochs) == pytest.approx(expected, rel=1e-15)
    assert fl.end_to_end_weights(0, 100) == pytest.approx((0.8, 0.2))
    assert fl.end_to_end_weights(99, 100) == pytest.approx((0.1, 0.9))
    with pytest.raises(ValueError, match="epoch is -1"):
        fl.end_to_end_weights(-1, 10)
    with pytest.raises(ValueError, match="epochs is 0"):
        fl.end_to_end_weights(1, 0)
