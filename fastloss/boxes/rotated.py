"""Rotated boxes as Gaussians: ProbIoU, aligned and in pairs. Their IoU is `box_iou`'s."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "probiou",
    "probiou_loss",
]

_PROBIOU = _core.losses()["probiou"]


@direct
def probiou_loss(boxes1, boxes2, *, floor=0.0, reduction="mean", weight=None, eps=1e-7, grad=False):
    """One minus the ProbIoU of rotated boxes: the Hellinger distance of their Gaussians.

    Llerena et al., Gaussian Bounding Boxes and Probabilistic Intersection-over-Union (2021), whose
    L1 this is; eps and floor as in the training of oriented detectors.

    ::

        loss = sqrt(1 - e^(-B) + eps)        B  the Bhattacharyya distance, in [eps, 100]
        variances along the sides: w^2 / 12 + floor, h^2 / 12 + floor

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 5)
        Predicted and true boxes as centre, size and angle **in radians**, which turns the x axis
        towards the y axis: minus that of `box_convert`'s "cxcywhr", which is in degrees. ``boxes1``
        fixes the dtype of the results; integers count as float64.
    floor : float
        Least variance, which keeps thin boxes from collapsing.
    reduction, weight, eps, grad : as in `efficient_box_iou_loss`

    Returns
    -------
    loss : float, or ndarray of shape (...) for "none"
    grad : ndarray of shape (..., 5), if asked for; with "none" that of the sum

    Raises
    ------
    ValueError, TypeError : as in `efficient_box_iou_loss`

    Notes
    -----
    Equal boxes have the loss sqrt(2 eps), not 0. The derivative is 0 where B is cut. Where a box is
    flat and floor is 0, the part that comes through the determinant of its covariance is left
    out: published code returns infinities there.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(f"{fl.probiou_loss([[0.0, 0, 4, 2, 0]], [[1.0, 0, 4, 2, 0.5]]):.4f}")
    0.3980
    """
    return _core.box_loss(
        _PROBIOU, boxes1, boxes2, weight, "cxcywhr", eps, reduction, grad, (floor,)
    )


@direct
def probiou(boxes1, boxes2, *, floor=0.0, eps=1e-7, grad=False):
    """ProbIoU of every rotated box of one set with every one of another.

    Llerena et al. (2021): one minus `probiou_loss` of the two boxes.

    ::

        ProbIoU = 1 - sqrt(1 - e^(-B) + eps)        B  the Bhattacharyya distance, in [eps, 100]

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., N, 5) and (..., M, 5)
        Centre, size and angle **in radians**, as in `probiou_loss`.
    floor, eps : float
        As in `probiou_loss`.
    grad : bool or ndarray
        True: also return the derivative by ``boxes1``. A writable array of its shape is filled.

    Returns
    -------
    probiou : ndarray of shape (..., N, M); leading axes broadcast
    grad : ndarray of shape (..., N, M, 5), if asked for

    Raises
    ------
    ValueError, TypeError : as in `box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.probiou([[0.0, 0, 4, 2, 0]], [[1.0, 0, 4, 2, 0.5], [0, 0, 4, 2, 0]]).round(4))
    [[0.602  0.9996]]
    """
    return _core.pairs(_PROBIOU, boxes1, boxes2, "cxcywhr", eps, grad, (floor,))
