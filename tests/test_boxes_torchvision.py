"""The box functions against torchvision's own, values and gradients."""

import inspect

import numpy as np
import pytest

import fastloss as fl
from fastloss.reference import LOSSES

torch = pytest.importorskip("torch")
ops = pytest.importorskip("torchvision.ops")

PEERS = [loss for loss in LOSSES.values() if (loss.peer or "").startswith("torchvision.ops.")]
BOXES = [loss for loss in PEERS if loss.family == "boxes"]
OVERLAPS = [loss for loss in BOXES if loss.gradients]


def clamp_passes_its_bound():
    """Up to torch 2.13 the derivative of clamp is 1 at the bound, which is the rule here."""
    zero = torch.zeros(1, requires_grad=True)
    zero.clamp(min=0).backward()
    return bool(zero.grad)


CLAMP_PASSES = clamp_passes_its_bound()


def peer_of(loss):
    return getattr(ops, loss.peer.rpartition(".")[2])


def in_torch(loss, args, keywords):
    """Value and gradient; of a matrix the gradient summed over the other boxes."""
    first, second = (torch.tensor(a) for a in args)
    first.requires_grad_()
    value = peer_of(loss)(first, second, **keywords)
    value.sum().backward()
    return value.detach().numpy(), first.grad.numpy()


ROTATED = ("xywhr", "cxcywhr", "xyxyxyxy")


def supported(keywords):
    return "weight" not in keywords and keywords.get("fmt") not in ROTATED


@pytest.mark.parametrize("loss", BOXES, ids=lambda loss: loss.name)
def test_signatures(loss):
    """Same names, order and defaults, before our keyword-only arguments."""
    ours = inspect.signature(loss.public).parameters.values()
    theirs = inspect.signature(peer_of(loss)).parameters.values()
    common = [(p.name, p.default) for p in ours if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert common == [(p.name, p.default) for p in theirs]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", OVERLAPS, ids=lambda loss: loss.name)
def test_overlaps(loss, dtype):
    exact = dtype == np.float64
    for number, case in enumerate(loss.cases()):
        for shape in (
            loss.shapes[1],
            loss.shapes[-1],
            (200, 3) if loss.kind == "pairs" else (500,),
        ):
            rng = np.random.default_rng(number)
            # Rounding moves sides out of ties unless they are given as corners.
            ties = exact or "fmt" not in case.options
            ties &= loss.kind == "boxes" or CLAMP_PASSES
            args = (case.sample if ties else case.smooth_sample)(rng, shape, dtype)
            keywords = case.keywords(rng, args)
            if not supported(keywords):
                continue
            expected, slope = in_torch(loss, args, keywords)
            value, grad = loss.public(*args, **keywords, grad=True)
            if loss.kind == "pairs":
                grad = grad.sum(-2)
            # torch's gradient is NaN where a flat box makes 0 times inf; ours is the closed form.
            known = np.isfinite(slope)
            assert known.sum() >= known.size // 2
            np.testing.assert_allclose(
                value, expected, 1e-9 if exact else 2e-3, 1e-9 if exact else 2e-4
            )
            if exact:
                np.testing.assert_allclose(grad[known], slope[known], 1e-7, 1e-9)
            if loss.kind == "boxes":
                assert np.isfinite(grad).all()
            elif exact:
                args = case.sample(rng, shape, dtype)
                tensors = (torch.tensor(a) for a in args)
                expected = peer_of(loss)(*tensors, **keywords).numpy()
                np.testing.assert_allclose(loss.public(*args, **keywords), expected, 1e-9, 1e-9)


@pytest.mark.parametrize("fmt", ROTATED)
def test_rotated_overlaps(fmt):
    """Of rotated boxes torchvision has values alone, in single precision, and takes no batch."""
    rng = np.random.default_rng(0)
    upright = np.column_stack([rng.uniform(0, 60, (90, 2)), rng.uniform(5, 40, (90, 2))])
    turned = np.column_stack([upright, rng.uniform(-180, 180, 90)])
    boxes = fl.box_convert(turned, "cxcywhr", fmt)
    tensors = (torch.tensor(b) for b in (boxes[:40], boxes[40:]))
    expected = ops.box_iou(*tensors, fmt=fmt).numpy()
    assert (expected > 0.1).sum() > 50
    np.testing.assert_allclose(fl.box_iou(boxes[:40], boxes[40:], fmt=fmt), expected, 1e-4, 2e-5)


@pytest.mark.parametrize("loss", OVERLAPS, ids=lambda loss: loss.name)
def test_single_is_as_accurate_as_torch(loss):
    """Mean error of float32 against float64, value and gradient."""
    rng = np.random.default_rng(0)
    args = loss.smooth_sample(rng, (300, 300) if loss.kind == "pairs" else (20_000,), np.float32)
    truth = loss.public(*(a.astype(np.float64) for a in args), grad=True)
    ours = loss.public(*args, grad=True)
    theirs = in_torch(loss, args, {})
    for k in range(2):
        mine, exact = ours[k], truth[k]
        if k and loss.kind == "pairs":
            mine, exact = mine.sum(-2, dtype=np.float64), exact.sum(-2)
        error, other = np.abs(mine - exact).mean(), np.abs(theirs[k] - exact).mean()
        assert error <= 1.2 * other


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("loss", [x for x in OVERLAPS if x.kind == "boxes"], ids=lambda x: x.name)
def test_no_boxes(loss, reduction):
    none = np.empty((0, 4))
    expected = peer_of(loss)(torch.tensor(none), torch.tensor(none), reduction=reduction)
    assert np.shape(loss.public(none, none, reduction)) == tuple(expected.shape)
    np.testing.assert_array_equal(loss.public(none, none, reduction), expected.numpy())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["box_area", "box_convert"])
def test_areas_and_formats(name, dtype):
    loss = LOSSES[name]
    for number, case in enumerate(loss.cases()):
        for shape in loss.shapes:
            (boxes,) = case.sample(np.random.default_rng(number), shape, dtype)
            expected = peer_of(loss)(torch.tensor(boxes), **case.options).numpy()
            got = loss.public(boxes, **case.options)
            assert got.dtype == dtype and got.shape == expected.shape
            scale = 1e-12 if dtype == np.float64 else 1e-4
            np.testing.assert_allclose(got, expected, scale / 10, scale)


def test_leading_axes_of_matrices():
    rng = np.random.default_rng(0)
    a, b = LOSSES["box_iou"].sample(rng, (2, 3, 4, 5), np.float64)
    np.testing.assert_allclose(
        fl.box_iou(a, b), ops.box_iou(torch.tensor(a), torch.tensor(b)).numpy(), 1e-12
    )
