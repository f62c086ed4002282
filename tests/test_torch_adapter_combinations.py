"""fastloss.torch beside torch.nn: combinations of shapes, options, reductions and types."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")

from torch_adapter import DOORS, FUNCTIONS, as_tensors, beside, calls  # noqa: E402
from torch_compare import NAMES, in_torch, several  # noqa: E402

import fastloss.torch as ft  # noqa: E402
from fastloss.reference import LOSSES  # noqa: E402
from fastloss.torch._modules import class_name  # noqa: E402

pytestmark = pytest.mark.peer
F = torch.nn.functional
DOOR_OF = {class_name(name): door for name, door in DOORS.items() if door.reduces}
DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_the_registrys_own_samples(name, dtype):
    """Every shape, option and reduction of the registry that torch knows as well."""
    known = inspect.signature(getattr(F, name)).parameters
    rtol, atol = (2e-5, 2e-5) if dtype == np.float32 else (1e-8, 1e-10)
    for args, options in calls(name, dtype, shapes=LOSSES[name].shapes):
        if not set(options) <= set(known):
            continue
        arrays = {k: np.asarray(v) if isinstance(v, np.generic) else v for k, v in options.items()}
        expected, expected_slope = in_torch(
            name, [np.asarray(a) if isinstance(a, np.generic) else a for a in args], arrays
        )
        tensors, keywords = as_tensors(args, options)
        learned = [tensors[at] for at in LOSSES[name].wrt if isinstance(tensors[at], torch.Tensor)]
        for tensor in learned:
            tensor.requires_grad_()
        value = FUNCTIONS[name](*tensors, **keywords)
        slopes = torch.autograd.grad(value.sum(), learned)
        label = str((options, [np.shape(a) for a in args]))
        np.testing.assert_allclose(value.detach().numpy(), expected, rtol, atol, err_msg=label)
        for mine, other in zip(slopes, several(expected_slope), strict=True):
            np.testing.assert_allclose(mine.numpy(), other, rtol, atol, err_msg=label)


ROWS = [(5,), (3, 5), (0, 5), (2, 5, 3), (2, 3, 2, 2)]


@pytest.mark.parametrize("shape", ROWS)
@pytest.mark.parametrize("name", ["CrossEntropyLoss", "NLLLoss"])
def test_combinations_of_rows(name, shape):
    torch.manual_seed(len(shape))
    classes = shape[0] if len(shape) == 1 else shape[1]
    rows = () if len(shape) == 1 else shape[:1] + shape[2:]
    seen = 0
    smoothings = (0.0, 0.1) if name == "CrossEntropyLoss" else (None,)
    for dtype in DTYPES:
        x = torch.randn(shape, dtype=dtype)
        labels = torch.randint(0, classes, rows)
        soft = torch.rand(shape, dtype=dtype)
        for weight in (None, torch.rand(classes, dtype=dtype)):
            for smoothing in smoothings:
                for reduction in ("mean", "sum", "none"):
                    for ignored in (-100, 0, classes - 1, 255):
                        options = {
                            "weight": weight,
                            "reduction": reduction,
                            "ignore_index": ignored,
                        }
                        if smoothing is not None:
                            options["label_smoothing"] = smoothing
                        modules = [getattr(f, name)(**options) for f in (ft, torch.nn)]
                        targets = [labels]
                        if smoothing is not None and ignored < 0:
                            targets.append(soft)
                        for target in targets:
                            beside(DOOR_OF[name], *modules, (x, target))
                            seen += 1
    assert seen >= 48


SHAPES = [(), (4,), (0,), (2, 3), (2, 1, 3)]
POINTS = [
    *[("SmoothL1Loss", {"beta": beta}) for beta in (1.0, 0.0, 0.3)],
    *[("HuberLoss", {"delta": delta}) for delta in (1.0, 0.3, 7)],
    *[(name, {}) for name in ("MSELoss", "L1Loss", "BCELoss", "BCEWithLogitsLoss")],
    *[("BCELoss", {"weight": "each"}), ("BCEWithLogitsLoss", {"weight": "last"})],
    *[("BCEWithLogitsLoss", {"pos_weight": "last"}), ("BCEWithLogitsLoss", {"pos_weight": "each"})],
    *[("BCEWithLogitsLoss", {"weight": "each", "pos_weight": "last"})],
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "options"), POINTS)
def test_combinations_of_points(name, options, shape):
    torch.manual_seed(len(shape))
    for dtype in DTYPES:
        sizes = {"each": shape, "last": shape[-1:]}
        given = {
            key: torch.rand(sizes[value], dtype=dtype) if value in sizes else value
            for key, value in options.items()
        }
        x = torch.randn(shape, dtype=dtype)
        t = torch.rand(shape, dtype=dtype)
        if name == "BCELoss":
            x = x.sigmoid()
        for reduction in ("mean", "sum", "none"):
            modules = [getattr(f, name)(reduction=reduction, **given) for f in (ft, torch.nn)]
            beside(DOOR_OF[name], *modules, (x, t))
            if x.ndim > 1:
                beside(
                    DOOR_OF[name],
                    *modules,
                    (x.mT, t.mT) if "weight" not in str(options) else (x, t),
                )
