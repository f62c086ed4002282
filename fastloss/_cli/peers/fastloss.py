"""fastloss itself, with fresh outputs and into a buffer that is used again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import fastloss

from . import VALUE_ONLY, WRT, summarise


def version() -> str:
    return fastloss.__version__


def set_threads(n: int) -> None:
    fastloss.set_num_threads(n)


def prepare(name: str, arrays: tuple, options: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    function = getattr(fastloss, name)
    if name in VALUE_ONLY:
        return {"fresh": partial(function, *arrays, **options)}
    buffers = tuple(np.empty_like(arrays[at]) for at in WRT.get(name, (0,)))
    buffer = buffers if len(buffers) > 1 else buffers[0]
    return {
        "fresh": partial(function, *arrays, **options, grad=True),
        "reused": partial(function, *arrays, **options, grad=buffer),
    }


def summary(result: Any) -> list[float]:
    return summarise(*result) if isinstance(result, tuple) else summarise(result)
