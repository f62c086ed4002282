"""What the benchmarks share: the cases of the registry, and engines in processes of their own.

Two OpenMP runtimes in one process spin against each other, so every engine (fastloss, its
reference, the limit, each peer) is a worker process of `python -m fastloss bench`, which times its
own calls. `Clock` carries those times to pytest-benchmark: it is the timer of these tests, and it
stands still but for the seconds that a worker has measured.

The engines take turns case by case, not round by round: on a busy machine compare with
`python -m fastloss bench`, whose rounds are interleaved.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fastloss._cli.bench.engines import Engine, installed
from fastloss._cli.bench.measure import SLOW, TURN, agree, inputs
from fastloss._cli.peers import VALUE_ONLY
from fastloss.reference import LOSSES, Loss

SMOKE = os.environ.get("FASTLOSS_BENCH_SMOKE", "") not in ("", "0")
ROUNDS, SLOW_ROUNDS = 9, 3
# The reference takes up to a second per call above this many elements.
LARGE = 1_000_000
# Fewer elements than these never see a second thread.
THREADED = 10_000


class Case(NamedTuple):
    loss: Loss
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.loss.name}-{'x'.join(map(str, self.shape))}"


class Clock:
    """A timer that shows the sum of the seconds measured elsewhere."""

    __name__ = "worker"
    now = 0.0

    def __call__(self) -> float:
        return self.now


the_clock = Clock()


def cases(at_least: int = 0) -> list[Case]:
    """Every loss with its shapes to measure; in a smoke run with the smallest."""
    chosen = []
    for loss in LOSSES.values():
        own = [case for shape in loss.bench if (case := Case(loss, shape)).elements >= at_least]
        chosen += sorted(own, key=lambda case: case.elements)[:1] if SMOKE else own
    return chosen


def engines_of(case: Case, large: bool) -> list[str]:
    """The engines to compare; fastloss first, and again with a buffer for the gradient."""
    first, *others = installed(None)
    if not large and case.elements > LARGE:
        others.remove("reference")
    reused = [] if case.loss.name in VALUE_ONLY else [f"{first} reused"]
    return [first, *reused, *others]


# ---- hooks -------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fastloss")
    group.addoption(
        "--large", action="store_true", help=f"the reference above {LARGE:,} elements, too"
    )
    group.addoption(
        "--threads", type=int, default=1, help="threads of every engine in test_losses (default 1)"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = metafunc.fixturenames
    if "engine" in names:
        pairs = [
            pytest.param(case, engine, id=f"{case}-{engine.replace(' ', '-')}")
            for case in cases()
            for engine in engines_of(case, metafunc.config.getoption("large"))
        ]
        metafunc.parametrize(("case", "engine"), pairs)
    elif "case" in names:
        metafunc.parametrize("case", cases(at_least=THREADED), ids=str)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "clock" in getattr(item, "fixturenames", ()):  # `measure` needs it, too
            item.add_marker(pytest.mark.benchmark(timer=the_clock))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[sections] = {}


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for title, lines in config.stash[sections].items():
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


# What the tests have to say at the end.
sections = pytest.StashKey[dict[str, list[str]]]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """report(title, line): print a line in a section at the end."""
    said = request.config.stash[sections]
    return lambda title, line: said.setdefault(title, []).append(line)


@pytest.fixture
def clock() -> Clock:
    return the_clock


# ---- engines -----------------------------------------------------------------------


class Engines:
    """Worker processes, started when they are first asked for, with one case loaded in each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[tuple[str, int], Engine] = {}
        self.loaded: dict[tuple[str, int], tuple[str, dict[str, Any]]] = {}
        self.written: str | None = None
        self.request: dict[str, Any] = {}

    def load(self, name: str, threads: int, case: Case) -> tuple[Engine, dict[str, Any]]:
        """The engine with the inputs of the case, and what it said to them."""
        key = name, threads
        if key not in self.running:
            self.running[key] = Engine(name, threads)
        engine = self.running[key]
        if self.written != str(case):
            self.request = inputs(case.loss, case.shape, "float32", str(self.folder))
            self.written = str(case)
        if self.loaded.get(key, ("",))[0] != str(case):
            self.loaded[key] = str(case), engine.ask(op="load", **self.request)
        return engine, self.loaded[key][1]

    def close(self) -> None:
        for engine in self.running.values():
            engine.close()


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    every = Engines(tmp_path_factory.mktemp("inputs"))
    yield every
    every.close()


@pytest.fixture(scope="session")
def results() -> dict[str, list[float]]:
    """A few numbers of fastloss's result for each case: the others must agree."""
    return {}


@pytest.fixture
def measure(
    benchmark: Any, clock: Clock, engines: Engines, results: dict[str, list[float]]
) -> Callable[..., None]:
    """measure(case, engine, threads, cold): time an engine's call with pytest-benchmark."""

    def run(case: Case, name: str, threads: int, cold: bool = False) -> None:
        name, _, variant = name.partition(" ")
        variant = variant or "fresh"
        engine, loaded = engines.load(name, threads, case)
        assert "error" not in loaded, f"{name}: {loaded['error']}"
        if variant not in loaded["variants"]:
            pytest.skip(f"{name} has no such function")
        ready = engine.ask(op="prepare", variant=variant)
        assert "error" not in ready, f"{name}: {ready['error']}"
        summary = ready["summary"]
        if summary is not None:
            ours = results.setdefault(str(case), summary) if name == "fastloss" else None
            ours = ours or results.get(str(case), summary)
            assert agree(ours, summary), f"{name} computes {summary}, fastloss {ours}"

        samples: list[float] = []

        def sample() -> None:
            if not samples:
                answer = engine.ask(op="time", seconds=0 if SMOKE else TURN, cold=cold)
                assert "error" not in answer, f"{name}: {answer['error']}"
                samples.extend(answer["seconds"])
            clock.now += samples.pop(0)

        benchmark.extra_info.update(threads=threads, cold=cold, version=engine.version)
        benchmark.pedantic(sample, rounds=SLOW_ROUNDS if ready["seconds"] > SLOW else ROUNDS)

    return run
