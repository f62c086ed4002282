"""Overlaps of every box with every other."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "box_iou",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "pairwise_box_iou",
]

_pairs = _core.pairs
_LOSSES = _core.losses()
_IOU = _LOSSES["box_iou"]
_GIOU = _LOSSES["generalized_box_iou"]
_DIOU = _LOSSES["distance_box_iou"]
_CIOU = _LOSSES["complete_box_iou"]


@direct
def box_iou(boxes1, boxes2, fmt="xyxy", *, grad=False):
    """Intersection over union of every box of one set with every box of another.

    ``torchvision.ops.box_iou``. Of rotated boxes I is the exact area of a polygon.

    ::

        IoU = I / U        two empty boxes give 0/0 = NaN

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., N, 4) and (..., M, 4)
        ``boxes1`` fixes the dtype of the results; integers count as float64. Rotated boxes have 5
        or 8 numbers.
    fmt : {"xyxy", "xywh", "cxcywh", "xywhr", "cxcywhr", "xyxyxyxy"}
        Corners; corner and size; centre and size. The rotated formats are those of `box_convert`,
        in degrees.
    grad : bool or ndarray
        True: also return the derivative by ``boxes1``. A writable array of its shape is filled.

    Returns
    -------
    iou : ndarray of shape (..., N, M); leading axes broadcast
    grad : ndarray of shape (..., N, M, 4), if asked for: d iou[i, j] / d boxes1[i]

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Notes
    -----
    Rotated boxes with a negative size count as those of its magnitude. Where their sides coincide
    the derivative is one of the two on either side. Four corners are read as the rectangle that
    `box_convert` makes of them.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.box_iou([[0.0, 0, 2, 2]], [[1.0, 1, 3, 3], [0, 0, 2, 1]]).round(4))
    [[0.1429 0.5   ]]
    """
    return _pairs(_IOU, boxes1, boxes2, fmt, 0.0, grad)


@direct
def generalized_box_iou(boxes1, boxes2, *, grad=False):
    """Generalized IoU of every box of one set with every box of another.

    Rezatofighi et al. (2019); ``torchvision.ops.generalized_box_iou``.

    ::

        GIoU = I / U - (E - U) / E        E  area of the smallest box around both

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., N, 4) and (..., M, 4)
        Corners ``(x1, y1, x2, y2)``.
    grad : as in `box_iou`

    Returns
    -------
    giou, grad : as in `box_iou`

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.generalized_box_iou([[0.0, 0, 2, 2]], [[1.0, 1, 3, 3], [0, 0, 2, 1]]).round(4))
    [[-0.0794  0.5   ]]
    """
    return _pairs(_GIOU, boxes1, boxes2, "xyxy", 0.0, grad)


@direct
def distance_box_iou(boxes1, boxes2, eps=1e-7, *, grad=False):
    """Distance IoU of every box of one set with every box of another.

    Zheng et al. (2020); ``torchvision.ops.distance_box_iou``.

    ::

        DIoU = I / U - rho^2 / (c^2 + eps)
        rho  distance of the centres,  c  diagonal of the smallest box around both

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., N, 4) and (..., M, 4)
        Corners ``(x1, y1, x2, y2)``.
    eps : float
        Added to the squared diagonal.
    grad : as in `box_iou`

    Returns
    -------
    diou, grad : as in `box_iou`

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.distance_box_iou([[0.0, 0, 2, 2]], [[1.0, 1, 3, 3], [0, 0, 2, 1]]).round(4))
    [[0.0317 0.4688]]
    """
    return _pairs(_DIOU, boxes1, boxes2, "xyxy", eps, grad)


@direct
def complete_box_iou(boxes1, boxes2, eps=1e-7, *, grad=False):
    """Complete IoU of every box of one set with every box of another.

    Zheng et al. (2020); ``torchvision.ops.complete_box_iou``.

    ::

        CIoU = I / U - rho^2 / (c^2 + eps) - alpha v
        v = 4/pi^2 (atan(w2/h2) - atan(w1/h1))^2,  alpha = v / (1 - IoU + v + eps)

    alpha is a constant in the derivative.

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., N, 4) and (..., M, 4)
        Corners ``(x1, y1, x2, y2)``.
    eps : float
        Added to the squared diagonal and to the denominator of alpha.
    grad : as in `box_iou`

    Returns
    -------
    ciou, grad : as in `box_iou`

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.complete_box_iou([[0.0, 0, 2, 2]], [[1.0, 1, 3, 3], [0, 0, 2, 1]]).round(4))
    [[0.0317 0.4655]]
    """
    return _pairs(_CIOU, boxes1, boxes2, "xyxy", eps, grad)


@direct
def pairwise_box_iou(
    boxes1,
    boxes2,
    *,
    kind="iou",
    fmt="xyxy",
    image_size=None,
    constant=None,
    eps=1e-7,
    grad=False,
):
    """Overlap of any kind of every box of one set with every box of another.

    By the rules of detection training: entry [i, j] is that of `bbox_iou`, or one minus
    `efficient_box_iou_loss`, `scylla_box_iou_loss`, `mpdiou_loss`, `nwd_loss` of the two boxes.
    The functions named after a kind follow torchvision instead.

    ::

        iou, giou, diou, ciou      see `bbox_iou`
        eiou                       DIoU - (w1 - w2)^2 / cw^2 - (h1 - h2)^2 / ch^2
        siou                       clip(IoU - (D + S) / 2, -1, 1)
        mpdiou                     IoU - (d1^2 + d2^2) / (W^2 + H^2)
        nwd                        e^(-sqrt(W) / constant)

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., N, 4) and (..., M, 4)
        ``boxes1`` fixes the dtype of the results; integers count as float64.
    kind : {"iou", "giou", "diou", "ciou", "eiou", "siou", "mpdiou", "nwd"}
    fmt : {"xyxy", "xywh", "cxcywh"}
        Corners; corner and size; centre and size.
    image_size : (float, float), for "mpdiou"
        Height and width of the image.
    constant : float, for "nwd"
        The mean size of the objects of a data set.
    eps : float
        Keeps denominators from 0.
    grad : as in `box_iou`

    Returns
    -------
    overlap : ndarray of shape (..., N, M); leading axes broadcast
    grad : ndarray of shape (..., N, M, 4), if asked for

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> boxes = [[0.0, 0, 2, 2], [1, 1, 3, 4]]
    >>> print(fl.pairwise_box_iou(boxes, boxes, kind="eiou").round(4))
    [[ 1.     -0.0814]
     [-0.0814  1.    ]]
    """
    return _core.pairs_of_kind(kind, boxes1, boxes2, fmt, eps, image_size, constant, grad)
