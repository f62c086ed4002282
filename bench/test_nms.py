"""Suppression at four densities, against the plain kernel; a table of ratios at the end.

pytest bench/test_nms.py -k "sparse and 40000" --threads 2

The plain quadratic kernel takes seconds where hardly any box is suppressed, so above 10,000 boxes
it runs once.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from conftest import SMOKE
from nms_peers import DENSITIES, filter_with_numpy, make, plain, prediction, torchvision

import fastloss as fl

SIZES = (300,) if SMOKE else (300, 1000, 8400, 40_000)
PEERS = ("fastloss", "plain", "torchvision")
best: dict[tuple, float] = {}


@pytest.fixture(scope="session")
def kernels(tmp_path_factory):
    return {
        "fastloss": fl.nms,
        "plain": plain(tmp_path_factory.mktemp("plain")),
        "torchvision": torchvision(),
    }


def timed(benchmark, call, rounds, key):
    """pytest-benchmark's figures, and the shortest of the calls for the table."""
    took = []

    def once():
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)

    benchmark.pedantic(once, rounds=1 if SMOKE else rounds)
    best[key] = min(took)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("density", DENSITIES)
def test_nms(benchmark, kernels, report, request, density, n, peer):
    select = kernels[peer]
    if select is None:
        pytest.skip("torchvision is not installed")
    boxes, scores = make(density, n)
    threads = request.config.getoption("threads")
    benchmark.group = f"nms {density} {n}"
    with fl.num_threads(threads):
        kept = fl.nms(boxes, scores, 0.5)
        if peer != "fastloss" and n <= 10_000:
            np.testing.assert_array_equal(select(boxes, scores, 0.5), kept)
        rounds = 100 if peer == "fastloss" or n < 5000 else 5 if n <= 10_000 else 1
        timed(benchmark, lambda: select(boxes, scores, 0.5), rounds, (density, n, peer))
    if peer != "fastloss" and (density, n, "fastloss") in best:
        ours, theirs = best[density, n, "fastloss"], best[density, n, peer]
        report(
            f"nms against other kernels, {threads} thread(s)",
            f"{density:12} {n:6} boxes, {len(kept):6} kept  {1e6 * ours:9.1f} us  "
            f"{peer} {1e6 * theirs:11.1f} us  {theirs / ours:7.1f}x",
        )


@pytest.mark.parametrize("peer", ["fastloss", "numpy and plain"])
def test_post_processing(benchmark, kernels, report, request, peer):
    """One image of 8400 anchors and 80 classes, from the raw output to rows of detections."""
    raw = prediction(100 if SMOKE else 8400)
    benchmark.group = "non_max_suppression 1x84x8400"
    threads = request.config.getoption("threads")
    with fl.num_threads(threads):
        rows = fl.non_max_suppression(raw)[0]
        if peer == "fastloss":
            timed(benchmark, lambda: fl.non_max_suppression(raw), 100, ("post", peer))
            return
        other = filter_with_numpy(raw, kernels["plain"])
        assert len(other) == len(rows)
        timed(benchmark, lambda: filter_with_numpy(raw, kernels["plain"]), 30, ("post", peer))
    if ("post", "fastloss") in best:
        ours, theirs = best["post", "fastloss"], best["post", peer]
        report(
            f"post-processing of one image, {threads} thread(s)",
            f"{1e6 * ours:9.1f} us   {peer} {1e6 * theirs:9.1f} us  {theirs / ours:7.1f}x",
        )
