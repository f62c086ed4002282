"""fastloss.torch beside torch.nn: torch's own sample inputs, module inputs and error inputs."""

from __future__ import annotations

import warnings

import pytest

torch = pytest.importorskip("torch", minversion="2.13")
pytest.importorskip("expecttest")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db
    from torch_adapter import DOORS, FUNCTIONS, beside, learned

import fastloss.torch as ft  # noqa: E402
from fastloss.torch._modules import class_name  # noqa: E402

pytestmark = pytest.mark.peer
F = torch.nn.functional
OPS = {op.name.removeprefix("nn.functional."): op for op in op_db if "functional" in op.name}
OPS = {name: op for name, op in OPS.items() if name in FUNCTIONS}
MODULES = {info.name.removeprefix("nn."): info for info in module_db}
MODULES = {name: info for name, info in MODULES.items() if hasattr(ft, name)}
DOOR_OF = {class_name(name): door for name, door in DOORS.items() if door.reduces}
DTYPES = [torch.float32, torch.float64]
ERRORS = (ValueError, TypeError, IndexError, RuntimeError)

# Samples where torch deviates from what its documentation promises; here the sound thing happens.
EMPTY = ("multi_margin_loss", "multilabel_margin_loss")  # an empty batch: uninitialised memory


def mismatched(door, args):
    """Whether torch broadcasts, with a warning or without one: an error here."""
    tensors = [a for a in args if isinstance(a, torch.Tensor)]
    return door.kind == "pointwise" and len(tensors) > 1 and tensors[0].shape != tensors[1].shape


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPS)
def test_sample_inputs(name, dtype):
    door, seen = DOORS[name], 0
    for samples in (OPS[name].sample_inputs, OPS[name].reference_inputs):
        for sample in samples("cpu", dtype, requires_grad=True):
            args, options = (sample.input, *sample.args), sample.kwargs
            if mismatched(door, args):
                with pytest.raises(ValueError, match="target has shape"):
                    FUNCTIONS[name](*learned(door, args), **options)
                continue
            if name in EMPTY and not sample.input.numel():
                continue

            def call(f, options=options):
                return lambda *given: getattr(f, name)(*given, **options)

            beside(door, call(ft), call(F), args)
            seen += 1
    assert seen >= 5


@pytest.mark.parametrize("name", OPS)
def test_error_inputs(name):
    inputs = OPS[name].error_inputs("cpu") if OPS[name].error_inputs_func else ()
    for error in inputs:
        sample = error.sample_input
        with pytest.raises(ERRORS):
            FUNCTIONS[name](sample.input, *sample.args, **sample.kwargs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MODULES)
def test_module_inputs(name, dtype):
    info, seen = MODULES[name], 0
    for sample in info.module_inputs_func(
        info, device="cpu", dtype=dtype, requires_grad=False, training=False
    ):
        constructor, forward = sample.constructor_input, sample.forward_input
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours = getattr(ft, name)(*constructor.args, **constructor.kwargs)
            theirs = getattr(torch.nn, name)(*constructor.args, **constructor.kwargs)
        assert repr(ours) == repr(theirs)
        ours.load_state_dict(theirs.state_dict())
        assert not forward.kwargs
        if mismatched(DOOR_OF[name], forward.args):
            continue
        beside(DOOR_OF[name], ours, theirs, forward.args)
        seen += 1
    assert seen >= 2


@pytest.mark.parametrize("name", MODULES)
def test_module_error_inputs(name):
    info = MODULES[name]
    if info.module_error_inputs_func is None:
        pytest.skip("torch has none")
    for training in (True, False):
        for case in info.module_error_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=training
        ):
            sample = case.module_error_input
            with pytest.raises(ERRORS):
                module = getattr(ft, name)(
                    *sample.constructor_input.args, **sample.constructor_input.kwargs
                )
                module(*sample.forward_input.args, **sample.forward_input.kwargs)
