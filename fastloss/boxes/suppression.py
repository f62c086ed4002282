"""Non-maximum suppression: of boxes that overlap, which stay."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "batched_nms",
    "matrix_nms",
    "nms",
    "nms_from_overlaps",
    "nms_rotated",
    "soft_nms",
    "weighted_boxes_fusion",
]


@direct
def nms(boxes, scores, iou_threshold):
    """Positions of the boxes that stay, the best first, as ``torchvision.ops.nms``.

    ::

        by falling score: a box stays unless its IoU with one that stayed is > iou_threshold
        IoU = I / (area1 + area2 - I), computed in the dtype of boxes

    The result is exact for any number of boxes: nothing is cut off and there is no time limit. Of
    equal scores the lowest position comes first (torchvision leaves their order open). Boxes
    without area, inverted ones and those with a NaN overlap nothing: they stay, and suppress
    nothing.

    Parameters
    ----------
    boxes : array_like, shape (n, 4)
        Corners x1, y1, x2, y2: float32 or float64; integers count as float64.
    scores : array_like, shape (n,)
        Of any real dtype; compared as they are, not in the dtype of ``boxes``.
    iou_threshold : float
        In [0, 1]. With 1 all boxes stay, as no IoU is larger.

    Returns
    -------
    keep : ndarray of int64
        Positions in ``boxes``, by falling score.

    Raises
    ------
    ValueError
        A shape that does not fit, a threshold outside of [0, 1], a score that is NaN (with its
        position).
    TypeError
        A dtype that cannot be used.

    References
    ----------
    ``torchvision.ops.nms`` 0.28.

    Examples
    --------
    >>> import fastloss as fl
    >>> boxes = [[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]]
    >>> fl.nms(boxes, [0.8, 0.9, 0.7], 0.5)
    array([1, 2])
    """
    return _core.nms(boxes, scores, iou_threshold)


@direct
def batched_nms(boxes, scores, idxs, iou_threshold):
    """`nms` within each class, as ``torchvision.ops.batched_nms``.

    Classes are told apart by their numbers, not by moving them to different places, which with
    large class numbers or negative coordinates changes the result.

    Parameters
    ----------
    boxes : array_like, shape (n, 4)
        Corners x1, y1, x2, y2: float32 or float64; integers count as float64.
    scores : array_like, shape (n,)
        Of any real dtype.
    idxs : array_like, shape (n,)
        Class of every box: any integers.
    iou_threshold : float
        In [0, 1].

    Returns
    -------
    keep : ndarray of int64
        Positions in ``boxes``, by falling score.

    Raises
    ------
    ValueError, TypeError
        As in `nms`; classes that are not integers are a TypeError.

    References
    ----------
    ``torchvision.ops.batched_nms`` 0.28.

    Examples
    --------
    >>> import fastloss as fl
    >>> boxes = [[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]]
    >>> fl.batched_nms(boxes, [0.8, 0.9, 0.7], [0, 7, 0], 0.5)
    array([1, 0, 2])
    """
    return _core.batched_nms(boxes, scores, idxs, iou_threshold)


@direct
def nms_from_overlaps(overlaps, scores, threshold):
    """`nms` by a matrix of overlaps of any kind: of masks, rotated boxes, key points.

    ::

        by falling score: i stays unless overlaps[k, i] > threshold for one k that stayed

    Parameters
    ----------
    overlaps : array_like, shape (n, n)
        float32 or float64. Of the two triangles, the row of the better box counts; NaN does not
        suppress.
    scores : array_like, shape (n,)
        Of any real dtype.
    threshold : float
        Any finite number.

    Returns
    -------
    keep : ndarray of int64
        Positions, by falling score; of equal scores the lowest first.

    Raises
    ------
    ValueError, TypeError
        As in `nms`.

    Examples
    --------
    >>> import fastloss as fl
    >>> boxes = [[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]]
    >>> fl.nms_from_overlaps(fl.generalized_box_iou(boxes, boxes), [0.8, 0.9, 0.7], 0.5)
    array([1, 2])
    """
    return _core.nms_from_overlaps(overlaps, scores, threshold)


@direct
def nms_rotated(boxes, scores, iou_threshold, *, idxs=None, fmt="cxcywhr"):
    """`nms` of rotated boxes, by the exact overlap of the rectangles.

    ::

        by falling score: a box stays unless its IoU with one that stayed is > iou_threshold
        IoU = box_iou(kept, box, fmt)

    Parameters
    ----------
    boxes : array_like, shape (n, 5), or (n, 8) for "xyxyxyxy"
        Rotated boxes as `box_convert` has them, angles in degrees: float32 or float64; integers
        count as float64.
    scores : array_like, shape (n,)
        Of any real dtype.
    iou_threshold : float
        In [0, 1].
    idxs : array_like of integers, shape (n,), optional
        Classes: boxes of different ones leave each other alone.
    fmt : {"cxcywhr", "xywhr", "xyxyxyxy"}
        Format of the boxes.

    Returns
    -------
    keep : ndarray of int64
        Positions in ``boxes``, by falling score; of equal scores the lowest first.

    Raises
    ------
    ValueError, TypeError
        As in `nms`; an unknown format.

    Examples
    --------
    >>> import fastloss as fl
    >>> boxes = [[5.0, 5, 10, 4, 0], [5, 5, 10, 4, 90], [5, 5, 10, 4, 10]]
    >>> fl.nms_rotated(boxes, [0.9, 0.8, 0.7], 0.5)
    array([0, 1])
    """
    return _core.nms_rotated(boxes, scores, idxs, iou_threshold, fmt)


@direct
def soft_nms(
    boxes,
    scores,
    *,
    idxs=None,
    method="gaussian",
    iou_threshold=0.3,
    sigma=0.5,
    score_threshold=0.001,
):
    """Fade the scores of boxes that overlap better ones, instead of dropping the boxes.

    ::

        take the box of the highest score; with o its IoU with each of the others, multiply their
        scores by
            gaussian    exp(-o^2 / sigma)
            linear      1 - o where o >= iou_threshold, else 1
        drop those that are below score_threshold; repeat

    Parameters
    ----------
    boxes : array_like, shape (n, 4)
        Corners x1, y1, x2, y2: float32 or float64; integers count as float64.
    scores : array_like, shape (n,)
        Converted to the dtype of ``boxes``.
    idxs : array_like of integers, shape (n,), optional
        Classes: boxes of different ones leave each other alone.
    method : {"gaussian", "linear"}
        How scores fade.
    iou_threshold : float
        In [0, 1], for "linear" alone.
    sigma : float
        > 0, for "gaussian" alone: the larger, the softer.
    score_threshold : float
        >= 0. Boxes whose score is or falls below are dropped; with 0 none is.

    Returns
    -------
    keep : ndarray of int64
        Positions in the order in which they were taken, which is that of falling faded scores.
    scores : ndarray
        Their faded scores, in the dtype of ``boxes``.

    Raises
    ------
    ValueError, TypeError
        As in `nms`; a parameter out of its domain.

    References
    ----------
    Bodla, Singh, Chellappa and Davis 2017, "Soft-NMS: Improving Object Detection With One Line of
    Code".

    Examples
    --------
    >>> import fastloss as fl
    >>> boxes = [[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]]
    >>> keep, scores = fl.soft_nms(boxes, [0.8, 0.9, 0.7])
    >>> keep, scores.round(3)
    (array([1, 2, 0]), array([0.9  , 0.7  , 0.317]))
    """
    return _core.soft_nms(boxes, scores, idxs, method, iou_threshold, sigma, score_threshold)


@direct
def matrix_nms(
    boxes,
    scores,
    *,
    idxs=None,
    method="gaussian",
    sigma=2.0,
    score_threshold=0.0,
    precomputed=False,
):
    """Fade all scores in one step, by overlaps with better boxes or masks.

    ::

        by falling score, o(i, j) the overlap of j with a better i of its class,
        c(i) = max_k o(k, i) the overlap of i with one better than itself:
        score_j *= min_i f(o(i, j)) / f(c(i))
            gaussian    f(o) = exp(-sigma o^2)
            linear      f(o) = 1 - o

    Parameters
    ----------
    boxes : array_like, shape (n, 4), or (n, n) with ``precomputed``
        Corners x1, y1, x2, y2, whose overlap is the IoU.
    scores : array_like, shape (n,)
        Converted to the dtype of ``boxes``.
    idxs : array_like of integers, shape (n,), optional
        Classes: boxes of different ones leave each other alone.
    method : {"gaussian", "linear"}
        How scores fade.
    sigma : float
        > 0, for "gaussian" alone: the larger, the harder.
    score_threshold : float
        >= 0. What has a faded score below is dropped.
    precomputed : bool
        ``boxes`` holds the overlaps themselves, of masks for example; the row of the better one
        counts. A NaN counts as 0.

    Returns
    -------
    keep : ndarray of int64
        Positions, by falling faded score; of equal ones the lowest first.
    scores : ndarray
        Their faded scores, in the dtype of ``boxes``.

    Raises
    ------
    ValueError, TypeError
        As in `nms`; a parameter out of its domain.

    References
    ----------
    Wang, Zhang, Kong, Li and Shen 2020, "SOLOv2: Dynamic and Fast Instance Segmentation".

    Examples
    --------
    >>> import fastloss as fl
    >>> boxes = [[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]]
    >>> keep, scores = fl.matrix_nms(boxes, [0.8, 0.9, 0.7])
    >>> keep, scores.round(3)
    (array([1, 2, 0]), array([0.9  , 0.7  , 0.317]))
    """
    return _core.matrix_nms(boxes, scores, idxs, method, sigma, score_threshold, precomputed)


@direct
def weighted_boxes_fusion(
    boxes_list,
    scores_list,
    labels_list,
    weights=None,
    iou_thr=0.55,
    skip_box_thr=0.0,
    conf_type="avg",
    allows_overflow=False,
):
    """Fuse the boxes that several models found for one object into their weighted mean.

    ::

        s = score times the weight w of the model. By falling s, within a label, a box joins the
        cluster whose fused box it overlaps most, if that IoU is > iou_thr, or begins a new one
        fused box = sum s box / sum s
        fused score, of n boxes of M models
            avg                      mean s min(n, M) / sum w    (n with allows_overflow)
            max                      max s / max w
            box_and_model_avg        sum s / sum of the boxes' w, times the models' part of sum w
            absent_model_aware_avg   sum s / (sum of the boxes' w + sum w of the other models)

    Argument names, defaults and the four scores are those of the authors' package ensemble-boxes;
    coordinates need not lie in [0, 1], and no box is dropped for having no area.

    Parameters
    ----------
    boxes_list : list of array_like, shapes (n_i, 4)
        Corners that each model found. float32 if all are, else float64.
    scores_list : list of array_like, shapes (n_i,)
        Their scores.
    labels_list : list of array_like of integers, shapes (n_i,)
        Their classes.
    weights : array_like, shape (number of models,), optional
        How much each model counts, >= 0; 1 by default.
    iou_thr : float
        In [0, 1].
    skip_box_thr : float
        Boxes whose score is lower are left out; by default those with negative scores.
    conf_type : {"avg", "max", "box_and_model_avg", "absent_model_aware_avg"}
        How the scores of a cluster become one.
    allows_overflow : bool
        Let the score of "avg" exceed 1, where a model has several boxes in a cluster.

    Returns
    -------
    boxes : ndarray of shape (k, 4)
    scores : ndarray of shape (k,), falling; of equal ones the cluster of the first box comes first
    labels : ndarray of int64, shape (k,)

    Raises
    ------
    ValueError, TypeError
        As in `nms`; lists of different lengths, weights that are negative or all 0, an unknown
        ``conf_type``.

    References
    ----------
    Solovyev, Wang and Gabruseva 2021, "Weighted boxes fusion: Ensembling boxes from different
    object detection models".

    Examples
    --------
    >>> import fastloss as fl
    >>> one, other = [[0.0, 0, 10, 10]], [[2.0, 0, 12, 10], [20, 20, 30, 30]]
    >>> boxes, scores, labels = fl.weighted_boxes_fusion([one, other], [[0.9], [0.3, 0.8]],
    ...                                                  [[0], [0, 0]])
    >>> print(boxes, scores, labels)
    [[ 0.5  0.  10.5 10. ]
     [20.  20.  30.  30. ]] [0.6 0.4] [0 0]
    """
    return _core.weighted_boxes_fusion(
        boxes_list,
        scores_list,
        labels_list,
        weights,
        iou_thr,
        skip_box_thr,
        conf_type,
        allows_overflow,
    )
