"""The kernels of the operators: numbers for tensors, and the shapes of what would come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ._arrays import as_array, as_tensors
from ._door import Arguments, Door
from ._spread import LAST_AXIS, mixes


def arrays_of(given: Arguments) -> Arguments:
    """The arguments of the library's own function."""
    found: Arguments = {}
    for name, value in given.items():
        if isinstance(value, Tensor):
            found[name] = as_array(name, value)
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Tensor):
            found[name] = [as_array(f"{name}[{i}]", tensor) for i, tensor in enumerate(value)]
        else:
            found[name] = value
    return found


def named(door: Door, values: Sequence[Any]) -> Arguments:
    """The arguments of an operator by name."""
    return dict(zip(door.schema, values, strict=True))


def learned(door: Door, given: Arguments) -> list[Tensor]:
    """The tensors that have a gradient."""
    found: list[Tensor] = []
    for name in door.differentiable:
        value = given.get(name)
        if value is not None:
            found += value if isinstance(value, (list, tuple)) else [value]
    return found


def padded(door: Door, gradients: Sequence[Tensor], like: Tensor) -> tuple[Tensor, ...]:
    """As many as the operator has outputs: empty ones for branches that are not there."""
    return *gradients, *(like.new_empty(0) for _ in range(door.gradients - len(gradients)))


def grouped(door: Door, names: Iterable[str], items: Iterable[Any]) -> tuple[Any, ...]:
    """One of `items` for each argument, in pairs where the argument is the pair of a head."""
    rest = iter(items)
    return tuple(
        [next(rest), next(rest)] if door.schema[name] == "Tensor[]" else next(rest)
        for name in names
    )


def leaves(gradients: Any) -> Iterator[np.ndarray]:
    """The arrays of what `grad=True` returns, in the order of `learned`."""
    if isinstance(gradients, np.ndarray):
        yield gradients
    else:
        for each in gradients:
            yield from leaves(each)


def value_shape(door: Door, values: Sequence[Any]) -> tuple[Any, ...]:
    """The shape of what is returned, also where sizes are symbols."""
    given = named(door, values)
    if given.get("reduction", "none") != "none" or door.kind in ("penalty", "criterion"):
        return ()
    shape = tuple(given[door.required[0]].shape)
    if door.kind == "pointwise":
        return shape
    if door.kind == "rowwise":
        return shape[:-1] if door.name in LAST_AXIS or len(shape) == 1 else shape[:1] + shape[2:]
    if door.kind == "boxes":
        return shape[:-1]
    if door.kind == "pairs":
        other = tuple(given["boxes2"].shape)
        lead = torch.broadcast_shapes(shape[:-2], other[:-2])
        return (*lead, shape[-2], other[-2])
    return np.shape(door.public(**{name: blank(value) for name, value in given.items()}))


def blank(value: Any) -> Any:
    """Zeros in place of a tensor: for functions whose shapes follow no simple rule."""
    if isinstance(value, Tensor):
        dtype = np.float64 if value.is_floating_point() else np.int64
        return np.zeros([int(n) for n in value.shape], dtype)
    return value


def result_type(door: Door, values: Sequence[Any]) -> torch.dtype:
    """float32, unless anything that fixes the type is not."""
    first = named(door, values)[door.required[0]]
    tensors = first if isinstance(first, (list, tuple)) else [first]
    single = all(tensor.dtype == torch.float32 for tensor in tensors)
    return torch.float32 if single else torch.float64


def forward(door: Door, values: Sequence[Any], grad: bool) -> Any:
    """The kernel: numbers in, numbers out."""
    arguments = named(door, values)
    given = arrays_of(arguments)
    single = result_type(door, values) == torch.float32
    if not door.scales:
        return contiguous(door.public(**given), single)
    inputs = learned(door, arguments)
    if not grad or mixes(door, given):
        value, gradients = door.public(**given), tuple(x.new_empty(0) for x in inputs)
    elif all(x.is_contiguous() for x in inputs):  # NumPy asks for large pages, torch does not
        value, found = door.public(**given, grad=True)
        gradients = tuple(torch.from_numpy(each) for each in leaves(found))
    else:
        gradients = tuple(torch.empty_like(x, requires_grad=False) for x in inputs)
        given_names = [name for name in door.differentiable if given.get(name) is not None]
        buffers = grouped(door, given_names, (gradient.numpy() for gradient in gradients))
        value, _ = door.public(**given, grad=buffers if len(buffers) > 1 else buffers[0])
    value = contiguous(value, single)
    return *(value if door.result else (value,)), *padded(door, gradients, inputs[0])


def contiguous(value: Any, single: bool) -> Any:
    if isinstance(value, np.ndarray):
        value = np.ascontiguousarray(value).reshape(value.shape)
    return as_tensors(value, single)


def fake(door: Door, values: Sequence[Any], grad: bool) -> Any:
    """Shapes and types of what `forward` returns."""
    inputs = learned(door, named(door, values))
    first = values[0][0] if isinstance(values[0], (list, tuple)) else values[0]
    shape, dtype = value_shape(door, values), result_type(door, values)
    found = [first.new_empty(shape, dtype=dtype) for _ in range(door.values)]
    if not door.scales:
        return found[0]
    if not grad or mixes(door, named(door, values)):
        gradients = [x.new_empty(0) for x in inputs]
    else:
        gradients = [torch.empty_like(x, requires_grad=False) for x in inputs]
    return *found, *padded(door, gradients, first)
