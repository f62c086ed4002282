"""What boosting has to know of a loss besides its formula: labels, link, scale, where to start."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

import fastloss
from fastloss import _core

_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Labels:
    """The labels that a loss admits; `signs`: classes -1 or 0, and 1."""

    low: float = -inf
    high: float = inf
    expected: str = "a finite number"
    signs: bool = False


ANY = Labels()
UNIT = Labels(0, 1, "a number in [0, 1]")
SIGNS = Labels(-1, 1, "-1 (or 0) or 1", signs=True)
ABOVE_MINUS_ONE = Labels(float(np.nextafter(np.float32(-1), np.float32(0))), inf, "a number > -1")
NONNEGATIVE = Labels(0, inf, "a number >= 0")
POSITIVE = Labels(_TINY, inf, "a number > 0")


@dataclass(frozen=True)
class Traits:
    """How a loss is boosted."""

    link: str = "identity"
    labels: Labels = ANY
    # Of the loss. Engines boost half the squared error, and their trees should be met.
    factor: float = 1
    # Its curvature grows without bound towards equality; see KNEE.
    kinked: bool = False
    # The least prediction that has a loss.
    least: float = -inf
    # The name of a closed form in _scores.py; "" for a search.
    start: str = ""
    # The kernel's name, where it is another loss's.
    kernel: str = ""


# Within this share of the mean residual, losses with a kink at equality count as squared.
KNEE = 0.3

TRAITS = {
    # residuals
    "mse_loss": Traits(factor=0.5, start="mean"),
    # Its minimum is that of the squared error, whose rows do not depend on each other.
    "rmse_loss": Traits(factor=0.5, start="mean", kernel="mse"),
    "l1_loss": Traits(kinked=True, start="median"),
    "smooth_l1_loss": Traits(),
    "huber_loss": Traits(),
    "log_cosh_loss": Traits(),
    "quantile_loss": Traits(kinked=True, start="quantile"),
    "expectile_loss": Traits(),
    "mape_loss": Traits(kinked=True, start="relative_median"),
    "msle_loss": Traits(
        labels=ABOVE_MINUS_ONE, factor=0.5, least=ABOVE_MINUS_ONE.low, start="log1p_mean"
    ),
    "gaussian_nll_loss": Traits(start="mean"),
    # logarithms of means
    "poisson_nll_loss": Traits("exp", NONNEGATIVE, start="log_mean"),
    "gamma_nll_loss": Traits("exp", POSITIVE, start="log_mean"),
    "tweedie_loss": Traits("exp", NONNEGATIVE, start="log_mean"),
    # logits
    "binary_cross_entropy_with_logits": Traits("sigmoid", UNIT, start="log_odds"),
    "sigmoid_focal_loss": Traits("sigmoid", UNIT),
    "varifocal_loss": Traits("sigmoid", UNIT),
    "quality_focal_loss": Traits("sigmoid", UNIT),
    "asymmetric_loss": Traits("sigmoid", UNIT),
    # signs
    "hinge_loss": Traits(labels=SIGNS),
    "squared_hinge_loss": Traits(labels=SIGNS),
    "soft_margin_loss": Traits("sigmoid", SIGNS),
    "exponential_loss": Traits("twice", SIGNS),
    # several classes
    "cross_entropy": Traits("softmax", start="log_priors"),
    "softmax_focal_loss": Traits("softmax"),
    "poly1_cross_entropy": Traits("softmax"),
}

REFUSED = {
    "binary_cross_entropy": "takes probabilities; boost binary_cross_entropy_with_logits",
    "kl_div": "has no minimum in scores; boost cross_entropy",
    "hinge_embedding_loss": "takes distances, and has no minimum in scores",
    "multilabel_soft_margin_loss": "averages rows; boost binary_cross_entropy_with_logits",
}

# Parameters of the functions that an engine's call takes the place of.
_CALL = {"input", "inputs", "target", "targets", "weight", "reduction", "grad", "hess"}


@dataclass(frozen=True)
class Plan:
    """A loss with its parameters."""

    name: str
    params: Mapping[str, Any]
    traits: Traits
    rowwise: bool
    function: Callable[..., Any]

    def column(self, index: int, count: int) -> Plan:
        """The plan of one of several outputs, of which pos_weight may have one each."""
        if self.params.get("pos_weight") is None:
            return self
        weights = np.broadcast_to(self.params["pos_weight"], (count,))
        return replace(self, params={**self.params, "pos_weight": float(weights[index])})

    def derivatives(self) -> Any:
        """The compiled function that an objective calls; refuses parameters out of domain."""
        kernel = self.traits.kernel or self.name.removesuffix("_loss")
        loss, values = _core.losses()[kernel], dict(self.params)
        numbers = tuple(values.pop(name) for name in _core.parameter_names(loss))
        if self.rowwise:
            weight = values.pop("class_weight")
            ignore_index = values.pop("ignore_index", -100)
            smoothing = values.pop("label_smoothing", 0.0)
            return _core.RowDerivatives(loss, numbers, weight, ignore_index, smoothing)
        labels = self.traits.labels
        return _core.PointDerivatives(
            loss,
            numbers,
            values.pop("pos_weight", None),
            self.traits.factor,
            self.traits.least,
            labels.low,
            labels.high,
            labels.expected,
            labels.signs,
            KNEE if self.traits.kinked else 0.0,
        )


def plan(loss: str | Callable[..., Any], params: Mapping[str, Any]) -> Plan:
    """Find a loss by its function or its name, and bind its parameters."""
    from fastloss.reference import LOSSES

    given = loss if isinstance(loss, str) else getattr(loss, "__name__", repr(loss))
    name = given if given in LOSSES else f"{given}_loss"
    if name not in LOSSES:
        raise ValueError(f"loss is {loss!r}; expected a loss of fastloss or its name")
    if name in REFUSED:
        raise ValueError(f"loss is {name}, which {REFUSED[name]}")
    entry = LOSSES[name]
    if name not in TRAITS and (entry.kind != "pointwise" or not entry.hess):
        raise ValueError(f"loss is {name}: not a pointwise loss, nor one of rows of class scores")
    function = getattr(fastloss, name)
    rowwise = entry.kind == "rowwise"
    known = {
        parameter.name: parameter.default
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in _CALL
    }
    if rowwise:
        known["class_weight"] = None
    for key in params:
        if key not in known:
            expected = ", ".join(known) or "no parameters"
            raise TypeError(f"{key} is no parameter of {name} in boosting; expected {expected}")
    bound = {**known, **params}
    for key, value in bound.items():
        if value is inspect.Parameter.empty:
            raise TypeError(f"{name} needs {key}")
    if not bound.get("log_input", True):
        raise ValueError("log_input is False, but boosting predicts the logarithm of the mean")
    traits = TRAITS["l1_loss"] if bound.get("beta") == 0 else TRAITS.get(name, Traits())
    return Plan(name, bound, traits, rowwise, function)
