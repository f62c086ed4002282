"""Losses of masks: how well predicted regions cover the true ones."""

from fastloss import _core
from fastloss._core import direct

__all__ = ["dice_loss"]

_ratio = _core.ratio
_DICE = _core.losses()["dice"]


@direct
def dice_loss(
    input,
    target,
    *,
    mode="binary",
    from_logits=True,
    per_image=False,
    average="macro",
    smooth_nr=1e-5,
    smooth_dr=1e-5,
    squared=False,
    classes=None,
    class_weight=None,
    skip_absent=False,
    ignore_index=None,
    reduction="mean",
    grad=False,
):
    """One minus the Dice coefficient: how little predicted regions cover the true ones.

    ::

        p    = sigmoid(input), softmax over axis 1 (multiclass), or input (from_logits=False)
        I    = sum p t      P = sum p      T = sum t            (squared: P = sum p^2, T = sum t^2)
        loss = 1 - (2 I + smooth_nr) / (P + T + smooth_dr)      for every group of pixels

    A group holds the pixels of one class (``average="macro"``) or of all chosen classes
    (``"micro"``), over the batch or, with ``per_image``, of one image.

    Parameters
    ----------
    input : array_like, float32 or float64
        (N, ...) in mode ``"binary"``, else (N, C, ...). Logits, or probabilities with
        ``from_logits=False``.
    target : array_like
        A mask of input's shape, of any real dtype, soft values included. In mode
        ``"multiclass"`` class indices of shape (N, ...) and of any integer dtype, or class
        probabilities of input's shape.
    mode : {"binary", "multilabel", "multiclass"}
        One class without an axis; classes on axis 1 that overlap; classes that exclude
        each other.
    from_logits : bool
        Whether input goes through a sigmoid or, for ``"multiclass"``, a softmax.
    per_image : bool
        Whether every image has groups of its own.
    average : {"macro", "micro"}
        A group per class, or one for all chosen classes together.
    smooth_nr, smooth_dr : float
        Added to numerator and denominator, >= 0. An empty group gives
        ``1 - smooth_nr / smooth_dr``: NaN where both are 0, unless ``skip_absent``.
    squared : bool
        Sum squares of probabilities and of the target in the denominator.
    classes : sequence of int, optional
        The classes that take part, in the order of ``reduction="none"``. The others enter
        through the softmax alone.
    class_weight : array_like of shape (C,), optional
        Factors of the classes' losses; ``"mean"`` divides by their sum over the chosen
        classes. Not for ``"binary"`` or ``"micro"``.
    skip_absent : bool
        Let groups without any target count as a loss of 0.
    ignore_index : int, optional
        Leave out what has this target: pixels with class indices, single elements of
        masks. Not for class probabilities.
    reduction : {"mean", "sum", "none"}
        Over the groups.
    grad : bool or ndarray
        Also return d loss / d input (for ``"none"``: of the sum); an array of input's shape
        and dtype is filled and returned.

    Returns
    -------
    float or ndarray
        With ``"none"`` an array of shape (chosen classes,), with ``per_image``
        (N, chosen classes); without the last axis for ``"binary"`` and ``"micro"``.
    ndarray
        The gradient, if ``grad`` asks for it.

    Raises
    ------
    ValueError
        Shapes that do not match; an unknown mode, average or reduction; a negative or
        infinite smooth term; arguments that exclude each other.
    TypeError
        A dtype that cannot be used, such as float class indices.
    IndexError
        A label that is neither a class nor ``ignore_index``, or a class beyond input's. No
        buffer has been written by then.

    Notes
    -----
    The arguments that give another library's loss, everything else at its default:

    ===========================  ============================================================
    library                      arguments
    ===========================  ============================================================
    segmentation_models_pytorch  ``mode=..., smooth_nr=0, smooth_dr=0, skip_absent=True``
                                 (``smooth=s``: both ``s``); its ``eps`` is a floor below
                                 which no denominator falls
    MONAI                        ``per_image=True``, ``mode="multilabel"`` for ``sigmoid=True``,
                                 ``mode="multiclass"`` for ``softmax=True``; ``squared`` is
                                 ``squared_pred``; ``classes=range(1, C)`` for
                                 ``include_background=False``; ``per_image=False`` for
                                 ``batch=True``; its weighted mean divides by the number of
                                 groups, not by the weights
    kornia                       ``mode="multiclass", per_image=True, average="micro",
                                 smooth_nr=0, smooth_dr=1e-8`` (``average="macro"`` likewise);
                                 it adds 1e-6 to its one-hot targets
    Keras ``Dice``               ``average="micro", from_logits=False, mode="multilabel",
                                 smooth_nr=1e-7, smooth_dr=1e-7``
    ===========================  ============================================================

    NaN stays in its group. Sums are taken in double precision from one tile of pixels to the
    next, in an order that the number of threads does not change.

    References
    ----------
    Dice, "Measures of the amount of ecologic association between species", 1945.
    Milletari, Navab, Ahmadi, "V-Net", 3DV 2016 (``squared=True``).

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> probability = np.array([[0.9, 0.8, 0.1, 0.0]])
    >>> mask = np.array([[1, 1, 0, 0]])
    >>> loss, grad = fl.dice_loss(probability, mask, from_logits=False, grad=True)
    >>> round(loss, 4)
    0.1053
    >>> (grad < 0).tolist()
    [[True, True, False, False]]
    """
    return _ratio(
        _DICE, input, target, (smooth_nr, smooth_dr), mode, from_logits, per_image, average,
        squared, classes, class_weight, skip_absent, ignore_index, reduction, grad,
    )  # fmt: skip
