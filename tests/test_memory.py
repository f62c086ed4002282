"""Where new arrays lie, and what becomes of their memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from test_process import linux, run, succeed

import fastloss as fl
from fastloss import _core

MIB = 1 << 20
N = 9 * MIB  # float32: above what the C library keeps by itself
pytestmark = linux


@pytest.fixture(autouse=True)
def _nothing_kept():
    _core.keep_limit(0)
    _core.keep_limit(256 * MIB)
    yield
    _core.keep_limit(0)
    _core.keep_limit(256 * MIB)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(N, dtype=np.float32) for _ in range(2))


def test_a_released_gradient_is_the_next_ones_memory(data):
    x, t = data
    grad = fl.mse_loss(x, t, grad=True)[1]
    expected, where = grad.copy(), grad.ctypes.data
    assert grad.flags.owndata and grad.base is None
    assert _core.kept() == 0
    del grad
    assert 4 * N <= _core.kept() < 4 * N + MIB
    again = fl.l1_loss(x, t, grad=True)[1]
    assert again.ctypes.data == where
    assert _core.kept() == 0
    np.testing.assert_array_equal(again, np.sign(x - t) / np.float32(N))
    other = fl.mse_loss(x, t, grad=True)[1]  # the first is still in use
    np.testing.assert_array_equal(other, expected)
    assert other.ctypes.data != where


def test_zeros_are_zeros_in_kept_memory(data):
    x, t = (a[: 9000 * 1000].reshape(9000, 1000) for a in data)
    label = np.arange(9000) % 1000
    first = fl.nll_loss(x, label, grad=True)[1]
    first[...] = np.nan
    where = first.ctypes.data
    del first
    second = fl.nll_loss(x, label, grad=True)[1]
    assert second.ctypes.data == where
    assert np.count_nonzero(second) == 9000
    assert (second[np.arange(9000), label] == np.float32(-1 / 9000)).all()


@pytest.mark.parametrize("make", ["pairs", "boxes", "hess", "values", "dice"])
def test_every_large_output_is_kept(make, data):
    x, t = data
    boxes = np.zeros((3000, 4), np.float32)
    calls = {
        "pairs": lambda: fl.box_iou(boxes, boxes),
        "boxes": lambda: fl.box_iou_loss(x.reshape(-1, 4), t.reshape(-1, 4), "sum", grad=True)[1],
        "hess": lambda: fl.mse_loss(x, t, hess=True)[2],
        "values": lambda: fl.mse_loss(x, t, reduction="none"),
        "dice": lambda: fl.dice_loss(x[None, None], (t > 0)[None, None], grad=True)[1],
    }
    result = calls[make]()
    assert result.nbytes >= 32 * MIB
    del result
    assert _core.kept() >= 32 * MIB


def test_small_outputs_are_numpys(data):
    x, t = data
    grad = fl.mse_loss(x[: 7 * MIB], t[: 7 * MIB], grad=True)[1]
    del grad
    assert _core.kept() == 0


def test_the_limit_holds_and_the_oldest_go_first(data):
    x, t = data
    _core.keep_limit(100 * MIB)
    grads = [fl.mse_loss(x, t, grad=True)[1] for _ in range(4)]
    places = [grad.ctypes.data for grad in grads]
    for i in range(4):
        grads[i] = None
    assert 72 * MIB <= _core.kept() <= 100 * MIB
    assert fl.mse_loss(x, t, grad=True)[1].ctypes.data == places[3]
    _core.keep_limit(40 * MIB)
    assert 36 * MIB <= _core.kept() <= 40 * MIB
    _core.keep_limit(0)
    assert _core.kept() == 0
    del grads
    fl.mse_loss(x, t, grad=True)
    assert _core.kept() == 0


def test_a_block_serves_what_is_a_little_smaller(data):
    x, t = data
    x, t = np.concatenate([x, x]), np.concatenate([t, t])
    where = fl.mse_loss(x, t, grad=True)[1].ctypes.data
    n = len(x) - len(x) // 8
    smaller = fl.mse_loss(x[:n], t[:n], grad=True)[1]
    assert smaller.ctypes.data == where
    del smaller
    assert _core.kept() >= x.nbytes, "its whole size is known again"
    much_smaller = fl.mse_loss(x[:N], t[:N], grad=True)[1]
    assert much_smaller.ctypes.data != where


@pytest.mark.parametrize("n", [100_000, N])
def test_a_gradient_can_be_resized(n, data):
    grad = fl.mse_loss(data[0][:n], data[1][:n], grad=True)[1]
    expected = grad.copy()
    grad.resize(2 * n, refcheck=False)
    np.testing.assert_array_equal(grad[:n], expected)
    assert not grad[n:].any()
    expected = expected[:100]
    grad.resize(100, refcheck=False)
    np.testing.assert_array_equal(grad, expected)
    grad.resize(0, refcheck=False)
    grad.resize(50_000, refcheck=False)
    assert not grad.any()
    del grad
    assert _core.kept() == 0


def test_kept_memory_is_lent_to_the_system(data):
    def lent():
        with open("/proc/self/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("LazyFree"))

    try:
        before = lent()
    except OSError:
        pytest.skip("no smaps_rollup here")
    fl.mse_loss(*data, grad=True)
    assert lent() - before > 30 * 1024


def test_many_threads_share_what_is_kept(data):
    x, t = data
    expected, slope = fl.mse_loss(x, t, grad=True)

    def works(_):
        value, grad = fl.mse_loss(x, t, grad=True)
        return value == expected and np.array_equal(grad, slope)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(works, range(24)))


def test_a_forked_child_goes_on():
    code = """
import os, numpy as np, fastloss as fl
x, t = np.ones(9 << 20, np.float32), np.zeros(9 << 20, np.float32)
fl.mse_loss(x, t, grad=True)
child = os.fork()
value, grad = fl.mse_loss(x, t, grad=True)
ok = value == 1 and (grad == grad[0]).all()
if not child:
    os._exit(0 if ok else 1)
print(os.waitpid(child, 0)[1], bool(ok))
"""
    assert succeed(code) == "0 True"


def test_arrays_outlive_the_interpreter():
    code = """
import sys, numpy as np, fastloss as fl
x = np.ones(9 << 20, np.float32)
sys.left = fl.mse_loss(x, x * 0, grad=True)[1]
fl.mse_loss(x, x * 0, grad=True)
"""
    assert succeed(code) == ""


def test_the_environment_sets_the_limit():
    code = """
import numpy as np, fastloss as fl
x = np.ones(9 << 20, np.float32)
fl.mse_loss(x, x, grad=True)
print(fl.get_config()["kept_mib"])
"""
    assert succeed(code) == "36"
    assert succeed(code, FASTLOSS_KEEP_MIB="") == "36"
    assert succeed(code, FASTLOSS_KEEP_MIB="36") == "0"
    assert succeed(code, FASTLOSS_KEEP_MIB="0") == "0"


@pytest.mark.parametrize("value", ["-1", "1.5", "all", "٣", "9" * 30])
def test_a_limit_that_is_none_is_a_clean_error(value):
    status, _, error = run("import fastloss", FASTLOSS_KEEP_MIB=value)
    assert status == 1
    expected = f"FASTLOSS_KEEP_MIB is {value!r}; expected a number of MiB, 0 for none"
    assert error.splitlines()[-1] == f"ValueError: {expected}"


@pytest.mark.parametrize("n", [32 << 10, 100_000, 7 * MIB, N])
def test_large_outputs_are_aligned(n, data):
    x, t = (a[:n] for a in data)
    for grad in (fl.mse_loss(x, t, grad=True)[1], fl.mse_loss(x, t, hess=True)[2]):
        assert grad.ctypes.data % 4096 == 1024
        assert grad.flags.owndata and grad.flags.aligned and grad.flags.writeable
    label = np.zeros(n // 1000, np.int64)
    grad = fl.nll_loss(x[: n // 1000 * 1000].reshape(-1, 1000), label, grad=True)[1]
    assert np.count_nonzero(grad) == n // 1000


def test_numpys_own_arrays_stay_numpys(data):
    multiarray = (np._core if hasattr(np, "_core") else np.core).multiarray
    grad = fl.mse_loss(*data, grad=True)[1]
    assert multiarray.get_handler_name(grad) == "fastloss"
    assert multiarray.get_handler_name(np.empty(N)) == multiarray.get_handler_name()
    assert multiarray.get_handler_name() == "default_allocator"
