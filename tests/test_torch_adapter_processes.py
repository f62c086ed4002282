"""fastloss.torch in several processes, and beside torch's own threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")

import torch.multiprocessing as mp  # noqa: E402
import torch_workers  # noqa: E402

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(sys.platform != "linux", reason="gloo over loopback, fork"),
]


def weights_after(module, path):
    context = mp.get_context("spawn")
    queue = context.SimpleQueue()
    store = path / module
    processes = [
        context.Process(
            target=torch_workers.train_together, args=(rank, 2, str(store), module, queue)
        )
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    weights = queue.get()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    return weights


@pytest.mark.skipif(not torch.distributed.is_available(), reason="built without distributed")
def test_distributed_data_parallel(tmp_path, monkeypatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    ours, theirs = (weights_after(module, tmp_path) for module in ("fastloss", "torch"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_data_loader_workers(method):
    expected = [torch_workers.large_loss(i) for i in range(4)]  # threads were used before the fork
    loader = torch.utils.data.DataLoader(
        torch_workers.Losses(),
        batch_size=None,
        num_workers=2,
        multiprocessing_context=method,
        timeout=120,
    )
    for (loss, gradient), (same, slope) in zip(loader, expected, strict=True):
        assert torch.equal(loss, same) and torch.equal(gradient, slope)


def test_beside_torchs_own_openmp_runtime():
    done = subprocess.run(
        [sys.executable, torch_workers.__file__],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=Path(torch_workers.__file__).parent,
    )
    assert done.returncode == 0, done.stderr
    assert "both teams worked" in done.stdout
    assert "OMP" not in done.stderr
