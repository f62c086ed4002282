"""The criterion of boxes with keypoints."""

from fastloss import _core
from fastloss.detection.results import PoseLoss

__all__ = ["pose_loss", "residual_log_likelihood_loss"]

_pose = _core.pose
_residual_log_likelihood = _core.residual_log_likelihood


def pose_loss(
    boxes,
    scores,
    keypoints,
    batch_idx,
    cls,
    bboxes,
    target_keypoints,
    *,
    level_sizes,
    strides=(8, 16, 32),
    gains=(7.5, 12.0, 1.0, 0.5, 1.5),
    sigmas=None,
    decode="cell",
    keypoint_assignment=False,
    level_range=None,
    topk=10,
    topk2=None,
    alpha=0.5,
    beta=6.0,
    class_weight=None,
    min_side=(16, 16),
    grad=False,
):
    """Box, class, distribution and keypoint loss of a detector of poses.

    `detection_loss`, and for the n foreground anchors and K keypoints

    ::

        pose  = gain / (n K)  sum (K / visible) (1 - exp(-d^2 / (8 sigma^2 area))) over the visible
        kobj  = gain / (n K)  sum BCE(visibility logit, visible)
        total = images (box + pose + kobj + cls + dfl)

    with the distance d and the target's area in strides. The scores of the anchors play no part
    here. The defaults are the criterion of YOLO11; that of YOLO26 has ``decode="anchor"``,
    ``keypoint_assignment=True`` and ``level_range=(2, 12)``.

    Parameters
    ----------
    boxes, scores : as for `detection_loss`
    keypoints : array_like, shape (B, 2 K, A) or (B, 3 K, A), the dtype of `boxes`
        Raw x, y and perhaps the logit of the visibility of every keypoint. Without it kobj is 0.
    batch_idx, cls, bboxes : as for `detection_loss`
    target_keypoints : array_like, shape (N, K, 2) or (N, K, 3)
        x and y divided by the image's size; a third number of 0 says that the keypoint is not
        labelled. Without it all are.
    level_sizes, strides, topk, topk2, alpha, beta, class_weight, min_side : as for `detection_loss`
    gains : (float, float, float, float, float)
        Factors of box, pose, kobj, cls and dfl.
    sigmas : array_like, shape (K,), optional
        The tolerance of every keypoint; by default those of COCO for 17, else 1 / K.
    decode : {"cell", "anchor"}
        Where a keypoint is predicted: at twice its raw value from the upper left corner of the
        anchor's cell, or at its raw value from the anchor, the centre of the cell; in strides.
    keypoint_assignment : bool
        True: objects with a visible keypoint, one whose third number is above 0, overlap an anchor
        in the assignment by the mean over these of ``exp(-d^2 / (8 sigma^2 0.53 area))``, in
        pixels, and not by the boxes.
    level_range : (float, float), optional
        Objects take anchors only from levels on which their side, the root of the area, measures
        at least the first and at most the second number of strides. There is no least side on the
        finest level and no most on the coarsest; an object that is left without an anchor inside
        keeps those of all levels. None: objects take anchors from all levels.
    grad : bool or tuple of 3 ndarray
        True: also return the derivatives of `total` by `boxes`, `scores` and `keypoints`.

    Returns
    -------
    loss : PoseLoss
        A named tuple of floats (total, box, pose, kobj, cls, dfl).
    grads : (ndarray, ndarray, ndarray), if asked for

    Raises
    ------
    ValueError, IndexError, TypeError : as for `detection_loss`

    References
    ----------
    Maji et al. (2022), YOLO-Pose: Enhancing YOLO for Multi Person Pose Estimation Using Object
    Keypoint Similarity Loss.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> boxes, scores = np.full((1, 4, 21), 1.5), np.zeros((1, 1, 21))
    >>> points = [[[0.4, 0.5, 2], [0.6, 0.5, 0]]]
    >>> loss, grads = fl.pose_loss(
    ...     boxes, scores, np.zeros((1, 6, 21)), [0], [0], [[0.5, 0.5, 0.8, 0.6]], points,
    ...     level_sizes=[(4, 4), (2, 2), (1, 1)], grad=True,
    ... )
    >>> round(loss.kobj, 4), [g.shape for g in grads]
    (0.6931, [(1, 4, 21), (1, 1, 21), (1, 6, 21)])
    """
    return _pose(
        PoseLoss, boxes, scores, keypoints, batch_idx, cls, bboxes, target_keypoints, level_sizes,
        strides, gains, sigmas, decode, keypoint_assignment, level_range, topk, topk2, alpha, beta,
        class_weight, min_side, grad,
    )  # fmt: skip


def residual_log_likelihood_loss(error, sigma, log_density, *, weight=None, grad=False):
    """How unlikely the residuals of keypoints are: a Laplace density times a learned one.

    ::

        value = max(0, 1/n sum over rows and coordinates of w (ln s + ln 2s + |e| - log_density))
        e = (prediction - target) / (s + 1e-9), at most 100 apart from 0

    The term that YOLO26 may add to `pose_loss`: its rows are the visible keypoints of foreground
    anchors, which `task_aligned_assign` names when it is given keypoints.

    Parameters
    ----------
    error : array_like of float32 or float64, shape (n, d)
        The residuals e.
    sigma : array_like of error's dtype, shape (n, d)
        Their scales s, not negative; of a head the sigmoid of its output.
    log_density : array_like of error's dtype, shape (n,)
        Of each row's residuals, by a normalising flow.
    weight : array_like, shape (n,), optional
        w, one for each row: of COCO's keypoints 1 (nose to shoulders), 1.2 (elbows), 1.5 (wrists),
        1 (hips), 1.2 (knees), 1.5 (ankles).
    grad : bool or tuple of 3 ndarray
        True: also return the derivatives by the first three arguments.

    Returns
    -------
    loss : float
        0 without rows. A row in whose first three arrays a number is NaN or infinite is left out,
        and its derivatives are 0.
    grads : (ndarray, ndarray, ndarray), if asked for
        0 where the sum is below 0.

    Raises
    ------
    ValueError, TypeError
        Shapes or dtypes that do not fit; a sigma below 0.

    References
    ----------
    Li et al. (2021), Human Pose Regression with Residual Log-likelihood Estimation.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, (by_error, by_sigma, by_density) = fl.residual_log_likelihood_loss(
    ...     [[0.5, -2.0]], [[0.5, 0.8]], [-1.0], grad=True
    ... )
    >>> print(f"{loss:.4f}", by_error, by_sigma, by_density)
    4.0537 [[ 1. -1.]] [[4.  2.5]] [-2.]
    """
    return _residual_log_likelihood(error, sigma, log_density, weight, grad)
