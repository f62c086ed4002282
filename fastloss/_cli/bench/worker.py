"""One engine's process: requests come as JSON lines on stdin, answers go out on stdout."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

COLD_PAUSE = 0.02


def pin(threads: int) -> None:
    """Keep to the first `threads` cores, the same ones for every engine."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


class Worker:
    def __init__(self, engine: str, threads: int) -> None:
        self.engine = importlib.import_module(f"fastloss._cli.peers.{engine}")
        self.engine.set_threads(threads)
        self.call: Callable[[], Any] | None = None
        self.each = 0.0
        self.other = np.ones(50_000)

    def hello(self) -> dict[str, Any]:
        return {"version": self.engine.version()}

    def load(self, files: list[str], name: str, options: dict[str, Any]) -> dict[str, Any]:
        """Read the inputs of a case and name the variants (fresh, reused) that the engine has."""
        self.call = None
        arrays = tuple(np.load(file) for file in files)
        self.calls = self.engine.prepare(name, arrays, options) or {}
        return {"variants": list(self.calls)}

    def prepare(self, variant: str) -> dict[str, Any]:
        """Compile and warm up; the answer carries the result, for a comparison of the engines."""
        self.call = self.calls[variant]
        result = self.call()
        self.call()
        start = perf_counter()
        self.call()
        self.each = perf_counter() - start
        return {"summary": self.engine.summary(result), "seconds": self.each}

    def time(self, seconds: float, cold: bool) -> dict[str, Any]:
        """Seconds per call: a loop of calls, or single calls with other work before each."""
        gc.collect()
        gc.disable()
        try:
            if cold:
                return {"seconds": self._cold(calls=5)}
            calls = max(1, min(100_000, int(seconds / max(self.each, 1e-7))))
            call = self.call
            start = perf_counter()
            for _ in range(calls):
                call()
            self.each = (perf_counter() - start) / calls
            return {"seconds": [self.each]}
        finally:
            gc.enable()

    def _cold(self, calls: int) -> list[float]:
        samples = []
        for _ in range(calls):
            end = perf_counter() + COLD_PAUSE
            while perf_counter() < end:
                np.sqrt(self.other, out=self.other)
            start = perf_counter()
            self.call()
            samples.append(perf_counter() - start)
        return samples


def main() -> None:
    engine, threads = sys.argv[1], int(sys.argv[2])
    # A library that prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    pin(threads)
    worker = Worker(engine, threads)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("op"))(**request)
        except Exception as error:  # the other engines go on without this one
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
