"""The engines that are compared, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

from .._errors import CommandError

# engine -> package that it needs
PEERS = {"torch": "torch", "torch_compile": "torch", "numba": "numba", "jax": "jax"}
# Measured where --engines names it: it compiles every loss and shape for seconds, with g++.
ON_REQUEST = ("torch_compile",)
OWN = ("fastloss", "reference", "limit")


def installed(wanted: str | None) -> list[str]:
    """fastloss, the reference, the limit, and the peers that can be imported."""
    if wanted is None:
        found = (p for p, package in PEERS.items() if importlib.util.find_spec(package))
        return [*OWN, *(p for p in found if p not in ON_REQUEST)]
    names = [w.strip() for w in wanted.split(",") if w.strip()]
    for name in names:
        if name not in PEERS and name not in OWN:
            raise CommandError(f"--engines {name!r}: choose from reference, {', '.join(PEERS)}")
        if name in PEERS and not importlib.util.find_spec(PEERS[name]):
            raise CommandError(f"--engines {name}: it is not installed; pip install {PEERS[name]}")
    return ["fastloss", "limit", *(n for n in names if n not in ("fastloss", "limit"))]


def environment(threads: int) -> dict[str, str]:
    """Every thread pool's own variable, so that all engines have the same number of threads."""
    n = str(threads)
    names = ("OMP", "MKL", "OPENBLAS", "NUMBA", "VECLIB_MAXIMUM", "NUMEXPR")
    eigen = "true" if threads > 1 else "false"
    return {
        **os.environ,
        **{f"{name}_NUM_THREADS": n for name in names},
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={n}",
        "NPROC": n,
        "JAX_PLATFORMS": "cpu",
        "JAX_ENABLE_X64": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }


class Engine:
    """A worker process that prepares one call at a time and times it when asked."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.alive = True
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fastloss._cli.bench.worker", name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(threads),
            text=True,
        )
        hello = self.ask(op="hello")
        self.version = hello.get("version", "did not start")

    def ask(self, **request: Any) -> dict[str, Any]:
        """The worker's answer; {"error": ...} if it failed, once and for all if it died."""
        if not self.alive:
            return {"error": "the process has ended"}
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            self.alive = False
            return {"error": "the process has ended"}
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
