"""The criteria of YOLO11 and YOLO26, and the assignment that they are made of."""

from fastloss import _core
from fastloss.detection.results import Assignment, DetectionLoss

__all__ = [
    "detection_loss",
    "end_to_end_detection_loss",
    "end_to_end_weights",
    "task_aligned_assign",
]

_detection = _core.detection
_end_to_end_detection = _core.end_to_end_detection
_end_to_end_weights = _core.end_to_end_weights
_task_aligned_assign = _core.task_aligned_assign


def detection_loss(
    boxes,
    scores,
    batch_idx,
    cls,
    bboxes,
    *,
    level_sizes,
    strides=(8, 16, 32),
    gains=(7.5, 0.5, 1.5),
    topk=10,
    topk2=None,
    alpha=0.5,
    beta=6.0,
    class_weight=None,
    min_side=(16, 16),
    grad=False,
):
    """Box, class and distribution loss of an anchor-free detector, with task-aligned assignment.

    The criterion of YOLO11, and with one bin per side that of either head of YOLO26.

    ::

        S   = max(sum of the target scores, 1)       w  the score of a foreground anchor
        box = gain / S  sum w (1 - CIoU)
        cls = gain / S  sum class_weight BCE(score logit, target score)
        dfl = gain / S  sum w mean over 4 sides of (left -log p[k] + right -log p[k + 1])
        total = images (box + cls + dfl)

    With one bin per side `boxes` holds the distances themselves, and dfl is the mean over the sides
    of ``|d - d*|`` in units of the image's size.

    Parameters
    ----------
    boxes : array_like, shape (B, 4 R, A), float32 or float64
        Logits of R bins for left, top, right and bottom, sides first. The anchors of all levels
        follow each other, finest level first, each level row by row.
    scores : array_like, shape (B, C, A), the dtype of `boxes`
        Logits of the classes.
    batch_idx : array_like, shape (N,) or (N, 1)
        The image of every object, in any order, of any integer or float dtype.
    cls : array_like, shape (N,) or (N, 1)
        The class of every object; fractions are cut off.
    bboxes : array_like, shape (N, 4)
        Centre and size (cx, cy, w, h) of every object, divided by the image's size. Boxes without
        area and boxes that leave the image count; boxes whose corners sum to 0 or less in pixels
        are padding and do not.
    level_sizes : sequence of (height, width)
        Cells of every level, finest first. The image measures the first level's size times its
        stride.
    strides : sequence of float
        Pixels per cell of every level.
    gains : (float, float, float)
        Factors of box, cls and dfl.
    topk : int
        Anchors that an object may claim.
    topk2 : int, optional
        Anchors that an object keeps after conflicts; by default all. 1 is one-to-one.
    alpha, beta : float, >= 0 and > 0
        Exponents of the class probability and the overlap in the alignment metric.
    class_weight : array_like, shape (C,), optional
        A factor for the cls part of every class. It does not enter S.
    min_side : (float, float)
        Objects narrower (lower) than the first number of pixels take anchors from a region that is
        as wide (high) as the second.
    grad : bool or pair of ndarray
        True: also return the derivatives of `total` by `boxes` and `scores`. A pair of writable
        arrays of their shapes and dtype is filled.

    Returns
    -------
    loss : DetectionLoss
        A named tuple of floats (total, box, cls, dfl).
    grads : (ndarray, ndarray), if asked for

    Raises
    ------
    ValueError
        Shapes that do not match, `level_sizes` that do not make A anchors, an image index that is
        no integer, a box that is not finite (the row is named), a parameter outside its domain.
        Nothing has been written to a buffer by then.
    IndexError
        An image or a class that is out of range; the row is named. No class is negative.
    TypeError
        A dtype that cannot be used; `boxes` and `scores` of two dtypes.

    Notes
    -----
    An anchor is foreground only with a metric above 0; of equal metrics the first anchor wins. An
    anchor that several objects claim goes to the one that overlaps it most, of equal ones to the
    first in the list.

    References
    ----------
    Feng et al. (2021), TOOD: Task-aligned One-stage Object Detection; Li et al. (2020), Generalized
    Focal Loss; Zheng et al. (2020), Distance-IoU Loss.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> boxes = np.zeros((1, 4 * 16, 21))
    >>> scores = np.full((1, 3, 21), -2.0)
    >>> object_in_the_middle = [[0.5, 0.5, 0.8, 0.6]]
    >>> loss, (by_boxes, by_scores) = fl.detection_loss(
    ...     boxes, scores, [0], [2], object_in_the_middle,
    ...     level_sizes=[(4, 4), (2, 2), (1, 1)], grad=True,
    ... )
    >>> round(loss.total, 4), round(loss.cls, 4), by_scores.shape
    (4.7107, 4.0556, (1, 3, 21))
    """
    return _detection(
        DetectionLoss, boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, gains, topk,
        topk2, alpha, beta, class_weight, min_side, grad,
    )  # fmt: skip


def end_to_end_detection_loss(
    one2many,
    one2one,
    batch_idx,
    cls,
    bboxes,
    *,
    weights=(0.8, 0.2),
    level_sizes,
    strides=(8, 16, 32),
    gains=(7.5, 0.5, 1.5),
    topk=(10, 7),
    topk2=(None, 1),
    alpha=0.5,
    beta=6.0,
    class_weight=None,
    min_side=(16, 16),
    grad=False,
):
    """The criterion of a detector that learns from two heads and needs no suppression (YOLO26).

    ::

        total = weights[0] total(one2many) + weights[1] total(one2one)

    each as in `detection_loss`.

    Parameters
    ----------
    one2many, one2one : pairs (boxes, scores)
        The output of either head, as `detection_loss` takes it.
    batch_idx, cls, bboxes : as for `detection_loss`
    weights : (float, float)
        Factors of the heads: see `end_to_end_weights`.
    topk, topk2 : pairs
        The numbers of anchors for either head.
    level_sizes, strides, gains, alpha, beta, class_weight, min_side : as for `detection_loss`
    grad : bool or pair of pairs of ndarray
        True: also return the derivatives of `total`. Buffers: ((boxes, scores), (boxes, scores)).

    Returns
    -------
    loss : DetectionLoss
        total of both heads; box, cls and dfl of the one-to-one head alone, as they are logged.
    grads : ((ndarray, ndarray), (ndarray, ndarray)), if asked for

    Raises
    ------
    ValueError, IndexError, TypeError : as for `detection_loss`

    References
    ----------
    Wang et al. (2024), YOLOv10: Real-Time End-to-End Object Detection.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> head = np.ones((1, 4, 21)), np.full((1, 3, 21), -2.0)
    >>> loss = fl.end_to_end_detection_loss(
    ...     head, head, [0], [2], [[0.5, 0.5, 0.8, 0.6]],
    ...     level_sizes=[(4, 4), (2, 2), (1, 1)], weights=fl.end_to_end_weights(0, 100),
    ... )
    >>> round(loss.total, 4), round(loss.cls, 4)
    (7.8804, 4.3802)
    """
    return _end_to_end_detection(
        DetectionLoss, one2many, one2one, batch_idx, cls, bboxes, weights, level_sizes, strides,
        gains, topk, topk2, alpha, beta, class_weight, min_side, grad,
    )  # fmt: skip


def end_to_end_weights(epoch, epochs):
    """The factors of the two heads of `end_to_end_detection_loss`: from many to one.

    ::

        many = 0.1 + 0.7 max(1 - epoch / max(epochs - 1, 1), 0)        one = max(1 - many, 0)

    Parameters
    ----------
    epoch : float, >= 0
        Epochs that have ended.
    epochs : float, > 0
        Epochs in all.

    Returns
    -------
    (float, float)
        (0.8, 0.2) in the first epoch, (0.1, 0.9) in the last and after.

    Raises
    ------
    ValueError
        A negative `epoch`, no `epochs`.

    Examples
    --------
    >>> import fastloss as fl
    >>> [round(weight, 4) for weight in fl.end_to_end_weights(50, 101)]
    [0.45, 0.55]
    """
    return _end_to_end_weights(epoch, epochs)


def task_aligned_assign(
    boxes,
    scores,
    batch_idx,
    cls,
    bboxes,
    *,
    level_sizes,
    strides=(8, 16, 32),
    keypoints=None,
    target_keypoints=None,
    sigmas=None,
    decode="cell",
    level_range=None,
    topk=10,
    topk2=None,
    alpha=0.5,
    beta=6.0,
    min_side=(16, 16),
):
    """Which anchor learns which object, and how strongly: the assignment of `detection_loss`.

    ::

        metric = p^alpha max(CIoU, 0)^beta        p  the probability of the object's class
        score  = metric (largest CIoU of the object) / (largest metric of the object + 1e-9)

    Parameters
    ----------
    boxes, scores, batch_idx, cls, bboxes : as for `detection_loss`
        For a head of your own: distances of the sides from the anchors in strides, (B, 4, A), are
        `boxes` with one bin.
    level_sizes, strides, topk, topk2, alpha, beta, min_side : as for `detection_loss`
    keypoints, target_keypoints, sigmas, decode, level_range : as for `pose_loss`
        With them, that of `pose_loss(..., keypoint_assignment=True)`.

    Returns
    -------
    Assignment
        A named tuple of object_index, (B, A) int64: the row of the anchor's object in `bboxes`, or
        -1 for background; and score, (B, A): the target of the object's class, 0 for background.

    Raises
    ------
    ValueError, IndexError, TypeError : as for `detection_loss`

    References
    ----------
    Feng et al. (2021), TOOD: Task-aligned One-stage Object Detection.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> boxes, scores = np.full((1, 4, 16), 1.5), np.zeros((1, 2, 16))
    >>> found = fl.task_aligned_assign(
    ...     boxes, scores, [0], [1], [[0.5, 0.5, 0.6, 0.7]], level_sizes=[(4, 4)], strides=[8],
    ...     topk=2,
    ... )
    >>> print(found.object_index.reshape(4, 4))
    [[-1 -1 -1 -1]
     [-1  0  0 -1]
     [-1 -1 -1 -1]
     [-1 -1 -1 -1]]
    """
    return _task_aligned_assign(
        Assignment, boxes, scores, batch_idx, cls, bboxes, level_sizes, strides, keypoints,
        target_keypoints, sigmas, decode, level_range, topk, topk2, alpha, beta, min_side,
    )  # fmt: skip
