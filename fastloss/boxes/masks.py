"""Masks of pixels: their overlaps, and the boxes around them."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "mask_iou",
    "masks_to_boxes",
]


@direct
def mask_iou(masks1, masks2, *, iscrowd=None):
    """Intersection over union of every mask of one set with every mask of another.

    The rules of COCO's mask API, for pixels as well as for its run lengths.

    ::

        IoU = I / U        I, U  pixels in both, in either;  I = 0 gives 0
        IoU = I / A        where the second mask is a crowd, A the area of the first

    Parameters
    ----------
    masks1, masks2 : array_like, shape (..., N, H, W) and (..., M, H, W), or list of dict
        Of bool or integers, where anything but 0 is inside. Or run lengths
        ``{"size": [height, width], "counts": ...}``: columns of pixels one after another, runs of
        0 and 1 in turn, 0 first, as a list of integers or COCO's compressed text. A set of
        pixels (N, H, W) and a set of run lengths go together.
    iscrowd : array_like of bool or integers, shape (..., M), optional
        Which masks of the second set are regions of many objects.

    Returns
    -------
    iou : ndarray of float64, shape (..., N, M); leading axes broadcast

    Raises
    ------
    ValueError, TypeError
        Sizes that differ, runs that do not fill their mask, a dtype that cannot be used; the
        message names the argument.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.mask_iou([[[1, 1, 0], [1, 1, 0]]], [[[0, 1, 1], [0, 1, 1]]]).round(4))
    [[0.3333]]
    >>> left, right = {"size": [2, 3], "counts": [0, 4, 2]}, {"size": [2, 3], "counts": [2, 4]}
    >>> print(fl.mask_iou([left], [right], iscrowd=[True]))
    [[0.5]]
    """
    return _core.mask_iou(masks1, masks2, iscrowd)


@direct
def masks_to_boxes(masks):
    """The smallest box around every mask, as ``torchvision.ops.masks_to_boxes``.

    ::

        x1, y1, x2, y2        first and last column and row with a pixel, both included

    Parameters
    ----------
    masks : array_like, shape (..., H, W)
        Of bool or integers, where anything but 0 is inside.

    Returns
    -------
    boxes : ndarray of float32, shape (..., 4)

    Raises
    ------
    ValueError
        A mask without a pixel, or a shape that cannot be used.
    TypeError
        A dtype that cannot be used.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.masks_to_boxes([[[0, 0, 0, 0], [0, 1, 1, 0]]]))
    [[1. 1. 2. 1.]]
    """
    return _core.masks_to_boxes(masks)
