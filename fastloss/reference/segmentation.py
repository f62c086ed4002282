"""Losses of masks: ratios of sums over the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._common import (
    as_float,
    check_reduction,
    check_same_shape,
    deliver,
    like,
    quotient,
    reduced,
    sigmoid,
    softmax,
    wanted,
)
from ._masks import (
    BINARY,
    IGNORED_LABELS,
    IGNORED_MASKS,
    MULTICLASS,
    MULTILABEL,
    labels,
    masks,
    probability_masks,
    soft_masks,
    with_probabilities,
    without_logits,
)
from ._registry import Variant, register
from ._row_samples import class_probabilities

MODES = ("binary", "multilabel", "multiclass")


def _one_hot(
    x: np.ndarray, target: Any, ignore_index: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Class indices (N, ...) as 0/1 masks (N, C, ...), and which pixels count."""
    t = np.asarray(target)
    rows = (x.shape[0], *x.shape[2:])
    if t.dtype.kind not in "iu":
        raise TypeError(f"class indices must be integers, got {t.dtype}")
    if t.shape != rows:
        raise ValueError(f"target has shape {t.shape}, but input of {x.shape} needs {rows}")
    t = t.astype(np.int64)
    ignored = np.zeros(t.shape, bool) if ignore_index is None else t == ignore_index
    index = np.where(ignored, 0, t)
    classes = x.shape[1]
    if index.size and (index.min() < 0 or index.max() >= classes):
        raise IndexError(f"target must lie in 0..{classes - 1} or be {ignore_index}")
    along = np.arange(classes).reshape((-1,) + (1,) * (x.ndim - 2))
    hot = (index[:, None] == along).astype(x.dtype)
    return hot, None if ignore_index is None else ~ignored[:, None]


def _targets(
    x: np.ndarray, target: Any, mode: str, ignore_index: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Masks of the input's shape, and which of their entries count (None: all)."""
    if mode == "multiclass" and np.shape(target) != x.shape:
        return _one_hot(x, target, ignore_index)
    t = like(target, x)
    check_same_shape(x, t)
    if mode == "multiclass" and ignore_index is not None:
        raise ValueError("ignore_index needs class indices, but target holds probabilities")
    return t, None if ignore_index is None else t != ignore_index


def _probabilities(x: np.ndarray, mode: str, from_logits: bool) -> np.ndarray:
    if not from_logits:
        return x
    return softmax(x, 1) if mode == "multiclass" else sigmoid(x)


def _through_logits(p: np.ndarray, slope: np.ndarray, mode: str) -> np.ndarray:
    """d/dx from d/dp, through the softmax over axis 1 or the logistic function."""
    if mode == "multiclass":
        return p * (slope - (p * slope).sum(axis=1, keepdims=True))
    return slope * p * (1 - p)


@register(
    kind="ratio",
    formula="1 − (2Σpt + a)/(Σp + Σt + b)",
    sample=masks,
    options=BINARY,
    variants=(
        Variant(masks, MULTILABEL),
        Variant(labels, MULTICLASS),
        Variant(soft_masks, (*BINARY, *MULTILABEL[:5])),
        Variant(class_probabilities, MULTICLASS),
        Variant(probability_masks, without_logits((*BINARY, *MULTILABEL[-2:]))),
        Variant(with_probabilities, without_logits(MULTICLASS)),
        Variant(IGNORED_MASKS, ({"ignore_index": 9}, {"ignore_index": 9, "mode": "multilabel"})),
        Variant(
            IGNORED_LABELS, tuple({**option, "ignore_index": 255} for option in MULTICLASS[::3])
        ),
        Variant(labels, ({"mode": "multiclass", "ignore_index": 0},)),
    ),
    shapes=((2, 3), (3, 4, 5), (2, 3, 2, 4), (2, 1, 5)),
    bench=((8, 1, 256, 256), (8, 4, 256, 256)),
)
def dice_loss(
    input: Any,
    target: Any,
    *,
    mode: str = "binary",
    from_logits: bool = True,
    per_image: bool = False,
    average: str = "macro",
    smooth_nr: float = 1e-5,
    smooth_dr: float = 1e-5,
    squared: bool = False,
    classes: Sequence[int] | None = None,
    class_weight: Any = None,
    skip_absent: bool = False,
    ignore_index: int | None = None,
    reduction: str = "mean",
    grad: Any = False,
) -> Any:
    """1 - (2 I + smooth_nr) / (P + T + smooth_dr) per group (Milletari 2016).

    I = sum p t, P = sum p and T = sum t (squared: p^2 and t^2). A group is a class ("macro") or
    all of them ("micro"), over the batch or per image. With N and D the two sides of the fraction,
    the gradient by p is (N P' - 2 t D) / D^2, P' = 1 (squared: 2 p).
    """
    check_reduction(reduction)
    if mode not in MODES:
        raise ValueError(f"mode must be one of {MODES}, got {mode!r}")
    if average not in ("macro", "micro"):
        raise ValueError(f"average must be 'macro' or 'micro', got {average!r}")
    if class_weight is not None and (mode == "binary" or average == "micro"):
        raise ValueError("class_weight needs one group for each class")
    if classes is not None and mode == "binary":
        raise ValueError("classes needs a class axis, which mode 'binary' has not")
    x = as_float(input)
    t, counts = _targets(x, target, mode, ignore_index)
    p = _probabilities(x, mode, from_logits)

    # everything below has (N, C, pixels)
    layout = (x.shape[0], 1, -1) if mode == "binary" else (*x.shape[:2], -1)
    if x.size == 0:
        layout = (*layout[:2], 0)
    selected = np.arange(1 if mode == "binary" else x.shape[1])
    if classes is not None:
        selected = selected[list(classes)]
    mask = np.broadcast_to(np.ones_like(p) if counts is None else counts.astype(p.dtype), p.shape)
    p_group, t_group, mask = (a.reshape(layout)[:, selected] for a in (p, t, mask))
    t_group = np.where(mask > 0, t_group, 0)

    axes = (2,) if per_image else (0, 2)
    axes = (1, *axes) if average == "micro" else axes
    power = 2 if squared else 1
    p_sum = (mask * p_group**power).sum(axis=axes, keepdims=True)
    t_sum = (t_group**power).sum(axis=axes, keepdims=True)
    inter = (mask * p_group * t_group).sum(axis=axes, keepdims=True)
    above, below = 2 * inter + smooth_nr, p_sum + t_sum + smooth_dr
    loss = 1 - quotient(above, below)
    # what each group counts in the returned value
    share = np.ones_like(loss)
    if class_weight is not None:
        w = like(class_weight, x)
        if w.shape != x.shape[1:2]:
            raise ValueError(f"class_weight has shape {w.shape}, but input {x.shape[1]} classes")
        share = share * w[selected][None, :, None]
    divisor = share.sum()
    present = (t_sum != 0) | (not skip_absent)
    loss = np.where(present, share * loss, 0)
    share = np.where(present, share, 0)
    dropped = [1] if mode == "binary" or average == "micro" else []
    dropped += [2] if per_image else [0, 2]
    value = reduced(loss.squeeze(tuple(dropped)).astype(x.dtype), reduction, divisor)
    if not wanted(grad):
        return value

    inner = 2 * p_group if squared else 1
    slope = quotient(above * inner - 2 * t_group * below, below * below) * mask
    slope = np.where(share == 0, 0, share * slope)
    if reduction == "mean":
        slope = quotient(slope, divisor)
    full = np.zeros(p.reshape(layout).shape, x.dtype)
    full[:, selected] = slope
    slope = full.reshape(x.shape)
    return value, deliver(grad, _through_logits(p, slope, mode) if from_logits else slope, x)
