"""The NumPy reference."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fastloss import reference

from . import VALUE_ONLY, summarise


def version() -> str:
    return f"NumPy {np.__version__}"


def set_threads(n: int) -> None:
    """NumPy's elementwise loops have one thread."""


def prepare(name: str, arrays: tuple, options: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    extra = {} if name in VALUE_ONLY else {"grad": True}
    return {"fresh": partial(getattr(reference, name), *arrays, **options, **extra)}


def summary(result: Any) -> list[float]:
    return summarise(*result) if isinstance(result, tuple) else summarise(result)
