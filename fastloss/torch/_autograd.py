"""Autograd in eager mode: the gradient was computed with the value, the backward hands it over."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._arrays import as_array
from ._door import Door
from ._spread import align, recompute

grad_enabled = torch.is_grad_enabled

# Whether the running backward keeps the graph: if not, the gradient is not needed again.
kept: Any = getattr(torch._C._autograd, "_get_current_graph_task_keep_graph", lambda: True)


def refuse_second(door: Door) -> None:
    """A gradient that was computed beforehand cannot be differentiated: say so, never return 0."""
    hint = f"; those of pointwise losses come from fastloss.{door.name}(..., hess=True)"
    raise RuntimeError(
        f"fastloss.torch.{door.name} has no second derivative for autograd (create_graph=True)"
        + ("" if door.kind == "criterion" else hint)
    )


def is_one(upstream: Tensor) -> bool:
    """Whether multiplying by `upstream` would change nothing: 1, or the ones of a sum."""
    try:
        if upstream.ndim and (any(upstream.stride()) or not upstream.numel()):
            return False
        return bool(upstream.as_strided((), ()).item() == 1)
    except RuntimeError:  # under vmap there is no number to look at
        return False


def handed_out(gradient: Tensor) -> Tensor:
    """The gradient, or a copy where a later backward needs it as it is, whoever changes this."""
    return gradient.clone() if kept() else gradient


def times(gradient: Tensor, factor: Tensor) -> Tensor:
    """Their product, in place where nobody will ask for the gradient again."""
    if not kept():
        try:
            return gradient.mul_(factor)
        except RuntimeError:  # under vmap the factor is many
            pass
    return gradient * factor


class Scalar(torch.autograd.Function):
    """A loss without axes and one gradient: `results` is (loss, gradient).

    They hide in a tuple, so that torch does not take the loss for an input that is returned. Every
    function has a class of its own, which names the node and keeps the door.
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor, results: tuple[Tensor, Tensor]) -> Tensor:
        ctx.save_for_backward(results[1])  # which makes a second backward torch's own error
        return results[0]

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        (gradient,) = ctx.saved_tensors
        if grad_enabled():
            refuse_second(ctx._forward_cls.door)
        try:
            if upstream.item() == 1:
                return handed_out(gradient), None
        except RuntimeError:  # under vmap
            pass
        return times(gradient, upstream), None


class Scaled(torch.autograd.Function):
    """Any value, any number of gradients: `results` is (loss, gradients, door)."""

    @staticmethod
    def forward(ctx: Any, results: tuple[Tensor, tuple[Tensor, ...], Door], *inputs: Tensor) -> Any:
        ctx.save_for_backward(*results[1])
        ctx.door = results[2]
        return results[0]

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        gradients = ctx.saved_tensors
        if grad_enabled():
            refuse_second(ctx.door)
        one = is_one(upstream)
        return None, *(
            None
            if not needed
            else handed_out(gradient)
            if one
            else times(gradient, align(ctx.door, upstream, gradient))
            for gradient, needed in zip(gradients, ctx.needs_input_grad[1:], strict=True)
        )


class Recomputed(torch.autograd.Function):
    """Where an upstream does not just scale the gradient: it is computed in the backward."""

    @staticmethod
    def forward(ctx: Any, results: tuple[Tensor, Door, dict[str, Any]], *inputs: Tensor) -> Any:
        value, ctx.door, ctx.arguments = results
        ctx.save_for_backward(*inputs)
        return value

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        tensors = ctx.saved_tensors
        door, arguments = ctx.door, ctx.arguments
        if grad_enabled():
            refuse_second(door)
        names = [name for name, value in arguments.items() if value is ...]
        arrays = {name: as_array(name, tensor) for name, tensor in zip(names, tensors, strict=True)}
        wanted = dict(zip(names, ctx.needs_input_grad[1:], strict=True))
        gradients = recompute(door, as_array("upstream", upstream), {**arguments, **arrays}, wanted)
        return None, *(
            torch.from_numpy(gradients[name]) if name in gradients else None for name in names
        )


def scalar(door: Door) -> Any:
    """`apply` of the Function of a loss without axes."""
    name = "".join(word.capitalize() for word in door.name.split("_"))
    return _shorten(type(name, (Scalar,), {"door": door}))


def _shorten(function: Any) -> Any:
    """The `apply` of a Function without the detours that we do not need: binding of defaults, a
    second look for functorch, two Python calls in the backward. Together 2 of 25 us."""
    node = getattr(function, "_backward_cls", None)
    if node is not None:
        node.apply = function.backward
    return super(torch.autograd.Function, function).apply


scaled, recomputed = map(_shorten, (Scaled, Recomputed))
