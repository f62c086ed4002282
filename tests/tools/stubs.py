"""Write the stub of every module of losses: exact types of every public function, as overloads.

The parameters are those of the Python functions; what a call returns follows from the registry:
a float for 'mean' and 'sum', an array for 'none', a tuple with `grad` or `hess`. The stubs of
criteria, which return tuples of their own, are written by hand.

    python -m tests.tools.stubs            write the files
    python -m tests.tools.stubs --check    exit with 1 if one is out of date
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from inspect import Parameter
from types import ModuleType
from typing import Any

from . import families

WIDTH = 100
IMPORTS = {
    "collections.abc": ("Mapping", "Sequence"),
    "typing": ("Literal", "TypeVar", "overload"),
    "fastloss._typing": ("Array", "Arrays", "Floats"),
}

# Types that a parameter's name decides; the others follow from the default.
BY_NAME = {
    "weight": "Array | None",
    "pos_weight": "Array | None",
    "class_weight": "Array | None",
    "classes": "Sequence[int] | None",
    "kind": 'Literal["iou", "giou", "diou", "ciou"]',
    "image_size": "tuple[float, float] | None",
    "constant": "float | None",
    "mode": 'Literal["binary", "multilabel", "multiclass"]',
    "average": 'Literal["macro", "micro"]',
    "fmt": "str",
    "masks1": "Array | Sequence[Mapping[str, object]]",
    "masks2": "Array | Sequence[Mapping[str, object]]",
    "iscrowd": "Array | None",
    "size": "tuple[float, float]",
    "min_size": "float",
    "in_fmt": "str",
    "out_fmt": "str",
    "ignore_index": "int | None",
}

# Parameters that decide what is returned: name -> type, in one overload.
Deciding = dict[str, str]


def type_of(function: str, parameter: Parameter) -> str:
    """The type of a parameter that does not decide what is returned."""
    name, default = parameter.name, parameter.default
    if name == "ignore_index" and default is not None:
        return "int"
    if name in BY_NAME:
        return BY_NAME[name]
    if default is Parameter.empty:
        return "Array"
    if isinstance(default, (bool, int, float)):
        return type(default).__name__
    raise SystemExit(f"no type for {function}({name}={default!r}): add it to tests/tools/stubs.py")


# ---- what a call returns -----------------------------------------------------------


def several(kind: str, number: int) -> str:
    """One of a kind, or a tuple of as many."""
    return kind if number == 1 else f"tuple[{', '.join([kind] * number)}]"


def outputs(loss: Any) -> Iterator[tuple[Deciding, str]]:
    """Each way to ask for derivatives, and the result with {value} for the loss itself."""
    gradients = several("Floats", loss.gradients)
    off = {"grad": "Literal[False]", "hess": "Literal[False]"}
    on = f"Literal[True] | {gradients}"
    yield off, "{value}"
    if loss.gradients:
        yield {**off, "grad": on}, f"tuple[{{value}}, {gradients}]"
    if loss.hess:
        yield (
            {"grad": f"bool | {gradients}", "hess": on},
            f"tuple[{{value}}, {gradients}, {gradients}]",
        )


def with_state(loss: Any) -> Iterator[tuple[Deciding, str]]:
    """The same; a running mean that was handed in comes back as the last of the results."""
    stateful = "running_mean" in inspect.signature(loss.function).parameters
    for deciding, result in outputs(loss):
        yield ({**deciding, "running_mean": "None"} if stateful else deciding), result
        if stateful:
            inner = result.removeprefix("tuple[").removesuffix("]") if "[" in result else result
            yield {**deciding, "running_mean": "float"}, f"tuple[{inner}, float]"


def penalty_overloads() -> Iterator[tuple[Deciding, str]]:
    """Parameters come as an array, a sequence or a mapping of arrays: so do the gradients."""
    anything = "Array | Sequence[Array] | Mapping[_K, Array]"
    yield {"params": anything, "grad": "Literal[False]"}, "float"
    for params, grad, result in (
        ("Mapping[_K, Array]", "Mapping[_K, Floats]", "dict[_K, Floats]"),
        ("Floats", "Floats", "Floats"),
        ("Sequence[Array]", "Sequence[Floats]", "list[Floats]"),
    ):
        yield {"params": params, "grad": f"Literal[True] | {grad}"}, f"tuple[float, {result}]"


def overloads(loss: Any, reduces: bool) -> Iterator[tuple[Deciding, str]]:
    """(types of the deciding parameters, type of the result) of every overload."""
    if loss.kind == "penalty":
        yield from penalty_overloads()
        return
    if loss.name == "gaussian_nll_loss":  # differentiates by its variances, not by a number
        constant = replace(loss, name="", gradients=1)
        for var, kind in (("float", constant), ("Arrays", replace(loss, name=""))):
            for deciding, result in overloads(kind, reduces):
                yield {"var": var, **deciding}, result
        return
    for deciding, result in with_state(loss):
        if not reduces:
            yield deciding, result.format(value="Floats")
            continue
        numbers = ", ".join(f'"{name}"' for name in loss.reductions if name != "none")
        yield {"reduction": f"Literal[{numbers}]", **deciding}, result.format(value="float")
        yield {"reduction": 'Literal["none"]', **deciding}, result.format(value="Floats")


# ---- how a call is written ---------------------------------------------------------


def admits(type_name: str, default: Any) -> bool:
    """Whether a default belongs to an overload's type."""
    if default is None:
        return type_name == "None"
    if default is False:
        return type_name.startswith("bool") or "False" in type_name
    return f'"{default}"' in type_name


def parameter_lists(
    name: str, signature: inspect.Signature, deciding: Deciding
) -> Iterator[list[str]]:
    """The parameters of one overload, as text.

    A deciding argument that is not at its default has no default here. Where optional ones stand
    before it, it can be given by keyword, or by position after all of them: two lists.
    """
    parameters = list(signature.parameters.values())

    def optional(p: Parameter) -> bool:
        if p.default is Parameter.empty:
            return False
        return p.name not in deciding or admits(deciding[p.name], p.default)

    def write(required: int, keywords: int) -> list[str]:
        texts = []
        for i, p in enumerate(parameters):
            if "*" not in texts and (p.kind is Parameter.KEYWORD_ONLY or i >= keywords):
                texts.append("*")
            default = " = ..." if optional(p) and i >= required else ""
            texts.append(f"{p.name}: {deciding.get(p.name) or type_of(name, p)}{default}")
        return texts

    seen_optional = False
    for i, p in enumerate(parameters):
        if p.kind is Parameter.KEYWORD_ONLY:
            break
        if seen_optional and not optional(p):
            yield write(required=i, keywords=len(parameters))
            yield write(required=0, keywords=i)
            return
        seen_optional = seen_optional or optional(p)
    yield write(required=0, keywords=len(parameters))


def definition(name: str, parameters: list[str], result: str) -> str:
    """One function of a stub file, wrapped as the formatter wraps it."""
    if parameters[-1] == "*":
        parameters = parameters[:-1]
    for opening, separator, closing in (
        ("", ", ", ""),
        ("\n    ", ", ", "\n"),
        ("\n    ", ",\n    ", ",\n"),
    ):
        text = f"def {name}({opening}{separator.join(parameters)}{closing}) -> {result}: ..."
        if max(map(len, text.split("\n"))) <= WIDTH:
            break
    return text


def stub(family: str, module: ModuleType, losses: dict[str, Any]) -> str:
    """The text of a module's stub file."""
    parts = []
    for name in module.__all__:
        if name not in losses:
            raise SystemExit(f"{name} has no reference in fastloss/reference/{family}.py")
        signature = inspect.signature(getattr(module, name))
        variants = [
            definition(name, parameters, result)
            for deciding, result in overloads(losses[name], "reduction" in signature.parameters)
            for parameters in parameter_lists(name, signature, deciding)
        ]
        decorator = "@overload\n" if len(variants) > 1 else ""
        parts += [decorator + variant for variant in variants]
    body = "\n".join(parts)
    if "_K" in body:
        body = f'_K = TypeVar("_K")\n\n{body}'
    lines = [f'"""Types of {module.__name__}. Written by `make stubs`: do not edit."""', ""]
    for source, symbols in IMPORTS.items():
        used = [symbol for symbol in symbols if re.search(rf"\b{symbol}\b", body)]
        if used:
            if source.startswith("fastloss"):
                lines.append("")
            lines.append(f"from {source} import {', '.join(used)}")
    lines += ["", "__all__ = [", *(f'    "{name}",' for name in module.__all__), "]", ""]
    return "\n".join(lines) + f"\n{body}\n"


def gathered(family: str) -> str:
    """The stub of a family's folder: what its modules export, name by name."""
    package = families.modules()[family]
    lines = [f'"""Types of fastloss.{family}. Written by `make stubs`: do not edit."""', ""]
    public = [name for name in vars(package) if not name.startswith("_")]
    places = [(getattr(getattr(package, name), "__module__", ""), name) for name in public]
    for module, name in sorted(places):
        if module:  # not a submodule
            lines.append(f"from {module} import {name} as {name}")
    everything = sorted(package.__all__)
    return "\n".join(
        [*lines, "", "__all__ = [", *(f'    "{name}",' for name in everything), "]", ""]
    )


def main(arguments: list[str]) -> int:
    from fastloss.reference import CRITERIA, LOSSES

    current = [
        families.agree(
            families.PACKAGE / f"{family}.pyi",
            stub(family, module, LOSSES),
            "make stubs",
            check="--check" in arguments,
        )
        for family, module in families.leaves().items()
        if module.__all__ and not set(module.__all__) & set(CRITERIA)
    ]
    current += [
        families.agree(
            families.PACKAGE / family / "__init__.pyi",
            gathered(family),
            "make stubs",
            check="--check" in arguments,
        )
        for family in families.modules()
        if (families.PACKAGE / family).is_dir()
    ]
    return 0 if all(current) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
