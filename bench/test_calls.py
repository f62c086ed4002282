"""What a call costs before it computes: 16 elements, beside `np.subtract(a, b)` on as many."""

import numpy as np
import pytest

from fastloss._cli.bench.measure import options_of
from fastloss._cli.peers import VALUE_ONLY
from fastloss._cli.peers import fastloss as engine
from fastloss.reference import LOSSES

pytestmark = pytest.mark.benchmark(group="call, 16 elements", max_time=0.2)
SHAPES = {
    "pointwise": (16,),
    "rowwise": (2, 8),
    "ratio": (1, 1, 4, 4),
    "boxes": (4,),
    "pairs": (4, 4),
    "penalty": (16,),
    "transform": (4,),
}


def test_subtract(benchmark):
    a, b = np.ones((2, 16), np.float32)
    benchmark(np.subtract, a, b)


CALLS = [
    pytest.param(loss, output, id=f"{loss.name}-{output}")
    for loss in LOSSES.values()
    for output in ("fresh", "reused")
    if output == "fresh" or loss.name not in VALUE_ONLY
]


@pytest.mark.parametrize(("loss", "output"), CALLS)
def test_call(benchmark, loss, output):
    rng = np.random.default_rng(0)
    arrays = loss.smooth_sample(rng, SHAPES[loss.kind], np.dtype("float32"))
    benchmark(engine.prepare(loss.name, arrays, options_of(loss))[output])
