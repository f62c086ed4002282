"""Run a function beside its namesake in torch.nn.functional: values and gradients."""

from __future__ import annotations

import warnings

import numpy as np
import torch
import torch.nn.functional as F

import fastloss as fl
from fastloss.reference import LOSSES

NAMES = (
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "poisson_nll_loss",
    "gaussian_nll_loss",
    "kl_div",
    "soft_margin_loss",
    "hinge_embedding_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "nll_loss",
)
MARGINS = ("multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss")
# Those whose target holds class indices.
LABELLED = ("cross_entropy", "nll_loss", "multi_margin_loss", "multilabel_margin_loss")
# torch's namesakes that take no weight, and those that want one of the input's own shape
UNWEIGHTED = (
    "smooth_l1_loss",
    "poisson_nll_loss",
    "gaussian_nll_loss",
    "kl_div",
    "soft_margin_loss",
    "hinge_embedding_loss",
)
FULL_WEIGHT = ("mse_loss", "l1_loss", "huber_loss")


def to_torch(value):
    """Arrays as tensors of the same numbers; integers and bools as what torch takes for them."""
    if isinstance(value, np.ndarray):
        value = np.array(value.astype(value.dtype.newbyteorder("="), copy=False), order="C")
        tensor = torch.from_numpy(value if value.dtype != np.uint64 else value.astype(np.int64))
        return tensor if tensor.is_floating_point() else tensor.long()
    return value


def to_numpy(value):
    """Tensors as arrays that share their memory."""
    return value.detach().numpy() if isinstance(value, torch.Tensor) else value


def in_torch(name, args, options):
    """(value, derivatives of its sum) by torch and its autograd, in the input's type."""
    tensors = [to_torch(a) for a in args]
    options = {key: to_torch(value) for key, value in options.items()}
    input = tensors[0] = tensors[0].clone().requires_grad_()
    for i, t in enumerate(tensors[1:], 1):
        if name not in LABELLED and isinstance(t, torch.Tensor):
            tensors[i] = t.to(input.dtype)
    by = [tensors[at] for at in LOSSES[name].wrt if isinstance(tensors[at], torch.Tensor)]
    for t in by:
        t.requires_grad_()
    weight = options.get("weight")
    if weight is not None:
        options["weight"] = weight = weight.to(input.dtype)
        if name in FULL_WEIGHT:
            options["weight"] = weight.expand(input.shape)
    if options.get("pos_weight") is not None:
        options["pos_weight"] = options["pos_weight"].to(input.dtype)
    reduction = options.get("reduction", "mean")
    if name in UNWEIGHTED and weight is not None:
        options = {**options, "reduction": "none"}
        del options["weight"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = getattr(F, name)(*tensors, **options)
        if name in UNWEIGHTED and weight is not None:
            value = value * weight
            count = len(input) if reduction == "batchmean" and input.ndim else 1
            total = value.sum() / count
            value = {"none": value, "mean": value.mean()}.get(reduction, total)
        slopes = [slope.numpy() for slope in torch.autograd.grad(value.sum(), by)]
    return value.detach().numpy(), slopes[0] if len(slopes) == 1 else tuple(slopes)


def several(slope):
    """The derivatives by every argument that there is one for."""
    return slope if isinstance(slope, tuple) else (slope,)


def in_fastloss(name, args, options):
    value, slope = getattr(fl, name)(*args, **options, grad=True)
    alone = getattr(fl, name)(*args, **options)
    np.testing.assert_array_equal(alone, value, "the value depends on whether grad is asked for")
    assert isinstance(value, np.ndarray if options.get("reduction") == "none" else float)
    assert all(isinstance(each, np.ndarray) for each in several(slope))
    return np.asarray(value), slope


def assert_same(actual, expected, dtype, label, scale=0.0):
    """Equal to a few ulp of the largest term, with NaN and infinities in the same places.

    `scale` is the size of torch's intermediate terms where they cancel.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, label
    finite = np.abs(expected[np.isfinite(expected)])
    largest = max(scale, float(finite.max()) if finite.size else 0.0)
    eps = np.finfo(dtype).eps
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected) <= eps * (64 * np.abs(expected) + 32 * largest)
    near |= (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    assert near.all(), (label, actual[~near][:5], expected[~near][:5], np.argwhere(~near)[:5])


def compare(name, args, options, scale=0.0):
    """Value and gradient beside torch, within a few ulp of `scale` or the largest number."""
    args = [to_numpy(a) for a in args]
    options = {key: to_numpy(value) for key, value in options.items()}
    dtype = args[0].dtype.newbyteorder("=")
    copies = [np.array(a) for a in args]
    value, slope = in_fastloss(name, args, options)
    expected, expected_slope = in_torch(name, args, options)
    label = (name, [getattr(a, "shape", a) for a in args], options)
    assert_same(value, expected, dtype, (*label, "value"), scale)
    for mine, theirs in zip(several(slope), several(expected_slope), strict=True):
        assert mine.dtype == dtype, label
        assert_same(mine, theirs, dtype, (*label, "gradient"), scale)
    for array, copy in zip(args, copies, strict=True):
        np.testing.assert_array_equal(array, copy, "an input was written")
