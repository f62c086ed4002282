"""Areas and formats of boxes."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "box_area",
    "box_convert",
    "clip_boxes_to_image",
    "remove_small_boxes",
]


@direct
def box_area(boxes, fmt="xyxy"):
    """Area of every box, as ``torchvision.ops.box_area``.

    ::

        (x2 - x1) (y2 - y1), or w h

    Parameters
    ----------
    boxes : array_like, shape (..., 4)
        float32 or float64; integers count as float64.
    fmt : {"xyxy", "xywh", "cxcywh"}
        Corners; corner and size; centre and size.

    Returns
    -------
    area : ndarray of shape (...)
        Of a box inverted in one direction it is negative.

    Raises
    ------
    ValueError, TypeError
        A shape, format or dtype that cannot be used; the message names the argument.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.box_area([[0.0, 0, 2, 3], [1, 1, 2, 2]]))
    [6. 1.]
    """
    return _core.box_area(boxes, fmt)


@direct
def box_convert(boxes, in_fmt, out_fmt):
    """Boxes in another format, as ``torchvision.ops.box_convert`` for floating point.

    ::

        xyxy       corners x1, y1, x2, y2
        xywh       corner and size
        cxcywh     centre and size
        xywhr      corner, size, rotation
        cxcywhr    centre, size, rotation
        xyxyxyxy   corners: top left, top right, bottom right, bottom left

    Rotations are degrees, counter-clockwise on a page whose y axis points down; "top left" is
    meant before the rotation.

    Parameters
    ----------
    boxes : array_like, shape (..., 4), (..., 5) or (..., 8)
        float32 or float64; integers count as float64.
    in_fmt, out_fmt : str
        One of the above, both with or both without a rotation.

    Returns
    -------
    boxes : ndarray
        New boxes of the same dtype; a copy where the formats are the same.

    Raises
    ------
    ValueError, TypeError
        A shape, format or dtype that cannot be used, or formats that do not convert into each
        other; the message names the argument.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.box_convert([[0.0, 0, 2, 4]], "xyxy", "cxcywh"))
    [[1. 2. 2. 4.]]
    >>> print(fl.box_convert([[1.0, 1, 4, 2, 90]], "xywhr", "xyxyxyxy").round(2) + 0.0)
    [[ 1.  1.  1. -3.  3. -3.  3.  1.]]
    """
    return _core.box_convert(boxes, in_fmt, out_fmt)


@direct
def clip_boxes_to_image(boxes, size):
    """Boxes cut to an image, as ``torchvision.ops.clip_boxes_to_image``.

    ::

        x to [0, width], y to [0, height]

    Parameters
    ----------
    boxes : array_like, shape (..., 4)
        Corners ``(x1, y1, x2, y2)``; integers count as float64.
    size : (float, float)
        Height and width of the image.

    Returns
    -------
    boxes : ndarray of shape (..., 4)
        New boxes of the same dtype. A box outside of the image has no area left.

    Raises
    ------
    ValueError, TypeError
        A shape, size or dtype that cannot be used; the message names the argument.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.clip_boxes_to_image([[-1.0, 2, 9, 12]], (10, 8)))
    [[ 0.  2.  8. 10.]]
    """
    return _core.clip_boxes(boxes, size)


@direct
def remove_small_boxes(boxes, min_size):
    """Indices of the boxes of which no side is too short, as ``torchvision.ops``.

    ::

        x2 - x1 >= min_size and y2 - y1 >= min_size

    Parameters
    ----------
    boxes : array_like, shape (N, 4)
        Corners ``(x1, y1, x2, y2)``.
    min_size : float

    Returns
    -------
    kept : ndarray of int64, ascending

    Raises
    ------
    ValueError, TypeError
        A shape, value or dtype that cannot be used; the message names the argument.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.remove_small_boxes([[0.0, 0, 5, 5], [0, 0, 5, 1], [1, 1, 3, 3]], 2))
    [0 2]
    """
    return _core.keep_large(boxes, min_size)
