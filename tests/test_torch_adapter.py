"""fastloss.torch: every loss of the registry has its door, and through it come its own numbers."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")

from test_gradients import smooth_cases  # noqa: E402
from tools import torch_stubs  # noqa: E402
from torch_adapter import DOORS, FUNCTIONS, LEARNED, as_tensors, bound, calls  # noqa: E402

import fastloss as fl  # noqa: E402
import fastloss.torch as ft  # noqa: E402
from fastloss.reference import LOSSES  # noqa: E402
from fastloss.torch._modules import class_name  # noqa: E402

pytestmark = pytest.mark.peer
F = torch.nn.functional
MODULES = [name for name, door in DOORS.items() if door.reduces]
ROTATED = ("xywhr", "cxcywhr", "xyxyxyxy")
LIKE_TORCHS = [name for name in FUNCTIONS if hasattr(F, name)]


# ---- the registry --------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_its_door(name):
    assert name in ft.__all__, f"fastloss.torch lacks {name}: see fastloss/torch/__init__.py"
    assert callable(getattr(ft, name))
    if LOSSES[name].reductions:
        assert class_name(name) in ft.__all__, f"fastloss.torch lacks the module of {name}"


@pytest.mark.source
def test_stub_is_fresh(capsys):
    status = torch_stubs.main(["--check"])
    assert not status, capsys.readouterr().out


@pytest.mark.parametrize("name", LIKE_TORCHS)
def test_signature_is_torchs(name):
    """torch's arguments, the legacy ones among them; ours come after, by keyword alone."""
    ours = list(inspect.signature(getattr(ft, name)).parameters.values())
    theirs = list(inspect.signature(getattr(F, name)).parameters.values())
    for mine, other in zip(ours, theirs, strict=False):
        assert (mine.name, mine.kind, mine.default) == (other.name, other.kind, other.default)
    assert {p.name for p in ours[len(theirs) :]}.isdisjoint({"grad", "hess"})
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in ours[len(theirs) :])


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in LIKE_TORCHS])
def test_signature_of_our_own_is_that_of_fastloss(name):
    ours = inspect.signature(getattr(ft, name)).parameters
    library = inspect.signature(getattr(fl, name)).parameters
    assert list(ours) == [p for p in library if p not in ("grad", "hess")]
    assert all(ours[p].default == library[p].default for p in ours)


# ---- values and gradients ------------------------------------------------------------------


def compare(name, args, options):
    tensors, keywords = as_tensors(args, options)
    if not DOORS[name].differentiable or options.get("in_fmt") in ROTATED:
        result = FUNCTIONS[name](*tensors, **keywords)
        np.testing.assert_array_equal(np.asarray(result), getattr(fl, name)(*args, **options))
        return
    given, learned = bound(name, tensors, keywords)
    inputs = [t for n in learned for t in (given[n] if isinstance(given[n], list) else [given[n]])]
    inputs = [t for t in inputs if isinstance(t, torch.Tensor) and t.is_floating_point()]
    for t in inputs:
        t.requires_grad_()
    value = FUNCTIONS[name](*tensors, **keywords)
    if not DOORS[name].gradients:
        expected, gradients = getattr(fl, name)(*args, **options), None
    else:
        expected, gradients = getattr(fl, name)(*args, **options, grad=True)
    assert isinstance(value, torch.Tensor)
    assert value.dtype == (inputs[0].dtype if inputs else torch.float64)
    rounded = np.asarray(expected, value.detach().numpy().dtype)
    np.testing.assert_array_equal(value.detach().numpy(), rounded)
    assert value.shape == rounded.shape
    if not inputs:
        return
    assert value.requires_grad and value.grad_fn is not None
    value.sum().backward()
    if DOORS[name].kind in ("pairs", "transform"):  # the gradient of fastloss has an axis more
        return
    gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
    for t, gradient in zip(inputs, gradients, strict=True):
        assert t.grad.dtype == t.dtype and t.grad.shape == t.shape
        if DOORS[name].kind == "ratio":  # sums of classes, taken apart and together
            np.testing.assert_allclose(t.grad.numpy(), gradient, rtol=1e-4, atol=1e-7)
        else:
            np.testing.assert_array_equal(t.grad.numpy(), gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_are_those_of_fastloss(name, dtype):
    for args, options in calls(name, dtype, shapes=LOSSES[name].shapes):
        compare(name, args, options)


@pytest.mark.parametrize("name", [n for n in LEARNED if DOORS[n].gradients])
def test_gradcheck(name):
    """Finite differences, with any upstream: the fast mode projects both sides at random."""
    torch.manual_seed(0)
    for args, options in smooth_cases(LOSSES[name], 11):
        if np.isnan(getattr(fl, name)(*args, **options)).all():
            continue  # every row is ignored: the mean of none
        tensors, keywords = as_tensors(args, options)
        given, learned = bound(name, tensors, keywords)
        if name.endswith("penalty"):
            inputs = [given.pop("params")]

            def function(*params, given=given):
                return FUNCTIONS[name](list(params), **given)
        else:
            places = [n for n in learned if isinstance(given[n], torch.Tensor)]
            inputs = [given.pop(n) for n in places]

            def function(*learned, given=given, places=places):
                return FUNCTIONS[name](**dict(zip(places, learned, strict=True)), **given)

        for t in inputs:
            t.requires_grad_()
        assert torch.autograd.gradcheck(function, inputs, fast_mode=True, atol=1e-6), options


@pytest.mark.parametrize("name", LEARNED)
def test_without_grad_nothing_is_computed(name, monkeypatch):
    """No derivative is asked for under no_grad, or of an input that does not require grad."""
    asked = []
    public = DOORS[name].public
    from fastloss.torch import _functions

    def spy(*args, **options):
        asked.append(options.pop("grad", False))
        return public(*args, **options)

    door = copy.copy(DOORS[name])
    object.__setattr__(door, "public", spy)
    for table in (_functions.DOORS, _functions.FUNCTIONS):
        monkeypatch.setitem(table, name, None)
    function = _functions.make(door)
    args, options = next(calls(name))
    tensors, keywords = as_tensors(args, options)
    assert not function(*tensors, **keywords).requires_grad
    first = tensors[0] if isinstance(tensors[0], list) else [tensors[0]]
    for t in first:
        t.requires_grad_()
    with torch.no_grad():
        assert not function(*tensors, **keywords).requires_grad
    with torch.inference_mode():
        assert not function(*tensors, **keywords).requires_grad
    assert len(asked) == 3 and not any(asked)


# ---- the examples everybody knows ----------------------------------------------------------


def three_logits(nn, functional):
    logits = torch.tensor([[2.0, 1.0, 0.1]], requires_grad=True)
    target = torch.tensor([0])
    loss = functional.cross_entropy(logits, target)
    loss.backward()
    same = nn.CrossEntropyLoss()(logits, target)
    return loss.item(), same.item(), logits.grad.tolist()


def train(nn):
    torch.manual_seed(0)
    X = torch.linspace(-1, 1, 64).unsqueeze(1)
    y = 3 * X + 0.5 + 0.1 * torch.randn_like(X)
    model = torch.nn.Linear(1, 1)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, [p.tolist() for p in model.parameters()]


def test_cross_entropy_of_three_logits():
    ours, theirs = three_logits(ft, ft), three_logits(torch.nn, F)
    np.testing.assert_allclose(ours[0], 0.41703, atol=1e-5)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6)


def test_mse_in_a_training_loop():
    (ours, mine), (theirs, other) = train(ft), train(torch.nn)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    np.testing.assert_allclose(mine[0], other[0], rtol=1e-5)
    assert ours[-1] < 0.05 < ours[0]


# ---- modules -------------------------------------------------------------------------------


def modules():
    for name in MODULES:
        cls = getattr(ft, class_name(name))
        yield name, cls
        break_down = cls.__mro__[1] is not getattr(torch.nn, cls.__name__, None)
        assert break_down or issubclass(cls, getattr(torch.nn, cls.__name__))


def make_module(name, cls):
    """A module with buffers where it may have some."""
    door = DOORS[name]
    parameters = inspect.signature(cls.__init__).parameters
    options = {}
    for option in ("weight", "pos_weight", "class_weight"):
        if option in parameters or (cls.__mro__[1].__name__ == "Loss" and option in door.defaults):
            options[option] = torch.rand(3) + 0.5
    return cls(**options), options


@pytest.mark.parametrize("name", MODULES)
def test_modules_keep_state(name):
    cls = getattr(ft, class_name(name))
    module, buffers = make_module(name, cls)
    assert isinstance(module, torch.nn.Module) and cls.__module__ == "fastloss.torch"
    assert set(module.state_dict()) == set(buffers)
    stream = io.BytesIO()
    torch.save(module, stream)
    stream.seek(0)
    for twin in (
        copy.deepcopy(module),
        pickle.loads(pickle.dumps(module)),
        torch.load(stream, weights_only=False),
    ):
        assert type(twin) is cls and repr(twin) == repr(module)
        for key, value in module.state_dict().items():
            assert torch.equal(twin.state_dict()[key], value)
            assert twin.state_dict()[key].data_ptr() != value.data_ptr()
    other, _ = make_module(name, cls)
    other.load_state_dict(module.state_dict())
    double = module.to(torch.float64)
    assert double is module
    assert all(value.dtype == torch.float64 for value in module.state_dict().values())


@pytest.mark.parametrize("name", [n for n in MODULES if hasattr(torch.nn, class_name(n))])
def test_modules_of_torch_are_theirs(name):
    cls = class_name(name)
    ours, theirs = getattr(ft, cls), getattr(torch.nn, cls)
    assert issubclass(ours, theirs)
    assert inspect.signature(ours) == inspect.signature(theirs)
    try:
        assert repr(ours()) == repr(theirs())
        assert list(ours().state_dict()) == list(theirs().state_dict())
    except TypeError:
        pytest.skip(f"{cls} has arguments without a default")


@pytest.mark.parametrize("name", MODULES)
def test_modules_call_the_function_with_their_options(name):
    cls = getattr(ft, class_name(name))
    known = inspect.signature(cls.__init__).parameters
    door, tried = DOORS[name], 0
    for args, options in calls(name, np.float32):
        own = "options" in known
        if not own and not set(options) <= set(known):
            continue
        tensors, keywords = as_tensors(args, options)
        if len(tensors) != len(door.required):
            continue
        module = cls(**keywords)
        assert torch.equal(
            torch.nan_to_num(module(*tensors)),
            torch.nan_to_num(FUNCTIONS[name](*tensors, **keywords)),
        )
        tried += 1
    assert tried


def test_modules_of_our_own_show_what_differs_and_refuse_what_they_do_not_know():
    assert repr(ft.SigmoidFocalLoss()) == "SigmoidFocalLoss()"
    assert repr(ft.SigmoidFocalLoss(alpha=0.5)) == "SigmoidFocalLoss(alpha=0.5)"
    assert repr(ft.DiceLoss(mode="multiclass")) == "DiceLoss(mode='multiclass')"
    chosen = ft.DiceLoss(mode="multiclass", classes=np.array([2, 0]))
    assert repr(chosen) == "DiceLoss(mode='multiclass', classes=(2, 0))"
    scores, labels = torch.randn(2, 3, 4), torch.zeros(2, 4, dtype=torch.int64)
    assert chosen(scores, labels) == ft.dice_loss(scores, labels, mode="multiclass", classes=[2, 0])
    with pytest.raises(
        TypeError, match=r"DiceLoss\(\) got an unexpected keyword argument 'smooth'"
    ):
        ft.DiceLoss(smooth=1.0)


# ---- the legacy arguments ------------------------------------------------------------------


@pytest.mark.parametrize(
    "legacy", [(None, True), (False, None), (True, None), (None, False), (True, False)]
)
def test_size_average_and_reduce(legacy):
    torch.manual_seed(0)
    x, t = torch.randn(3, 4), torch.randn(3, 4)
    labels = torch.randint(0, 4, (3,))
    size_average, reduce = legacy
    for call in (
        lambda f, n: f.mse_loss(x, t, *legacy),
        lambda f, n: f.l1_loss(x, t, size_average=size_average, reduce=reduce),
        lambda f, n: f.cross_entropy(x, labels, None, size_average, -100, reduce),
        lambda f, n: f.binary_cross_entropy_with_logits(x, t, None, *legacy),
        lambda f, n: n.MSELoss(*legacy)(x, t),
        lambda f, n: n.CrossEntropyLoss(None, size_average, -100, reduce)(x, labels),
        lambda f, n: n.BCEWithLogitsLoss(None, *legacy)(x, t),
    ):
        with warnings.catch_warnings(record=True) as theirs:
            warnings.simplefilter("always")
            expected = call(F, torch.nn)
        with warnings.catch_warnings(record=True) as ours:
            warnings.simplefilter("always")
            value = call(ft, ft)
        torch.testing.assert_close(value, expected)
        assert [w.category for w in ours] == [w.category for w in theirs]
        assert all("reduction='" in str(w.message) for w in ours)
        assert {w.filename for w in ours} <= {__file__} | {w.filename for w in theirs}
