"""Threads, instruction sets and what this build is made of."""

from __future__ import annotations

import operator
import os
import platform
from types import TracebackType
from typing import Any

import numpy as np

from fastloss import _core


def _count(name: str, n: int) -> int:
    try:
        value = operator.index(n)
    except TypeError:
        raise TypeError(f"{name} is {n!r}; expected a whole number of threads") from None
    if isinstance(n, bool) or not 1 <= value <= 1024:
        raise ValueError(f"{name} is {n!r}; expected 1 to 1024 threads")
    return value


def set_num_threads(n: int) -> None:
    """Let large calls use up to ``n`` threads, in every thread of this process.

    Results are the same bits for any number. Without this call the number is OpenMP's
    (``OMP_NUM_THREADS``, threadpoolctl, else the number of cores).

    Raises
    ------
    ValueError
        If ``n`` is not between 1 and 1024.
    """
    _core.set_threads(_count("n", n))


def get_num_threads() -> int:
    """Return the number of threads that a large call made here would use."""
    return _core.get_threads()


class num_threads:
    """Context manager: up to ``n`` threads for calls from this Python thread.

    >>> import fastloss as fl
    >>> with fl.num_threads(1):
    ...     fl.get_num_threads()
    1
    """

    def __init__(self, n: int) -> None:
        self._n = _count("n", n)
        self._outer: list[int] = []

    def __enter__(self) -> num_threads:
        self._outer.append(_core.swap_local_threads(self._n))
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _core.swap_local_threads(self._outer.pop())


def get_config() -> dict[str, Any]:
    """Return version, instruction sets, threads, compiler and platform as a dict."""
    from fastloss import __version__

    return {
        "version": __version__,
        "isa": _core.active_isa(),
        "isa_available": _core.isa_levels(),
        "threads": get_num_threads(),
        "openmp": _core.OPENMP,
        "compiler": _core.COMPILER,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def show_config() -> None:
    """Print version, active instruction set, threads and compiler.

    ``FASTLOSS_ISA`` in the environment forces a lower instruction set at import.
    """
    for key, value in get_config().items():
        text = ", ".join(value) if isinstance(value, list) else value
        print(f"{key:14} {text}")


def _apply_environment() -> None:
    """Honour FASTLOSS_ISA; an unknown level is an error, not a silent default."""
    wanted = os.environ.get("FASTLOSS_ISA")
    if wanted:
        _core.select_isa(wanted)
