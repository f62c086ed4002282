"""fastloss.torch under torch.compile, torch.export, torch.func and other tracers."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")

from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch_adapter import DOORS, FUNCTIONS, LEARNED, as_tensors, bound, calls  # noqa: E402

import fastloss.torch as ft  # noqa: E402
from fastloss.torch._operators import FORWARD, call_operator  # noqa: E402

pytestmark = pytest.mark.peer
F = torch.nn.functional
OPERATORS = [name for name, door in DOORS.items() if door.operates]


@pytest.fixture(autouse=True)
def fresh():
    torch.manual_seed(0)
    torch._dynamo.reset()


def test_every_loss_is_an_operator():
    forgotten = [name for name, door in DOORS.items() if door.gradients and not door.operates]
    assert not forgotten, (
        f"without an operator: {forgotten}; an annotation of their reference is not known to "
        f"SCHEMA in fastloss/torch/_door.py: {[DOORS[n].schema for n in forgotten]}"
    )


def spied(door, arguments, needed):
    """The arguments with which a call reaches the operator."""
    seen = []

    class Spy:
        def __call__(self, *values):
            seen.append(values)
            return FORWARD_OF[door.name](*values)

    FORWARD[door.name] = Spy()
    try:
        call_operator(door, arguments, needed)
    finally:
        FORWARD[door.name] = FORWARD_OF[door.name]
    return seen[0]


FORWARD_OF = dict(FORWARD)


def operator_arguments(name, args, options, grad):
    tensors, keywords = as_tensors(args, options)
    given, learned = bound(name, tensors, keywords)
    if "params" in given and isinstance(given["params"], torch.Tensor):
        given["params"] = [given["params"]]
    rotated = {given.get("in_fmt")} & {"xywhr", "cxcywhr", "xyxyxyxy"}
    for n in learned if grad and not rotated else ():
        for t in given[n] if isinstance(given[n], list) else [given[n]]:
            if isinstance(t, torch.Tensor) and t.is_floating_point():
                t.requires_grad_()
    return spied(DOORS[name], given, grad)


def described(result):
    flat = result if isinstance(result, (tuple, list)) else [result]
    return [(tuple(t.shape), t.dtype, t.stride()) for t in flat]


@pytest.mark.parametrize("name", OPERATORS)
def test_fake_kernels_know_shapes_types_and_strides(name):
    for grad in (False, True) if DOORS[name].scales else (False,):
        for args, options in calls(name, np.float32):
            values = operator_arguments(name, args, options, grad)
            real = FORWARD[name](*values)
            with FakeTensorMode() as mode:
                imagined = torch.utils._pytree.tree_map_only(
                    torch.Tensor, mode.from_tensor, tuple(values)
                )
                fake = FORWARD[name](*imagined)
            assert described(fake) == described(real), (options, [np.shape(a) for a in args])


@pytest.mark.parametrize("name", OPERATORS)
def test_opcheck(name):
    """torch's own checks of an operator: schema, autograd registration, fake kernel."""
    utilities = ("test_schema", "test_autograd_registration", "test_faketensor")
    args, options = next(calls(name))
    values = operator_arguments(name, args, options, grad=True)
    torch.library.opcheck(FORWARD[name], values, test_utils=utilities)


# One function of every kind of loop and of backward.
KINDS = ["mse_loss", "cross_entropy", "dice_loss", "complete_box_iou_loss", "box_iou", "l2_penalty"]


@pytest.mark.parametrize("name", KINDS)
def test_opcheck_traced(name):
    """The slow one of torch's checks: the operator in a graph that autograd has taken apart."""
    args, options = next(calls(name, smooth=True))
    values = operator_arguments(name, args, options, grad=True)
    torch.library.opcheck(FORWARD[name], values, test_utils="test_aot_dispatch_dynamic")


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNED)
def test_opcheck_traced_everything(name):
    for args, options in itertools.islice(calls(name, smooth=True), 0, None, 4):
        if options.get("in_fmt") not in ("xywhr", "cxcywhr", "xyxyxyxy"):
            values = operator_arguments(name, args, options, grad=True)
            torch.library.opcheck(FORWARD[name], values)


# ---- torch.compile --------------------------------------------------------------------------

BOXES = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 4.0], [2.0, 0.0, 5.0, 1.0]])
SCORES = torch.linspace(-2, 2, 24).reshape(2, 3, 4)
LABELS = torch.tensor([[0, 1, 2, 0], [2, 2, 1, 1]])
WEIGHT = torch.tensor([1.0, 2.0, 0.5])
NLL = ft.NLLLoss(WEIGHT)
PROGRAMS = {
    "cross-entropy": (lambda x: ft.cross_entropy(2 * x, LABELS), SCORES),
    "weights": (lambda x: ft.cross_entropy(x, LABELS, WEIGHT, label_smoothing=0.1), SCORES),
    "every row": (lambda x: (ft.cross_entropy(x, LABELS, reduction="none") * LABELS).sum(), SCORES),
    "module": (lambda x: NLL(x.log_softmax(1), LABELS), SCORES),
    "legacy": (lambda x: ft.mse_loss(x, SCORES.flip(0), None, False).sum(), SCORES),
    "scaled": (lambda x: ft.huber_loss(x, SCORES.flip(0)) / 4 + ft.l1_loss(x, SCORES), SCORES),
    "focal": (lambda x: ft.sigmoid_focal_loss(x, (SCORES > 0).float()).mean(), SCORES),
    "dice": (lambda x: ft.dice_loss(x, LABELS, mode="multiclass"), SCORES),
    "dice of classes": (
        lambda x: (ft.dice_loss(x, LABELS, mode="multiclass", reduction="none") * WEIGHT).sum(),
        SCORES,
    ),
    "boxes": (lambda x: ft.complete_box_iou_loss(x, BOXES.flip(0) + 0.5).sum(), BOXES),
    "formats": (
        lambda x: ft.box_iou(ft.box_convert(x, "xywh", "xyxy"), BOXES).pow(2).sum(),
        BOXES,
    ),
    "penalty": (lambda x: ft.l2_penalty([x, 2 * x], strength=0.3) + ft.l1_penalty(x), SCORES),
}


def agree(program, compiled, start):
    results = []
    for function in (program, compiled):
        x = start.clone().requires_grad_()
        value = function(x)
        value.backward()
        results.append((value.detach(), x.grad))
    torch.testing.assert_close(*results)
    with torch.no_grad():
        torch.testing.assert_close(compiled(start), program(start))


@pytest.mark.parametrize("program", PROGRAMS)
def test_one_graph(program):
    function, start = PROGRAMS[program]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agree(function, torch.compile(function, fullgraph=True, backend="aot_eager"), start)


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_one_graph_through_the_compiler(program):
    function, start = PROGRAMS[program]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agree(function, torch.compile(function, fullgraph=True), start)


def test_shapes_may_vary():
    def step(x, labels):
        return (
            ft.cross_entropy(x, labels)
            + ft.mse_loss(x, x.detach().roll(1, 0), reduction="none").sum()
        )

    counter = torch._dynamo.testing.CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(step, fullgraph=True, dynamic=True, backend=counter)
    frames = []
    for n in (4, 7, 12):
        labels = torch.arange(n) % 5
        agree(lambda x, t=labels: step(x, t), lambda x, t=labels: compiled(x, t), torch.randn(n, 5))
        frames.append(counter.frame_count)
    assert len(set(frames)) == 1


def test_a_training_step_compiles_whole():
    model = torch.nn.Linear(4, 3)
    twin = torch.nn.Linear(4, 3)
    twin.load_state_dict(model.state_dict())
    x, labels = torch.randn(16, 4), torch.arange(16) % 3
    compiled = torch.compile(
        lambda x, t: ft.CrossEntropyLoss()(model(x), t), fullgraph=True, backend="aot_eager"
    )
    compiled(x, labels).backward()
    F.cross_entropy(twin(x), labels).backward()
    torch.testing.assert_close(model.weight.grad, twin.weight.grad)


def test_errors_inside_compiled_code():
    compiled = torch.compile(lambda x, t: ft.mse_loss(x, t), backend="aot_eager")
    with pytest.raises(Exception, match="target has shape"):
        compiled(torch.zeros(3), torch.zeros(4))
    with pytest.raises(Exception, match="target requires grad"):
        compiled(torch.zeros(3), torch.zeros(3, requires_grad=True))
    labels = torch.tensor([0, 3])
    compiled = torch.compile(lambda x: ft.cross_entropy(x, labels), backend="aot_eager")
    with pytest.raises(Exception, match=r"target\[1\] is 3, but input has 3 classes"):
        compiled(torch.zeros(2, 3))


def test_autocast_compiles():
    def step(x):
        with torch.autocast("cpu", torch.bfloat16):
            return ft.cross_entropy(x @ x.mT, LABELS[:1, :3].expand(3, 3)[:, 0])

    x = torch.randn(3, 3)
    compiled = torch.compile(step, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), step(x), rtol=1e-2, atol=1e-2)
    assert compiled(x).dtype == torch.float32


def test_export_and_trace():
    class Step(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = torch.nn.Linear(4, 3)
            self.loss = ft.CrossEntropyLoss(weight=WEIGHT)

        def forward(self, x, labels):
            return self.loss(self.model(x), labels)

    step, x, labels = Step(), torch.randn(5, 4), torch.arange(5) % 3
    program = torch.export.export(step, (x, labels))
    assert "fastloss.cross_entropy" in str(program.graph)
    torch.testing.assert_close(program.module()(x, labels), step(x, labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(lambda x: ft.mse_loss(x, 2 * x), (torch.ones(3),))
    assert traced(torch.full((3,), 2.0)).item() == 4


def test_proxies_record_the_operator():
    from torch.fx.experimental.proxy_tensor import make_fx

    graph = make_fx(lambda x: ft.mse_loss(x, 2 * x))(torch.ones(3))
    assert "fastloss.mse_loss" in str(graph.graph)
    assert graph(torch.full((3,), 2.0)).item() == 4


# ---- torch.func -----------------------------------------------------------------------------


def test_grad_and_vmap():
    x, t = torch.randn(6, 5), torch.randn(6, 5)
    (mine, other) = (torch.func.grad(lambda x, f=f: f.mse_loss(x, t))(x) for f in (ft, F))
    torch.testing.assert_close(mine, other)
    labels = torch.arange(6) % 5
    for name, target in (("mse_loss", t), ("cross_entropy", labels)):
        function, reference = getattr(ft, name), getattr(F, name)
        torch.testing.assert_close(
            torch.vmap(function)(x, target), torch.vmap(reference)(x, target)
        )
        torch.testing.assert_close(
            torch.vmap(torch.func.grad(function))(x, target),
            torch.vmap(torch.func.grad(reference))(x, target),
        )
        torch.testing.assert_close(
            torch.func.jacrev(lambda x, f=function, t=target: f(x, t, reduction="none"))(x),
            torch.func.jacrev(lambda x, f=reference, t=target: f(x, t, reduction="none"))(x),
        )
    boxes = torch.rand(2, 3, 4)
    torch.testing.assert_close(
        torch.vmap(ft.box_iou, in_dims=(0, None))(boxes, boxes[0]), ft.box_iou(boxes, boxes[0])
    )


def test_gradients_of_single_samples():
    model = torch.nn.Linear(5, 3)
    x, labels = torch.randn(6, 5), torch.arange(6) % 3
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(parameters, x, label, f):
        scores = torch.func.functional_call(model, parameters, x[None])
        return f.cross_entropy(scores, label[None])

    found = [
        torch.vmap(torch.func.grad(lambda p, x, t, f=f: loss(p, x, t, f)), in_dims=(None, 0, 0))(
            parameters, x, labels
        )
        for f in (ft, F)
    ]
    torch.testing.assert_close(*found)


def test_penalties_of_a_model_under_grad():
    parameters = {"w": torch.randn(3, 2), "b": torch.randn(2)}
    found = torch.func.grad(lambda p: ft.l2_penalty(p, strength=0.5))(parameters)
    torch.testing.assert_close(found, {name: 0.5 * p for name, p in parameters.items()})


@pytest.mark.parametrize("name", ["mse_loss", "box_iou"])
def test_second_and_forward_derivatives_are_refused(name):
    x, t = torch.rand(3, 4), torch.rand(3, 4)

    def value(x):
        return getattr(ft, name)(x, t).sum()

    with pytest.raises(RuntimeError, match=f"fastloss.torch.{name} has no second derivative"):
        torch.func.grad(lambda x: torch.func.grad(value)(x).sum())(x)
    for transform in (
        lambda: torch.func.jvp(value, (x,), (t,)),
        lambda: torch.func.hessian(value)(x),
    ):
        with pytest.raises(NotImplementedError, match=f"{name} has no forward-mode derivative"):
            transform()


def test_functions_without_an_operator_say_so(monkeypatch):
    monkeypatch.setattr(type(DOORS["box_area"]), "operates", False)
    with pytest.raises(NotImplementedError, match="mse_loss computes numbers; it cannot be traced"):
        torch.vmap(ft.mse_loss)(torch.ones(2, 3), torch.ones(2, 3))
    assert FUNCTIONS["mse_loss"](torch.ones(3), torch.zeros(3)).item() == 1
