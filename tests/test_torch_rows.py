"""Margin losses and second derivatives of rows against torch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.13")
pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from layouts import LAYOUTS  # noqa: E402
from torch_compare import compare  # noqa: E402
from torch_oracle import ORACLES  # noqa: E402

import fastloss as fl  # noqa: E402
from fastloss.reference import LOSSES  # noqa: E402

thorough = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])
layouts = st.sampled_from(LAYOUTS)
reductions = st.sampled_from(["mean", "sum", "none"])
kinds = st.sampled_from(["plain", "ties", "special"])
matrices = st.one_of(
    st.tuples(st.integers(1, 40)),
    st.tuples(st.integers(1, 9), st.integers(1, 40)),
    st.sampled_from([(70, 10), (130, 33), (3, 1100), (65, 32), (1, 1)]),
)


@pytest.fixture(autouse=True)
def one_thread():
    """torch's threads wait for each other in vain over so few numbers."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def scores(rng, shape, kind, dtype):
    if kind == "ties":
        return (rng.integers(-3, 4, shape) / 2).astype(dtype)
    x = 3 * rng.normal(size=shape)
    if kind == "special":
        x = np.where(rng.random(shape) < 0.1, rng.choice([np.nan, np.inf, -np.inf], shape), x)
    return x.astype(dtype)


@thorough
@given(data=st.data(), seed=seeds, shape=matrices, dtype=dtypes, reduction=reductions, kind=kinds)
def test_multi_margin(data, seed, shape, dtype, reduction, kind):
    rng = np.random.default_rng(seed)
    x, classes = scores(rng, shape, kind, dtype), shape[-1]
    t = np.asarray(rng.integers(0, classes, shape[:-1]))
    if shape[:-1] in ((), (1,)) and data.draw(st.booleans()):
        t = t.reshape(data.draw(st.sampled_from([(), (1,)])))
    options = {"reduction": reduction, "p": data.draw(st.sampled_from([1, 2]))}
    options["margin"] = data.draw(st.sampled_from([1.0, 0.0, -1.5, 0.3, 100]))
    if data.draw(st.booleans()):
        options["weight"] = data.draw(layouts)(rng.uniform(0, 2, classes).astype(dtype))
    # terms of both signs, the larger of which cancel
    finite = np.abs(x[np.isfinite(x)]).max(initial=1) + abs(options["margin"])
    compare("multi_margin_loss", (data.draw(layouts)(x), t), options, scale=finite)


@thorough
@given(data=st.data(), seed=seeds, shape=matrices, dtype=dtypes, reduction=reductions, kind=kinds)
def test_multilabel_margin(data, seed, shape, dtype, reduction, kind):
    rng = np.random.default_rng(seed)
    x, classes = scores(rng, shape, kind, dtype), shape[-1]
    t = rng.integers(0, classes, shape)  # with repeated classes
    length = rng.integers(
        0, min(classes, data.draw(st.sampled_from([3, 50]))) + 1, (*shape[:-1], 1)
    )
    t = np.where(np.arange(classes) == length, -1, t)
    finite = np.abs(x[np.isfinite(x)]).max(initial=1)
    args = data.draw(layouts)(x), data.draw(layouts)(t)
    compare("multilabel_margin_loss", args, {"reduction": reduction}, scale=finite)


@thorough
@given(
    data=st.data(),
    seed=seeds,
    shape=st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple),
    dtype=dtypes,
    reduction=reductions,
)
def test_multilabel_soft_margin(data, seed, shape, dtype, reduction):
    rng = np.random.default_rng(seed)
    x = (3 * rng.normal(size=shape)).astype(dtype)
    t = rng.choice([0, 1, 0.25], shape).astype(dtype)
    options = {"reduction": reduction}
    if data.draw(st.booleans()):
        dims = [data.draw(st.sampled_from([1, n])) for n in shape]
        options["weight"] = rng.uniform(0, 2, dims[data.draw(st.integers(0, len(dims))) :]).astype(
            dtype
        )
    args = data.draw(layouts)(x), data.draw(layouts)(t)
    compare("multilabel_soft_margin_loss", args, options)


def test_no_rows_where_torch_knows_the_answer():
    for reduction in ("mean", "sum", "none"):
        x = np.zeros((0, 3))
        compare("multilabel_soft_margin_loss", (x, x), {"reduction": reduction})


CURVED = [n for n, v in LOSSES.items() if v.kind == "rowwise" and v.hess and "_margin" not in n]


@pytest.mark.parametrize("name", CURVED)
def test_diagonal_of_torchs_hessian(name):
    loss = LOSSES[name]
    for number, case in enumerate(loss.cases()):
        for shape in ((2, 4), (2, 3, 2)):
            rng = np.random.default_rng(number)
            args = case.sample(rng, shape, np.float64)
            options = case.keywords(rng, args)
            target = torch.from_numpy(np.asarray(args[1]))
            target = target if target.is_floating_point() else target.long()
            tensors = {
                k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v
                for k, v in options.items()
            }

            def value(x, target=target, tensors=tensors):
                return ORACLES[name](x, target, **tensors).sum()

            full = torch.autograd.functional.hessian(value, torch.from_numpy(args[0]))
            diagonal = full.reshape(args[0].size, -1).diagonal().numpy().reshape(shape)
            got = fl.__dict__[name](*args, **options, hess=True)[2]
            if np.isnan(diagonal).all():
                continue  # every row is ignored
            np.testing.assert_allclose(got, diagonal, rtol=1e-9, atol=1e-12, err_msg=str(options))
