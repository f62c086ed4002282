"""Take the timings in turns: round after round, every engine once."""

from __future__ import annotations

import math
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .engines import Engine

if TYPE_CHECKING:
    from rich.console import Console

# The first of a loss's registered options is measured, except where it would be the dullest.
OPTIONS: dict[str, dict[str, Any]] = {
    "bbox_iou": {"kind": "ciou"},
    "box_convert": {"in_fmt": "cxcywh", "out_fmt": "xyxy"},
}
# Thread pools spin for a while after work: the next engine waits until they sleep.
QUIET = 0.005
TURN, QUICK_TURN = 0.03, 0.01  # seconds of calls that make one sample
SLOW = 0.3
QUICK_ELEMENTS = 600_000


def measure(
    screen: Console,
    losses: list[Any],
    names: list[str],
    *,
    threads: list[int],
    dtype: str,
    quick: bool,
    cold: bool,
    rounds: int,
) -> dict[str, Any]:
    """Every case with every engine, ready for JSON."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    cases = [(loss, shape) for loss in losses for shape in loss.bench]
    if quick:
        cases = [(loss, s) for loss, s in cases if math.prod(s) <= QUICK_ELEMENTS]
    load = _load()
    length = QUICK_TURN if quick else TURN
    rows: list[dict[str, Any]] = []
    versions: dict[str, str] = {}
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with (
        Progress(*columns, TimeElapsedColumn(), console=screen, transient=True) as progress,
        tempfile.TemporaryDirectory(prefix="fastloss-bench-") as folder,
    ):
        task = progress.add_task("starting", total=len(cases) * len(threads))
        for count in threads:
            engines = [Engine(name, count) for name in names]
            try:
                versions |= {e.name: e.version for e in engines}
                for loss, shape in cases:
                    progress.update(task, description=f"{count} thread(s)  {loss.name} {shape}")
                    rows.append(
                        _case(engines, loss, shape, dtype, folder, rounds, cold, count, length)
                    )
                    progress.advance(task)
            finally:
                for engine in engines:
                    engine.close()
    return {
        "machine": {**_machine(), "load_before": load},
        "dtype": dtype,
        "cold": cold,
        "rounds": rounds,
        "versions": versions,
        "rows": rows,
    }


def _case(
    engines: list[Engine],
    loss: Any,
    shape: tuple,
    dtype: str,
    folder: str,
    rounds: int,
    cold: bool,
    threads: int,
    turn_length: float,
) -> dict[str, Any]:
    request = inputs(loss, shape, dtype, folder)
    row: dict[str, Any] = {
        "name": loss.name,
        "family": loss.family,
        "shape": list(shape),
        "threads": threads,
        "gradient": loss.kind not in ("pairs", "transform", "masks"),
        "seconds": {},
        "notes": {},
    }
    summaries: dict[str, list[float]] = {}
    samples: dict[tuple[int, str], list[float]] = {}
    for index, engine in enumerate(engines):
        loaded = engine.ask(op="load", **request)
        for variant in loaded.get("variants", []):
            ready = engine.ask(op="prepare", variant=variant)
            if "error" in ready:
                row["notes"][_key(engine, variant)] = ready["error"]
                continue
            samples[index, variant] = [ready["seconds"]] if ready["seconds"] > SLOW else []
            if ready["summary"] is not None:
                summaries[_key(engine, variant)] = ready["summary"]
        if "error" in loaded:
            row["notes"][engine.name] = loaded["error"]
    for turn in range(rounds):
        for (index, variant), taken in samples.items():
            # What takes long needs no many rounds: the median of three is steady enough.
            if taken and taken[-1] > SLOW and turn >= 2:
                continue
            engine = engines[index]
            time.sleep(QUIET)
            ready = engine.ask(op="prepare", variant=variant) if _several(samples, index) else {}
            answer = (
                engine.ask(op="time", seconds=turn_length, cold=cold)
                if "error" not in ready
                else {}
            )
            taken += answer.get("seconds", [])
    for (index, variant), taken in samples.items():
        if taken:
            row["seconds"][_key(engines[index], variant)] = statistics.median(taken)
    _compare(row, summaries)
    return row


def options_of(loss: Any) -> dict[str, Any]:
    """The keyword arguments that a loss is measured with."""
    options = OPTIONS.get(loss.name, loss.options[0])
    return {**options, "reduction": "mean"} if loss.reductions else options


def inputs(loss: Any, shape: tuple, dtype: str, folder: str) -> dict[str, Any]:
    """Write the inputs of a case to `folder`: what an engine is asked to load."""
    files = []
    arrays = loss.smooth_sample(np.random.default_rng(0), shape, np.dtype(dtype))
    for index, array in enumerate(arrays):
        files.append(str(Path(folder) / f"{index}.npy"))
        np.save(files[-1], array)
    return {"files": files, "name": loss.name, "options": options_of(loss)}


def agree(ours: list[float], theirs: list[float]) -> bool:
    """Whether two engines computed the same, by a few numbers of their results."""
    return np.allclose(ours, theirs, rtol=1e-2, atol=1e-7, equal_nan=True)


def _key(engine: Engine, variant: str) -> str:
    return engine.name if variant == "fresh" else f"{engine.name} {variant}"


def _several(samples: dict[tuple[int, str], list[float]], index: int) -> bool:
    return sum(i == index for i, _ in samples) > 1


def _compare(row: dict[str, Any], summaries: dict[str, list[float]]) -> None:
    """A peer that computes something else must not stand in the table unnoticed."""
    ours = summaries.get("fastloss")
    if ours is None:
        return
    for name, theirs in summaries.items():
        if not agree(ours, theirs):
            row["notes"][name] = f"computes {theirs}, fastloss {ours}"


def _load() -> float:
    """The cores that were busy over the last minute, before the measurement; 0 if not known."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _machine() -> dict[str, Any]:
    import fastloss

    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    config = fastloss.get_config()
    return {
        "processor": name,
        "isa": config["isa"],
        "compiler": config["compiler"],
        "numpy": np.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
