"""What the tests of fastloss.torch share: the registry's cases as tensors."""

from __future__ import annotations

import numpy as np
import torch

import fastloss.torch as ft
from fastloss.reference import LOSSES
from fastloss.torch._door import doors

DOORS = {door.name: door for door in doors()}
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
