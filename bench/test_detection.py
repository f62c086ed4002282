"""The detection criterion, value and gradients, against plain tensor code: 16 images of 640 x 640.

pytest bench/test_detection.py --threads 2

Each engine is a process of its own: two OpenMP runtimes in one spin against each other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SMOKE = os.environ.get("FASTLOSS_BENCH_SMOKE", "") not in ("", "0")
IMAGES, CLASSES, BINS = (1, 4, 16) if SMOKE else (16, 80, 16)
LEVELS = ((80, 80), (40, 40), (20, 20))
STRIDES = (8, 16, 32)
OBJECTS = (8,) if SMOKE else (0, 128, 1000)
ENGINES = ("fastloss reused", "fastloss fresh", "torch")


def sample(objects: int) -> tuple[Any, ...]:
    import numpy as np

    rng = np.random.default_rng(objects)
    anchors = sum(height * width for height, width in LEVELS)
    boxes = rng.normal(0, 1, (IMAGES, 4 * BINS, anchors)).astype(np.float32)
    scores = rng.normal(-4, 1.5, (IMAGES, CLASSES, anchors)).astype(np.float32)
    targets = np.concatenate(
        [rng.uniform(0.1, 0.9, (objects, 2)), np.exp(rng.normal(-1.7, 0.8, (objects, 2)))], axis=1
    ).astype(np.float32)
    batch_idx = np.sort(rng.integers(0, IMAGES, objects))
    return boxes, scores, batch_idx, rng.integers(0, CLASSES, objects), targets


def engine(name: str, objects: int, threads: int) -> Any:
    """A call that computes value and gradients, and returns the value."""
    import numpy as np

    arrays = sample(objects)
    if name == "torch":
        import torch
        from plain_detection import Criterion

        torch.set_num_threads(threads)
        criterion = Criterion(LEVELS, STRIDES, CLASSES, BINS)
        boxes, scores, *targets = (torch.from_numpy(a) for a in arrays)
        boxes.requires_grad_(), scores.requires_grad_()

        def run() -> float:
            boxes.grad = scores.grad = None
            loss = criterion(boxes, scores, *targets)
            loss.backward()
            return float(loss)

        return run
    import fastloss as fl

    fl.set_num_threads(threads)
    grad: Any = tuple(np.zeros_like(a) for a in arrays[:2]) if name.endswith("reused") else True
    return lambda: (
        fl.detection_loss(*arrays, level_sizes=LEVELS, strides=STRIDES, grad=grad)[0].total
    )


def worker(name: str, objects: int, threads: int, rounds: int) -> None:
    import time

    run = engine(name, objects, threads)
    value, seconds = run(), []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"value": value, "seconds": seconds}))


VALUES: dict[int, float] = {}


@pytest.mark.parametrize("objects", OBJECTS)
@pytest.mark.parametrize("name", ENGINES)
def test_detection(benchmark: Any, clock: Any, request: Any, name: str, objects: int) -> None:
    threads = request.config.getoption("threads")
    if name == "torch":
        pytest.importorskip("torch")
    rounds = 1 if SMOKE else 5 if name == "torch" else 15
    command = [sys.executable, __file__, name, str(objects), str(threads), str(rounds)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert answer["value"] == pytest.approx(VALUES.setdefault(objects, answer["value"]), rel=2e-3)
    samples = answer["seconds"]

    def replay() -> None:
        clock.now += samples.pop(0)

    benchmark.group = f"detection_loss, {IMAGES} images, {objects} objects ({threads} thread(s))"
    benchmark.pedantic(replay, rounds=len(samples))


if __name__ == "__main__":
    worker(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
