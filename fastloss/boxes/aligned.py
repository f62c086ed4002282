"""Box i with box i: losses with their gradient, and overlaps."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "bbox_iou",
    "box_iou_loss",
    "complete_box_iou_loss",
    "distance_box_iou_loss",
    "generalized_box_iou_loss",
]

_box_loss = _core.box_loss
_LOSSES = _core.losses()
_IOU = _LOSSES["box_iou"]
_GIOU = _LOSSES["generalized_box_iou"]
_DIOU = _LOSSES["distance_box_iou"]
_CIOU = _LOSSES["complete_box_iou"]


@direct
def box_iou_loss(boxes1, boxes2, reduction="none", eps=1e-7, *, weight=None, grad=False):
    """One minus the intersection over union of box i with box i.

    Yu et al., UnitBox (2016); the rules of ``torchvision.ops``'s box losses.

    ::

        loss = 1 - I / (U + eps)        I, U  areas of intersection and union

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true corners ``(x1, y1, x2, y2)``. ``boxes1`` fixes the dtype of the
        results, float32 or float64; integers count as float64.
    reduction : {"none", "mean", "sum"}
        The mean divides by the number of boxes; of none at all it is 0.
    eps : float
        Added to areas where they divide, so that empty boxes give no 0/0.
    weight : array_like, optional
        One weight per box, broadcast to ``(...)``.
    grad : bool or ndarray
        True: also return d loss / d ``boxes1``. An array of its shape and dtype is filled.

    Returns
    -------
    loss : ndarray of shape (...), or float for "mean" and "sum"
    grad : ndarray of shape (..., 4), if asked for; with "none" that of the sum

    Raises
    ------
    ValueError, TypeError
        A shape, value or dtype that cannot be used; the message names the argument.

    Notes
    -----
    As in torchvision, boxes that only touch count as apart, and an inverted box has the area that
    its sides multiply to. Where sides coincide, max and min pass half of the derivative.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss, grad = fl.box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 3]], "mean", grad=True)
    >>> print(f"{loss:.4f}", grad.round(4))
    0.8571 [[-0.0408 -0.0408 -0.1224 -0.1224]]
    """
    return _box_loss(_IOU, boxes1, boxes2, weight, "xyxy", eps, reduction, grad)


@direct
def generalized_box_iou_loss(
    boxes1, boxes2, reduction="none", eps=1e-7, *, weight=None, grad=False
):
    """One minus the generalized IoU, which still slopes where boxes are apart.

    Rezatofighi et al., Generalized Intersection over Union (2019);
    ``torchvision.ops.generalized_box_iou_loss``.

    ::

        loss = 1 - IoU + (E - U) / (E + eps)        IoU = I / (U + eps)
        E  area of the smallest box around both

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true corners ``(x1, y1, x2, y2)``.
    reduction, weight, grad : as in `box_iou_loss`
    eps : float
        Added to areas where they divide, so that empty boxes give no 0/0.

    Returns
    -------
    loss, grad : as in `box_iou_loss`

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.generalized_box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 3]], "mean")
    >>> print(f"{loss:.4f}")
    1.0794
    """
    return _box_loss(_GIOU, boxes1, boxes2, weight, "xyxy", eps, reduction, grad)


@direct
def distance_box_iou_loss(boxes1, boxes2, reduction="none", eps=1e-7, *, weight=None, grad=False):
    """One minus the IoU, plus the distance of the centres in diagonals.

    Zheng et al., Distance-IoU Loss (2020); ``torchvision.ops.distance_box_iou_loss``.

    ::

        loss = 1 - IoU + rho^2 / (c^2 + eps)        IoU = I / (U + eps)
        rho  distance of the centres,  c  diagonal of the smallest box around both

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true corners ``(x1, y1, x2, y2)``.
    reduction, weight, grad : as in `box_iou_loss`
    eps : float
        Added to areas and diagonals where they divide, so that empty boxes give no 0/0.

    Returns
    -------
    loss, grad : as in `box_iou_loss`

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.distance_box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 3]], "mean")
    >>> print(f"{loss:.4f}")
    0.9683
    """
    return _box_loss(_DIOU, boxes1, boxes2, weight, "xyxy", eps, reduction, grad)


@direct
def complete_box_iou_loss(boxes1, boxes2, reduction="none", eps=1e-7, *, weight=None, grad=False):
    """The distance IoU loss, plus a penalty for the wrong aspect ratio.

    Zheng et al., Distance-IoU Loss (2020); ``torchvision.ops.complete_box_iou_loss``.

    ::

        loss = 1 - IoU + rho^2 / (c^2 + 1e-7) + alpha v        IoU = I / (U + 1e-7)
        v = 4/pi^2 (atan(w2/h2) - atan(w1/h1))^2,  alpha = v / (1 - IoU + v + eps)
        rho  distance of the centres,  c  diagonal of the smallest box around both

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true corners ``(x1, y1, x2, y2)``.
    reduction, weight, grad : as in `box_iou_loss`
    eps : float
        Added to the denominator of alpha, and there alone.

    Returns
    -------
    loss, grad : as in `box_iou_loss`

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Notes
    -----
    alpha is a constant in the derivative. A box that is a point has no aspect ratio: its loss is
    NaN, and its derivative leaves v out. Touching boxes and ties: see `box_iou_loss`.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.complete_box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]], "mean")
    >>> print(f"{loss:.4f}")
    1.0192
    """
    return _box_loss(_CIOU, boxes1, boxes2, weight, "xyxy", eps, reduction, grad)


@direct
def bbox_iou(boxes1, boxes2, *, kind="iou", fmt="xyxy", eps=1e-7, grad=False):
    """Overlap of box i with box i, by the rules common in the training of detectors.

    Rezatofighi et al. (2019) for GIoU, Zheng et al. (2020) for DIoU and CIoU.

    ::

        IoU  = I / U                      U = w1 h1 + w2 h2 - I + eps
        GIoU = IoU - (E - U) / E          E = area of the smallest box around both + eps
        DIoU = IoU - rho^2 / c^2          c^2 = its squared diagonal + eps
        CIoU = DIoU - alpha v             alpha = v / (1 - IoU + v + eps)
        v = 4/pi^2 (atan(w2/h2) - atan(w1/h1))^2

    Corners have ``eps`` added to both heights; sizes that are given are taken as they are.

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        ``boxes1`` fixes the dtype of the results; integers count as float64.
    kind : {"iou", "giou", "diou", "ciou"}
    fmt : {"xyxy", "cxcywh"}
        Corners, or centre and size.
    eps : float
    grad : bool or ndarray
        True: also return the derivative by ``boxes1``. An array of its shape and dtype is filled.

    Returns
    -------
    overlap : ndarray of shape (...)
    grad : ndarray of shape (..., 4), if asked for; row i belongs to overlap i

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Notes
    -----
    Unlike in the losses, boxes that only touch pass a derivative. alpha is a constant in it.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.bbox_iou([[1.0, 1, 2, 2]], [[2.0, 2, 2, 2]], kind="giou", fmt="cxcywh").round(4))
    [-0.0794]
    """
    return _core.bbox_iou(kind, boxes1, boxes2, fmt, eps, grad)
