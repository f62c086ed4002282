"""Types of fastloss.penalties. Written by `make stubs`: do not edit."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar, overload

from fastloss._typing import Array, Floats

__all__ = [
    "elastic_net_penalty",
    "l1_penalty",
    "l2_penalty",
]

_K = TypeVar("_K")

@overload
def elastic_net_penalty(
    params: Array | Sequence[Array] | Mapping[_K, Array],
    *,
    strength: float = ...,
    l1_ratio: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def elastic_net_penalty(
    params: Mapping[_K, Array],
    *,
    strength: float = ...,
    l1_ratio: float = ...,
    grad: Literal[True] | Mapping[_K, Floats],
) -> tuple[float, dict[_K, Floats]]: ...
@overload
def elastic_net_penalty(
    params: Floats, *, strength: float = ..., l1_ratio: float = ..., grad: Literal[True] | Floats
) -> tuple[float, Floats]: ...
@overload
def elastic_net_penalty(
    params: Sequence[Array],
    *,
    strength: float = ...,
    l1_ratio: float = ...,
    grad: Literal[True] | Sequence[Floats],
) -> tuple[float, list[Floats]]: ...
@overload
def l1_penalty(
    params: Array | Sequence[Array] | Mapping[_K, Array],
    *,
    strength: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def l1_penalty(
    params: Mapping[_K, Array], *, strength: float = ..., grad: Literal[True] | Mapping[_K, Floats]
) -> tuple[float, dict[_K, Floats]]: ...
@overload
def l1_penalty(
    params: Floats, *, strength: float = ..., grad: Literal[True] | Floats
) -> tuple[float, Floats]: ...
@overload
def l1_penalty(
    params: Sequence[Array], *, strength: float = ..., grad: Literal[True] | Sequence[Floats]
) -> tuple[float, list[Floats]]: ...
@overload
def l2_penalty(
    params: Array | Sequence[Array] | Mapping[_K, Array],
    *,
    strength: float = ...,
    grad: Literal[False] = ...,
) -> float: ...
@overload
def l2_penalty(
    params: Mapping[_K, Array], *, strength: float = ..., grad: Literal[True] | Mapping[_K, Floats]
) -> tuple[float, dict[_K, Floats]]: ...
@overload
def l2_penalty(
    params: Floats, *, strength: float = ..., grad: Literal[True] | Floats
) -> tuple[float, Floats]: ...
@overload
def l2_penalty(
    params: Sequence[Array], *, strength: float = ..., grad: Literal[True] | Sequence[Floats]
) -> tuple[float, list[Floats]]: ...
