"""From the raw output of a detector to boxes in the pixels of an image."""

from typing import NamedTuple

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "decode_boxes",
    "letterbox",
    "non_max_suppression",
    "scale_boxes",
]


class Letterbox(NamedTuple):
    """How an image is fitted into another shape: scaled by `ratio` to `size`, then padded."""

    ratio: float
    size: tuple[int, int]  # (height, width) after scaling
    padding: tuple[int, int, int, int]  # top, bottom, left, right


@direct
def non_max_suppression(
    prediction,
    *,
    conf_threshold=0.25,
    iou_threshold=0.45,
    classes=None,
    agnostic=False,
    multi_label=False,
    max_det=None,
    max_candidates=None,
    num_classes=None,
    fmt="cxcywh",
    return_index=False,
    return_counts=False,
):
    """Detections from the raw output of a YOLO head: confidence filter, classes and `nms`.

    ::

        candidates: score > conf_threshold, of the best class of an anchor or of every class
        of these those that `batched_nms` keeps (`nms` if agnostic), the best first

    By default nothing is cut off. Where ``max_candidates`` or ``max_det`` cuts off, the highest
    scores stay, and ``return_counts`` says how many there were. Of equal scores the lowest class
    comes first, then the lowest anchor.

    Parameters
    ----------
    prediction : array_like, shape (B, 4 + C, A)
        Boxes and probabilities of ``A`` anchors, as exported models return them: float32 or
        float64.
    conf_threshold : float
        In [0, 1].
    iou_threshold : float
        In [0, 1].
    classes : int or list of int, optional
        Classes to report; the best class of an anchor is found among all.
    agnostic : bool
        Boxes suppress each other whatever their classes.
    multi_label : bool
        An anchor may be a detection of every class above the confidence, not of the best alone.
    max_det : int, optional
        Detections per image.
    max_candidates : int, optional
        Candidates per image that enter the suppression.
    num_classes : int, optional
        ``C``, if ``prediction`` has further rows (mask coefficients, key points). They are not
        read; ``return_index`` says where they stand.
    fmt : {"cxcywh", "xyxy", "xywh"}
        Format of the boxes in ``prediction``.
    return_index : bool
        Also return the anchor of every detection.
    return_counts : bool
        Also return how many boxes there were.

    Returns
    -------
    detections : list of B ndarrays of shape (n, 6)
        x1, y1, x2, y2, score, class, by falling score, in the dtype of ``prediction``.
    index : list of B ndarrays of int64, shape (n,), if asked for
    counts : ndarray of int64, shape (B, 3), if asked for
        Candidates; those that the suppression kept; those returned.

    Raises
    ------
    ValueError
        A shape that does not fit, a parameter out of its domain, a score that is NaN (with its
        position).
    IndexError
        A class that ``prediction`` does not have.
    TypeError
        A dtype that cannot be used.

    References
    ----------
    The thresholds' names and defaults are those common among YOLO detectors.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> prediction = np.array([[[5, 6, 25], [5, 5, 25], [10, 10, 8], [10, 10, 8],
    ...                         [0.8, 0.6, 0.1], [0.1, 0.2, 0.5]]])
    >>> fl.non_max_suppression(prediction)
    [array([[ 0. ,  0. , 10. , 10. ,  0.8,  0. ],
           [21. , 21. , 29. , 29. ,  0.5,  1. ]])]
    >>> rows, counts = fl.non_max_suppression(prediction, max_det=1, return_counts=True)
    >>> counts
    array([[3, 2, 1]])
    """
    return _core.non_max_suppression(
        prediction,
        conf_threshold,
        iou_threshold,
        classes,
        agnostic,
        multi_label,
        max_det,
        max_candidates,
        num_classes,
        fmt,
        return_index,
        return_counts,
    )


@direct
def decode_boxes(boxes, *, level_sizes, strides, fmt="xyxy", channels_first=False):
    """Boxes in pixels from the raw distances of an anchor-free head.

    ::

        d = sum_k k softmax_k(z) of the R logits of a side, or z itself for R = 1
        box = stride (x - left, y - top, x + right, y + bottom)
        (x, y) = (column + 1/2, row + 1/2) of the anchor's cell

    Parameters
    ----------
    boxes : array_like, shape (B, 4 R, A)
        Sides in the order left, top, right, bottom: float32 or float64.
    level_sizes : list of (height, width)
        Grids of the levels, whose cells, row by row, are the ``A`` anchors.
    strides : list of float
        Pixels per cell of each level.
    fmt : {"xyxy", "cxcywh", "xywh"}
        Format of the boxes that come back.
    channels_first : bool
        Return (B, 4, A), to be joined with scores for `non_max_suppression`.

    Returns
    -------
    boxes : ndarray of shape (B, A, 4), or (B, 4, A)

    Raises
    ------
    ValueError, TypeError
        Level sizes that do not make ``A`` anchors, a shape, format or dtype that cannot be used;
        the message names the argument.

    References
    ----------
    Li et al. 2020, "Generalized Focal Loss", for the distribution over bins.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> print(fl.decode_boxes(np.ones((1, 4, 3)), level_sizes=[(1, 2), (1, 1)], strides=[8, 16]))
    [[[-4. -4. 12. 12.]
      [ 4. -4. 20. 12.]
      [-8. -8. 24. 24.]]]
    """
    return _core.decode_boxes(boxes, level_sizes, strides, fmt, channels_first)


def letterbox(image_shape, new_shape=640, *, scale_up=True, center=True, stride=None):
    """How an image fits into a shape without distortion: a ratio, a size and a padding.

    ::

        ratio = min(new height / height, new width / width)
        size = round(ratio (height, width)), the rest is padding

    Parameters
    ----------
    image_shape : (height, width, ...)
        Shape of the image.
    new_shape : int or (height, width)
        What it is fitted into.
    scale_up : bool
        Small images grow; if not, the ratio is at most 1.
    center : bool
        Pad on both sides, the odd pixel at the bottom or on the right; if not, there alone.
    stride : int, optional
        Pad to the next multiple of it, not to the whole of ``new_shape``.

    Returns
    -------
    letterbox : (ratio, (height, width), (top, bottom, left, right))
        A named tuple: ratio, size, padding.

    Raises
    ------
    ValueError, TypeError
        A shape or number that cannot be used; the message names the argument.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.letterbox((720, 1280), 640)
    Letterbox(ratio=0.5, size=(360, 640), padding=(140, 140, 0, 0))
    >>> fl.letterbox((720, 1280), 640, stride=32)
    Letterbox(ratio=0.5, size=(360, 640), padding=(12, 12, 0, 0))
    """
    return Letterbox(*_core.letterbox(image_shape, new_shape, scale_up, center, stride))


@direct
def scale_boxes(boxes, from_shape, to_shape, *, padded=True, scale_up=True, center=True, clip=True):
    """Boxes found in a letterboxed image, in the pixels of the image that it was made from.

    ::

        x = (x - padding) / ratio, clipped to [0, width]; y likewise

    Parameters
    ----------
    boxes : array_like, shape (..., 4 or more)
        Corners x1, y1, x2, y2; further columns, as of `non_max_suppression`, come back as they are.
        float32 or float64; integers count as float64.
    from_shape : int or (height, width)
        Shape of the image that the boxes lie in.
    to_shape : (height, width, ...)
        Shape of the image that they are wanted in.
    padded : bool
        The image was letterboxed; if not, it was stretched to ``from_shape``.
    scale_up, center : bool
        As they were for `letterbox`.
    clip : bool
        Move what lies outside of the image to its border.

    Returns
    -------
    boxes : ndarray
        Of the shape of ``boxes``.

    Raises
    ------
    ValueError, TypeError
        A shape or dtype that cannot be used; the message names the argument.

    Examples
    --------
    >>> import fastloss as fl
    >>> print(fl.scale_boxes([[10.0, 150, 60, 250]], 640, (720, 1280)))
    [[ 20.  20. 120. 220.]]
    """
    return _core.scale_boxes(boxes, from_shape, to_shape, padded, scale_up, center, clip)
