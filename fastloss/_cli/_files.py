"""Arrays from .npy, .npz and .csv files, and back."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ._errors import CommandError


def load(text: str) -> np.ndarray:
    """The array of `file.npy` (memory-mapped), `file.npz:key` or `file.csv`."""
    name, key = text, None
    if not Path(text).exists() and ".npz:" in text:
        name, _, key = text.rpartition(":")
    path = Path(name)
    if not name or not path.exists():
        raise CommandError(f"there is no file {name or repr(name)}")
    if path.is_dir():
        raise CommandError(f"{name} is a folder; expected a .npy, .npz or .csv file")
    suffix = path.suffix.lower()
    readers = {".npy": _npy, ".npz": _npz, ".csv": _csv}
    if suffix not in readers:
        kind = f"{suffix} files" if suffix else "a file without a suffix"
        raise CommandError(f"{name}: cannot read {kind}; use .npy, .npz or .csv")
    try:
        array = readers[suffix](path, key)
    except CommandError:
        raise
    except Exception as error:  # whatever NumPy, zipfile and csv make of a damaged file
        lines = str(error).splitlines() or [type(error).__name__]
        raise CommandError(f"cannot read {name}: {lines[0]}") from None
    if not isinstance(array, np.ndarray):
        raise CommandError(f"{text} is no array")
    if array.dtype.kind not in "biuf":
        raise CommandError(f"{text} holds {array.dtype}; expected numbers")
    return array


def save(path: Path, array: np.ndarray) -> None:
    """Write a .npy file, exactly there: NumPy would add a suffix that is missing."""
    try:
        with path.open("wb") as file:
            np.save(file, array)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror or error}") from None


def check_output(path: Path) -> None:
    """Fail before the computing starts, not after it."""
    if path.suffix.lower() != ".npy":
        raise CommandError(f"{path}: results are written as .npy; name a file that ends in .npy")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"cannot write {path}: there is no folder {path.absolute().parent}")


def _npy(path: Path, key: str | None) -> np.ndarray:
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _npz(path: Path, key: str | None) -> np.ndarray:
    with np.load(path, allow_pickle=False) as archive:
        if not archive.files:
            raise CommandError(f"{path} holds no arrays")
        names = ", ".join(archive.files)
        if key is None and len(archive.files) == 1:
            key = archive.files[0]
        if key is None:
            raise CommandError(f"{path} holds {names}; say which: {path}:{archive.files[0]}")
        if key not in archive.files:
            raise CommandError(f"{path} holds no array {key!r}, only {names}")
        return archive[key]


def _csv(path: Path, key: str | None) -> np.ndarray:
    """Rows of numbers; a first line of words is taken as a heading. Whole numbers stay integers."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [(i, row) for i, row in enumerate(csv.reader(file), 1) if any(map(str.strip, row))]
    if rows and not _is_number(rows[0][1][0]):
        rows = rows[1:]
    if not rows:
        raise CommandError(f"{path} holds no numbers")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width:
            raise CommandError(f"{path}, line {line}: {len(row)} values, expected {width}")
        bad = next((cell for cell in row if not _is_number(cell)), None)
        if bad is not None:
            raise CommandError(f"{path}, line {line}: {bad!r} is not a number")
    try:
        array = np.array([[int(cell) for cell in row] for _, row in rows], np.int64)
    except (ValueError, OverflowError):
        array = np.array([[float(cell) for cell in row] for _, row in rows])
    return array[:, 0] if width == 1 else array


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
