"""The criterion of boxes with instance masks."""

from fastloss import _core
from fastloss.detection.results import SegmentationDetectionLoss

__all__ = ["segmentation_detection_loss"]

_segmentation_detection = _core.segmentation_detection


def segmentation_detection_loss(
    boxes,
    scores,
    coefficients,
    proto,
    batch_idx,
    cls,
    bboxes,
    masks,
    *,
    level_sizes,
    strides=(8, 16, 32),
    gains=(7.5, 7.5, 0.5, 1.5),
    overlapping=True,
    mask_assignment=False,
    sem=None,
    sem_gain=7.5,
    topk=10,
    topk2=None,
    alpha=0.5,
    beta=6.0,
    class_weight=None,
    min_side=(16, 16),
    grad=False,
):
    """Box, class, distribution and mask loss of a detector of instances.

    `detection_loss`, and for the n foreground anchors

    ::

        logit = sum of coefficients x prototypes
        seg   = gain / n  sum mean over the image of [in the target's box] BCE(logit, mask) / area
        sem   = sem_gain (mean BCE(sem, classes) + mean Dice(sem, classes)) / 2
        total = images (box + seg + cls + dfl + sem)

    with the target's area as a part of the image. The scores of the anchors play no part here.
    `classes` is 1 where an object of the class is, 0 elsewhere.

    Parameters
    ----------
    boxes, scores : as for `detection_loss`
    coefficients : array_like, shape (B, P, A), the dtype of `boxes`
        The weights of the prototypes for every anchor.
    proto : array_like, shape (B, P, h, w), the dtype of `boxes`
        The prototypes of every image.
    batch_idx, cls, bboxes : as for `detection_loss`
    masks : array_like, shape (B, mh, mw) or (N, mh, mw)
        Maps of the objects, at least as large as the prototypes, whose logits are enlarged to
        their size bilinearly.
    level_sizes, strides, topk, topk2, alpha, beta, class_weight, min_side : as for `detection_loss`
    gains : (float, float, float, float)
        Factors of box, seg, cls and dfl.
    overlapping : bool
        True: `masks` are one map per image, with the value i + 1 where its object i is (counted
        among the rows of that image). False: one mask per row of `bboxes`, not 0 inside.
    mask_assignment : bool
        True (YOLO26): the overlap of an object with its 3 topk best candidates is the mean of that
        of the boxes and that of the masks, and half that of the boxes with the others.
    sem : array_like, shape (B, C, sh, sw), the dtype of `boxes`, optional
        Class logits of every pixel (YOLO26), compared with the masks of the objects: the class of
        the first that covers the pixel. The item is 0 without a foreground.
    sem_gain : float
        Factor of sem.
    grad : bool or tuple of 4 or 5 ndarray
        True: also return the derivatives of `total` by `boxes`, `scores`, `coefficients`, `proto`
        and, if given, `sem`.

    Returns
    -------
    loss : SegmentationDetectionLoss
        A named tuple of floats (total, box, seg, cls, dfl, sem).
    grads : tuple of 4 or 5 ndarray, if asked for

    Raises
    ------
    ValueError, IndexError, TypeError : as for `detection_loss`

    References
    ----------
    Bolya et al. (2019), YOLACT: Real-time Instance Segmentation.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> boxes, scores = np.full((1, 4, 21), 1.5), np.zeros((1, 1, 21))
    >>> coefficients, proto = np.ones((1, 2, 21)), np.zeros((1, 2, 8, 8))
    >>> loss, grads = fl.segmentation_detection_loss(
    ...     boxes, scores, coefficients, proto, [0], [0], [[0.5, 0.5, 0.5, 0.5]],
    ...     np.ones((1, 8, 8)), level_sizes=[(4, 4), (2, 2), (1, 1)], grad=True,
    ... )
    >>> round(loss.seg, 4), [g.shape for g in grads]
    (5.1986, [(1, 4, 21), (1, 1, 21), (1, 2, 21), (1, 2, 8, 8)])
    """
    return _segmentation_detection(
        SegmentationDetectionLoss, boxes, scores, coefficients, proto, batch_idx, cls, bboxes,
        masks, level_sizes, strides, gains, overlapping, mask_assignment, sem, sem_gain, topk,
        topk2, alpha, beta, class_weight, min_side, grad,
    )  # fmt: skip
