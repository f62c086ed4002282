"""The list of losses: every reference registers itself here, with the inputs that it is tested on.

Tests, gradient checks, benchmarks, the documentation's tables and the command line are loops over
`LOSSES`, so a loss that stands here is tested, measured and listed.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

KINDS = ("pointwise", "rowwise", "ratio", "boxes", "pairs", "penalty", "transform", "masks")

Shape = tuple[int, ...]
Sampler = Callable[..., tuple]


class Case(NamedTuple):
    """One way to call a loss: which inputs, and which keyword arguments besides `grad`."""

    sample: Sampler
    smooth_sample: Sampler
    options: dict[str, Any]

    def keywords(self, rng: np.random.Generator, args: tuple) -> dict[str, Any]:
        """The keyword arguments for these inputs: callables are called with (rng, args)."""
        return {
            name: value(rng, args) if callable(value) else value
            for name, value in self.options.items()
        }


@dataclass(frozen=True)
class Variant:
    """Further inputs of a loss (class probabilities instead of class indices ...)."""

    sample: Sampler
    options: tuple[dict[str, Any], ...] = ({},)
    smooth_sample: Sampler | None = None


@dataclass(frozen=True)
class Loss:
    """A function of the library, its reference and what to try it on.

    `sample(rng, shape, dtype)` makes the positional arguments; it includes ties, kinks and
    degenerate inputs. `smooth_sample` (by default the same) has none of them, so that finite
    differences of step 1e-6 apply. The meaning of `shape` depends on the kind:

    - pointwise: any shape;
    - rowwise: (N, C, ...) or (C,), for bins (..., R);
    - ratio: (N, C, ...), the shape of input;
    - boxes, transform: the leading axes of the boxes, (N,) or (B, N);
    - pairs: (..., N, M);
    - masks: (..., N, M, H, W), or (..., N, H, W) of one argument;
    - penalty: the shape of the parameters.

    `shapes` are small ones for tests, `bench` those for measurements. `options` are keyword
    arguments to try; a value may be a callable (rng, args) -> value. `variants` are further inputs
    with options of their own. `cases()` is all of that, times the reductions.

    `gradients` is how many come back, `wrt` the positions of the arguments that they belong to.
    `terms` is about how large the terms are whose sum a single value is, if they may cancel: its
    rounding error is measured by them.
    `frozen(options)` says whether a part of the value is a constant in the derivative.
    """

    name: str
    family: str
    kind: str
    formula: str
    function: Callable[..., Any]
    sample: Sampler
    smooth_sample: Sampler
    shapes: tuple[Shape, ...]
    bench: tuple[Shape, ...]
    options: tuple[dict[str, Any], ...] = ({},)
    variants: tuple[Variant, ...] = ()
    reductions: tuple[str, ...] = ("mean", "sum", "none")
    gradients: int = 1
    hess: bool = False
    peer: str | None = field(default=None)
    wrt: tuple[int, ...] = (0,)
    terms: float = 0.0
    frozen: Callable[[dict[str, Any]], Any] = lambda options: False

    @property
    def public(self) -> Callable[..., Any]:
        """The compiled function of the same name."""
        return getattr(importlib.import_module("fastloss"), self.name)

    @property
    def required(self) -> dict[str, Any]:
        """Keyword arguments that a call cannot do without, from the first of the options."""
        parameters = inspect.signature(self.function).parameters
        return {k: v for k, v in self.options[0].items() if parameters[k].default is inspect._empty}

    def cases(self) -> Iterator[Case]:
        """Every input with every set of options and every reduction."""
        main = Variant(self.sample, self.options, self.smooth_sample)
        for variant in (main, *self.variants):
            smooth = variant.smooth_sample or variant.sample
            for options in variant.options:
                if not self.reductions:
                    yield Case(variant.sample, smooth, options)
                for reduction in self.reductions:
                    yield Case(variant.sample, smooth, {**options, "reduction": reduction})


LOSSES: dict[str, Loss] = {}


def register(
    *, kind: str, sample: Sampler, smooth_sample: Sampler | None = None, **fields: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated reference into `LOSSES`, under its own name and its module's family."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        LOSSES[name] = Loss(
            name=name,
            family=function.__module__.split(".")[2],
            kind=kind,
            function=function,
            sample=sample,
            smooth_sample=smooth_sample or sample,
            **fields,
        )
        return function

    return enter


# ---- criteria: several arrays in, several numbers out ---------------------------------


@dataclass(frozen=True)
class Criterion:
    """A function of a whole batch that fits no kind of `Loss`, and its reference.

    Its family has tests of its own; the registry knows what it is called and what it computes,
    how many gradients it has, and the named tuple that it returns, where it has some.
    """

    name: str
    family: str
    formula: str
    function: Callable[..., Any]
    gradients: int
    result: Any

    @property
    def public(self) -> Callable[..., Any]:
        """The compiled function of the same name."""
        return getattr(importlib.import_module("fastloss"), self.name)


CRITERIA: dict[str, Criterion] = {}


def criterion(
    *, formula: str, gradients: int = 0, result: Any = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated reference into `CRITERIA`, under its own name and its module's family."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        name, family = function.__name__, function.__module__.split(".")[2]
        CRITERIA[name] = Criterion(name, family, formula, function, gradients, result)
        return function

    return enter
