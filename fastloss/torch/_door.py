"""What the adapter knows of each function, taken from the registry and from torch itself."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fastloss.reference import CRITERIA, LOSSES

Arguments = dict[str, Any]

OURS = ("grad", "hess")
LEGACY = ("size_average", "reduce")

# Functions without a loss's gradient that are operators all the same.
CONVERSIONS = ("box_area", "box_convert")


# A branch of a head that not every detector has: it has a gradient where it is given.
BRANCHES = ("sem",)

# An argument that comes back as the last of the results, where it is given.
STATE = "running_mean"

# Types of the operators' arguments, from the annotations of the reference.
SCHEMA = {
    "str": "str",
    "bool": "bool",
    "int": "int",
    "float": "float",
    "int | None": "int?",
    "float | None": "float?",
    "Sequence[int] | None": "int[]?",
    "Sequence[int]": "int[]",
    "Sequence[int | None]": "int?[]",
    "Sequence[float]": "float[]",
    "Sequence[float] | None": "float[]?",
    "Sequence[Sequence[int]]": "SymInt[][]",
    "tuple[Any, Any]": "Tensor[]",
}


def schema_type(annotation: str, parameter: Parameter) -> str:
    """The type of an operator's argument; "" for an annotation that is not known."""
    if annotation != "Any":
        return SCHEMA.get(annotation, "")
    if parameter.name == "params":
        return "Tensor[]"
    return "Tensor" if parameter.default is Parameter.empty else "Tensor?"


def settled(value: Any) -> Any:
    """A sequence of numbers, or of sequences of them, as a tuple that nobody else can change."""
    if isinstance(value, (np.ndarray, Tensor)):
        value = value.tolist()
    return tuple(map(settled, value)) if isinstance(value, (list, tuple)) else value


def legacy_reduction(size_average: bool | None, reduce: bool | None) -> str:
    """The reduction that torch's deprecated arguments mean; None stands for True."""
    average = size_average is None or size_average
    reduction = ("mean" if average else "sum") if reduce is None or reduce else "none"
    if not torch.compiler.is_compiling():  # where a warning would break the graph
        warnings.warn(
            f"size_average and reduce are deprecated; use reduction={reduction!r}", stacklevel=5
        )
    return reduction


def signature_of(name: str, public: Callable[..., Any]) -> Signature:
    """torch's signature where torch has the function, with what is ours behind it."""
    ours = inspect.signature(public).parameters
    theirs = inspect.signature(getattr(F, name)).parameters if hasattr(F, name) else {}
    parameters = [p.replace(annotation=Parameter.empty) for p in (theirs or ours).values()]
    parameters += [
        p.replace(kind=Parameter.KEYWORD_ONLY)
        for p in ours.values()
        if p.name not in theirs and theirs
    ]
    return Signature([p for p in parameters if p.name not in OURS])


@dataclass(frozen=True, eq=False)
class Door:
    """One function of the library as tensors see it."""

    name: str
    public: Callable[..., Any]
    kind: str
    gradients: int
    wrt: tuple[int, ...]
    signature: Signature
    annotations: dict[str, str]
    result: Any = None
    required: tuple[str, ...] = field(init=False)
    positional: tuple[str, ...] = field(init=False)
    defaults: dict[str, Any] = field(init=False)
    differentiable: tuple[str, ...] = field(init=False)
    schema: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        parameters = self.signature.parameters.values()
        required = tuple(
            p.name
            for p in parameters
            if p.default is Parameter.empty and p.kind is not Parameter.KEYWORD_ONLY
        )
        names = tuple(self.signature.parameters)
        learned = tuple(names[i] for i in self.wrt) if self.gradients else ()
        found = {
            "required": required,
            "positional": tuple(p.name for p in parameters if p.kind is not Parameter.KEYWORD_ONLY),
            "defaults": {p.name: p.default for p in parameters if p.name not in required},
            "differentiable": learned,
        }
        if self.kind == "criterion":
            found["differentiable"] = learned + tuple(name for name in BRANCHES if name in names)
        if self.kind == "pairs":  # overlaps are symmetric
            found["differentiable"] = required
        if self.name == "box_convert":  # a matrix, see _spread.py
            found["differentiable"] = required[:1]
        found["schema"] = {
            p.name: schema_type(self.annotations[p.name], p)
            for p in parameters
            if p.name not in LEGACY
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @property
    def is_torchs(self) -> bool:
        return hasattr(F, self.name)

    @property
    def scales(self) -> bool:
        """Whether the backward scales a gradient that the forward pass computed."""
        return self.gradients > 0 and self.kind not in ("pairs", "penalty")

    @property
    def carries(self) -> bool:
        """Whether a state that is handed in comes back behind the loss."""
        return STATE in self.defaults

    @property
    def operates(self) -> bool:
        """Whether there is an operator: values of known shapes, arguments of known types."""
        return all(self.schema.values()) and bool(self.gradients or self.name in CONVERSIONS)

    @property
    def recomputes(self) -> bool:
        """Whether there are calls whose gradient is computed in the backward."""
        several = len(self.differentiable) > 1 and self.kind != "criterion"
        return bool(self.differentiable) and (not self.scales or self.kind == "ratio" or several)

    @property
    def reduces(self) -> bool:
        return "reduction" in self.defaults

    @property
    def values(self) -> int:
        """How many numbers come back in front of the gradients: a criterion's parts are some."""
        return len(self.result._fields) if self.result else 1

    def bind(self, args: tuple[Any, ...], options: Arguments) -> Arguments:
        """The arguments given, by name; legacy ones as the reduction that they mean."""
        if len(args) > len(self.positional):
            raise TypeError(
                f"{self.name}() takes {len(self.positional)} positional arguments, "
                f"but {len(args)} were given"
            )
        given = dict(zip(self.positional, args, strict=False))
        for name, value in options.items():
            if name in given:
                raise TypeError(f"{self.name}() got multiple values for argument '{name}'")
            if name not in self.defaults and name not in self.required:
                raise TypeError(f"{self.name}() got an unexpected keyword argument '{name}'")
            given[name] = value
        for name in self.required:
            if name not in given:
                raise TypeError(f"{self.name}() missing 1 required argument: '{name}'")
        if "reduce" in self.defaults:
            size_average, reduce = given.pop("size_average", None), given.pop("reduce", None)
            if size_average is not None or reduce is not None:
                given["reduction"] = legacy_reduction(size_average, reduce)
        return given


def doors() -> Iterator[Door]:
    """Every function of the registry, and the criteria of detectors."""
    for name, loss in LOSSES.items():
        public = loss.public
        annotations = dict(inspect.get_annotations(loss.function))
        yield Door(
            name=name,
            public=public,
            kind=loss.kind,
            gradients=loss.gradients,
            wrt=loss.wrt,
            signature=signature_of(name, public),
            annotations=annotations,
        )
    for name, entry in CRITERIA.items():
        if entry.gradients:
            signature = signature_of(name, entry.public)
            heads = [n for n, p in signature.parameters.items() if p.default is Parameter.empty]
            heads = [n for n in heads if signature.parameters[n].kind is not Parameter.KEYWORD_ONLY]
            heads = heads[: heads.index("batch_idx")] if "batch_idx" in heads else heads
            yield Door(
                name=name,
                public=entry.public,
                kind="criterion",
                gradients=entry.gradients + sum(b in signature.parameters for b in BRANCHES),
                wrt=tuple(range(len(heads))),
                signature=signature,
                annotations=dict(inspect.get_annotations(entry.function)),
                result=entry.result,
            )
