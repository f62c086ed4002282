"""Heads and objects for the tests of the detection criteria."""

import numpy as np
from instruction_sets import on_every_isa

import fastloss as fl

LEVELS = ((6, 9), (3, 5), (2, 3))  # not square, rows of every parity
STRIDES = (8, 16, 32)
SIZE = np.array([72.0, 48.0])  # the image in pixels
TOLERANCE = {np.float32: 5e-4, np.float64: 1e-9}


def anchors(levels=LEVELS):
    return sum(height * width for height, width in levels)


def head(rng, images=2, classes=3, bins=16, levels=LEVELS, dtype=np.float64):
    """Raw boxes and scores; boxes of a plausible size with and without bins."""
    if bins == 1:
        boxes = rng.uniform(-0.3, 4, (images, 4, anchors(levels)))
    else:
        boxes = rng.normal(0, 1.5, (images, 4 * bins, anchors(levels)))
    scores = rng.normal(-2, 2, (images, classes, anchors(levels)))
    return boxes.astype(dtype), scores.astype(dtype)


def objects(rng, n, images=2, classes=3):
    """Images in any order, classes, boxes in parts of the image."""
    boxes = np.concatenate(
        [rng.uniform(0.1, 0.9, (n, 2)), np.exp(rng.normal(-1.2, 0.7, (n, 2)))], axis=1
    )
    return rng.integers(0, images, n), rng.integers(0, classes, n), boxes


def poses(seed, n, points=5, numbers=3, given=3, dtype=np.float64):
    rng = np.random.default_rng(seed)
    boxes, scores = head(rng, dtype=dtype)
    raw = rng.normal(0, 1.5, (2, points * numbers, anchors())).astype(dtype)
    targets = rng.uniform(0, 1, (n, points, given))
    if given == 3:
        targets[..., 2] = rng.integers(0, 3, (n, points))
    batch_idx, cls, bboxes = objects(rng, n)
    return boxes, scores, raw, batch_idx, cls, bboxes, targets


def pixels(*corners, size=SIZE):
    """Corners (x1, y1, x2, y2) in pixels as (cx, cy, w, h) in parts of the image."""
    c = np.array(corners, float).reshape(-1, 4)
    return np.concatenate([(c[:, :2] + c[:, 2:]) / 2 / size, (c[:, 2:] - c[:, :2]) / size], axis=1)


def differs(ours, theirs):
    """The largest difference, over the largest number."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert ours.shape == theirs.shape
    if not theirs.size:
        return 0.0
    assert np.isfinite(ours).all(), "not finite"
    return np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-6)


def double(arguments):
    return [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in arguments]


def agree(ours, theirs, arguments, tolerance, **options):
    """Value and gradients equal to the float64 reference, on every instruction set.

    The value alone is the same number, and buffers are filled with the same gradients.
    """
    expected, slopes = theirs(*double(arguments), grad=True, **options)
    for isa in on_every_isa():
        loss, grads = ours(*arguments, grad=True, **options)
        assert loss == ours(*arguments, **options), isa
        assert differs(loss, expected) < tolerance, (isa, loss, expected)
        for i, (grad, slope) in enumerate(zip(grads, slopes, strict=True)):
            assert differs(grad, slope) < tolerance, (isa, i)
    buffers = tuple(np.full_like(g, 7) for g in grads)
    _, filled = ours(*arguments, grad=buffers, **options)
    for buffer, got, slope in zip(buffers, filled, slopes, strict=True):
        assert got is buffer
        assert differs(buffer, slope) < tolerance
    return loss, grads


def assert_same_bits(function, arguments, **options):
    """For every number of threads."""
    results = []
    for threads in (1, 2, 3):
        with fl.num_threads(threads):
            results.append(function(*arguments, level_sizes=LEVELS, grad=True, **options))
    for loss, grads in results[1:]:
        assert loss == results[0][0]
        for a, b in zip(grads, results[0][1], strict=True):
            np.testing.assert_array_equal(a, b)
