"""What the tests of fastloss.torch share: the registry's cases as tensors."""

from __future__ import annotations

import warnings

import numpy as np
import torch

import fastloss.torch as ft
from fastloss.reference import LOSSES
from fastloss.torch._door import doors

torch.set_num_threads(
    1
)  # small tensors, and processes beside this one: waiting for a team takes longest

CRITERIA = {door.name: door for door in doors() if door.result}
DOORS = {door.name: door for door in doors() if door.kind != "criterion"}
LEARNED = [name for name, door in DOORS.items() if door.differentiable]
FUNCTIONS = {name: getattr(ft, name) for name in LOSSES if hasattr(ft, name)}


def tensor_of(value):
    """Arrays, also those in lists, as tensors; what torch has no type for as the nearest it has."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = np.asarray(value)
        value = np.array(value.astype(value.dtype.newbyteorder("="), copy=False), order="C")
        if value.dtype.kind == "u" and value.dtype != np.uint8:
            value = value.astype(np.int64)
        return torch.from_numpy(value)
    if isinstance(value, (list, tuple)) and any(isinstance(v, np.ndarray) for v in value):
        return [tensor_of(v) for v in value]
    return value


def smallest(loss):
    """The smallest shape of a loss that holds a handful of numbers."""
    full = [shape for shape in loss.shapes if np.prod(shape) >= 4]
    return min(full or loss.shapes, key=lambda shape: np.prod(shape))


def calls(name, dtype=np.float64, smooth=False, shapes=None, seed=0):
    """(args, options) as arrays, for every case of the registry."""
    loss = LOSSES[name]
    for case in loss.cases():
        for shape in shapes or (smallest(loss),):
            rng = np.random.default_rng(seed)
            args = (case.smooth_sample if smooth else case.sample)(rng, shape, dtype)
            yield args, case.keywords(rng, args)


def as_tensors(args, options):
    return [tensor_of(a) for a in args], {k: tensor_of(v) for k, v in options.items()}


def bound(name, args, options):
    """Positional arguments under their names, and the names that have a gradient."""
    door = DOORS[name]
    given = dict(zip(door.positional, args, strict=False))
    return {**given, **options}, door.differentiable


def learned(door, args):
    """Fresh copies of the arguments; those that have a gradient require it, the others do not."""
    given = []
    for name, value in zip(door.required, args, strict=False):
        if isinstance(value, torch.Tensor):
            value = value.detach().clone()
            if name in door.differentiable and value.is_floating_point():
                value.requires_grad_()
        given.append(value)
    return given + list(args[len(given) :])


def beside(door, ours, theirs, args):
    """Values, and gradients of any upstream, of two functions of the same arguments."""
    results = []
    for function in (ours, theirs):
        given = learned(door, args)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = function(*given)
        torch.manual_seed(0)
        upstream = torch.randn_like(value)
        inputs = [t for t in given if isinstance(t, torch.Tensor) and t.requires_grad]
        slopes = torch.autograd.grad(value, inputs, upstream)
        results.append((value.detach(), *slopes))
    for mine, other in zip(*results, strict=True):
        assert mine.shape == other.shape and mine.dtype == other.dtype
        rtol, atol = (1e-5, 1e-5) if mine.dtype == torch.float32 else (1e-7, 1e-7)
        if not torch.allclose(mine, other, rtol, atol, equal_nan=True):  # quicker than
            torch.testing.assert_close(mine, other, rtol=rtol, atol=atol, equal_nan=True)
