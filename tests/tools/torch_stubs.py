"""Write fastloss/torch/__init__.pyi, the types of the PyTorch adapter. It takes an installed torch.

python -m tests.tools.torch_stubs            write the file
python -m tests.tools.torch_stubs --check    exit with 1 if it is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import Parameter
from typing import Any

from . import families
from .stubs import definition

HEAD = '''"""Types of fastloss.torch. Written by `make torch-stubs`: do not edit."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn
'''
TYPES = {
    "Tensor": "Tensor",
    "Tensor?": "Tensor | None",
    "Tensor[]": "Tensor | Iterable[Tensor] | Mapping[str, Tensor]",
    "str": "str",
    "bool": "bool",
    "int": "int",
    "float": "float",
    "int?": "int | None",
    "float?": "float | None",
    "int[]?": "Sequence[int] | None",
    "int[]": "Sequence[int]",
    "int?[]": "Sequence[int | None]",
    "float[]": "Sequence[float]",
    "float[]?": "Sequence[float] | None",
    "SymInt[][]": "Sequence[Sequence[int]]",
    "": "Any",
}


def argument(door: Any, parameter: Parameter) -> str:
    """One parameter as text."""
    name = parameter.name
    if name not in door.schema:
        kind = "bool | None"  # size_average, reduce
    else:
        kind = TYPES[door.schema[name]]
        if door.kind == "criterion" and door.schema[name] == "Tensor[]":
            kind = "tuple[Tensor, Tensor]"  # a head
        if kind == "Tensor" and name in door.differentiable[1:] and door.kind == "pointwise":
            kind = "Tensor | float"  # a variance
    return f"{name}: {kind}" + ("" if parameter.default is Parameter.empty else " = ...")


def arguments(door: Any, parameters: list[Parameter], first: list[str]) -> list[str]:
    texts = list(first)
    for parameter in parameters:
        if parameter.kind is Parameter.KEYWORD_ONLY and "*" not in texts:
            texts.append("*")
        texts.append(argument(door, parameter))
    return texts


def result_of(door: Any) -> str:
    if door.result:
        return f"_{door.result.__name__}"
    return "Tensor" if door.operates and not door.carries else "Any"


def named_tuple(result: Any) -> str:
    """What a criterion returns: the named tuple of the library, with tensors for its numbers."""
    return "\n".join(
        [f"class _{result.__name__}(NamedTuple):", *(f"    {f}: Tensor" for f in result._fields)]
    )


def indented(text: str) -> str:
    return "\n".join("    " + line for line in text.split("\n"))


def module(name: str, cls: type, door: Any) -> str:
    """One class: torch's own has its constructor from there."""
    base = cls.__mro__[1].__name__
    parameters = list(door.signature.parameters.values())
    tensors = [p for p in parameters if p.name in door.required]
    forward = definition("forward", arguments(door, tensors, ["self"]), result_of(door))
    if base not in ("Loss", "Criterion"):
        return f"class {name}(nn.{base}):\n{indented(forward)}"
    options = [
        p.replace(kind=Parameter.KEYWORD_ONLY) for p in parameters if p.name not in door.required
    ]
    if door.result:  # options also with the call, and none without a default in the constructor
        late = [p.replace(default=None) for p in options]
        forward = definition("forward", arguments(door, tensors + late, ["self"]), result_of(door))
        options = late
    fields = [argument(door, p).removesuffix(" = ...") for p in options]
    start = definition("__init__", arguments(door, options, ["self"]), "None")
    return "\n".join([f"class {name}(nn.Module):", *map(indented, (*fields, start, forward))])


def parts(ft: Any, doors: dict[str, Any]) -> Iterator[str]:
    classes = {
        ft._modules.class_name(name): door
        for name, door in doors.items()
        if door.reduces or door.result
    }
    results = [door.result for door in doors.values() if door.result]
    yield from map(named_tuple, dict.fromkeys(results))
    for name in ft.__all__:
        if name in classes:
            yield module(name, getattr(ft, name), classes[name])
        else:
            door = doors[name]
            parameters = list(door.signature.parameters.values())
            yield definition(name, arguments(door, parameters, []), result_of(door))


def stub() -> str:
    import fastloss.torch as ft

    doors = {door.name: door for door in ft._door.doors()}
    exported = ["__all__ = [", *(f'    "{name}",' for name in ft.__all__), "]"]
    body = "\n".join(parts(ft, doors))
    head = HEAD if "Any" in body else HEAD.replace("import Any, NamedTuple", "import NamedTuple")
    return "\n".join([head, *exported, "", body]) + "\n"


def main(arguments: list[str]) -> int:
    path = families.PACKAGE / "torch" / "__init__.pyi"
    return 0 if families.agree(path, stub(), "make torch-stubs", "--check" in arguments) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
