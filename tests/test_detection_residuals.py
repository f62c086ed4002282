"""The likelihood of keypoints' residuals, and the assignment by keypoints that names its rows."""

import inspect

import numpy as np
import pytest
from detection_samples import LEVELS, TOLERANCE
from test_detection_poses import near_poses

import fastloss as fl
from fastloss import reference as ref

LOSS, REFERENCE = fl.residual_log_likelihood_loss, ref.residual_log_likelihood_loss


def rows(seed, n, width=2, dtype=np.float64):
    rng = np.random.default_rng(seed)
    error = rng.laplace(0, 2, (n, width)).astype(dtype)
    return error, rng.uniform(0.05, 1, (n, width)).astype(dtype), rng.normal(-3, 1, n).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 15, 64, 65, 1000])
def test_agreement_with_the_reference(n, dtype):
    for width in (1, 2, 3):
        arguments = rows(n, n, width, dtype)
        for weight in (None, np.linspace(0, 1.5, n)):
            loss, grads = LOSS(*arguments, weight=weight, grad=True)
            expected, slopes = REFERENCE(*arguments, weight=weight, grad=True)
            assert loss == pytest.approx(expected, rel=TOLERANCE[dtype])
            assert LOSS(*arguments, weight=weight) == loss
            for a, b in zip(grads, slopes, strict=True):
                assert a.dtype == dtype and a.shape == b.shape
                np.testing.assert_allclose(a, b, rtol=1e-5 if dtype is np.float32 else 1e-13)


def test_by_hand():
    """ln 0.5 + ln 1 + 0.5 + 1, and ln 0.8 + ln 1.6 + 2 + 1."""
    loss, grads = LOSS([[0.5, -2.0]], [[0.5, 0.8]], [-1.0], grad=True)
    assert loss == pytest.approx(np.log(0.5) + np.log(0.8) + np.log(1.6) + 4.5, rel=1e-14)
    assert [g.tolist() for g in grads] == [[[1, -1]], [[4, 2.5]], [-2]]


def test_finite_differences():
    arguments = rows(3, 9)
    loss, grads = LOSS(*arguments, grad=True)
    assert loss > 0
    for array, grad in zip(arguments, grads, strict=True):
        for i in np.ndindex(array.shape):
            here, step = array[i], 1e-6
            array[i] = here + step
            above = LOSS(*arguments)
            array[i] = here - step
            below = LOSS(*arguments)
            array[i] = here
            assert grad[i] == pytest.approx((above - below) / (2 * step), abs=1e-7)


def test_rows_that_are_left_out():
    error, sigma, density = rows(4, 7)
    error[1, 0], sigma[2, 1], density[3], error[4, 1] = np.nan, np.inf, -np.inf, np.inf
    loss, grads = LOSS(error, sigma, density, grad=True)
    stay = [0, 5, 6]
    expected, slopes = LOSS(error[stay], sigma[stay], density[stay], grad=True)
    assert loss == pytest.approx(expected, rel=1e-14)
    for grad, slope in zip(grads, slopes, strict=True):
        np.testing.assert_allclose(grad[stay], slope, rtol=1e-14)
        assert not grad[[1, 2, 3, 4]].any()
    assert LOSS(*(np.full_like(a, np.nan) for a in (error, sigma, density))) == 0


def test_large_residuals_and_unlikely_sums():
    loss, (by_error, _, _) = LOSS([[100.0, 250.0]], [[0.5, 0.5]], [0.0], grad=True)
    assert loss == pytest.approx(200 + 2 * np.log(0.5)) and by_error.tolist() == [[1, 0]]
    loss, grads = LOSS([[0.0, 0.1]], [[0.1, 0.1]], [5.0], grad=True)
    assert loss == 0 and not any(g.any() for g in grads)
    loss, grads = LOSS([[1.0, 0.1]], [[0.0, 0.1]], [0.0], grad=True)  # ln 0
    assert loss == 0 and not any(g.any() for g in grads)


def test_buffers_and_layouts():
    arguments = rows(5, 12)
    expected, slopes = LOSS(*arguments, grad=True)
    spaced = [np.repeat(a, 2, axis=0)[::2] for a in arguments]
    assert LOSS(*spaced) == expected
    buffers = tuple(np.full_like(np.repeat(a, 2, axis=0), 7)[::2] for a in arguments)
    loss, grads = LOSS(*arguments, grad=buffers)
    assert loss == expected and all(g is b for g, b in zip(grads, buffers, strict=True))
    for a, b in zip(grads, slopes, strict=True):
        np.testing.assert_array_equal(a, b)


E, S, D = rows(6, 4)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((E[0], S, D), {}, ValueError, r"error has shape \(2,\); expected \(rows, coordinates\)"),
        ((E, S[:3], D), {}, ValueError, r"sigma has shape \(3, 2\); expected \(4, 2\)"),
        ((E, S, E), {}, ValueError, r"log_density has shape \(4, 2\); expected \(4,\)"),
        ((E, S.astype("f"), D), {}, TypeError, "sigma has dtype float32, but error has dtype"),
        ((E.astype(int), S, D), {}, TypeError, "error has dtype int64"),
        ((E, -S, D), {}, ValueError, r"sigma\[0, 0\] is -0\.\d+; expected numbers >= 0"),
        ((E, S, D), {"weight": [1.0]}, ValueError, r"weight has shape \(1,\); expected \(4,\)"),
        ((E, S, D), {"grad": E}, TypeError, "expected False, True or a tuple of writable arrays"),
        ((E, S, D), {"grad": (E.copy(),)}, ValueError, "expected False, True or 3 arrays"),
        ((E, S, D), {"grad": (E, S.copy(), D.copy())}, ValueError, r"grad\[0\] shares memory"),
    ],
)
def test_errors(arguments, options, error, message):
    with pytest.raises(error, match=message):
        LOSS(*arguments, **options)


# ---- the assignment by keypoints -------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decode", ["cell", "anchor"])
def test_assignment_by_keypoints(decode, dtype):
    boxes, scores, keypoints, *objects, targets = near_poses(7, 9, dtype=dtype, decode=decode)
    options = {
        "level_sizes": LEVELS,
        "keypoints": keypoints,
        "target_keypoints": targets,
        "sigmas": np.full(5, 1.0),
        "decode": decode,
    }
    for more in ({}, {"level_range": (2, 12)}, {"topk2": 1}):
        index, score = fl.task_aligned_assign(boxes, scores, *objects, **options, **more)
        expected = ref.task_aligned_assign(boxes, scores, *objects, **options, **more)
        np.testing.assert_array_equal(index, expected.object_index)
        np.testing.assert_allclose(
            score, expected.score, rtol=1e-5 if dtype is np.float32 else 1e-12
        )
    plain, _ = fl.task_aligned_assign(boxes, scores, *objects, level_sizes=LEVELS)
    assert (plain != index).any()
    defaults = inspect.signature(fl.pose_loss).parameters
    for name in ("strides", "sigmas", "decode", "level_range", "topk", "alpha", "min_side"):
        theirs = inspect.signature(fl.task_aligned_assign).parameters[name].default
        assert theirs == defaults[name].default


def test_keypoints_come_with_their_targets():
    boxes, scores, keypoints, *objects, targets = near_poses(8, 3)
    for given in ({"keypoints": keypoints}, {"target_keypoints": targets}):
        with pytest.raises(ValueError, match="keypoints and target_keypoints go together"):
            fl.task_aligned_assign(boxes, scores, *objects, level_sizes=LEVELS, **given)
    with pytest.raises(ValueError, match="decode is 'anchor', but there are no keypoints"):
        fl.task_aligned_assign(boxes, scores, *objects, level_sizes=LEVELS, decode="anchor")
    with pytest.raises(ValueError, match="sigmas is .*, but there are no keypoints"):
        fl.task_aligned_assign(boxes, scores, *objects, level_sizes=LEVELS, sigmas=[1.0])


def test_in_torch():
    torch = pytest.importorskip("torch", minversion="2.5")
    import fastloss.torch as ft

    arguments = [torch.from_numpy(a).requires_grad_() for a in rows(9, 6)]
    assert torch.autograd.gradcheck(ft.residual_log_likelihood_loss, arguments)
    expected, slopes = LOSS(*(a.detach().numpy() for a in arguments), grad=True)

    def step(*tensors):
        return 2 * ft.residual_log_likelihood_loss(*tensors)

    for function in (step, torch.compile(step, fullgraph=True, backend="aot_eager")):
        loss = function(*arguments)
        assert loss.item() == 2 * expected
        for grad, slope in zip(torch.autograd.grad(loss, arguments), slopes, strict=True):
            np.testing.assert_array_equal(grad.numpy(), 2 * slope)
