"""Every compiled loss against its reference, on every instruction set, with 1 and 2 threads."""

import numpy as np
import pytest

import fastloss as fl
from fastloss import _core
from fastloss.reference import LOSSES

ISAS = _core.isa_levels()
BITS = {np.float32: 2.0**-24, np.float64: 2.0**-53}


@pytest.fixture(autouse=True)
def best_isa_afterwards():
    yield
    _core.select_isa(ISAS[0])


def flatten(result):
    """The arrays of a result, whatever its nesting."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (list, tuple)):
        return [array for item in result for array in flatten(item)]
    return [np.asarray(result)]


def widen(args):
    """The same inputs in double: what the kernel was really given."""
    if isinstance(args, (list, tuple)):
        return type(args)(widen(a) for a in args)
    if isinstance(args, dict):
        return {key: widen(a) for key, a in args.items()}
    if isinstance(args, np.ndarray) and args.dtype == np.float32:
        return args.astype(np.float64)
    return args


def outputs_asked(loss):
    if not loss.gradients:
        return [{}]
    return [{}, {"grad": True}] + ([{"hess": True}] if loss.hess else [])


def assert_close(actual, exact, same_type, scale, dtype, label):
    """Within a few ulp of `scale` from the exact result.

    At a kink that rounding decides (|r| against a threshold), the reference evaluated in the
    working type is right as well. Infinities and NaN stand in the same places.
    """
    actual, exact, same_type = (np.asarray(a, np.float64) for a in (actual, exact, same_type))
    assert actual.shape == exact.shape, label
    looser = LOOSER.get(label[0], 1) if dtype == np.float64 else 1
    tolerance = looser * ULPS * 2 * BITS[dtype]
    with np.errstate(invalid="ignore"):
        near = [
            (actual == e) | (np.abs(actual - e) <= tolerance * (scale + np.abs(e)))
            for e in (exact, same_type)
        ]
    good = near[0] | near[1] | (np.isnan(actual) & np.isnan(exact))
    assert good.all(), (label, actual[~good][:3], exact[~good][:3], same_type[~good][:3])


def largest(arrays):
    """The largest finite magnitude: what the last bits of a difference are measured by."""
    finite = [np.abs(a[np.isfinite(a)]) for a in arrays]
    return max((float(a.max()) for a in finite if a.size), default=0.0)


ULPS = 8
# In double the reference is the worse of the two: it subtracts large numbers where the kernel adds
# squares, and clips polygons.
LOOSER = {"probiou": 500, "probiou_loss": 500, "box_iou": 16}


def scale_of(loss, exact, i):
    """What the error of output i is measured by, besides its own size."""
    scale = max(largest(exact[i : i + 1]), loss.terms)
    if not i:
        return scale
    # A derivative may be a small difference of terms as large as the value of an element, a second
    # derivative of terms as large as the first.
    elements = max(exact[1].size, 1) if exact[0].size == 1 else 1
    scale = max(scale, largest(exact[:1]) / elements, largest(exact[1:i]))
    if loss.kind in ("boxes", "pairs"):
        # a sum of a dozen terms of either sign, some 1 / side each
        scale = 8 * max(scale, 0.1 / elements)
    if i == 2 and loss.name == "rmse_loss":
        scale = max(scale, largest(exact[1:2]) ** 2 / (largest(exact[:1]) or 1))
    return scale


# Besides those of the registry: whole vectors and a rest, in narrow and wide rows and across rows.
LONGER = {"rowwise": ((3, 43), (2, 300), (2, 5, 37))}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_reference(name, dtype):
    loss = LOSSES[name]
    public, asked = loss.public, outputs_asked(loss)
    for number, case in enumerate(loss.cases()):
        for shape in (*loss.shapes, *LONGER.get(loss.kind, ())):
            rng = np.random.default_rng([number, len(shape), *shape])
            args = case.sample(rng, shape, dtype)
            keywords = case.keywords(rng, args)
            with np.errstate(all="ignore"):
                exact = same_type = flatten(loss.function(*args, **keywords, **asked[-1]))
                if dtype == np.float32:
                    exact = flatten(loss.function(*widen(args), **widen(keywords), **asked[-1]))
            scales = [scale_of(loss, exact, i) for i in range(len(exact))]
            each = (len(exact) - 1) // max(len(asked) - 1, 1)  # arrays for each derivative
            for order, outputs in enumerate(asked):
                wanted = list(zip(exact, same_type, scales, strict=True))[: 1 + order * each]
                bits = {}
                for isa in ISAS:
                    label = (name, isa, keywords, shape, outputs)
                    _core.select_isa(isa)
                    with fl.num_threads(1):
                        got = flatten(public(*args, **keywords, **outputs))
                    with fl.num_threads(2):
                        two = flatten(public(*args, **keywords, **outputs))
                    found = [a.tobytes() for a in got]
                    assert found == [a.tobytes() for a in two], label
                    if found not in bits.values():  # else compared already
                        for a, expected in zip(got, wanted, strict=True):
                            assert_close(a, *expected, dtype, label)
                    bits[isa] = found
                if {"x86-64-v3", "x86-64-v4"} <= bits.keys():  # vectors of 256 and of 512 bits
                    assert bits["x86-64-v3"] == bits["x86-64-v4"], label
