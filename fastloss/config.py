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
    """Let large calls use up to `n` threads, from every Python thread of this process.

    Results are the same bits for any number, and small calls never use a second thread. Without
    this call the number is OpenMP's: ``OMP_NUM_THREADS``, else the number of cores. A limit that
    threadpoolctl sets afterwards holds where it is lower.

    Parameters
    ----------
    n : int, 1 to 1024
        More than the machine has cores is allowed, and slow.

    Raises
    ------
    ValueError
        `n` is out of range, or a bool.
    TypeError
        `n` is not an integer.

    Examples
    --------
    >>> import fastloss as fl
    >>> before = fl.get_num_threads()
    >>> fl.set_num_threads(1)
    >>> fl.get_num_threads()
    1
    >>> fl.set_num_threads(before)
    """
    _core.set_threads(_count("n", n))


def get_num_threads() -> int:
    """Return the number of threads that a large call made here would use.

    Returns
    -------
    int
        What `num_threads` says in this Python thread, else `set_num_threads`, else OpenMP. It is 1
        in a forked child process, and in a build without OpenMP.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.get_num_threads() >= 1
    True
    """
    return _core.get_threads()


class num_threads:
    """Context manager: up to `n` threads for calls from this Python thread.

    It goes before `set_num_threads`, leaves other Python threads alone, and nests.

    Parameters
    ----------
    n : int, 1 to 1024

    Raises
    ------
    ValueError, TypeError
        As for `set_num_threads`.

    Examples
    --------
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
    """Return version, instruction sets, threads, compiler and platform.

    Returns
    -------
    dict
        ``version``; ``isa``, the active instruction set, and ``isa_available``, those that this
        build has and this machine runs, best first; ``threads``, as `get_num_threads`; ``openmp``,
        whether it was built with it; ``kept_mib``, how much memory of released gradients is kept
        now for the next ones; ``compiler``, ``numpy``, ``python``, ``platform``.

    Examples
    --------
    >>> import fastloss as fl
    >>> config = fl.get_config()
    >>> config["isa"] in config["isa_available"]
    True
    """
    from fastloss import __version__

    return {
        "version": __version__,
        "isa": _core.active_isa(),
        "isa_available": _core.isa_levels(),
        "threads": get_num_threads(),
        "openmp": _core.OPENMP,
        "kept_mib": _core.kept() >> 20,
        "compiler": _core.COMPILER,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def show_config() -> None:
    """Print what `get_config` returns, one entry a line.

    ``FASTLOSS_ISA`` in the environment, one of ``isa_available``, forces a lower instruction set
    at import; any other value is a ValueError there. ``FASTLOSS_KEEP_MIB``, 256 by default, is how
    much memory of released gradients, those of 32 MiB and more, is kept for the next ones; 0 keeps
    none.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.show_config()  # doctest: +ELLIPSIS
    version        ...
    """
    for key, value in get_config().items():
        text = ", ".join(value) if isinstance(value, list) else value
        print(f"{key:14} {text}")


def _apply_environment() -> None:
    """Honour FASTLOSS_ISA and FASTLOSS_KEEP_MIB; what they cannot mean is an error."""
    wanted = os.environ.get("FASTLOSS_ISA")
    if wanted:
        _core.select_isa(wanted)
    keep = os.environ.get("FASTLOSS_KEEP_MIB") or "256"
    if not (keep.isascii() and keep.isdigit() and len(keep) <= 9):
        raise ValueError(f"FASTLOSS_KEEP_MIB is {keep!r}; expected a number of MiB, 0 for none")
    _core.keep_limit(int(keep) << 20)
