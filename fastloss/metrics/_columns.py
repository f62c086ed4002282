"""Lists of records, and arrays from outside, as checked arrays of double."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastloss.metrics._result import Doubles

# What messages call record i.
Place = Callable[[int], str]
Integers = NDArray[np.int64]


def load(name: str, source: Any) -> Any:
    """What a JSON file holds; anything but a path is taken as it is."""
    if not isinstance(source, (str, os.PathLike)):
        return source
    try:
        return json.loads(Path(source).read_bytes())
    except ValueError as error:
        raise ValueError(f"{name} ({os.fspath(source)!r}) is not JSON: {error}") from error


def shown(value: Any) -> str:
    text = repr(value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value)
    return text if len(text) <= 120 else f"{text[:100]}... <{type(value).__name__}>"


def records(name: str, source: Any, key: str) -> list[dict[str, Any]]:
    """The list of records under a key of a dict."""
    if key not in source:
        raise ValueError(f"{name} lacks {key!r}; it has {shown(list(source))}")
    found = source[key]
    if not isinstance(found, (list, tuple)):
        raise ValueError(f"{name}[{key!r}] is {shown(found)}; expected a list")
    return list(found)


def field(place: Place, items: Sequence[Any], key: str) -> list[Any]:
    """One value of every record."""
    try:
        return [item[key] for item in items]
    except (KeyError, TypeError, IndexError):
        for i, item in enumerate(items):
            if not isinstance(item, dict):
                raise ValueError(f"{place(i)} is {shown(item)}; expected an object") from None
            if key not in item:
                raise ValueError(f"{place(i)} lacks {key!r}; it has {shown(list(item))}") from None
        raise


def positions(place: Place, key: str, ids: list[Any], index: dict[Any, int]) -> list[int]:
    """Where every id stands in an index; -1 for an unknown one."""
    try:
        return [index.get(i, -1) for i in ids]
    except TypeError:
        for n, i in enumerate(ids):
            if getattr(i, "__hash__", None) is None:
                raise ValueError(
                    f"{place(n)} has {key} {shown(i)}; expected a number or text"
                ) from None
        raise


def ascending(name: str, ids: Sequence[Any]) -> list[Any]:
    """Ids in order, each once."""
    try:
        return sorted(set(ids))
    except TypeError as error:
        raise ValueError(f"{name} cannot be put in order: {error}") from None


def _is_number(value: Any, shape: tuple[int, ...]) -> bool:
    try:
        array = np.asarray(value)
    except ValueError:
        return False
    return array.shape == shape and array.dtype.kind in "iuf"


def doubles(place: Place, values: Any, width: int = 0, finite: bool = True) -> Doubles:
    """A list or array of numbers, or of rows of `width` numbers, as an array."""
    shape = (width,) if width else ()
    try:
        array = np.array(values) if len(values) else np.empty((0, *shape))
    except ValueError:
        array = np.empty(0, object)
    if array.shape[1:] != shape or array.dtype.kind not in "iuf":
        for i, value in enumerate(values):
            if not _is_number(value, shape):
                expected = f"{width} numbers" if width else "a number"
                raise ValueError(f"{place(i)} is {shown(value)}; expected {expected}")
    array = array.astype(np.float64)
    bad = ~np.isfinite(array) if finite else np.isnan(array)
    if bad.any():
        i = int(np.argwhere(bad)[0][0])
        expected = "finite numbers" if width else "a finite number" if finite else "a number"
        raise ValueError(f"{place(i)} is {shown(values[i])}; expected {expected}")
    return array


def extents(keypoints: Doubles) -> Doubles:
    """The area of the box around every row of keypoints."""
    if not keypoints.size:
        return np.zeros(len(keypoints))
    points = keypoints[:, :, :2]
    sides: Doubles = points.max(axis=1) - points.min(axis=1)
    return sides[:, 0] * sides[:, 1]
