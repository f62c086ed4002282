"""fastloss.torch: the criteria of detectors as functions and modules."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")

from detection_samples import LEVELS, STRIDES, anchors, head, objects  # noqa: E402
from torch._dynamo.testing import CompileCounterWithBackend  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch.utils._pytree import tree_leaves, tree_map, tree_map_only  # noqa: E402
from torch_adapter import CRITERIA, tensor_of  # noqa: E402

import fastloss as fl  # noqa: E402
import fastloss.torch as ft  # noqa: E402
from fastloss import reference as ref  # noqa: E402
from fastloss.torch import _functions  # noqa: E402
from fastloss.torch._modules import class_name  # noqa: E402
from fastloss.torch._operators import FORWARD  # noqa: E402

pytestmark = pytest.mark.peer
BENCH = Path(__file__).resolve().parent.parent / "bench"


def sample(name, n=6, dtype=np.float64, bins=16):
    """What a head of a criterion puts out, and the objects that it is trained on, as arrays."""
    rng = np.random.default_rng(n + bins)
    boxes, scores = head(rng, bins=bins, dtype=dtype)
    targets = [*objects(rng, n)]
    if name == "end_to_end_detection_loss":
        return [(boxes, scores), head(rng, bins=bins, dtype=dtype)], targets
    heads = [boxes, scores]
    if name == "obb_detection_loss":
        heads.append(rng.uniform(-0.8, 2.4, (2, 1, anchors())).astype(dtype))
        targets[2] = np.concatenate([targets[2], rng.uniform(-0.8, 2.4, (n, 1))], axis=1)
    elif name == "pose_loss":
        heads.append(rng.normal(0, 1.5, (2, 15, anchors())).astype(dtype))
        targets.append(rng.uniform(0, 1, (n, 5, 3)))
    elif name == "segmentation_detection_loss":
        heads.append(rng.normal(size=(2, 4, anchors())).astype(dtype))
        heads.append(rng.normal(size=(2, 4, 12, 18)).astype(dtype))
        targets.append(rng.integers(0, n + 1, (2, 12, 18)).astype(dtype))
    return heads, targets


def tensors(name, n=6, dtype=np.float64, bins=16, grad=True):
    """The same as tensors, and those of them that a gradient is wanted of."""
    heads, targets = sample(name, n, dtype, bins)
    heads = tree_map(lambda a: torch.from_numpy(a).requires_grad_(grad), heads)
    return [*heads, *map(tensor_of, targets)], tree_leaves(heads)


def heads_of(name):
    """How many of the first arguments are learned: all heads that there must be."""
    door = CRITERIA[name]
    return len(set(door.differentiable) & set(door.required))


def flat(gradients):
    return tree_leaves(gradients)


OPTIONS = {
    "plain": {},
    "weights of classes": {"class_weight": [1.0, 2.0, 0.5]},
    "one bin": {"bins": 1},
    "no object": {"n": 0},
    "float32": {"dtype": np.float32},
}


# ---- values and gradients ------------------------------------------------------------------


def test_every_criterion_with_a_gradient_has_its_door():
    known = {name for name, entry in ref.CRITERIA.items() if entry.gradients and entry.result}
    assert set(CRITERIA) == known
    for name in known:
        assert {name, class_name(name)} <= set(ft.__all__)
        assert CRITERIA[name].operates, CRITERIA[name].schema
        ours = inspect.signature(getattr(ft, name)).parameters
        library = inspect.signature(getattr(fl, name)).parameters
        assert list(ours) == [p for p in library if p != "grad"]
        assert all(ours[p].default == library[p].default for p in ours)


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("name", CRITERIA)
def test_values_and_gradients_are_those_of_fastloss(name, kind):
    options = dict(OPTIONS[kind])
    how = {key: options.pop(key) for key in ("n", "bins", "dtype") if key in options}
    heads, targets = sample(name, **how)
    expected, slopes = getattr(fl, name)(*heads, *targets, level_sizes=LEVELS, grad=True, **options)
    arguments, inputs = tensors(name, **how)
    loss = getattr(ft, name)(*arguments, level_sizes=LEVELS, **options)
    assert type(loss) is type(expected)
    for value, number in zip(loss, expected, strict=True):
        assert value.shape == () and value.dtype == inputs[0].dtype
        assert value.item() == inputs[0].detach().numpy().dtype.type(number)
    assert [value.requires_grad for value in loss] == [True] + [False] * (len(loss) - 1)
    loss.total.backward()
    for tensor, slope in zip(inputs, flat(slopes), strict=True):
        np.testing.assert_array_equal(tensor.grad.numpy(), slope)
        assert tensor.grad.dtype == tensor.dtype


@pytest.mark.parametrize("n", [0, 7])
def test_gradients_of_autograd(n, monkeypatch):
    """The same criterion in plain tensor operations, behind a layer that is trained."""
    monkeypatch.setattr(sys, "path", [str(BENCH), *sys.path])
    plain = pytest.importorskip("plain_detection").Criterion(LEVELS, STRIDES, 3, 16)
    (boxes, scores, *targets), _ = tensors("detection_loss", n, np.float32, grad=False)
    targets[2] = targets[2].float()
    criterion, slopes = ft.DetectionLoss(level_sizes=LEVELS), []
    for total in (lambda *a: criterion(*a).total, plain):
        layer = torch.nn.Conv1d(3, 3, 1)
        torch.nn.init.eye_(layer.weight[..., 0].data)
        torch.nn.init.zeros_(layer.bias)
        loss = total(boxes.clone().requires_grad_(), layer(scores), *targets)
        loss.backward()
        slopes.append((loss.detach(), layer.weight.grad, layer.bias.grad))
    torch.testing.assert_close(*slopes, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", CRITERIA)
def test_gradcheck(name):
    """Finite differences: the target scores do not depend on the class logits where alpha is 0,
    and without objects there are none."""
    torch.manual_seed(0)
    for n, options in ((0, {}), (4, {"alpha": 0.0})):
        arguments, inputs = tensors(name, n)
        if n:
            for i, tensor in enumerate(inputs):
                tensor.requires_grad_(i % 2 == 1 if name.startswith("end") else i == 1)

        def total(*_, arguments=arguments, options=options):
            return getattr(ft, name)(*arguments, level_sizes=LEVELS, **options).total

        learned = [t for t in inputs if t.requires_grad]
        assert torch.autograd.gradcheck(total, learned, fast_mode=True, atol=1e-6), n


# ---- autograd ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CRITERIA)
def test_upstreams_and_second_backwards(name):
    arguments, inputs = tensors(name)
    call = getattr(ft, name)
    ones = torch.autograd.grad(call(*arguments, level_sizes=LEVELS).total, inputs)
    total = call(*arguments, level_sizes=LEVELS).total
    for factor, keep in ((3, True), (-0.5, False)):
        slopes = torch.autograd.grad(factor * total, inputs, retain_graph=keep)
        torch.testing.assert_close(slopes, tuple(factor * one for one in ones))
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        torch.autograd.grad(total, inputs)
    loss = call(*arguments, level_sizes=LEVELS)
    with pytest.raises(RuntimeError, match=f"fastloss.torch.{name} has no second derivative"):
        torch.autograd.grad(loss.total, inputs, create_graph=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        loss.cls.backward()


@pytest.mark.parametrize("name", CRITERIA)
def test_without_grad_nothing_is_computed(name, monkeypatch):
    asked = []
    door = copy.copy(CRITERIA[name])
    public = door.public

    def spy(*args, **options):
        asked.append(options.get("grad", False))
        return public(*args, **options)

    object.__setattr__(door, "public", spy)
    monkeypatch.setitem(_functions.DOORS, name, door)
    arguments, inputs = tensors(name)
    call = getattr(ft, name)
    with torch.no_grad():
        assert not call(*arguments, level_sizes=LEVELS).total.requires_grad
    with torch.inference_mode():
        assert not call(*arguments, level_sizes=LEVELS).total.requires_grad
    for tensor in inputs:
        tensor.requires_grad_(False)
    assert not call(*arguments, level_sizes=LEVELS).total.requires_grad
    assert asked == [False] * 3
    inputs[0].requires_grad_()
    call(*arguments, level_sizes=LEVELS).total.backward()
    assert asked[3:] == [True] and inputs[1].grad is None


def test_heads_are_read_where_they_lie(monkeypatch):
    seen = []
    door = copy.copy(CRITERIA["detection_loss"])
    object.__setattr__(door, "public", lambda *a, **o: seen.append(o) or fl.detection_loss(*a, **o))
    monkeypatch.setitem(_functions.DOORS, "detection_loss", door)
    arguments, (boxes, scores) = tensors("detection_loss", dtype=np.float32, grad=False)
    ft.detection_loss(*arguments, level_sizes=LEVELS)
    assert seen[0]["boxes"].__array_interface__["data"][0] == boxes.data_ptr()
    assert seen[0]["scores"].__array_interface__["data"][0] == scores.data_ptr()
    whole = torch.cat([boxes, scores], 1)
    parts = ft.detection_loss(*whole.split([64, 3], 1), *arguments[2:], level_sizes=LEVELS)
    assert parts == ft.detection_loss(*arguments, level_sizes=LEVELS)


def test_autocast_computes_in_float32():
    arguments, _ = tensors("end_to_end_detection_loss", dtype=np.float32)
    half = tree_map(lambda t: t.detach().bfloat16().requires_grad_(), arguments[:2])
    with torch.autocast("cpu", torch.bfloat16):
        loss = ft.end_to_end_detection_loss(*half, *arguments[2:], level_sizes=LEVELS)
    loss.total.backward()
    assert loss.total.dtype == torch.float32 and half[0][1].grad.dtype == torch.bfloat16
    with pytest.raises(TypeError, match=r"one2many\[0\] has dtype torch.bfloat16"):
        ft.end_to_end_detection_loss(*half, *arguments[2:], level_sizes=LEVELS)


# ---- modules -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CRITERIA)
def test_modules_keep_their_options_and_their_buffers(name):
    cls = getattr(ft, class_name(name))
    module = cls(level_sizes=np.array(LEVELS), beta=4.0, class_weight=[1.0, 2.0, 0.5])
    shown = f"{cls.__name__}(level_sizes={LEVELS}, beta=4.0)"
    assert repr(module) == shown and list(module.state_dict()) == ["class_weight"]
    stream = io.BytesIO()
    torch.save(module, stream)
    stream.seek(0)
    for twin in (
        copy.deepcopy(module),
        pickle.loads(pickle.dumps(module)),
        torch.load(stream, weights_only=False),
    ):
        assert type(twin) is cls and repr(twin) == shown
        assert torch.equal(twin.class_weight, module.class_weight)
    other = cls(class_weight=torch.ones(3))
    assert repr(other) == f"{cls.__name__}()"
    other.load_state_dict(module.state_dict())
    assert torch.equal(other.class_weight, module.class_weight)
    assert module.double().class_weight.dtype == torch.float64
    arguments, _ = tensors(name, grad=False)
    options = {"level_sizes": LEVELS, "beta": 4.0, "class_weight": [1.0, 2.0, 0.5]}
    assert module(*arguments) == getattr(ft, name)(*arguments, **options)


def test_options_may_come_with_the_batch():
    arguments, _ = tensors("end_to_end_detection_loss", grad=False)
    criterion = ft.EndToEndDetectionLoss(topk=(5, 3))
    weights = fl.end_to_end_weights(3, 10)
    loss = criterion(*arguments, level_sizes=LEVELS, weights=weights)
    expected = ft.end_to_end_detection_loss(
        *arguments, level_sizes=LEVELS, weights=weights, topk=(5, 3)
    )
    assert loss == expected != criterion(*arguments, level_sizes=LEVELS)
    criterion.weights, criterion.level_sizes = weights, LEVELS
    assert criterion(*arguments) == expected
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'level_sizes'"):
        ft.DetectionLoss()(*tensors("detection_loss")[0])
    with pytest.raises(TypeError, match=r"DetectionLoss\(\) got an unexpected.*'reduction'"):
        ft.DetectionLoss(reduction="sum")


# ---- errors --------------------------------------------------------------------------------


def wrong(change, match, error, name="detection_loss", **options):
    arguments, _ = tensors(name)
    change(arguments)
    with pytest.raises(error, match=match):
        getattr(ft, name)(*arguments, **{"level_sizes": LEVELS, **options})


def put(at, value):
    return lambda arguments: arguments.__setitem__(at, value)


def test_mistakes():
    wrong(lambda a: a[4].requires_grad_(), "bboxes requires grad, but fastloss.torch", RuntimeError)
    weight = torch.ones(3, requires_grad=True)
    match = r"differentiated with respect to boxes and scores alone; pass class_weight\.detach\(\)"
    wrong(lambda a: None, match, RuntimeError, class_weight=weight)
    wrong(put(0, np.zeros((2, 64, 75))), "boxes is of type ndarray; expected a tensor", TypeError)
    wrong(put(2, [0, 1]), "batch_idx is of type list; expected a tensor", TypeError)
    wrong(put(0, torch.zeros(2, 64, 75).half()), "boxes has dtype torch.float16", TypeError)
    wrong(put(0, torch.zeros(2, 64, 75, device="meta")), "is on the meta", NotImplementedError)
    wrong(put(3, torch.full((6,), 3)), r"cls\[0\] is 3, but scores has 3 classes", IndexError)
    wrong(lambda a: None, "level_sizes is", ValueError, level_sizes=[(2, 2)] * 3)
    wrong(lambda a: None, "topk is 0", ValueError, topk=0)
    pairs, alone = "end_to_end_detection_loss", torch.zeros(2, 64, 75)
    wrong(put(0, alone), "one2many is of type Tensor; expected a pair", TypeError, pairs)
    wrong(put(1, (alone, None)), "one2one is of type tuple; expected a pair", TypeError, pairs)
    wrong(put(1, (alone,)), "one2one is of type tuple; expected a pair", TypeError, pairs)
    wrong(lambda a: None, "unexpected keyword argument 'grad'", TypeError, pairs, grad=True)


# ---- operators -----------------------------------------------------------------------------


def values_of(name, arguments, grad, **options):
    """The arguments of the operator."""
    door = CRITERIA[name]
    given = {**door.defaults, **dict(zip(door.required, arguments, strict=True)), **options}
    given["level_sizes"] = LEVELS
    return [list(v) if isinstance(v, tuple) else v for v in (given[n] for n in door.schema)] + [
        grad
    ]


@pytest.mark.parametrize("name", CRITERIA)
def test_fake_kernels_know_shapes_types_and_strides(name):
    for dtype in (np.float32, np.float64):
        for grad in (False, True):
            arguments, _ = tensors(name, dtype=dtype, grad=False)
            values = values_of(name, arguments, grad)
            real = FORWARD[name](*values)
            with FakeTensorMode() as mode:
                imagined = tree_map_only(torch.Tensor, mode.from_tensor, values)
                fake = FORWARD[name](*imagined)
            assert [(t.shape, t.dtype, t.stride()) for t in fake] == [
                (t.shape, t.dtype, t.stride()) for t in real
            ]


@pytest.mark.parametrize("name", CRITERIA)
def test_opcheck(name):
    arguments, _ = tensors(name)
    torch.library.opcheck(FORWARD[name], values_of(name, arguments, True))


@pytest.mark.parametrize("name", CRITERIA)
def test_one_graph_for_any_number_of_objects(name):
    torch._dynamo.reset()
    module = getattr(ft, class_name(name))(level_sizes=LEVELS, class_weight=[1.0, 2.0, 0.5])
    counter = CompileCounterWithBackend("aot_eager")

    def step(heads, targets):
        heads = tree_map_only(torch.Tensor, lambda t: 2 * t, heads)
        loss = module(*heads, *targets)
        return loss.total * 3, loss.cls

    compiled, frames = torch.compile(step, fullgraph=True, backend=counter), []
    for n in (5, 7, 9, 12):
        results = []
        for function in (step, compiled):
            arguments, inputs = tensors(name, n)
            count = heads_of(name)
            total, cls = function(arguments[:count], arguments[count:])
            assert not cls.requires_grad
            total.backward()
            results.append([total.detach(), cls, *(t.grad for t in inputs)])
        torch.testing.assert_close(*results)
        frames.append(counter.frame_count)
    assert frames[1:] == [2, 2, 2]  # one size, then any size


def test_level_sizes_may_come_from_the_features():
    """Images of any size: the levels are symbols in the graph."""
    torch._dynamo.reset()

    def total(coarse, fine, targets):
        sizes = [tuple(f.shape[2:]) for f in (fine, coarse)]
        flat = torch.cat([f.flatten(2) for f in (fine, coarse)], 2)
        boxes, scores = flat.split([4, 3], 1)
        return ft.detection_loss(boxes, scores, *targets, level_sizes=sizes, strides=(8, 16)).total

    counter = CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(total, fullgraph=True, dynamic=True, backend=counter)
    targets, frames = [tensor_of(a) for a in objects(np.random.default_rng(0), 23)], set()
    for size in (3, 4, 5):
        coarse, fine = torch.rand(2, 7, size, size + 2), torch.rand(2, 7, 2 * size, 2 * size + 4)
        torch.testing.assert_close(compiled(coarse, fine, targets), total(coarse, fine, targets))
        frames.add(counter.frame_count)
    assert len(frames) == 1


@pytest.mark.parametrize("name", CRITERIA)
def test_torch_func(name):
    arguments, inputs = tensors(name)
    call = getattr(ft, name)
    expected = torch.autograd.grad(call(*arguments, level_sizes=LEVELS).total, inputs)
    arguments, _ = tensors(name, grad=False)
    count = heads_of(name)

    def total(*heads):
        return call(*heads, *arguments[count:], level_sizes=LEVELS).total

    found = torch.func.grad(total, argnums=tuple(range(count)))(*arguments[:count])
    torch.testing.assert_close(flat(found), list(expected))

    def slope(*heads):
        return sum(t.sum() for t in flat(torch.func.grad(total, argnums=0)(*heads)))

    with pytest.raises(RuntimeError, match=f"{name} has no second derivative"):
        torch.func.grad(slope)(*arguments[:count])


def test_a_branch_that_is_not_always_there():
    """The semantic logits have a gradient where given: eager, compiled and in torch.func."""
    name = "segmentation_detection_loss"
    sem = np.random.default_rng(3).normal(size=(2, 3, 6, 9))
    options = {"level_sizes": LEVELS, "mask_assignment": True}
    heads, targets = sample(name)
    expected, slopes = fl.segmentation_detection_loss(
        *heads, *targets, sem=sem, grad=True, **options
    )
    arguments, inputs = tensors(name)
    inputs = [*inputs, torch.from_numpy(sem).requires_grad_()]
    module = ft.SegmentationDetectionLoss(**options)

    def total(*heads):
        return module(*heads[:4], *arguments[4:], sem=heads[4]).total

    loss = module(*arguments, sem=inputs[4])
    assert loss.sem.item() == expected.sem > 0 and not loss.sem.requires_grad
    compiled = torch.compile(total, fullgraph=True, backend="aot_eager")
    for function in (total, compiled):
        found = torch.autograd.grad(function(*inputs), inputs)
        torch.testing.assert_close(list(found), [torch.from_numpy(s) for s in slopes])
    found = torch.func.grad(total, argnums=tuple(range(5)))(*(i.detach() for i in inputs))
    torch.testing.assert_close(list(found), [torch.from_numpy(s) for s in slopes])
    with pytest.raises(RuntimeError, match="masks requires grad"):
        arguments[-1].requires_grad_()
        module(*arguments, sem=inputs[4])


def test_options_of_poses():
    """Numbers or none, names and flags: as they are, in a module and in an operator."""
    options = {"decode": "anchor", "keypoint_assignment": True, "level_range": (2.0, 12.0)}
    heads, targets = sample("pose_loss")
    expected, slopes = fl.pose_loss(*heads, *targets, level_sizes=LEVELS, grad=True, **options)
    arguments, inputs = tensors("pose_loss")
    loss = ft.PoseLoss(level_sizes=LEVELS, **options)(*arguments)
    loss.total.backward()
    assert loss.total.item() == expected.total
    assert all(np.array_equal(t.grad, s) for t, s in zip(inputs, slopes, strict=True))
    found = FORWARD["pose_loss"](*values_of("pose_loss", tensors("pose_loss")[0], True, **options))
    assert found[0].item() == expected.total
    torch.library.opcheck(FORWARD["pose_loss"], values_of("pose_loss", arguments, True, **options))
