"""The criterion of rotated boxes."""

from fastloss import _core
from fastloss.detection.results import OBBDetectionLoss

__all__ = ["obb_detection_loss"]

_obb_detection = _core.obb_detection


def obb_detection_loss(
    boxes,
    scores,
    angles,
    batch_idx,
    cls,
    bboxes,
    *,
    level_sizes,
    strides=(8, 16, 32),
    gains=(7.5, 0.5, 1.5, 1.0),
    topk=10,
    topk2=None,
    alpha=0.5,
    beta=6.0,
    class_weight=None,
    min_side=(16, 16),
    grad=False,
):
    """Box, class, distribution and angle loss of a detector of rotated boxes.

    `detection_loss` with ProbIoU in place of CIoU, distances along the axes of the box, and a loss
    of the angle:

    ::

        box   = gain / S  sum w (1 - ProbIoU)            variances of both boxes + 0.01
        angle = gain / S  sum w exp(-ln(w_t / h_t)^2 / 9) sin^2(2 (angle - angle_t))
        total = images (box + cls + dfl + angle)

    Parameters
    ----------
    boxes, scores : as for `detection_loss`
        Distances are measured along the predicted box's own axes.
    angles : array_like, shape (B, 1, A), the dtype of `boxes`
        Predicted rotation in radians.
    batch_idx, cls : as for `detection_loss`
    bboxes : array_like, shape (N, 5)
        Centre and size (cx, cy, w, h), divided by the image's size, and rotation in radians.
        Objects with a side below 2 pixels are left out.
    level_sizes, strides, topk, topk2, alpha, beta, class_weight, min_side : as for `detection_loss`
    gains : (float, float, float, float)
        Factors of box, cls, dfl and angle.
    grad : bool or tuple of 3 ndarray
        True: also return the derivatives of `total` by `boxes`, `scores` and `angles`.

    Returns
    -------
    loss : OBBDetectionLoss
        A named tuple of floats (total, box, cls, dfl, angle).
    grads : (ndarray, ndarray, ndarray), if asked for

    Raises
    ------
    ValueError, IndexError, TypeError : as for `detection_loss`

    References
    ----------
    Llerena et al. (2021), Gaussian Bounding Boxes and Probabilistic Intersection-over-Union for
    Object Detection.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> boxes, scores = np.full((1, 4, 21), 1.5), np.zeros((1, 3, 21))
    >>> loss, grads = fl.obb_detection_loss(
    ...     boxes, scores, np.full((1, 1, 21), 0.4), [0], [2], [[0.5, 0.5, 0.8, 0.6, 0.3]],
    ...     level_sizes=[(4, 4), (2, 2), (1, 1)], grad=True,
    ... )
    >>> round(loss.angle, 4), [g.shape for g in grads]
    (0.0391, [(1, 4, 21), (1, 3, 21), (1, 1, 21)])
    """
    return _obb_detection(
        OBBDetectionLoss, boxes, scores, angles, batch_idx, cls, bboxes, level_sizes, strides,
        gains, topk, topk2, alpha, beta, class_weight, min_side, grad,
    )  # fmt: skip
