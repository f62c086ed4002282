"""The detection criterion against plain tensor code with autograd (bench/plain_detection.py)."""

import sys
from pathlib import Path

import numpy as np
import pytest
from detection_samples import LEVELS, STRIDES, differs, head, objects

import fastloss as fl

pytestmark = [pytest.mark.peer, pytest.mark.source]
BENCH = Path(__file__).resolve().parent.parent / "bench"


@pytest.mark.parametrize("n", [0, 1, 6, 25])
def test_value_and_gradients_of_autograd(n, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(sys, "path", [str(BENCH), *sys.path])
    from plain_detection import Criterion

    rng = np.random.default_rng(n)
    boxes, scores = head(rng, dtype=np.float32)
    batch_idx, cls, bboxes = objects(rng, n)
    order = np.argsort(batch_idx, kind="stable")
    arguments = (boxes, scores, batch_idx[order], cls[order], bboxes[order].astype(np.float32))
    loss, grads = fl.detection_loss(*arguments, level_sizes=LEVELS, grad=True)

    tensors = [torch.from_numpy(a) for a in arguments]
    tensors[0].requires_grad_()
    tensors[1].requires_grad_()
    total = Criterion(LEVELS, STRIDES, classes=3, bins=16)(*tensors)
    total.backward()
    assert loss.total == pytest.approx(float(total.detach()), rel=5e-4)
    slopes = [t.grad.numpy() if t.grad is not None else np.zeros_like(boxes) for t in tensors[:2]]
    for grad, slope in zip(grads, slopes, strict=True):
        assert differs(grad, slope) < 5e-4
