"""Losses of masks: how well predicted regions cover the true ones."""

from fastloss import _core

_ratio = _core.ratio
_DICE = _core.losses()["dice"]


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
    return _ratio(
        _DICE, input, target, (smooth_nr, smooth_dr), mode, from_logits, per_image, average,
        squared, classes, class_weight, skip_absent, ignore_index, reduction, grad,
    )  # fmt: skip
