"""The functions: tensors in, tensors out, with torch's arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.overrides import handle_torch_function, has_torch_function
from torch.utils._pytree import tree_flatten, tree_map_only

from ._arrays import HALF, PLAIN, SINGLE, as_array, as_tensors, borrow, number
from ._autograd import recomputed, scalar, scaled
from ._door import LEGACY, STATE, Arguments, Door
from ._kernels import arrays_of, learned
from ._operators import call_operator, transforms
from ._spread import mixes

compiling = torch.compiler.is_dynamo_compiling
grad_enabled = torch.is_grad_enabled
from_numpy = torch.from_numpy


# Dispatch modes (make_fx, fake tensors ...) and torch.jit.trace: like functorch and torch.compile,
# they want to see an operator instead of numbers.
modes: Callable[[], Any] = getattr(torch._C, "_len_torch_dispatch_stack", bool)
tracing: Callable[[], Any] = getattr(torch._C, "_get_tracing_state", bool)

# Formats that box_convert does not turn into each other by a matrix.
ROTATED = frozenset({"xywhr", "cxcywhr", "xyxyxyxy"})


DOORS: dict[str, Door] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}


def make(door: Door) -> Callable[..., Any]:
    """The function behind a door."""
    DOORS[door.name] = door
    name = door.name
    two = len(door.required) == 2 and door.differentiable == door.positional[:1]
    if two and door.scales and not door.carries:
        function = make_short(door)
    else:

        def function(*args: Any, **options: Any) -> Any:
            return call(name, args, options)

    function.__name__ = function.__qualname__ = door.name
    function.__module__ = "fastloss.torch"
    function.__signature__ = door.signature  # type: ignore[attr-defined]
    function.__doc__ = describe(door)
    FUNCTIONS[door.name] = function
    return function


def make_short(door: Door) -> Callable[..., Any]:
    """A short way for (input, target): plain tensors, options out of which none is legacy.

    What it saves is what makes small losses cheaper than torch's: `call` takes 5 us more.
    """
    name, public, classes = door.name, door.public, door.kind == "ratio"
    known = frozenset(door.defaults) - frozenset(LEGACY)
    attach = scalar(door)

    def borrowed(options: Arguments) -> Arguments | None:
        arrays: Arguments = {}
        for key, value in options.items():
            if value.__class__ in PLAIN:
                arrays[key] = None if value.requires_grad else borrow(value)
                if arrays[key] is None:
                    return None
            elif key not in known or isinstance(value, Tensor):
                return None
        return {**options, **arrays} if arrays else options

    def function(*args: Any, **options: Any) -> Any:
        if compiling() or len(args) != 2:
            return call(name, args, options)
        input, target = args
        if (
            type(input) not in PLAIN
            or type(target) not in PLAIN
            or modes()
            or transforms()
            or tracing()
            or forward_ad._current_level >= 0
            or has_torch_function(args)
            or target.requires_grad
            or (x := borrow(input)) is None
            or (t := borrow(target)) is None
            or (given := borrowed(options) if options else options) is None
            or (classes and options and mixes(door, options))
        ):
            return call(name, args, options)
        if input.requires_grad and grad_enabled():
            value, gradient = public(x, t, grad=True, **given)
            if value.__class__ is float:
                loss = number(value, x.dtype is SINGLE)
                return attach(input, (loss, from_numpy(gradient)))
            return scaled((from_numpy(value), (from_numpy(gradient),), door), input)
        value = public(x, t, **given)
        return number(value, x.dtype is SINGLE) if value.__class__ is float else from_numpy(value)

    return function


def describe(door: Door) -> str:
    first = (door.public.__doc__ or "").strip().partition("\n")[0]
    like = f" Drop-in for ``torch.nn.functional.{door.name}``." if door.is_torchs else ""
    if door.result:
        learned = " and ".join((", ".join(door.differentiable[:-1]), door.differentiable[-1]))
        parts = ", ".join(door.result._fields[1:])
        like = f""" Arguments, options and errors are its own.

    Returns a named tuple of tensors without axes: total, the number to call backward() on, and
    its parts, detached, for the log: {parts}.

    Differentiated with respect to {learned}.
    The gradient is computed with the value, if one of them requires it."""
    return f"{first}\n\n    ``fastloss.{door.name}`` for tensors.{like}\n    "


def call(name: str, args: Any, options: Any) -> Any:
    """Any arguments at all. The door is looked up: a tracer knows what is global."""
    door = DOORS[name]
    tensors = [v for v in (*args, *options.values()) if isinstance(v, Tensor)]
    if has_torch_function(tensors):
        return handle_torch_function(FUNCTIONS[name], tensors, *args, **options)
    arguments = door.bind(args, options)
    if door.kind == "penalty":
        return penalty(door, arguments)
    if door.kind == "criterion":
        return criterion(door, arguments)
    if door.operates:
        for key in door.required:
            value = arguments[key]
            variance = key in door.differentiable[1:] and isinstance(value, (int, float))
            if door.schema[key] == "Tensor" and not isinstance(value, Tensor) and not variance:
                raise TypeError(f"{key} is {shown(value)}; expected a tensor")
    if torch.is_autocast_enabled("cpu"):
        arguments = {key: widened(value) for key, value in arguments.items()}
    needed = learns(door, arguments)
    if traced(tensors):
        if not door.operates or arguments.get(STATE) is not None:
            raise NotImplementedError(
                f"fastloss.torch.{door.name} computes numbers; it cannot be traced or transformed"
                + (f" with {STATE}" if door.operates else "")
            )
        return call_operator(door, arguments, needed)
    return eager(door, arguments, needed)


def shown(value: Any) -> str:
    """What is no tensor, as messages say it."""
    brief = value is None or isinstance(value, (int, float))
    return repr(value) if brief else f"of type {type(value).__name__}"


def widened(value: Any) -> Any:
    """Losses are among what autocast computes in float32."""
    return value.float() if isinstance(value, Tensor) and value.dtype in HALF else value


def traced(tensors: Iterable[Tensor]) -> bool:
    """Whether an operator is wanted rather than numbers."""
    return bool(
        compiling()
        or modes()
        or transforms()
        or tracing()
        or any(type(tensor) not in PLAIN for tensor in tensors)
    )


def learns(door: Door, arguments: Arguments) -> bool:
    """Whether a gradient is wanted; an error where one is wanted of what has none."""
    if not grad_enabled():
        return False
    needed = False
    for name, value in arguments.items():
        if isinstance(value, Tensor) and value.requires_grad:
            known = name.partition("[")[0] in door.differentiable
            if not known or arguments.get("in_fmt") in ROTATED:
                refuse(door, name)
            needed = True
    return needed


def refuse(door: Door, name: str) -> None:
    if not door.differentiable or door.name == "box_convert":
        rotated = " of boxes with rotation" if door.differentiable else ""
        raise RuntimeError(
            f"{name} requires grad, but fastloss.torch.{door.name} has no gradient{rotated}; "
            f"pass {name}.detach()"
        )
    raise RuntimeError(
        f"{name} requires grad, but fastloss.torch.{door.name} is differentiated with respect to "
        f"{' and '.join(door.differentiable)} alone; pass {name}.detach()"
    )


def no_forward_mode(door: Door, tensors: Iterable[Tensor]) -> None:
    for tensor in tensors:
        if forward_ad.unpack_dual(tensor).tangent is not None:
            raise NotImplementedError(
                f"fastloss.torch.{door.name} has no forward-mode derivative; use backward()"
            )


def eager(door: Door, arguments: Arguments, needed: bool) -> Any:
    """Numbers in, numbers out."""
    tensors = {name: value for name, value in arguments.items() if isinstance(value, Tensor)}
    if forward_ad._current_level >= 0:
        no_forward_mode(door, tensors.values())
    arrays = {name: as_array(name, tensor) for name, tensor in tensors.items()}
    given = {**arguments, **arrays}
    first = arrays.get(door.required[0])
    single = first is not None and first.dtype == SINGLE
    if not needed:
        result = door.public(**given)
        if door.carries and isinstance(result, tuple):
            return as_tensors(result[0], single), *result[1:]
        return as_tensors(result, single)
    if mixes(door, given):
        value = as_tensors(door.public(**given), single)
        hidden = {**arguments, **dict.fromkeys(tensors, ...)}
        return recomputed((value, door, hidden), *tensors.values())
    value, gradients, *state = door.public(**given, grad=True)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    inputs = [tensors[name] for name in door.differentiable if name in tensors]
    loss = scaled((as_tensors(value, single), tuple(map(from_numpy, gradients)), door), *inputs)
    return (loss, *state) if state else loss


def penalty(door: Door, arguments: Arguments) -> Any:
    """Parameters come as one tensor, or as any collection of them."""
    params = arguments.pop("params")
    if isinstance(params, Tensor):
        tensors = [params]
    else:
        tensors = list(params.values() if isinstance(params, dict) else params)
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"params[{i}] is {shown(tensor)}; expected a tensor")
    if has_torch_function(tensors):
        return handle_torch_function(FUNCTIONS[door.name], tensors, tensors, **arguments)
    if traced(tensors):
        return call_operator(door, {"params": tensors, **arguments}, grad_enabled())
    arrays = [as_array(f"params[{i}]", tensor) for i, tensor in enumerate(tensors)]
    single = all(array.dtype == SINGLE for array in arrays)
    if not grad_enabled() or not any(tensor.requires_grad for tensor in tensors):
        return number(door.public(arrays, **arguments), single)
    value, gradients = door.public(arrays, grad=True, **arguments)
    return scaled((number(value, single), tuple(map(from_numpy, gradients)), door), *tensors)


def leaves(arguments: Arguments) -> dict[str, Tensor]:
    """The tensors among the arguments, and in pairs among them, as messages name them."""
    found = {}
    for name, value in arguments.items():
        if isinstance(value, (tuple, list)):
            found.update({f"{name}[{i}]": item for i, item in enumerate(value)})
        else:
            found[name] = value
    return {name: value for name, value in found.items() if isinstance(value, Tensor)}


def criterion(door: Door, arguments: Arguments) -> Any:
    """Heads come as tensors or as pairs of them; of the numbers that go out, the first is learned
    from and the others are for the log."""
    if torch.is_autocast_enabled("cpu"):
        arguments = tree_map_only(Tensor, widened, arguments)
    tensors = leaves(arguments)
    for name in door.required:
        pair = door.schema[name] == "Tensor[]"
        if not tensors.keys() >= ({f"{name}[0]", f"{name}[1]"} if pair else {name}):
            expected = "a pair of tensors" if pair else "a tensor"
            raise TypeError(f"{name} is {shown(arguments[name])}; expected {expected}")
    if has_torch_function(list(tensors.values())):
        return handle_torch_function(FUNCTIONS[door.name], list(tensors.values()), **arguments)
    needed = learns(door, tensors)
    if traced(tensors.values()):
        return call_operator(door, arguments, needed)
    if forward_ad._current_level >= 0:
        no_forward_mode(door, tensors.values())
    given, inputs = arrays_of(arguments), learned(door, arguments)
    single = inputs[0].dtype == torch.float32
    if not needed:
        return as_tensors(door.public(**given), single)
    loss, gradients = door.public(**given, grad=True)
    gradients = tuple(map(from_numpy, tree_flatten(gradients)[0]))
    if not door.result:
        return scaled((number(loss, single), gradients, door), *inputs)
    total, *parts = as_tensors(loss, single)
    return door.result(scaled((total, gradients, door), *inputs), *parts)
