"""One and two threads, called back to back and after 20 ms of other work.

A team of threads that has gone to sleep must be woken: a loop of calls hides what that costs.
"""

import os

import pytest

from fastloss._cli.peers import VALUE_ONLY

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
@pytest.mark.parametrize("threads", [1, 2])
def test_threads(benchmark, measure, case, threads, cold):
    if threads > CORES:
        pytest.skip("this process may use one core only")
    benchmark.group = f"{case} ({'cold' if cold else 'warm'})"
    engine = "fastloss" if case.loss.name in VALUE_ONLY else "fastloss reused"
    measure(case, engine, threads, cold)
