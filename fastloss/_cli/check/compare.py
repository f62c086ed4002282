"""One loss against its reference: every dtype, input, option and reduction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

DTYPES = (np.float32, np.float64)
# The reference itself rounds in float64, so float64 kernels are measured against a moving mark.
TOLERANCE = {"float32": 4.0, "float64": 16.0}
LARGE = 200_000  # elements: enough for several chunks, so that threads take part


@dataclass
class Worst:
    """The largest error so far, and how to call the function to see it."""

    ulp: float = 0.0
    where: str = ""
    calls: int = 0

    def note(self, ulp: float, where: str) -> None:
        if not self.where or ulp > self.ulp:
            self.ulp, self.where = ulp, where


def examine(loss: Any, seed: int) -> dict[str, Any]:
    """The comparison of one loss, ready for JSON."""
    entry: dict[str, Any] = {"name": loss.name, "family": loss.family, "failed": False}
    for dtype in DTYPES:
        name = np.dtype(dtype).name
        worst = Worst()
        error = ""
        try:
            for case in loss.cases():
                for shape in loss.shapes:
                    _compare(loss, case, shape, dtype, seed, worst)
            identical = _same_bits(loss, dtype, seed)
        except Exception as problem:  # a crash is a finding to report beside the others
            identical, error = False, f"{type(problem).__name__}: {problem}"
        failed = bool(error) or not worst.ulp <= TOLERANCE[name] or not identical
        entry[name] = {
            "ulp": worst.ulp if math.isfinite(worst.ulp) else None,
            "where": worst.where,
            "calls": worst.calls,
            "same_bits": identical,
            "error": error,
            "failed": failed,
        }
        entry["failed"] |= failed
    return entry


def _compare(loss: Any, case: Any, shape: tuple, dtype: Any, seed: int, worst: Worst) -> None:
    rng = np.random.default_rng(seed)
    args = case.sample(rng, shape, dtype)
    options = case.keywords(rng, args)
    if options.get("fmt", "xyxy") != "xyxy" and loss.gradients:
        # The corners of such boxes are rounded: what touches in float32 may not in float64.
        _note(loss, args, options, {}, worst, shape)
        args = case.smooth_sample(rng, shape, dtype)
    _note(loss, args, options, {"grad": True} if loss.gradients else {}, worst, shape)
    if loss.hess:
        # A second derivative jumps at a kink, and float32 may lie on its other side.
        args = case.smooth_sample(rng, shape, dtype)
        options = case.keywords(rng, args)
        _note(loss, args, options, {"grad": True, "hess": True}, worst, shape)


def _note(loss: Any, args: tuple, options: dict, extra: dict, worst: Worst, shape: tuple) -> None:
    exact_args = tuple(_widen(a) for a in args)
    exact_options = {k: _widen(v) for k, v in options.items()}
    with np.errstate(all="ignore"):
        got = _flat(loss.public(*args, **options, **extra))
        true = _flat(loss.function(*exact_args, **exact_options, **extra))
        terms = _terms(loss, exact_args, exact_options)
        noise = _noise(loss, args, options, extra) if loss.kind in ("boxes", "pairs") else []
    dtype = _float_dtype(args)
    worst.calls += 1
    if len(got) != len(true):
        worst.note(math.inf, f"{len(got)} outputs instead of {len(true)}")
        return
    for index, (a, b) in enumerate(zip(got, true, strict=True)):
        scale = terms if index == 0 else _terms_of_derivative(loss, true, index)
        shared = index and options.get("reduction") == "mean"
        scale = max(scale, loss.terms / max(b.size, 1) if shared else loss.terms)
        if loss.kind in ("boxes", "pairs"):
            # A difference of ratios of size 1, of corners that are rounded unless given.
            size = 1.0 if options.get("fmt", "xyxy") == "xyxy" else 4.0
            scale = max(scale, size if index == 0 else 4 * float(np.abs(b).max(initial=0.0)))
            scale = max(scale, 2 * noise[index])
        words = [f"{k}={_brief(v)}" for k, v in options.items()]
        what = "value" if not index else "gradient" if index <= loss.gradients else "Hessian"
        worst.note(ulp_error(a, b, dtype, scale), ", ".join([what, f"shape={shape}", *words]))


def ulp_error(got: np.ndarray, true: np.ndarray, dtype: Any, scale: float = 0.0) -> float:
    """The largest error in ulp of the largest number; infinite where shape, NaN or Inf differ."""
    got, true = np.asarray(got), np.asarray(true, np.float64)
    if got.shape != true.shape:
        return math.inf
    got = got.astype(np.float64)
    finite = np.isfinite(true)
    same = np.where(finite, np.isfinite(got), (got == true) | (np.isnan(got) & np.isnan(true)))
    if not same.all():
        return math.inf
    if not finite.any():
        return 0.0
    error = float(np.abs(got[finite] - true[finite]).max())
    largest = max(float(np.abs(true[finite]).max()), scale)
    if error == 0.0:
        return 0.0
    return error / (float(np.finfo(dtype).eps) * largest) if largest else math.inf


def _terms(loss: Any, args: tuple, options: dict) -> float:
    """How large the terms of a sum are together: what its rounding error is measured by."""
    if options.get("reduction") not in ("mean", "sum"):
        return 0.0
    each = np.asarray(loss.function(*args, **{**options, "reduction": "none"}), np.float64)
    each = np.abs(each[np.isfinite(each)])
    if not each.size:
        return 0.0
    return float(each.sum() if options["reduction"] == "sum" else each.mean())


def _terms_of_derivative(loss: Any, outputs: list[np.ndarray], index: int) -> float:
    """A lower bound for the terms that a derivative adds up; their sum may be far smaller."""
    if loss.kind == "ratio":  # a softmax: the share of every class less that of all
        return 2 * float(np.abs(outputs[1]).max(initial=0.0))
    if loss.kind not in ("pointwise", "rowwise"):
        return 0.0
    value, gradient = outputs[:2]
    each = float(np.abs(value).max(initial=0.0))
    if value.size == 1 and gradient.size:
        each /= gradient.size
    if index <= loss.gradients:
        return each
    # Powers of gamma stand before the terms of a second derivative.
    return max(_curvature(outputs), 2 * float(np.abs(outputs[index]).max(initial=0.0)), each)


def _noise(loss: Any, args: tuple, options: dict, extra: dict) -> list[float]:
    """What single precision does to each output of the reference, in units of its last place.

    Roots and angles of overlaps magnify the rounding of coordinates, and at a kink it decides: no
    evaluation in that precision can be held to more.
    """
    narrow = tuple(_cast(a, np.float32) for a in args)
    fewer = {k: _cast(v, np.float32) for k, v in options.items()}
    single = _flat(loss.function(*narrow, **fewer, **extra))
    wide = {k: _widen(v) for k, v in fewer.items()}
    exact = _flat(loss.function(*(_widen(a) for a in narrow), **wide, **extra))
    off = [np.abs(np.asarray(a, np.float64) - b) for a, b in zip(single, exact, strict=True)]
    return [float(a[np.isfinite(a)].max(initial=0.0) / np.finfo(np.float32).eps) for a in off]


def _curvature(outputs: list[np.ndarray]) -> float:
    """gradient^2 / value: the terms of a second derivative are at least of that size, their sum
    may be zero (rmse_loss of one element)."""
    value, gradient = (float(np.abs(a).max(initial=0.0)) for a in outputs[:2])
    return gradient * gradient / value if 0 < value < math.inf and gradient < math.inf else 0.0


def _same_bits(loss: Any, dtype: Any, seed: int) -> bool:
    """One thread and all threads give the same bits on an input of several chunks."""
    import fastloss

    shapes = [s for s in loss.bench if math.prod(s) <= 4 * LARGE]
    shape = max(shapes, key=math.prod, default=max(loss.shapes, key=math.prod))
    args = loss.sample(np.random.default_rng(seed), shape, dtype)
    extra = {"grad": True} if loss.gradients else {}
    case = next(iter(loss.cases()))
    options = case.keywords(np.random.default_rng(seed), args)
    results = []
    for threads in (1, max(2, fastloss.get_num_threads())):
        with fastloss.num_threads(threads):
            results.append(_flat(loss.public(*args, **options, **extra)))
    return all(
        np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in zip(*results, strict=True)
    )


def _flat(result: Any) -> list[np.ndarray]:
    """Value, gradients and Hessian as a list of arrays, however they are nested."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (tuple, list)):
        return [array for part in result for array in _flat(part)]
    return [result if isinstance(result, np.ndarray) else np.asarray(result)]


def _widen(value: Any) -> Any:
    return _cast(value, np.float64)


def _cast(value: Any, dtype: Any) -> Any:
    """Floating-point arrays in one dtype; everything else as it stands."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(dtype)
    if isinstance(value, dict):
        return {k: _cast(v, dtype) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(v, dtype) for v in value)
    return value


def _float_dtype(args: tuple) -> Any:
    """The dtype that the outputs have: that of the first floating-point array."""
    flat = (a for a in _flat(args[0]))
    return next((a.dtype for a in flat if a.dtype.kind == "f"), np.dtype(np.float64))


def _brief(value: Any) -> str:
    return f"array{value.shape}" if isinstance(value, np.ndarray) else repr(value)
