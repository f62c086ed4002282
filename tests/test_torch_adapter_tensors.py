"""fastloss.torch: what may come in, what comes out, and what autograd makes of it."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")

from torch_adapter import DOORS, LEARNED, as_tensors, calls  # noqa: E402

import fastloss as fl  # noqa: E402
import fastloss.torch as ft  # noqa: E402
from fastloss.torch import _arrays  # noqa: E402

pytestmark = pytest.mark.peer
F = torch.nn.functional


@pytest.fixture
def pair():
    torch.manual_seed(0)
    return torch.randn(6, 5, requires_grad=True), torch.randn(6, 5)


@pytest.fixture
def rows():
    torch.manual_seed(0)
    return torch.randn(8, 10, requires_grad=True), torch.randint(0, 10, (8,))


# ---- no copy --------------------------------------------------------------------------------

LAYOUTS = {
    "plain": lambda t: t.clone(),
    "transposed": lambda t: t.t().contiguous().t(),
    "every second": lambda t: torch.stack([t, t], -1).flatten(1)[:, ::2],
    "inside": lambda t: F.pad(t, (1, 2, 3, 4))[3:-4, 1:-2],
    "expanded": lambda t: t[:1].expand_as(t),
    "channels last": lambda t: t[:, :, None, None].to(memory_format=torch.channels_last)[..., 0, 0],
    "from DLPack": lambda t: torch.from_dlpack(t.numpy()),
    "from a buffer": lambda t: torch.frombuffer(bytearray(t.numpy()), dtype=t.dtype).view(t.shape),
    "imaginary, negated": lambda t: torch.complex(t, -t).conj().imag,
    "a parameter": torch.nn.Parameter,
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tensors_are_read_where_they_lie(layout, pair):
    x, t = LAYOUTS[layout](pair[0].detach()), LAYOUTS[layout](pair[1])
    array = _arrays.as_array("input", x)
    if layout != "imaginary, negated":
        assert array.__array_interface__["data"][0] == x.data_ptr()
        assert array.strides == tuple(4 * stride for stride in x.stride()) or layout == "plain"
    np.testing.assert_array_equal(array, x.detach().resolve_neg().numpy())
    x, t = x.detach().requires_grad_(), t.detach()
    for function in (ft.mse_loss, ft.l1_loss, ft.binary_cross_entropy_with_logits):
        reference = getattr(F, function.__name__)
        ours, theirs = function(x, t), reference(x, t)
        torch.testing.assert_close(ours, theirs)
        (mine,) = torch.autograd.grad(ours, x)
        (other,) = torch.autograd.grad(theirs, x)
        torch.testing.assert_close(mine, other)


def test_read_only_memory_and_odd_addresses(pair):
    numbers = np.arange(12, dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = torch.frombuffer(numbers.tobytes(), dtype=torch.float32)
    assert ft.mse_loss(x, torch.zeros(12)).item() == np.float32((numbers**2).mean())


def test_a_borrowed_array_keeps_the_tensor_alive():
    x = torch.arange(1000.0)
    array = _arrays.borrow(x)
    if array is None:
        pytest.skip("this torch has no exchange functions")
    assert not array.flags.writeable and array.base is x
    del x
    junk = [torch.full((1000,), -1.0) for _ in range(50)]
    assert array[-1] == 999 and junk


@pytest.mark.skipif(not hasattr(torch.Tensor, "__dlpack_c_exchange_api__"), reason="torch 2.10")
def test_without_the_exchange_functions_all_is_the_same(monkeypatch, rows):
    import fastloss.torch._functions as functions

    x, labels = rows
    with_them = ft.cross_entropy(x, labels)
    monkeypatch.setattr(_arrays, "borrow", _arrays.borrow_slowly)
    monkeypatch.setattr(_arrays, "number", _arrays.number_slowly)
    for name in ("borrow", "number"):
        monkeypatch.setattr(functions, name, getattr(_arrays, name))
    without = functions.make(DOORS["cross_entropy"])(x, labels)
    assert torch.equal(without, with_them) and without.dtype == with_them.dtype


@pytest.mark.parametrize("name", ["cross_entropy", "mse_loss"])
def test_the_gradient_is_handed_over(name, rows, pair):
    """With an upstream of 1 the gradient of the forward pass becomes x.grad, not a copy of it."""
    x, t = rows if name == "cross_entropy" else pair
    loss = getattr(ft, name)(x, t)
    (gradient,) = loss.grad_fn.saved_tensors
    address = gradient.data_ptr()
    del gradient
    loss.backward()
    assert x.grad.data_ptr() == address


def test_losses_are_freed_at_once(rows):
    import gc
    import weakref

    gc.collect()
    gc.disable()
    try:
        for reduction in ("mean", "none"):
            loss = ft.cross_entropy(*rows, reduction=reduction)
            watch = weakref.ref(loss.grad_fn)
            del loss
            assert watch() is None
    finally:
        gc.enable()


# ---- what comes out -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_the_inputs_whatever_the_default(dtype, rows):
    x, labels = rows[0].detach().to(dtype), rows[1]
    weight = torch.rand(10, dtype=torch.float64)
    before = torch.get_default_dtype()
    try:
        for default in (torch.float32, torch.float64):
            torch.set_default_dtype(default)
            for reduction in ("mean", "sum", "none"):
                loss = ft.cross_entropy(x, labels, weight=weight, reduction=reduction)
                assert loss.dtype == dtype and loss.device.type == "cpu"
                assert loss.shape == ((8,) if reduction == "none" else ())
    finally:
        torch.set_default_dtype(before)


def test_a_default_device_is_no_obstacle(rows):
    try:
        torch.set_default_device("meta")
        loss = ft.cross_entropy(*rows)
    finally:
        torch.set_default_device(None)
    assert loss.device.type == "cpu"
    with torch.device("meta"):
        assert torch.equal(ft.cross_entropy(*rows), loss)


def test_integer_boxes_and_targets_of_other_types():
    boxes = torch.tensor([[0, 0, 2, 2], [1, 1, 3, 3]])
    assert ft.box_iou(boxes, boxes).dtype == torch.float64
    x = torch.zeros(4)
    for target in (torch.ones(4, dtype=torch.float64), torch.ones(4).bool(), torch.ones(4).int()):
        assert ft.mse_loss(x, target).item() == 1
    for dtype in (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8):
        value = ft.cross_entropy(torch.zeros(2, 3), torch.ones(2, dtype=dtype))
        assert value.item() == pytest.approx(np.log(3))


# ---- autograd -------------------------------------------------------------------------------


def test_any_upstream(pair):
    x, t = pair
    weights = torch.randn(6, 5)
    cases = [
        (lambda f: f.mse_loss(x, t) * 3, "scaled"),
        (lambda f: f.mse_loss(x, t) * 0, "nothing"),
        (lambda f: f.mse_loss(x, t).sin(), "through a function"),
        (lambda f: f.mse_loss(x, t, reduction="none").mean(), "the mean of all"),
        (lambda f: (f.mse_loss(x, t, reduction="none") * weights).sum(), "weights"),
        (lambda f: f.mse_loss(x, t, reduction="none")[2:4, 1].sum(), "some"),
        (lambda f: f.mse_loss(x, t) + 2 * f.l1_loss(x, t), "two losses"),
        (lambda f: f.mse_loss(2 * x, t), "input with a history"),
        (lambda f: f.mse_loss(x.t(), t.t()), "a view"),
    ]
    for function, label in cases:
        (mine,) = torch.autograd.grad(function(ft), x)
        (other,) = torch.autograd.grad(function(F), x)
        torch.testing.assert_close(mine, other, msg=label)


def test_any_upstream_of_rows():
    torch.manual_seed(1)
    for shape in ((5,), (4, 5), (3, 5, 2), (2, 5, 2, 3)):
        x = torch.randn(shape, requires_grad=True)
        t = torch.randint(0, 5, shape[:1] * (len(shape) > 1) + shape[2:])
        weights = torch.randn(t.shape)
        for name in ("cross_entropy", "nll_loss"):
            values = [getattr(f, name)(x, t, reduction="none") for f in (ft, F)]
            slopes = [torch.autograd.grad((v * weights).sum(), x)[0] for v in values]
            torch.testing.assert_close(*slopes)


def test_any_upstream_of_pairs():
    import torch_oracle

    torch.manual_seed(2)
    for lead, other in (((), ()), ((3,), (3,)), ((3,), ()), ((2, 1), (3,))):
        corners = torch.rand(*lead, 4, 2, dtype=torch.float64)
        a = torch.cat([corners, corners + 0.1 + torch.rand_like(corners)], -1).requires_grad_()
        corners = torch.rand(*other, 5, 2, dtype=torch.float64)
        b = torch.cat([corners, corners + 0.1 + torch.rand_like(corners)], -1).requires_grad_()
        for name in ("box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou"):
            ours, theirs = getattr(ft, name)(a, b), torch_oracle.ORACLES[name](a, b)
            weights = torch.randn_like(ours)
            mine = torch.autograd.grad((ours * weights).sum(), (a, b))
            expected = torch.autograd.grad((theirs * weights).sum(), (a, b))
            torch.testing.assert_close(mine, expected)
    (alone,) = torch.autograd.grad(ft.box_iou(a, b.detach()).sum(), a)
    assert alone.shape == a.shape


def test_a_second_backward_is_torchs_own_error(rows, pair):
    for loss in (
        ft.cross_entropy(*rows),
        ft.mse_loss(*pair, reduction="none").sum(),
        ft.l2_penalty([pair[0]]),
        ft.box_iou(torch.rand(3, 4, requires_grad=True), torch.rand(3, 4)).sum(),
    ):
        loss.backward()
        with pytest.raises(
            RuntimeError, match="Trying to backward through the graph a second time"
        ):
            loss.backward()


def test_a_graph_that_is_kept_gives_the_same_again(pair):
    x, t = pair
    loss = ft.mse_loss(x, t)
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    x.grad.zero_()
    loss.backward(retain_graph=True)
    torch.testing.assert_close(x.grad, first)
    (given,) = torch.autograd.grad(loss, x, retain_graph=True)
    given.mul_(2)  # what was handed out is the caller's
    torch.testing.assert_close(torch.autograd.grad(loss, x)[0], first)


@pytest.mark.parametrize(
    "value",
    [
        lambda f, x, t: f.mse_loss(x, t),
        lambda f, x, t: f.mse_loss(x, t, reduction="none").sum(),
        lambda f, x, t: f.gaussian_nll_loss(x, t, x.abs() + 1),
        lambda f, x, t: f.cross_entropy(x, t.softmax(1)),
    ],
)
def test_a_gradient_handed_out_is_not_changed_by_later_backwards(pair, value):
    """As in GradNorm: the gradient by a layer's output, before the backward of a scaled loss."""
    weight = torch.eye(5, requires_grad=True)
    found = []
    for f in (ft, F):
        z = pair[0] @ weight
        seen = []
        z.register_hook(seen.append)
        loss = value(f, z, pair[1])
        (first,) = torch.autograd.grad(loss, z, retain_graph=True)
        (second,) = torch.autograd.grad(loss, z, retain_graph=True)
        (0.1 * loss).backward()
        found.append((first, second, *seen))
    assert len(found[0]) == len(found[1])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("name", [n for n in LEARNED if DOORS[n].kind != "transform"])
def test_second_derivatives_are_refused(name):
    args, options = next(calls(name))
    tensors, keywords = as_tensors(args, options)
    first = tensors[0][0] if isinstance(tensors[0], list) else tensors[0]
    first.requires_grad_()
    loss = getattr(ft, name)(*tensors, **keywords).sum()
    with pytest.raises(RuntimeError, match=f"fastloss.torch.{name} has no second derivative"):
        torch.autograd.grad(loss, first, create_graph=True)


def test_upstreams_that_scale_a_gradient_twice(pair):
    x, t = pair
    for value in (lambda f: f.mse_loss(x, t) * 3, lambda f: f.mse_loss(x, t, reduction="none") * t):
        ours, theirs = value(ft).sum(), value(F).sum()
        (expected,) = torch.autograd.grad(theirs, x)
        for keep in (True, True, False):
            (found,) = torch.autograd.grad(ours, x, retain_graph=keep)
            torch.testing.assert_close(found, expected)


def test_gradients_of_batches_of_upstreams(pair):
    x, t = pair
    upstreams = torch.randn(4, 6, 5)
    found = [
        torch.autograd.grad(f.mse_loss(x, t, reduction="none"), x, upstreams, is_grads_batched=True)
        for f in (ft, F)
    ]
    torch.testing.assert_close(*found)
    scales = torch.randn(4)
    found = [
        torch.autograd.grad(f.mse_loss(x, t), x, scales, is_grads_batched=True) for f in (ft, F)
    ]
    torch.testing.assert_close(*found)


def test_saved_tensor_hooks_and_checkpoints(pair):
    from torch.utils.checkpoint import checkpoint

    x, t = pair
    (expected,) = torch.autograd.grad(F.mse_loss(x, t), x)
    with torch.autograd.graph.save_on_cpu():
        loss = ft.mse_loss(x, t)
    torch.testing.assert_close(torch.autograd.grad(loss, x)[0], expected)
    loss = checkpoint(ft.mse_loss, x, t, use_reentrant=False)
    torch.testing.assert_close(torch.autograd.grad(loss, x)[0], expected)


def test_anomaly_detection(pair):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.autograd.detect_anomaly():
            ft.mse_loss(*pair).backward()
    assert pair[0].grad is not None


def test_gradients_go_where_they_are_wanted():
    x, y = torch.randn(4, requires_grad=True), torch.randn(4)
    penalty = ft.l2_penalty({"a": x, "b": y, "c": (2 * x)})
    penalty.backward()
    torch.testing.assert_close(x.grad, x.detach() + 4 * x.detach())
    assert y.grad is None
    model = torch.nn.Linear(3, 2)
    ft.elastic_net_penalty(model.parameters(), strength=0.1).backward()
    assert model.weight.grad is not None and model.bias.grad is not None
    assert ft.l1_penalty([]).item() == 0


def test_python_threads_at_once(rows):
    x, labels = rows
    expected = torch.autograd.grad(ft.cross_entropy(x, labels), x)[0]
    errors = []

    def work():
        for _ in range(200):
            (found,) = torch.autograd.grad(ft.cross_entropy(x, labels), x)
            if not torch.equal(found, expected):
                errors.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


# ---- torch's protocols ----------------------------------------------------------------------


class Labelled(torch.Tensor):
    """A subclass as users write it."""


def test_subclasses_stay_what_they_are(pair):
    x = pair[0].detach().as_subclass(Labelled).requires_grad_()
    loss = ft.mse_loss(x, pair[1])
    assert type(loss) is Labelled
    torch.testing.assert_close(loss.as_subclass(torch.Tensor), F.mse_loss(*pair))
    loss.backward()
    assert x.grad is not None


def test_torch_function_modes_see_our_functions(pair):
    from torch.overrides import TorchFunctionMode

    seen = []

    class Mode(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            seen.append(function)
            return function(*args, **(kwargs or {}))

    with Mode():
        ft.mse_loss(*pair)
        ft.l2_penalty([pair[0]])
    assert ft.mse_loss in seen and ft.l2_penalty in seen


def test_autocast_computes_in_float32(rows):
    x, labels = rows
    model = torch.nn.Linear(10, 10)
    results = []
    for f in (ft, F):
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            scores = model(x)
            assert scores.dtype == torch.bfloat16
            loss = f.cross_entropy(scores, labels)
            again = f.mse_loss(scores, scores.detach().float() + 1)
        assert loss.dtype == again.dtype == torch.float32
        (loss + again).backward()
        results.append((loss.detach(), model.weight.grad.clone()))
    torch.testing.assert_close(*results)


# ---- errors ---------------------------------------------------------------------------------


def test_targets_and_weights_that_require_grad(pair):
    x, t = pair
    with pytest.raises(
        RuntimeError, match="target requires grad, but fastloss.torch.mse_loss is different"
    ):
        ft.mse_loss(x, t.clone().requires_grad_())
    with pytest.raises(RuntimeError, match="target requires grad"):
        ft.mse_loss(t, x)
    with pytest.raises(RuntimeError, match=r"weight requires grad.*pass weight\.detach\(\)"):
        ft.huber_loss(x, t, weight=torch.ones(5, requires_grad=True))
    with pytest.raises(RuntimeError, match="boxes2 requires grad"):
        ft.complete_box_iou_loss(torch.rand(2, 4), torch.rand(2, 4, requires_grad=True))
    with pytest.raises(RuntimeError, match=r"box_area has no gradient; pass boxes\.detach\(\)"):
        ft.box_area(torch.rand(2, 4, requires_grad=True))
    with pytest.raises(RuntimeError, match="box_convert has no gradient of boxes with rotation"):
        ft.box_convert(torch.rand(2, 5, requires_grad=True), "xywhr", "cxcywhr")
    with torch.no_grad():
        assert ft.mse_loss(t, x) == ft.mse_loss(x, t)


UNUSABLE = {
    "half": (torch.zeros(2, 3).half(), TypeError, r"has dtype torch.float16.*\.float\(\)"),
    "bfloat16": (torch.zeros(2, 3).bfloat16(), TypeError, "has dtype torch.bfloat16"),
    "complex": (torch.zeros(2, 3) + 0j, TypeError, "has dtype torch.complex64; expected real"),
    "integer": (torch.zeros(2, 3).long(), TypeError, "has dtype int64; expected float32"),
    "meta": (torch.zeros(2, 3, device="meta"), NotImplementedError, "is on the meta device"),
    "sparse": (torch.eye(3)[:2].to_sparse(), ValueError, "has layout torch.sparse_coo"),
    "a list": ([[0.0] * 3] * 2, TypeError, "is of type list; expected a tensor"),
    "an array": (np.zeros((2, 3)), TypeError, "is of type ndarray; expected a tensor"),
    "none": (None, TypeError, "is None; expected a tensor"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_unusable_tensors_are_named(kind):
    bad, error, message = UNUSABLE[kind]
    good = torch.zeros(2, 3)
    with pytest.raises(error, match="input " + message):
        ft.mse_loss(bad, good)
    if kind != "integer":
        with pytest.raises(error, match="target " + message):
            ft.mse_loss(good, bad)
        with pytest.raises(error, match="target " + message):
            ft.mse_loss(good.clone().requires_grad_(), bad)
    if kind in ("half", "meta", "sparse"):
        with pytest.raises(error, match="weight " + message):
            ft.mse_loss(good, good, weight=bad)


def test_other_devices_are_named():
    """There is no other device here: a stand-in says it was one."""

    class Elsewhere(torch.Tensor):
        is_meta = False
        device = torch.device("cuda:0")

    with pytest.raises(
        ValueError, match=r"weight is on cuda:0; fastloss computes on the CPU.*\.cpu\(\)"
    ):
        _arrays.check("weight", torch.ones(2).as_subclass(Elsewhere))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, t: ft.mse_loss(x, t, size=1), TypeError, "unexpected keyword argument 'size'"),
        (lambda x, t: ft.mse_loss(x), TypeError, "missing 1 required argument: 'target'"),
        (lambda x, t: ft.mse_loss(x, t, input=x), TypeError, "multiple values for argument"),
        (lambda x, t: ft.mse_loss(*[x] * 7), TypeError, "takes 6 positional arguments, but 7"),
        (lambda x, t: ft.hinge_loss(x, t, "sum"), TypeError, "takes 2 positional arguments, but 3"),
        (lambda x, t: ft.mse_loss(x, t, reduction="all"), ValueError, "reduction is 'all'"),
        (lambda x, t: ft.mse_loss(x, t[:3]), ValueError, r"target has shape \(3, 5\), but input"),
        (lambda x, t: ft.huber_loss(x, t, delta=-1.0), ValueError, "delta is -1.0"),
        (lambda x, t: ft.mse_loss(x, t, grad=True), TypeError, "unexpected keyword argument"),
        (lambda x, t: ft.cross_entropy(x, torch.full((6,), 7)), IndexError, r"target\[0\] is 7"),
        (lambda x, t: ft.cross_entropy(x, t[:, 0]), TypeError, "target has dtype float32"),
        (lambda x, t: ft.l2_penalty([x, 1.0]), TypeError, r"params\[1\] is 1.0; expected a tensor"),
        (lambda x, t: ft.MSELoss()(x), TypeError, "missing 1 required argument: 'target'"),
    ],
)  # fmt: skip
def test_mistakes(pair, call, error, message):
    with pytest.raises(error, match=message):
        call(*pair)


def test_forward_mode_is_refused(pair):
    from torch.autograd import forward_ad

    x, t = pair[0].detach(), pair[1]
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, torch.ones_like(x))
        with pytest.raises(NotImplementedError, match="mse_loss has no forward-mode derivative"):
            ft.mse_loss(dual, t)
        assert ft.mse_loss(x, t).item() == np.float32(fl.mse_loss(x, t))
