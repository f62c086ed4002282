"""Every function as an operator of torch.library: what torch.compile and other tracers see.

    fastloss::mse_loss(Tensor input, ..., bool grad) -> (Tensor value, Tensor gradient)
    fastloss::box_iou(Tensor boxes1, ...) -> Tensor
    fastloss::box_iou_backward(Tensor upstream, bool[] wanted, Tensor boxes1, ...) -> Tensor[]
    fastloss::detection_loss(Tensor boxes, ..., bool grad) -> (Tensor total, Tensor box, ...,
                                                               Tensor gradient, Tensor gradient)

`grad` says whether the gradient is wanted; it is empty where not. The second form is that of
functions whose gradient is computed in the backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.library import custom_op
from torch.utils._pytree import tree_flatten, tree_unflatten

from ._arrays import as_array, check
from ._autograd import refuse_second
from ._door import BRANCHES, Arguments, Door, settled
from ._kernels import arrays_of, fake, forward, grouped, named
from ._spread import align, mixes, recompute

# Whether functorch is at work: vmap, grad ...
transforms: Callable[[], Any] = getattr(torch._C, "_are_functorch_transforms_active", bool)

FORWARD: dict[str, Any] = {}
BACKWARD: dict[str, Any] = {}


def save(door: Door, context: Any, inputs: Sequence[Any], output: Any) -> None:
    """Keep what the backward needs: gradients, or the arguments to compute them from."""
    context.set_materialize_grads(False)
    values = inputs[:-1] if door.scales else inputs
    context.again = not door.scales or mixes(door, named(door, values))
    if context.again:
        leaves, context.form = tree_flatten(list(values))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        context.leaves = [... if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        context.save_for_backward(*tensors)
    else:
        context.save_for_backward(*output[door.values :])


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
        found = dict(
            zip(door.differentiable, grouped(door, door.differentiable, gradients), strict=True)
        )
        for name in BRANCHES:  # empty for one that is not there
            if name in found and not found[name].numel():
                found[name] = None
    tail = (None,) if door.scales else ()
    return *(found.get(name) for name in door.schema), *tail


def backward_kernel(door: Door, upstream: Tensor, wanted: Sequence[bool], values: Any) -> Any:
    asked = dict(zip(door.differentiable, wanted, strict=True))
    given = arrays_of(named(door, values))
    found = recompute(door, as_array("upstream", upstream), given, asked)
    return [torch.from_numpy(np.ascontiguousarray(array)) for array in tree_flatten(found)[0]]


def fake_backward(door: Door, wanted: Sequence[bool], values: Any) -> Any:
    given = named(door, values)
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
        outputs = ", ".join(["Tensor"] * (door.values + door.gradients))
        schema = f"({listed}, bool grad) -> ({outputs})"
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
        values = tree_unflatten(inputs[2:], inputs[1])
        ctx.lengths = [len(tree_flatten(value)[0]) for value in values]
        save(ctx.door, ctx, values, output)

    @staticmethod
    def backward(ctx: Any, upstream: Any, *rest: Any) -> Any:
        if any(up is not None for up in rest):  # of the gradient, by another grad around
            refuse_second(ctx.door)
        gradients = backward(ctx.door, ctx, upstream, ctx.needs_input_grad[2:])
        found: list[Any] = []
        for gradient, n in zip(gradients, ctx.lengths, strict=True):
            found += [None] * n if gradient is None else tree_flatten(gradient)[0]
        return None, None, *found

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
        if value is Parameter.empty:
            raise TypeError(f"{door.name}() missing 1 required keyword-only argument: '{name}'")
        if isinstance(value, Tensor):
            check(name, value)
        elif kind == "Tensor" and isinstance(value, (int, float)):
            value = torch.full_like(first, value)
        elif kind in ("Tensor", "Tensor?") and value is not None:
            value = torch.as_tensor(value, dtype=torch.float64)
        elif kind == "int[]?" and value is not None:
            value = [int(index) for index in value]
        elif kind == "Tensor[]":
            value = list(value)
        elif kind.endswith("[]"):
            value = settled(value)
        values.append(value)
    if door.scales:
        values.append(needed)
    if transforms():
        leaves, form = tree_flatten(values)
        output = Transformed.apply(door, form, *leaves)
    else:
        output = FORWARD[door.name](*values)
    if door.result:
        total, *parts = output[: door.values]
        return door.result(total, *(part.detach() for part in parts))
    return output[0] if door.scales else output
