"""Box i with box i: the losses that were made of IoU, DIoU and CIoU later on."""

from fastloss import _core
from fastloss._core import direct

__all__ = [
    "alpha_box_iou_loss",
    "efficient_box_iou_loss",
    "inner_box_iou_loss",
    "mpdiou_loss",
    "nwd_loss",
    "scylla_box_iou_loss",
    "wise_box_iou_loss",
]

_box_loss = _core.box_loss
_LOSSES = _core.losses()
_ALPHA = _LOSSES["alpha_box_iou"]
_EIOU = _LOSSES["efficient_box_iou"]
_INNER = _LOSSES["inner_box_iou"]
_MPDIOU = _LOSSES["mpdiou"]
_NWD = _LOSSES["nwd"]
_SIOU = _LOSSES["scylla_box_iou"]
_WIOU = _LOSSES["wise_box_iou"]


@direct
def efficient_box_iou_loss(
    boxes1,
    boxes2,
    *,
    focal_gamma=0.0,
    detach=True,
    fmt="xyxy",
    reduction="mean",
    weight=None,
    eps=1e-7,
    grad=False,
):
    """EIoU loss: the distance IoU loss, plus penalties for width and height of their own.

    Zhang et al., Focal and Efficient IOU Loss (2021). Not the *Extended* IoU of mmdetection,
    which also goes by this name.

    ::

        L = 1 - IoU + rho^2 / c^2 + (w1 - w2)^2 / cw^2 + (h1 - h2)^2 / ch^2
        loss = IoU^focal_gamma L
        c^2 = cw^2 + ch^2,  cw, ch  sides of the smallest box around both

    ``eps`` is part of U, c^2, cw^2, ch^2 and, where boxes come as corners, of both heights: the
    IoU is that of `bbox_iou`.

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true boxes. ``boxes1`` fixes the dtype of the results, float32 or float64;
        integers count as float64.
    focal_gamma : float
        Weighs boxes by their IoU; 0.5 in the paper, 0 for the loss alone.
    detach : bool
        Whether the factor IoU^focal_gamma is a constant in the derivative, as in most published
        code. The paper differentiates it: False.
    fmt : {"xyxy", "xywh", "cxcywh"}
        Corners; corner and size; centre and size.
    reduction : {"mean", "sum", "none"}
        The mean divides by the number of boxes; of none at all it is 0.
    weight : array_like, optional
        One weight per box, broadcast to ``(...)``.
    eps : float
        Keeps denominators from 0.
    grad : bool or ndarray
        True: also return d loss / d ``boxes1``. An array of its shape and dtype is filled.

    Returns
    -------
    loss : float, or ndarray of shape (...) for "none"
    grad : ndarray of shape (..., 4), if asked for; with "none" that of the sum

    Raises
    ------
    ValueError, TypeError
        A shape, value or dtype that cannot be used; the message names the argument.

    Notes
    -----
    With a focal_gamma > 0 boxes that are apart have loss 0 and no derivative. Where sides coincide,
    max and min pass half of the derivative; boxes that touch pass one.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.efficient_box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]])
    >>> print(f"{loss:.4f}")
    1.0814
    """
    return _box_loss(
        _EIOU, boxes1, boxes2, weight, fmt, eps, reduction, grad, (focal_gamma, detach)
    )


@direct
def scylla_box_iou_loss(
    boxes1, boxes2, *, fmt="xyxy", reduction="mean", weight=None, eps=1e-7, grad=False
):
    """SIoU loss: overlap, distance weighed by the angle between the centres, and shape.

    Gevorgyan, SIoU Loss (2022), as YOLOv6 and mmdetection have it: the shape's power is 4, the
    overlap is cut to [-1, 1].

    ::

        loss = 1 - clip(IoU - (D + S) / 2, -1, 1)
        D = 2 - e^(-g (sx/cw)^2) - e^(-g (sy/ch)^2)        g = 2 - 2 |sx sy| / (sx^2 + sy^2)
        S = (1 - e^(-|w1 - w2| / max(w1, w2)))^4 + the same of the heights
        sx, sy  from centre to centre;  cw, ch  sides of the smallest box around both

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true boxes.
    fmt, reduction, weight, eps, grad : as in `efficient_box_iou_loss`

    Returns
    -------
    loss, grad : as in `efficient_box_iou_loss`

    Raises
    ------
    ValueError, TypeError : as in `efficient_box_iou_loss`

    Notes
    -----
    The angle's sine of twice an arcsine is written out, so it has no singularity at 45 degrees;
    it is 0 for equal centres. The largest of two sizes is that of their magnitudes. Nothing is a
    constant in the derivative, which is 0 where the overlap is cut.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.scylla_box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]])
    >>> print(f"{loss:.4f}")
    1.0188
    """
    return _box_loss(_SIOU, boxes1, boxes2, weight, fmt, eps, reduction, grad, ())


@direct
def wise_box_iou_loss(
    boxes1,
    boxes2,
    *,
    version=1,
    running_mean=None,
    momentum=1 - 0.5 ** (1 / 7000),
    gamma=0.5,
    alpha=1.9,
    delta=3.0,
    fmt="xyxy",
    reduction="mean",
    weight=None,
    eps=1e-7,
    grad=False,
):
    """Wise IoU loss: weighs boxes by their distance, and by how good they are for this model.

    Tong et al., Wise-IoU (2023). The enclosing box is a constant, as in the paper (published code
    often forgets that); alpha and delta are those of its table and of most code.

    ::

        v1 = e^(rho^2 / c^2) (1 - IoU)                     c^2 a constant in the derivative
        v2 = b^gamma v1                                    b = (1 - IoU) / running mean, a constant
        v3 = b / (delta alpha^(b - delta)) v1

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true boxes.
    version : {1, 2, 3}
        Without focus, monotonous, or with the most weight on boxes of middling quality.
    running_mean : float, optional
        For versions 2 and 3: the mean of 1 - IoU so far, 1.0 to begin with. The loss keeps no
        state of its own: hand in what the last call returned.
    momentum : float
        How far the running mean moves towards that of these boxes, before it is used. By default
        half of the way in 7000 calls; 0 in evaluation.
    gamma : float
        The power of version 2.
    alpha, delta : float
        Version 3 gives a box with ``b = delta`` the factor 1.
    fmt, reduction, weight, eps, grad : as in `efficient_box_iou_loss`

    Returns
    -------
    loss, grad : as in `efficient_box_iou_loss`
    running_mean : float, as the last of the results, where one was given

    Raises
    ------
    ValueError, TypeError : as in `efficient_box_iou_loss`

    Notes
    -----
    Weights do not count in the running mean. Centres of inverted boxes may lie outside of the
    enclosing box: rho^2 / c^2 is held at 1.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.wise_box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]])
    >>> print(f"{loss:.4f}")
    1.0123
    >>> loss, mean = fl.wise_box_iou_loss(
    ...     [[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]], version=3, running_mean=1.0, momentum=0.5
    ... )
    >>> print(f"{loss:.4f} {mean:.4f}")
    1.1906 0.9444
    """
    return _core.wise_boxes(
        _WIOU,
        boxes1,
        boxes2,
        version,
        running_mean,
        momentum,
        (gamma, alpha, delta),
        weight,
        fmt,
        eps,
        reduction,
        grad,
    )


@direct
def mpdiou_loss(
    boxes1, boxes2, *, image_size, fmt="xyxy", reduction="mean", weight=None, eps=1e-7, grad=False
):
    """MPDIoU loss: one minus the IoU, plus the squared distances of two corners.

    Ma and Xu, MPDIoU (2023). The distances are measured in diagonals of the image, as in the
    paper; some code takes the size of a feature map, or width times height.

    ::

        loss = 1 - IoU + (d1^2 + d2^2) / (W^2 + H^2)
        d1, d2  between the upper left and between the lower right corners

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true boxes.
    image_size : (float, float)
        Height and width of the image, in the units of the boxes.
    fmt, reduction, weight, eps, grad : as in `efficient_box_iou_loss`

    Returns
    -------
    loss, grad : as in `efficient_box_iou_loss`

    Raises
    ------
    ValueError, TypeError : as in `efficient_box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.mpdiou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]], image_size=(3, 4))
    >>> print(f"{loss:.4f}")
    1.1689
    """
    return _core.mpdiou_loss(_MPDIOU, boxes1, boxes2, image_size, weight, fmt, eps, reduction, grad)


@direct
def alpha_box_iou_loss(
    boxes1,
    boxes2,
    *,
    kind="iou",
    alpha=3.0,
    fmt="xyxy",
    reduction="mean",
    weight=None,
    eps=1e-7,
    grad=False,
):
    """Alpha-IoU loss: the IoU and every penalty to a power.

    He et al., Alpha-IoU (2021). Published code adds a small number inside of each power; here
    ``eps`` keeps denominators from 0 and a power is that of the plain number.

    ::

        iou    1 - IoU^a
        giou   1 - IoU^a + ((E - U) / E)^a
        diou   1 - IoU^a + (rho^2 / c^2)^a
        ciou   1 - IoU^a + (rho^2 / c^2)^a + (beta v)^a        beta = v / (1 - IoU + v + eps)

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true boxes.
    kind : {"iou", "giou", "diou", "ciou"}
    alpha : float
        The power, > 0.
    fmt, reduction, weight, eps, grad : as in `efficient_box_iou_loss`

    Returns
    -------
    loss, grad : as in `efficient_box_iou_loss`

    Raises
    ------
    ValueError, TypeError : as in `efficient_box_iou_loss`

    Notes
    -----
    beta is a constant in the derivative. A power below 1 has an infinite derivative at 0, which
    is taken as 0. Penalties of inverted boxes may lie outside of [0, 1] and are held there.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.alpha_box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]], kind="diou")
    >>> print(f"{loss:.4f}")
    1.0008
    """
    return _core.box_loss_of_kind(
        _ALPHA, kind, boxes1, boxes2, weight, fmt, eps, reduction, grad, (alpha,)
    )


@direct
def inner_box_iou_loss(
    boxes1,
    boxes2,
    *,
    kind="iou",
    ratio=0.75,
    fmt="xyxy",
    reduction="mean",
    weight=None,
    eps=1e-7,
    grad=False,
):
    """Inner-IoU loss: takes the IoU of both boxes scaled about their centres.

    Zhang et al., Inner-IoU (2023). The IoU inside of CIoU's alpha is the plain one, as in the
    paper; code that replaces the IoU everywhere differs there.

    ::

        loss = L + IoU - IoU'        L  the loss of that kind,  IoU'  of the scaled boxes

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true boxes.
    kind : {"iou", "giou", "diou", "ciou"}
    ratio : float
        The scale, 0.5 to 1.5 in the paper: small ones for boxes that fit well already.
    fmt, reduction, weight, eps, grad : as in `efficient_box_iou_loss`

    Returns
    -------
    loss, grad : as in `efficient_box_iou_loss`

    Raises
    ------
    ValueError, TypeError : as in `efficient_box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.inner_box_iou_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]], ratio=1.2)
    >>> print(f"{loss:.4f}")
    0.8293
    """
    return _core.box_loss_of_kind(
        _INNER, kind, boxes1, boxes2, weight, fmt, eps, reduction, grad, (ratio,)
    )


@direct
def nwd_loss(
    boxes1,
    boxes2,
    *,
    constant=12.8,
    fmt="xyxy",
    reduction="mean",
    weight=None,
    eps=1e-7,
    grad=False,
):
    """One minus the normalized Wasserstein distance of two boxes, for tiny objects.

    Wang et al., A Normalized Gaussian Wasserstein Distance for Tiny Object Detection (2021). As in
    most code, ``eps`` stands under the root, whose derivative would be infinite for equal boxes.

    ::

        loss = 1 - e^(-sqrt(W + eps) / constant)
        W = (cx1 - cx2)^2 + (cy1 - cy2)^2 + ((w1 - w2)^2 + (h1 - h2)^2) / 4

    Parameters
    ----------
    boxes1, boxes2 : array_like, shape (..., 4)
        Predicted and true boxes.
    constant : float
        The mean size of the objects of a data set in the units of the boxes: 12.8 pixels in AI-TOD.
    fmt, reduction, weight, eps, grad : as in `efficient_box_iou_loss`

    Returns
    -------
    loss, grad : as in `efficient_box_iou_loss`

    Raises
    ------
    ValueError, TypeError : as in `efficient_box_iou_loss`

    Examples
    --------
    >>> import fastloss as fl
    >>> print(f"{fl.nwd_loss([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]]):.4f}")
    0.1360
    """
    return _box_loss(_NWD, boxes1, boxes2, weight, fmt, eps, reduction, grad, (constant,))
