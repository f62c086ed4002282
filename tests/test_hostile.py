"""Input that is made to break things: run in a process of its own, which must survive it."""

import subprocess
import sys
import textwrap

import pytest

PRELUDE = """
import faulthandler, inspect, threading, time
faulthandler.enable()
import numpy as np
import fastloss as fl
from fastloss.reference import LOSSES

def refused(errors, function, *args, **options):
    try:
        function(*args, **options)
    except errors as error:
        return str(error)
    raise AssertionError(f"{function} took it")
"""


def survives(code, timeout=60):
    run = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code) + "\nprint('alive')"],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.strip().endswith("alive")


def test_as_many_axes_as_numpy_has():
    survives("""
        most = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 32
        for n in (31, 32, 33, 63, 64):
            if n > most:
                continue
            for shape in ((1,) * n, (1,) * (n - 3) + (2, 3, 2), (2,) + (1,) * (n - 2) + (3,)):
                x = np.ones(shape)
                t = np.zeros(shape)
                assert fl.mse_loss(x, t) == 1
                value, slope = fl.mse_loss(x[..., ::-1], t, reduction="none", grad=True)
                assert value.shape == slope.shape == shape
                fl.huber_loss(x, t, weight=np.ones(1), hess=True)
                fl.l2_penalty(x, grad=True)
                fl.binary_cross_entropy(x, t, grad=True)
                refused(ValueError, fl.binary_cross_entropy, 2 * x, t)
                rows = shape[:1] + shape[2:]
                fl.cross_entropy(x, np.zeros(rows, int), grad=True)
                fl.nll_loss(x, np.zeros(rows, int), reduction="none", grad=True)
                refused(IndexError, fl.cross_entropy, x, np.full(rows, 9))
                fl.distribution_focal_loss(np.concatenate([x, x], -1), x[..., 0], grad=True)
                fl.dice_loss(x, t, mode="multilabel", grad=True)
                boxes = np.broadcast_to(np.array([0.0, 0, 1, 1]), (*shape[:-1], 4))
                fl.box_iou_loss(boxes, boxes, grad=True)
                if n <= 32:
                    fl.box_iou(boxes, boxes)
                else:
                    refused(ValueError, fl.box_iou, boxes, boxes)
                if n < most:
                    refused((ValueError, TypeError), fl.box_iou, boxes, boxes[..., 0])
                fl.box_area(boxes)
    """)


def test_arrays_too_large_for_memory():
    """A petabyte that is one number: no memory for the outputs, and no crash."""
    survives("""
        n = 2**50
        x = np.broadcast_to(np.float64(1), (n,))
        rows = np.broadcast_to(np.float64(1), (n, 3))
        boxes = np.broadcast_to(np.float64(1), (n, 4))
        for call in (
            lambda: fl.mse_loss(x, x, reduction="none"),
            lambda: fl.mse_loss(x, x, grad=True),
            lambda: fl.mse_loss(x, x, hess=True),
            lambda: fl.cross_entropy(rows, rows, grad=True),
            lambda: fl.cross_entropy(rows, np.broadcast_to(0, (n,))),
            lambda: fl.nll_loss(rows, np.broadcast_to(0, (n,)), grad=True),
            lambda: fl.dice_loss(rows, rows, grad=True),
            lambda: fl.box_iou_loss(boxes, boxes, grad=True),
            lambda: fl.box_iou(boxes, boxes),
            lambda: fl.box_area(boxes),
            lambda: fl.l2_penalty(x, grad=True),
        ):
            refused((MemoryError, ValueError), call)
    """)


def test_objects_that_lie_about_being_arrays():
    survives("""
        class Raises:
            def __init__(self, error): self.error = error
            def __array__(self, *args, **kwargs): raise self.error
            __float__ = __index__ = __bool__ = __len__ = __repr__ = __array__

        class Five:
            def __array__(self, *args, **kwargs): return 5

        class Itself:
            def __array__(self, *args, **kwargs): return self

        class Broken(np.ndarray):
            def __array_finalize__(self, other): raise RuntimeError("broken")

        class Sneaky(np.ndarray):
            def __getitem__(self, key): raise RuntimeError("read")
            def __setitem__(self, key, value): raise RuntimeError("written")
            def __array_ufunc__(self, *args, **kwargs): raise RuntimeError("ufunc")
            shape = property(lambda self: 1 / 0)

        class Interface:
            __array_interface__ = {"shape": (3,), "typestr": "<f8", "data": (0, True), "version": 3}

        class Capsule:
            def __dlpack__(self, *args, **kwargs): return object()
            def __dlpack_device__(self): return (1, 0)

        good = np.ones(3)
        everything = (Exception,)
        errors = ValueError, TypeError, RuntimeError, KeyError, MemoryError, RecursionError
        hostile = [Raises(error("no")) for error in (*errors, OverflowError)]
        hostile += [Five(), Itself(), Interface(), Capsule(), type, fl, lambda: 0, iter([1.0])]
        for loss in LOSSES.values():
            args = list(loss.sample(np.random.default_rng(0), loss.shapes[-1], np.float64))
            extra = loss.required
            for at in range(len(args)):
                for bad in hostile:
                    refused(everything, loss.public, *args[:at], bad, *args[at + 1:], **extra)
            for name in list(inspect.signature(loss.public).parameters)[len(args):]:
                for bad in hostile:
                    refused(everything, loss.public, *args, **{**extra, name: bad})
        broken = np.ones(3).view(np.ndarray)
        try:
            broken = np.ndarray.__new__(Broken, (3,))
        except RuntimeError:
            pass
        fl.mse_loss(broken, good)
        sneaky = np.ndarray.__new__(Sneaky, (3,))
        np.ndarray.fill(sneaky, 1.0)
        assert fl.mse_loss(sneaky, good) == 0
        out = np.ndarray.__new__(Sneaky, (3,))
        try:
            fl.mse_loss(good, good, grad=out)
        except Exception:
            pass
    """)


def test_nesting_without_end():
    survives("""
        inner = []
        for _ in range(100_000):
            inner = [inner]
        endless = []
        endless.append(endless)
        own = {}
        own["own"] = own
        for bad in (endless, [endless], (endless,), own, inner):
            for loss in LOSSES.values():
                args = list(loss.sample(np.random.default_rng(0), loss.shapes[-1], np.float64))
                args[0] = bad
                refused(Exception, loss.public, *args, **loss.required)
        while inner:
            inner = inner.pop()
    """)


def test_other_containers():
    survives("""
        import array, decimal, fractions
        assert fl.mse_loss(array.array("d", [1, 2]), memoryview(np.zeros(2))) == 2.5
        assert fl.mse_loss(np.ma.array([1.0, 2.0]), np.matrix([0.0, 0.0]).A1) == 2.5
        assert fl.mse_loss(np.matrix([[1.0, 2.0]]), np.zeros((1, 2))) == 2.5
        assert fl.mse_loss([np.float32(1), np.float32(2)], [0, 0]) == 2.5
        assert fl.mse_loss(np.float64(2), 0) == 4
        refused(TypeError, fl.mse_loss, [decimal.Decimal(1)], [0])
        refused(TypeError, fl.mse_loss, [fractions.Fraction(1)], [0])
        records = np.zeros(3, [("a", "f8"), ("b", "i1")])
        assert fl.mse_loss(records["a"], records["b"]) == 0      # misaligned fields
        value, slope = fl.mse_loss(records["a"] + 1, np.zeros(3), grad=records["a"])
        assert (records["a"] == 2 / 3).all() and not records["b"].any()
    """)


@pytest.mark.parametrize("loss", ["cross_entropy", "nll_loss", "dice_loss"])
def test_labels_changed_by_another_thread(loss):
    """Labels are checked, then used: what happens to them in between may cost the result only."""
    survives(f"""
        rng = np.random.default_rng(0)
        n = 40_000
        x, good = rng.normal(size=(n, 12)), rng.integers(0, 12, n)
        bad = np.where(rng.random(n) < 0.5, 2**62, -(2**61))
        target = good.copy()
        stop = threading.Event()
        def scribble():
            while not stop.is_set():
                target[:] = bad
                target[:] = good
        thread = threading.Thread(target=scribble)
        thread.start()
        options = {{"mode": "multiclass"}} if {loss!r} == "dice_loss" else {{}}
        end = time.monotonic() + 0.4
        results = 0
        while time.monotonic() < end:
            try:
                fl.{loss}(x, target, grad=True, **options)
                results += 1
            except IndexError:
                pass
        stop.set()
        thread.join()
    """)


def test_inputs_changed_by_other_threads():
    survives("""
        x, t = np.random.default_rng(0).random((2, 200_000))
        stop = threading.Event()
        def scribble():
            while not stop.is_set():
                x[:] = np.nan
                x[:] = 0.5
        thread = threading.Thread(target=scribble)
        thread.start()
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            for loss in (fl.mse_loss, fl.binary_cross_entropy, fl.hinge_loss):
                loss(x, t, grad=True)
            fl.distribution_focal_loss(x.reshape(-1, 10), 9 * t.reshape(-1, 10)[:, 0], grad=True)
        stop.set()
        thread.join()
    """)
