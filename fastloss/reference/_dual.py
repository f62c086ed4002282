"""Forward differentiation: a value with its derivatives by the coordinates of a box.

The box formulas are short in terms of widths and areas and long in terms of their derivatives;
carried along by the rules below, the derivatives need not be written at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Dual:
    """A value of any shape and its derivatives along one further last axis, or None for none."""

    value: np.ndarray
    slope: np.ndarray | None = None

    def _with(self, value: Any, *terms: tuple[Any, Dual]) -> Dual:
        """A Dual of this value, whose derivative is the sum of factor * slope."""
        known = [np.asarray(f)[..., None] * d.slope for f, d in terms if d.slope is not None]
        return Dual(value, sum(known[1:], known[0]) if known else None)

    def __add__(self, other: Any) -> Dual:
        other = dual(other)
        return self._with(self.value + other.value, (1, self), (1, other))

    def __sub__(self, other: Any) -> Dual:
        other = dual(other)
        return self._with(self.value - other.value, (1, self), (-1, other))

    def __rsub__(self, other: Any) -> Dual:
        return dual(other) - self

    def __mul__(self, other: Any) -> Dual:
        other = dual(other)
        return self._with(self.value * other.value, (other.value, self), (self.value, other))

    def __truediv__(self, other: Any) -> Dual:
        other = dual(other)
        value = np.divide(self.value, other.value)
        return self._with(
            value, (np.divide(1, other.value), self), (-np.divide(value, other.value), other)
        )

    def only_where(self, mask: np.ndarray) -> Dual:
        """0 with derivative 0 outside the mask."""
        slope = None if self.slope is None else np.where(mask[..., None], self.slope, 0)
        return Dual(np.where(mask, self.value, 0), slope)


def dual(value: Any) -> Dual:
    """A constant, unless it is a Dual already."""
    return value if isinstance(value, Dual) else Dual(value)


def _choose(value: np.ndarray, a: Dual, b: Dual, share: np.ndarray) -> Dual:
    share = share.astype(value.dtype)
    return a._with(value, (share, a), (1 - share, b))


def maximum(a: Dual, b: Dual) -> Dual:
    """max(a, b); at a tie each has half of the derivative."""
    share = (a.value > b.value) + 0.5 * (a.value == b.value)
    return _choose(np.maximum(a.value, b.value), a, b, share)


def minimum(a: Dual, b: Dual) -> Dual:
    """min(a, b); at a tie each has half of the derivative."""
    share = (a.value < b.value) + 0.5 * (a.value == b.value)
    return _choose(np.minimum(a.value, b.value), a, b, share)


def clamped(a: Dual) -> Dual:
    """max(a, 0) as a clamp: at 0 the derivative passes."""
    passed = Dual(np.maximum(a.value, 0), a.slope)
    if a.slope is None:
        return passed
    return Dual(passed.value, np.where((a.value >= 0)[..., None], a.slope, 0))


def apply(a: Dual, value: np.ndarray, derivative: np.ndarray) -> Dual:
    """A function of a with this value and this derivative by a."""
    return a._with(np.asarray(value, np.asarray(a.value).dtype), (derivative, a))


def exp(a: Dual) -> Dual:
    e = np.exp(a.value)
    return apply(a, e, e)


def absolute(a: Dual) -> Dual:
    """|a|; at 0 the derivative is 0."""
    return apply(a, np.abs(a.value), np.sign(a.value))


def power(a: Dual, exponent: float) -> Dual:
    """a^exponent, a held to [0, 1]; an infinite derivative at 0, and that of NaN, count as 0."""
    base = np.clip(a.value, 0, 1)
    slope = exponent * base ** (exponent - 1)
    slope = np.where((base == 0) & (exponent < 1) | np.isnan(base), 0, slope)
    return apply(a, base**exponent, np.where((a.value < 0) | (a.value > 1.0001), 0, slope))


def constant(a: Dual) -> Dual:
    """The value alone, which is a constant from here on."""
    return Dual(a.value)
