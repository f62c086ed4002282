"""The reference against torch: the registry's inputs, kinks included, and the corners by hand."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("hypothesis")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch_oracle import ORACLES  # noqa: E402

from fastloss.reference import LOSSES  # noqa: E402


def tensors(values):
    """NumPy arrays as tensors; targets of any integer type as int64."""
    if not isinstance(values, (np.ndarray, np.generic)):
        return values
    tensor = torch.from_numpy(np.array(values))
    return tensor if tensor.is_floating_point() else tensor.long()


def oracle(name, args, options):
    """(value, gradient of its sum by the first argument, or a tuple of all), in torch."""
    inputs = [tensors(a) for a in args]
    by = [inputs[at].clone().requires_grad_() for at in LOSSES[name].wrt]
    for at, leaf in zip(LOSSES[name].wrt, by, strict=True):
        inputs[at] = leaf
    value = ORACLES[name](*inputs, **{k: tensors(v) for k, v in options.items()})
    slopes = tuple(slope.numpy() for slope in torch.autograd.grad(value.sum(), by))
    return value.detach().numpy(), slopes if len(slopes) > 1 else slopes[0]


def assert_slopes(gradient, slope, rtol, atol, where=""):
    """Equal gradients, or tuples of them."""
    pairs = zip(gradient, slope, strict=True) if isinstance(slope, tuple) else [(gradient, slope)]
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=atol, err_msg=where)


def pairs_gradient(name, args, options):
    """Gradients of an (..., N, M) matrix by boxes1, entry by entry: (..., N, M, 4)."""
    boxes2 = np.asarray(args[1])
    columns = []
    for j in range(boxes2.shape[-2]):
        columns.append(oracle(name, (args[0], boxes2[..., j : j + 1, :]), options)[1])
    return np.stack(columns, axis=-2)


@pytest.mark.parametrize("name", list(ORACLES))
def test_equals_torch(name):
    loss = LOSSES[name]
    # the oracle of ratios loops over groups: two shapes do
    shapes = loss.shapes[1:3] if loss.kind == "ratio" else loss.shapes
    for number, shape in enumerate(shapes):
        for index, case in enumerate(loss.cases()):
            rng = np.random.default_rng([number, index])
            args = case.sample(rng, shape, np.float64)
            if isinstance(args[0], list):
                continue
            options = case.keywords(rng, args)
            if args[0].shape[-1:] not in ((), (4,)) and name == "box_iou":
                continue  # rotated boxes
            where = f"{name} {shape} {options}"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected, slope = oracle(name, args, options)
            value, gradient = loss.function(*args, **options, grad=True)
            np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-11, err_msg=where)
            if loss.kind == "pairs":
                slope = pairs_gradient(name, args, options)
            if name == "rmse_loss":
                # torch's root has an infinite derivative at 0
                slope = np.where(np.isnan(slope), 0, slope)
            elif loss.kind in ("boxes", "pairs"):
                # torch multiplies 0 by infinity for boxes without height
                assert np.isfinite(gradient).all() or loss.kind == "pairs", where
                gradient = np.where(np.isnan(slope), np.nan, gradient)
            assert_slopes(gradient, slope, 1e-8, 1e-10, where)


FINITE = (
    "binary_cross_entropy_with_logits",
    "gamma_nll_loss",
    "quality_focal_loss",
    "sigmoid_focal_loss",
    "tweedie_loss",
    "varifocal_loss",
)
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 40.0, -40.0, np.nan, np.inf, -np.inf])


@pytest.mark.parametrize("name", [n for n, v in LOSSES.items() if v.kind == "pointwise"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values_of_pointwise_losses(name, dtype):
    loss = LOSSES[name]
    inputs, targets = SPECIAL, np.array([0.0, 1.0, 0.5])
    if name == "binary_cross_entropy":
        inputs = np.array([0.0, 1.0, 0.5, 1e-30, 1e-12, np.finfo(dtype).tiny])
    if name == "hinge_loss":
        targets = np.array([-1.0, 1.0])
    if name in FINITE:
        # at infinite scores torch has NaN, from 0 times infinity, where the limit exists
        inputs = SPECIAL[np.isfinite(SPECIAL) | np.isnan(SPECIAL)]
    x, t = (a.ravel().astype(dtype) for a in np.meshgrid(inputs, targets))
    args = (x, t, np.full_like(x, 0.5)) if name == "gaussian_nll_loss" else (x, t)
    options = {"reduction": "none"}
    expected, slope = oracle(name, args, options)
    value, gradient = loss.function(*args, **options, grad=True)
    tight = {"rtol": 1e-5 if dtype == np.float32 else 1e-8, "atol": 1e-6}
    np.testing.assert_allclose(value, expected, **tight)
    known = np.isfinite(x)
    if isinstance(slope, tuple):
        gradient, slope = np.stack(gradient).T, np.stack(slope).T
    np.testing.assert_allclose(gradient[known], slope[known], **tight)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    name=st.sampled_from([n for n in ORACLES if LOSSES[n].reductions]),
    shape=st.lists(st.integers(1, 6), min_size=2, max_size=4).filter(lambda s: s[1] > 2),
    data=st.data(),
)
def test_random_arguments_in_single_precision(seed, name, shape, data):
    loss = LOSSES[name]
    case = data.draw(st.sampled_from(list(loss.cases())))
    if name == "distribution_focal_loss":
        shape = [*shape, 5]
    rng = np.random.default_rng(seed)
    # float32 values as float64, so that both sides start from the same numbers
    args = case.smooth_sample(rng, tuple(shape), np.float32)
    options = case.keywords(rng, args)
    wide = [a.astype(np.float64) if a.dtype == np.float32 else a for a in args]
    expected, slope = oracle(name, wide, {k: widened(v) for k, v in options.items()})
    value, gradient = loss.function(*args, **options, grad=True)
    first = gradient[0] if isinstance(gradient, tuple) else gradient
    assert first.dtype == np.float32
    scale = max(1.0, float(np.abs(slope[0] if isinstance(slope, tuple) else slope).max()))
    np.testing.assert_allclose(value, expected, rtol=5e-5, atol=5e-5)
    assert_slopes(gradient, slope, 1e-4, 1e-4 * scale)


def widened(value):
    single = isinstance(value, np.ndarray) and value.dtype == np.float32
    return value.astype(np.float64) if single else value
