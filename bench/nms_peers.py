"""What suppression is measured on and against: boxes of four densities, and compiled peers."""

from __future__ import annotations

import ctypes
import shlex
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import numpy as np

Select = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


def _around(centre: np.ndarray, size: np.ndarray) -> np.ndarray:
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1).astype(np.float32)


def clustered(rng: np.random.Generator, n: int) -> np.ndarray:
    """A detector's raw boxes: about 40 around each object."""
    objects = max(n // 40, 1)
    which = rng.integers(0, objects, n)
    centre, size = rng.uniform(0, 640, (objects, 2)), rng.uniform(20, 120, (objects, 2))
    shaken = size[which] * rng.uniform(0.8, 1.25, (n, 2))
    return _around(centre[which] + rng.normal(0, 4, (n, 2)), shaken)


def random(rng: np.random.Generator, n: int) -> np.ndarray:
    """Anywhere in one image: the more boxes, the more overlap."""
    return _around(rng.uniform(0, 640, (n, 2)), rng.uniform(10, 100, (n, 2)))


def sparse(rng: np.random.Generator, n: int) -> np.ndarray:
    """Scattered over an area that grows with their number, as on aerial tiles."""
    return _around(rng.uniform(0, 80 * np.sqrt(n), (n, 2)), rng.uniform(8, 32, (n, 2)))


def overlapping(rng: np.random.Generator, n: int) -> np.ndarray:
    """All around one object."""
    return _around(320 + rng.normal(0, 5, (n, 2)), 100 * rng.uniform(0.8, 1.25, (n, 2)))


DENSITIES = {f.__name__: f for f in (clustered, random, sparse, overlapping)}


def make(density: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes and scores without ties, as kernels differ in the order of those."""
    rng = np.random.default_rng(n)
    return DENSITIES[density](rng, n), rng.permutation(n).astype(np.float32) / n


def plain(folder: Path) -> Select:
    """The quadratic algorithm in C, compiled as torchvision's kernel is."""
    library = folder / "plain_nms.so"
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    source = Path(__file__).with_name("plain_nms.c")
    subprocess.run(
        [compiler[0], "-O3", "-shared", "-fPIC", "-o", str(library), str(source)], check=True
    )
    call = ctypes.CDLL(str(library)).plain_nms
    call.restype = ctypes.c_int64
    call.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_double,
                     ctypes.c_void_p]  # fmt: skip

    def select(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
        kept = np.empty(len(scores), np.int64)
        n = call(boxes.ctypes.data, scores.ctypes.data, len(scores), threshold, kept.ctypes.data)
        return kept[:n]

    return select


def torchvision() -> Select | None:
    """The kernel itself, where it is installed."""
    try:
        import torch
        from torchvision.ops import nms
    except (ImportError, RuntimeError):
        return None
    torch.set_num_threads(1)

    def select(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
        return nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold).numpy()

    return select


def filter_with_numpy(prediction: np.ndarray, select: Select) -> np.ndarray:
    """Post-processing as it is written with NumPy: transpose, best class, boxes moved by class."""
    rows = prediction[0].T
    label, score = rows[:, 4:].argmax(axis=1), rows[:, 4:].max(axis=1)
    chosen = score > 0.25
    rows, label, score = rows[chosen], label[chosen], score[chosen]
    boxes = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], 1)
    kept = select(
        np.ascontiguousarray(boxes + 7680 * label[:, None].astype(np.float32)), score, 0.45
    )
    return np.column_stack([boxes[kept], score[kept], label[kept].astype(np.float32)])


def prediction(anchors: int, classes: int = 80) -> np.ndarray:
    """The output of a YOLO head for one image, 200 of whose anchors see something."""
    rng = np.random.default_rng(0)
    out = rng.random((1, 4 + classes, anchors), np.float32) * 0.2
    out[0, :2], out[0, 2:4] = rng.uniform(0, 640, (2, anchors)), rng.uniform(20, 200, (2, anchors))
    seen = rng.choice(anchors, 200)
    out[0, 4 + rng.integers(0, classes, 200), seen] = rng.uniform(0.3, 1, 200)
    return out
