"""Types of fastloss.regression.likelihood. Written by `make stubs`: do not edit."""

from typing import Literal, overload

from fastloss._typing import Array, Arrays, Floats

__all__ = [
    "gamma_nll_loss",
    "gaussian_nll_loss",
    "poisson_nll_loss",
    "tweedie_loss",
]

@overload
def gamma_nll_loss(
    input: Array,
    target: Array,
    *,
    log_input: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def gamma_nll_loss(
    input: Array,
    target: Array,
    *,
    log_input: bool = ...,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def gamma_nll_loss(
    input: Array,
    target: Array,
    *,
    log_input: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def gamma_nll_loss(
    input: Array,
    target: Array,
    *,
    log_input: bool = ...,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def gamma_nll_loss(
    input: Array,
    target: Array,
    *,
    log_input: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def gamma_nll_loss(
    input: Array,
    target: Array,
    *,
    log_input: bool = ...,
    eps: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: float,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | tuple[Floats, Floats],
    hess: Literal[False] = ...,
) -> tuple[float, tuple[Floats, Floats]]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[True] | tuple[Floats, Floats],
    hess: Literal[False] = ...,
) -> tuple[Floats, tuple[Floats, Floats]]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | tuple[Floats, Floats],
    hess: Literal[False] = ...,
) -> tuple[Floats, tuple[Floats, Floats]]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: bool | tuple[Floats, Floats] = ...,
    hess: Literal[True] | tuple[Floats, Floats],
) -> tuple[float, tuple[Floats, Floats], tuple[Floats, Floats]]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: bool | tuple[Floats, Floats] = ...,
    hess: Literal[True] | tuple[Floats, Floats],
) -> tuple[Floats, tuple[Floats, Floats], tuple[Floats, Floats]]: ...
@overload
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Arrays,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | tuple[Floats, Floats] = ...,
    hess: Literal[True] | tuple[Floats, Floats],
) -> tuple[Floats, tuple[Floats, Floats], tuple[Floats, Floats]]: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = ...,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = ...,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = ...,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = ...,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = ...,
    full: bool = ...,
    eps: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool,
    full: bool,
    eps: float,
    reduction: Literal["none"],
    *,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = ...,
    full: bool = ...,
    eps: float = ...,
    *,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
@overload
def tweedie_loss(
    input: Array,
    target: Array,
    *,
    power: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> float: ...
@overload
def tweedie_loss(
    input: Array,
    target: Array,
    *,
    power: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[False] = ...,
    hess: Literal[False] = ...,
) -> Floats: ...
@overload
def tweedie_loss(
    input: Array,
    target: Array,
    *,
    power: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[float, Floats]: ...
@overload
def tweedie_loss(
    input: Array,
    target: Array,
    *,
    power: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: Literal[True] | Floats,
    hess: Literal[False] = ...,
) -> tuple[Floats, Floats]: ...
@overload
def tweedie_loss(
    input: Array,
    target: Array,
    *,
    power: float = ...,
    reduction: Literal["mean", "sum"] = ...,
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[float, Floats, Floats]: ...
@overload
def tweedie_loss(
    input: Array,
    target: Array,
    *,
    power: float = ...,
    reduction: Literal["none"],
    weight: Array | None = ...,
    grad: bool | Floats = ...,
    hess: Literal[True] | Floats,
) -> tuple[Floats, Floats, Floats]: ...
