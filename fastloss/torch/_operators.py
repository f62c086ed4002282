"""Every function as an operator of torch.library: what torch.compile and other tracers see.

    fastloss::mse_loss(Tensor input, ..., bool grad) -> (Tensor value, Tensor gradient)
    fastloss::box_iou(Tensor boxes1, ...) -> Tensor
    fastloss::box_iou_backward(Tensor upstream, bool[] wanted, Tensor boxes1, ...) -> Tensor[]

`grad` says whether the gradient is wanted; it is empty where not. The other form is that of
functions whose gradient is computed in the backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.library import custom_op
from torch.utils._pytree import tree_flatten, tree_unflatten

from ._arrays import as_array, as_tensors, check
from ._autograd import refuse_second
from ._door import Arguments, Door
from ._spread import LAST_AXIS, align, mixes, recompute

# Whether functorch is at work: vmap, grad ...
transforms: Callable[[], Any] = getattr(torch._C, "_are_functorch_transforms_active", bool)

FORWARD: dict[str, Any] = {}
BACKWARD: dict[str, Any] = {}


def arrays_of(door: Door, values: Sequence[Any]) -> Arguments:
    """The arguments of the library's own function."""
    found: Arguments = {}
    for name, value in zip(door.schema, values, strict=True):
        if isinstance(value, Tensor):
            found[name] = as_array(name, value)
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Tensor):
            found[name] = [as_array(f"{name}[{i}]", tensor) for i, tensor in enumerate(value)]
        else:
            found[name] = value
    return found


def learned(door: Door, values: Sequence[Any]) -> list[Tensor]:
    """The tensors that have a gradient."""
    given = dict(zip(door.schema, values, strict=True))
    found: list[Tensor] = []
    for name in door.differentiable:
        found += given[name] if isinstance(given[name], (list, tuple)) else [given[name]]
    return found


def value_shape(door: Door, values: Sequence[Any]) -> tuple[Any, ...]:
    """The shape of what is returned, also where sizes are symbols."""
    given = dict(zip(door.schema, values, strict=True))
    if given.get("reduction", "none") != "none" or door.kind == "penalty":
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
    first = dict(zip(door.schema, values, strict=True))[door.required[0]]
    tensors = first if isinstance(first, (list, tuple)) else [first]
    single = all(tensor.dtype == torch.float32 for tensor in tensors)
    return torch.float32 if single else torch.float64


def forward(door: Door, values: Sequence[Any], grad: bool) -> Any:
    """The kernel: numbers in, numbers out."""
    given = arrays_of(door, values)
    single = result_type(door, values) == torch.float32
    if not door.scales:
        return contiguous(door.public(**given), single)
    inputs = learned(door, values)
    if not grad or mixes(door, given):
        return contiguous(door.public(**given), single), *(x.new_empty(0) for x in inputs)
    gradients = tuple(torch.empty_like(x, requires_grad=False) for x in inputs)
    buffers = tuple(gradient.numpy() for gradient in gradients)
    value, _ = door.public(**given, grad=buffers if len(buffers) > 1 else buffers[0])
    return contiguous(value, single), *gradients


def contiguous(value: Any, single: bool) -> Any:
    if isinstance(value, np.ndarray):
        value = np.ascontiguousarray(value).reshape(value.shape)
    return as_tensors(value, single)


def fake(door: Door, values: Sequence[Any], grad: bool) -> Any:
    """Shapes and types of what `forward` returns."""
    inputs = learned(door, values)
    first = values[0][0] if isinstance(values[0], (list, tuple)) else values[0]
    value = first.new_empty(value_shape(door, values), dtype=result_type(door, values))
    if not door.scales:
        return value
    if not grad or mixes(door, dict(zip(door.schema, values, strict=True))):
        return value, *(x.new_empty(0) for x in inputs)
    return value, *(torch.empty_like(x, requires_grad=False) for x in inputs)


def save(door: Door, context: Any, inputs: Sequence[Any], output: Any) -> None:
    """Keep what the backward needs: gradients, or the arguments to compute them from."""
    context.set_materialize_grads(False)
    values = inputs[:-1] if door.scales else inputs
    context.again = not door.scales or mixes(door, dict(zip(door.schema, values, strict=True)))
    if context.again:
        leaves, context.form = tree_flatten(list(values))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        context.leaves = [... if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        context.save_for_backward(*tensors)
    else:
        context.save_for_backward(*output[1:])


def save_of_operator(door: Door, context: Any, inputs: Sequence[Any], output: Any) -> None:
    save(door, context, inputs, output)
    if door.scales:
        context.mark_non_differentiable(*output[1:])


def backward_of_operator(door: Door, context: Any, upstream: Tensor | None) -> Any:
    if torch.is_grad_enabled():
        refuse_second(door)
    return backward(door, context, upstream, context.needs_input_grad)


def backward(door: Door, context: Any, upstream: Tensor | None, needed: Any) -> Any:
    """Gradients of the arguments that have one; `grad`, the last argument, has none."""
    found: dict[str, Any] = {}
    if upstream is not None and context.again:
        saved = iter(context.saved_tensors)
        leaves = [next(saved) if leaf is ... else leaf for leaf in context.leaves]
        if door.kind == "penalty":
            wanted = [True]
        else:
            wanted = [needed[list(door.schema).index(name)] for name in door.differentiable]
        upstream = upstream.contiguous()
        if transforms():
            gradients = TransformedBackward.apply(door, wanted, context.form, upstream, *leaves)
        else:
            gradients = BACKWARD[door.name](upstream, wanted, *tree_unflatten(leaves, context.form))
        names = [name for name, want in zip(door.differentiable, wanted, strict=True) if want]
        found = (
            {"params": list(gradients)}
            if door.kind == "penalty"
            else dict(zip(names, gradients, strict=True))
        )
    elif upstream is not None:
        gradients = [align(door, upstream, g) * g for g in context.saved_tensors]
        found = dict(zip(door.differentiable, gradients, strict=True))
    tail = (None,) if door.scales else ()
    return *(found.get(name) for name in door.schema), *tail


def backward_kernel(door: Door, upstream: Tensor, wanted: Sequence[bool], values: Any) -> Any:
    asked = dict(zip(door.differentiable, wanted, strict=True))
    found = recompute(door, as_array("upstream", upstream), arrays_of(door, values), asked)
    return [torch.from_numpy(np.ascontiguousarray(array)) for array in tree_flatten(found)[0]]


def fake_backward(door: Door, wanted: Sequence[bool], values: Any) -> Any:
    given = dict(zip(door.schema, values, strict=True))
    tensors = [given[name] for name, want in zip(door.differentiable, wanted, strict=True) if want]
    return [x.new_empty(x.shape) for x in tree_flatten(tensors)[0]]


def batched(operator: Any, info: Any, dims: Any, values: Any) -> Any:
    """vmap: one call for every element of the batch."""
    leaves, form = tree_flatten(list(values))
    places = tree_flatten(list(dims), is_leaf=lambda dim: dim is None)[0]
    results = []
    for i in range(info.batch_size):
        one = [v if d is None else v.select(d, i) for v, d in zip(leaves, places, strict=True)]
        results.append(operator(*tree_unflatten(one, form)))
    if isinstance(results[0], Tensor):
        return torch.stack(results), 0
    stacked = [torch.stack(parts) for parts in zip(*results, strict=True)]
    return type(results[0])(stacked), type(results[0])([0] * len(stacked))


def register(door: Door) -> None:
    """Define the operators of one function."""
    listed = ", ".join(f"{kind} {name}" for name, kind in door.schema.items())
    name = f"fastloss::{door.name}"
    if door.scales:
        schema = f"({listed}, bool grad) -> ({', '.join(['Tensor'] * (1 + door.gradients))})"
        kernel = lambda *values: forward(door, values[:-1], values[-1])  # noqa: E731
        shapes = lambda *values: fake(door, values[:-1], values[-1])  # noqa: E731
    else:
        schema = f"({listed}) -> Tensor"
        kernel = lambda *values: forward(door, values, False)  # noqa: E731
        shapes = lambda *values: fake(door, values, False)  # noqa: E731
    operator = custom_op(name, kernel, mutates_args=(), schema=schema, device_types="cpu")
    operator.register_fake(shapes)
    if door.differentiable:
        operator.register_autograd(
            lambda ctx, upstream, *_: backward_of_operator(door, ctx, upstream),
            setup_context=lambda ctx, inputs, output: save_of_operator(door, ctx, inputs, output),
        )
    operator.register_vmap(lambda info, dims, *values: batched(operator, info, dims, values))
    FORWARD[door.name] = operator
    if door.recomputes:
        second = custom_op(
            f"{name}_backward",
            lambda upstream, wanted, *values: backward_kernel(door, upstream, wanted, values),
            mutates_args=(),
            schema=f"(Tensor upstream, bool[] wanted, {listed}) -> Tensor[]",
            device_types="cpu",
        )
        second.register_fake(lambda upstream, wanted, *values: fake_backward(door, wanted, values))
        second.register_vmap(lambda info, dims, *values: batched(second, info, dims, values))
        BACKWARD[door.name] = second


class Transformed(torch.autograd.Function):
    """An operator under torch.func: grad, vmap and what is made of them."""

    generate_vmap_rule = True

    @staticmethod
    def forward(door: Door, form: Any, *leaves: Any) -> Any:
        return FORWARD[door.name](*tree_unflatten(leaves, form))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.door = inputs[0]
        save(ctx.door, ctx, tree_unflatten(inputs[2:], inputs[1]), output)

    @staticmethod
    def backward(ctx: Any, upstream: Any, *rest: Any) -> Any:
        if any(up is not None for up in rest):  # of the gradient, by another grad around
            refuse_second(ctx.door)
        gradients = backward(ctx.door, ctx, upstream, ctx.needs_input_grad[2:])
        return None, None, *tree_flatten(gradients)[0]

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        raise NotImplementedError(
            f"fastloss.torch.{ctx.door.name} has no forward-mode derivative; use backward()"
        )


class TransformedBackward(torch.autograd.Function):
    """The operator of a backward under torch.func: there is no derivative of it."""

    generate_vmap_rule = True

    @staticmethod
    def forward(door: Door, wanted: Any, form: Any, upstream: Tensor, *leaves: Any) -> Any:
        return tuple(BACKWARD[door.name](upstream, wanted, *tree_unflatten(leaves, form)))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.door = inputs[0]

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        refuse_second(ctx.door)

    jvp = Transformed.jvp


def call_operator(door: Door, arguments: Arguments, needed: bool) -> Any:
    """Call the operator with arguments by name."""
    first = arguments[door.required[0]]
    values = []
    for name, kind in door.schema.items():
        value: Any = arguments.get(name, door.defaults.get(name))
        if isinstance(value, Tensor):
            check(name, value)
        elif kind == "Tensor":
            value = torch.full_like(first, value)
        elif kind == "Tensor?" and value is not None:
            value = torch.as_tensor(value)
        elif kind == "int[]?" and value is not None:
            value = [int(index) for index in value]
        values.append(value)
    if door.scales:
        values.append(needed)
    if transforms():
        leaves, form = tree_flatten(values)
        output = Transformed.apply(door, form, *leaves)
    else:
        output = FORWARD[door.name](*values)
    return output[0] if door.scales else output
