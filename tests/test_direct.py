"""Public functions are objects that skip their own Python frame, and behave as functions."""

import copy
import functools
import inspect
import pickle
import pydoc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastloss as fl
from fastloss._core import direct

DIRECT = {name: f for name, f in vars(fl).items() if isinstance(f, direct)}
X, T = np.array([[0.5, -1.0, 2.0], [1.0, 0.0, -0.5]]), np.array([2, 0])
HALF = np.full((2, 3), 0.5)


def test_most_functions_are_direct():
    assert {"mse_loss", "cross_entropy", "dice_loss", "complete_box_iou_loss", "nms"} < set(DIRECT)


@pytest.mark.parametrize("name", DIRECT)
def test_it_presents_itself_as_the_function(name):
    f = DIRECT[name]
    function = f.__wrapped__
    assert inspect.isfunction(function) and inspect.isroutine(f) and callable(f)
    assert inspect.signature(f) == inspect.signature(function)
    assert (f.__name__, f.__qualname__, f.__module__) == (name, name, function.__module__)
    assert f.__doc__ == function.__doc__ and repr(f) == repr(function)
    assert weakref.ref(f)() is f and f.__code__ is function.__code__
    assert f.__defaults__ == function.__defaults__ and f.__kwdefaults__ == function.__kwdefaults__
    help_text = pydoc.render_doc(f, renderer=pydoc.plaintext)
    assert f"{name}(" in help_text and function.__doc__.splitlines()[0] in help_text


@pytest.mark.parametrize("name", DIRECT)
def test_it_is_pickled_and_copied_by_name(name):
    f = DIRECT[name]
    assert pickle.loads(pickle.dumps(f)) is f
    assert copy.deepcopy(f) is f and copy.copy(f) is f


CALLS = [
    ("cross_entropy", (X, T), {}),
    ("cross_entropy", (X, T, None, 0, "sum", 0.1), {"hess": True, "grad": True}),
    ("cross_entropy", (), {"target": T, "input": X, "reduction": "none"}),
    ("huber_loss", (X, HALF), {"grad": True}),
    ("huber_loss", (X, HALF, "sum", 0.25), {}),
    ("asymmetric_loss", (X, HALF), {"clip": 0.0, "gamma_pos": 0.5, "grad": True}),
    ("gaussian_nll_loss", (X, HALF, 1.5), {"full": True}),
    ("dice_loss", (X, HALF), {"mode": "multilabel", "smooth_dr": 0.5, "grad": True}),
    ("elastic_net_penalty", (X,), {"l1_ratio": 0.25, "grad": True}),
    ("bbox_iou", ([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]]), {"kind": "ciou", "fmt": "cxcywh"}),
    ("box_convert", ([[0.0, 0, 2, 2]], "xyxy", "xywh"), {}),
    (
        "wise_box_iou_loss",
        ([[0.0, 0, 2, 2]], [[1.0, 1, 3, 4]]),
        {"version": 2, "running_mean": 0.5},
    ),
]


def flat(result):
    """All numbers of a nested result."""
    if isinstance(result, tuple):
        return [number for each in result for number in flat(each)]
    return np.ravel(result).tolist()


@pytest.mark.parametrize(("name", "arguments", "keywords"), CALLS)
def test_it_does_what_the_body_does(name, arguments, keywords):
    f = DIRECT[name]
    expected = flat(f.__wrapped__(*arguments, **keywords))
    assert flat(f(*arguments, **keywords)) == expected
    assert flat(f.__call__(*arguments, **keywords)) == expected
    assert flat(functools.partial(f, **keywords)(*arguments)) == expected
    strange = {"".join(list(key)): value for key, value in keywords.items()}  # not interned
    assert flat(f(*arguments, **strange)) == expected


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((), {}),
        ((X,), {}),
        ((X,), {"input": X}),
        ((X, T), {"target": T}),
        ((X, T), {"unknown": 1}),
        ((X, T, None, -100, "mean", 0.0, False), {}),
        ((), {"target": T}),
    ],
)
def test_wrong_calls_raise_what_python_raises(arguments, keywords):
    with pytest.raises(TypeError) as expected:
        fl.cross_entropy.__wrapped__(*arguments, **keywords)
    with pytest.raises(TypeError) as actual:
        fl.cross_entropy(*arguments, **keywords)
    assert str(actual.value) == str(expected.value)


def test_it_binds_as_a_method():
    class Model:
        target = T
        loss = fl.cross_entropy
        static = staticmethod(fl.cross_entropy)

    assert Model.loss is fl.cross_entropy
    assert Model().static(X, T) == fl.cross_entropy(X, T)
    with pytest.raises(TypeError, match="input"):
        Model().loss(T)  # the instance is the input


def test_results_of_many_threads_are_those_of_one():
    calls = [(name, a, k) for name, a, k in CALLS for _ in range(50)]
    expected = [flat(DIRECT[name](*a, **k)) for name, a, k in calls]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda call: flat(DIRECT[call[0]](*call[1], **call[2])), calls))
    assert found == expected


def test_a_body_that_is_more_than_one_call_is_refused():
    def nothing(input):
        return input

    with pytest.raises(TypeError, match="not callable"):
        direct.__new__(direct)(1, 2)
    with pytest.raises(TypeError, match="nothing makes 0 calls into fastloss._core; expected 1"):
        direct(nothing)
