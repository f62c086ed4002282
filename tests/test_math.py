"""Accuracy of the vector functions in csrc/math, at every ISA level that CPU and compiler have.

float32 is compared with double precision over a fixed stride through all bit patterns, float64 with
long double over random exponents. Errors are in units of the last place of the exact result.
"""

import ctypes
import functools
import os
import platform
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(__file__).with_name("mathlib.c")
COMPILER = shutil.which(os.environ.get("CC", "gcc").split()[0])
FLAGS = ["-std=gnu11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
X86 = platform.machine() in ("x86_64", "AMD64")
NEEDS = {"x86-64-v2": "sse4_2", "x86-64-v3": "avx2", "x86-64-v4": "avx512vl"}
LIMIT = 2.0
# Two or three of the others in a row: the errors add up.
LIMITS = dict.fromkeys(
    ("softplus", "logistic_p", "logistic_q", "minus_log_p", "minus_log_q", "pow_unit", "pow"), 3.0
)


@functools.cache
def cpu_flags():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return frozenset()
    return frozenset(text.partition("flags")[2].partition("\n")[0].split())


LEVELS = [level for level in NEEDS if NEEDS[level] in cpu_flags()] if X86 else ["native"]
pytestmark = pytest.mark.skipif(not (COMPILER and LEVELS), reason="no C compiler or no known CPU")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mathlib")

    @functools.cache
    def build(level, *extra):
        target = folder / ("-".join((level, *extra)).replace("=", "") + ".so")
        command = [COMPILER, *FLAGS, *extra, "-shared", "-fPIC", str(SOURCE), "-o", str(target)]
        if X86:
            command.append(f"-march={level}")
        subprocess.run(command, check=True)
        return ctypes.CDLL(str(target))

    return build


def call(lib, name, x, *scalars):
    x = np.ascontiguousarray(x)
    suffix, scalar = {"float32": ("f32", ctypes.c_float), "float64": ("f64", ctypes.c_double)}[
        x.dtype.name
    ]
    out = np.empty_like(x)
    function = getattr(lib, f"fl_loop_{name}_{suffix}")
    function(
        ctypes.c_void_p(x.ctypes.data),
        ctypes.c_void_p(out.ctypes.data),
        *(scalar(s) for s in scalars),
        ctypes.c_long(x.size),
    )
    return out


def ulp_error(got, exact):
    """Largest |got - exact| in units of the last place of `exact`; Inf and NaN must match."""
    info = np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        rounded = exact.astype(got.dtype)
    special = ~np.isfinite(rounded) | ~np.isfinite(got)
    # Within an ulp of the overflow threshold either neighbour will do.
    edge = special & (abs(exact) >= exact.dtype.type(info.max)) & (abs(got) == info.max)
    np.testing.assert_array_equal(got[special & ~edge], rounded[special & ~edge])
    got, exact = got[~special].astype(exact.dtype), exact[~special]
    _, exponent = np.frexp(exact)
    exponent = np.maximum(exponent, info.minexp + 1)
    unit = np.ldexp(np.ones_like(exact), exponent - info.nmant - 1)
    return float(np.max(abs(got - exact) / unit, initial=0.0))


def wide(x):
    """The type in which the exact result is computed."""
    return np.float64 if x.dtype == np.float32 else np.longdouble


def logistic(x):
    return np.where(x < 0, np.exp(-abs(x)), 1) / (1 + np.exp(-abs(x)))


def lncosh(x):
    small = np.minimum(abs(x), 1)
    near = np.log1p(np.sinh(small) ** 2) / 2
    return np.where(
        abs(x) < 1, near, abs(x) + np.log1p(np.exp(-2 * abs(x))) - np.log(x.dtype.type(2))
    )


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


EVERYWHERE, NONPOSITIVE, NONNEGATIVE, UNIT, ANGLES = (
    (-np.inf, np.inf),
    (-np.inf, 0.0),
    (0.0, np.inf),
    (0.0, 1.0),
    (-256.0, 256.0),
)
# name: (exact, domain, where float64 is sampled evenly besides all exponents)
FUNCTIONS = {
    "exp": (np.exp, EVERYWHERE, (-746, 710)),
    "exp_nonpositive": (np.exp, NONPOSITIVE, (-746, 0)),
    "exp_minus": (lambda x: np.exp(-x), NONNEGATIVE, (0, 746)),
    "one_minus_exp": (lambda x: -np.expm1(-x), NONNEGATIVE, (0, 3)),
    "log": (np.log, EVERYWHERE, (0, 3)),
    "log1p": (np.log1p, EVERYWHERE, (-1, 3)),
    "log_of_unit": (np.log, UNIT, (0, 1)),
    "log_rest": (lambda x: np.log1p(-x), UNIT, (0, 1)),
    "log1p_unit": (np.log1p, UNIT, (0, 1)),
    "softplus": (softplus, EVERYWHERE, (-40, 40)),
    "logistic_p": (logistic, EVERYWHERE, (-40, 40)),
    "logistic_q": (lambda x: logistic(-x), EVERYWHERE, (-40, 40)),
    "minus_log_p": (lambda x: softplus(-x), EVERYWHERE, (-40, 40)),
    "minus_log_q": (softplus, EVERYWHERE, (-40, 40)),
    "tanh": (np.tanh, EVERYWHERE, (-3, 3)),
    "lncosh": (lncosh, EVERYWHERE, (-3, 3)),
    "atan": (np.arctan, EVERYWHERE, (-4, 4)),
    "sin": (np.sin, ANGLES, (-8, 8)),
    "cos": (np.cos, ANGLES, (-8, 8)),
}
DTYPES = (np.float32, np.float64)


def sample(dtype, domain, dense):
    """Specials, all exponents, and the interesting stretch once more."""
    if dtype == np.float32:
        x = np.arange(0, 2**32, 3989, dtype=np.uint32).view(np.float32)
        specials = np.array([0x1, 0x7FFFFF, 0x800000, 0x7F7FFFFF, 0x3F800000], np.uint32)
    else:
        rng = np.random.default_rng(20)
        x = rng.integers(0, 2**64, 200_000, dtype=np.uint64).view(np.float64)
        specials = np.array([1, 2**52 - 1, 2**52, 0x7FEFFFFFFFFFFFFF, 1023 << 52], np.uint64)
    even = np.random.default_rng(21).uniform(*dense, 200_000).astype(dtype)
    specials = np.concatenate([specials.view(dtype), np.array([0, np.inf, np.nan], dtype)])
    one = np.array(1, dtype)
    near = np.concatenate([np.nextafter(one, one * 2)[None], np.nextafter(one, one * 0)[None]])
    x = np.concatenate([x, even, specials, -specials, near, -near])
    return x[np.isnan(x) | ((x >= domain[0]) & (x <= domain[1]))]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_accuracy(library, name, dtype, record_testsuite_property):
    exact, domain, dense = FUNCTIONS[name]
    x = sample(dtype, domain, dense)
    if np.finfo(wide(x)).nmant < 60 and dtype == np.float64:
        pytest.skip("long double is no wider than double here")
    with np.errstate(all="ignore"):
        truth = exact(x.astype(wide(x)))
    for level in LEVELS:
        error = ulp_error(call(library(level), name, x), truth)
        record_testsuite_property(f"ulp {name} {dtype.__name__} {level}", f"{error:.2f}")
        assert error <= LIMITS.get(name, LIMIT), level


SPECIALS = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (np.inf, np.inf), (-np.inf, 0.0), (1e4, np.inf), (-1e4, 0.0)],
    "exp_nonpositive": [(0.0, 1.0), (-0.0, 1.0), (-np.inf, 0.0), (-1e4, 0.0)],
    "exp_minus": [(0.0, 1.0), (-0.0, 1.0), (np.inf, 0.0), (1e4, 0.0)],
    "one_minus_exp": [(0.0, 0.0), (np.inf, 1.0), (1e4, 1.0)],
    "log": [(1.0, 0.0), (0.0, -np.inf), (-0.0, -np.inf), (-1.0, np.nan), (-np.inf, np.nan)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -np.inf), (-2.0, np.nan), (np.inf, np.inf)],
    "log_of_unit": [(1.0, 0.0), (0.0, -np.inf), (-0.0, -np.inf), (-1e-45, np.nan), (1.5, np.nan)],
    "log_rest": [(0.0, 0.0), (1.0, -np.inf)],
    "log1p_unit": [(0.0, 0.0)],
    "softplus": [(np.inf, np.inf), (-np.inf, 0.0), (1e30, 1e30)],
    "logistic_p": [(np.inf, 1.0), (-np.inf, 0.0), (0.0, 0.5), (-0.0, 0.5)],
    "logistic_q": [(np.inf, 0.0), (-np.inf, 1.0), (0.0, 0.5)],
    "minus_log_p": [(np.inf, 0.0), (-np.inf, np.inf)],
    "minus_log_q": [(np.inf, np.inf), (-np.inf, 0.0)],
    "lncosh": [(0.0, 0.0), (-0.0, 0.0), (np.inf, np.inf), (-np.inf, np.inf)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (np.inf, 1.0), (-np.inf, -1.0)],
    "atan": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.pi / 2), (-np.inf, -np.pi / 2)],
    "sin": [(0.0, 0.0), (-0.0, -0.0)],
    "cos": [(0.0, 1.0), (-0.0, 1.0)],
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_specials(library, name, dtype, level):
    given, expected = np.array([*SPECIALS[name], (np.nan, np.nan)], dtype).T
    for repeats in (1, 16):  # once in the scalar tail, once in the vector body
        got = call(library(level), name, np.repeat(given, repeats))
        np.testing.assert_array_equal(got, np.repeat(expected, repeats))
        number = ~np.isnan(got)
        np.testing.assert_array_equal(
            np.signbit(got)[number], np.signbit(np.repeat(expected, repeats))[number]
        )


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_same_bits_for_every_vector_length(library, name, dtype):
    level = "x86-64-v3" if "x86-64-v3" in LEVELS else LEVELS[0]  # 256 bits, where there are any
    x = sample(dtype, *FUNCTIONS[name][1:])[:100_000]
    expected = call(library(level), name, x)
    for flag in ["-fno-tree-vectorize"] + ["-mprefer-vector-width=128"] * X86:
        np.testing.assert_array_equal(call(library(level, flag), name, x), expected)
    pieces = [call(library(level), name, x[i : i + 3]) for i in range(0, 300, 3)]
    np.testing.assert_array_equal(np.concatenate(pieces), expected[:300])


# The error grows with the power; focal losses stay well below 16.
POWERS = (0.0, 0.1, 0.5, 1.0, 1.5, 2.0, 3.7, 5.0, 16.0)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_pow_unit(library, dtype, record_testsuite_property):
    x = sample(dtype, UNIT, (0, 1))[::4]
    x = x[~np.isnan(x)]
    if np.finfo(wide(x)).nmant < 60 and dtype == np.float64:
        pytest.skip("long double is no wider than double here")
    worst = dict.fromkeys(LEVELS, 0.0)
    for power in np.array(POWERS, dtype):
        truth = x.astype(wide(x)) ** power.astype(wide(x))
        for level in LEVELS:
            error = ulp_error(call(library(level), "pow_unit", x, power), truth)
            worst[level] = max(worst[level], error)
    for level in LEVELS:
        record_testsuite_property(f"ulp pow_unit {dtype.__name__} {level}", f"{worst[level]:.2f}")
        assert worst[level] <= LIMITS["pow_unit"], level


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_pow_unit_specials(library, dtype, level):
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([0, tiny, 1, np.nan] * 9, dtype)
    for power, expected in (
        (0, [1, 1, 1, np.nan]),
        (1, [0, tiny, 1, np.nan]),
        (1e-3, [0, None, 1, np.nan]),
        (1e30, [0, 0, 1, np.nan]),
        (np.nan, [np.nan] * 4),
    ):
        got = call(library(level), "pow_unit", x, power)
        keep = [value is not None for value in expected * 9]
        np.testing.assert_array_equal(got[keep], np.array(expected * 9, dtype)[keep])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_pow(library, dtype, record_testsuite_property):
    x = np.concatenate([sample(dtype, (0, 1e3), (0, 3))[::4], sample(dtype, UNIT, (0, 1))[::8]])
    x = np.abs(x[~np.isnan(x)])
    if np.finfo(wide(x)).nmant < 60 and dtype == np.float64:
        pytest.skip("long double is no wider than double here")
    worst = dict.fromkeys(LEVELS, 0.0)
    for power in np.array((-3, -0.5, 0, 0.25, 1, 2, 3.7, 5), dtype):
        with np.errstate(all="ignore"):
            truth = x.astype(wide(x)) ** power.astype(wide(x))
        for level in LEVELS:
            error = ulp_error(call(library(level), "pow", x, power), truth)
            worst[level] = max(worst[level], error)
    for level in LEVELS:
        record_testsuite_property(f"ulp pow {dtype.__name__} {level}", f"{worst[level]:.2f}")
        assert worst[level] <= LIMITS["pow"], level


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_pow_specials(library, dtype, level):
    x = np.array([0, 1, np.nan, np.inf, 1e30] * 7, dtype)
    for power, expected in (
        (0, [1, 1, np.nan, np.nan, 1]),
        (2.5, [0, 1, np.nan, np.nan, np.inf if dtype == np.float32 else None]),
        (-2.5, [np.inf, 1, np.nan, np.nan, 0 if dtype == np.float32 else None]),
        (1e3, [0, 1, np.nan, np.nan, np.inf]),
        (-1e3, [np.inf, 1, np.nan, np.nan, 0]),
        (np.nan, [np.nan] * 5),
    ):
        got = call(library(level), "pow", x, power)
        keep = [value is not None for value in expected * 7]
        np.testing.assert_array_equal(got[keep], np.array(expected * 7, dtype)[keep])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_atan_ratio(library, dtype):
    y = sample(dtype, NONNEGATIVE, (0, 10))
    y = y[y < np.finfo(dtype).max / 8]
    for x in np.array([0, 1e-3, 3, 1e10], dtype):
        with np.errstate(all="ignore"):
            truth = np.arctan2(y.astype(wide(y)), x.astype(wide(y)))
        truth = np.where((y == 0) & (x == 0), np.nan, truth)
        for level in LEVELS:
            assert ulp_error(call(library(level), "atan_ratio", y, x), truth) <= LIMIT, level
