"""What a call costs before it computes: 16 elements, beside `np.subtract(a, b)` on as many.

Both are timed in turns, so that the quotient, printed at the end, holds on a busy machine too.
"""

import inspect
from statistics import median
from timeit import Timer

import numpy as np
import pytest

from fastloss._cli.bench.measure import options_of
from fastloss._cli.peers import VALUE_ONLY
from fastloss.reference import LOSSES

SHAPES = {
    "pointwise": (16,),
    "rowwise": (2, 8),
    "ratio": (1, 1, 4, 4),
    "boxes": (4,),
    "pairs": (4, 4),
    "penalty": (16,),
    "transform": (4,),
    "masks": (2, 2, 4, 4),
}
CALLS = [
    pytest.param(loss, output, id=f"{loss.name}-{output}")
    for loss in LOSSES.values()
    for output in ("fresh", "reused")
    if output == "fresh" or loss.name not in VALUE_ONLY
]
# Reading the clock takes as long as a call: one reading for many calls.
CALLS_PER_ROUND, ROUNDS = 200, 200


def timer(function, arrays, keywords=None):
    """The call as it is written: a partial with keywords would cost as much as the call."""
    names = {"function": function, **{f"array{i}": array for i, array in enumerate(arrays)}}
    texts = list(names)[1:]
    for name, value in (keywords or {}).items():
        names[name] = value
        texts.append(f"{name}={name}")
    return Timer(f"function({', '.join(texts)})", globals=names)


SUBTRACT = timer(np.subtract, np.ones((2, 16), np.float32))


@pytest.fixture
def measure(benchmark, clock, report):
    """measure(name, timer): time it with pytest-benchmark, and report its quotient."""

    def run(name, timer):
        quotients = []

        def sample():
            seconds = timer.timeit(CALLS_PER_ROUND) / CALLS_PER_ROUND
            quotients.append(seconds / (SUBTRACT.timeit(CALLS_PER_ROUND) / CALLS_PER_ROUND))
            clock.now += seconds

        benchmark.group = "call, 16 elements"
        benchmark.pedantic(sample, rounds=ROUNDS, warmup_rounds=5)
        if benchmark.enabled:
            benchmark.extra_info["quotient"] = median(quotients)
            report("calls, in np.subtract calls", f"{name:42} {median(quotients):6.2f}")

    return run


def test_subtract(measure):
    measure("np.subtract", SUBTRACT)


@pytest.mark.parametrize(("loss", "output"), CALLS)
def test_call(measure, loss, output):
    rng = np.random.default_rng(0)
    arrays = loss.smooth_sample(rng, SHAPES[loss.kind], np.dtype("float32"))
    defaults = inspect.signature(loss.public).parameters
    keywords = {k: v for k, v in options_of(loss).items() if v != defaults[k].default}
    if loss.name not in VALUE_ONLY:
        buffers = tuple(np.empty_like(arrays[at]) for at in loss.wrt)
        buffer = buffers if len(buffers) > 1 else buffers[0]
        keywords["grad"] = True if output == "fresh" else buffer
    measure(f"{loss.name} {output}", timer(loss.public, arrays, keywords))
