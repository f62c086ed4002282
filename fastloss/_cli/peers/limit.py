"""The machine's own limit: np.add(a, b, out=c) over as many bytes as the loss must move.

Two reads and one write, reused arrays, split over Python threads where there are several (NumPy
lets go of the GIL). For a handful of numbers it is the price of one NumPy call.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from . import VALUE_ONLY

_pool: ThreadPoolExecutor | None = None
_threads = 1
SPLIT_FROM = 300_000  # elements; below, handing work to a thread costs more than it saves


def version() -> str:
    return "np.add"


def set_threads(n: int) -> None:
    global _pool, _threads
    _threads = n
    _pool = ThreadPoolExecutor(n - 1) if n > 1 else None


def prepare(name: str, arrays: tuple, options: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    written = arrays[0].nbytes
    if name in VALUE_ONLY:
        written = _value_bytes(name, arrays)
    n = max(1, (sum(a.nbytes for a in arrays) + written) // 12)
    a, b, c = (np.ones(n, np.float32) for _ in range(3))
    if _pool is None or n < SPLIT_FROM:
        return {"fresh": partial(np.add, a, b, out=c)}
    cuts = [n * i // _threads for i in range(_threads + 1)]
    parts = [(a[i:j], b[i:j], c[i:j]) for i, j in zip(cuts[:-1], cuts[1:], strict=True)]

    def call() -> None:
        waiting = [_pool.submit(np.add, x, y, z) for x, y, z in parts[1:]]
        np.add(*parts[0])
        for future in waiting:
            future.result()

    return {"fresh": call}


def _value_bytes(name: str, arrays: tuple) -> int:
    if name == "box_area":
        return arrays[0].nbytes // 4
    if name in ("box_convert", "clip_boxes_to_image"):
        return arrays[0].nbytes
    if name == "mask_iou":
        return 8 * len(arrays[0]) * len(arrays[1])
    if name in ("masks_to_boxes", "remove_small_boxes"):
        return 8 * len(arrays[0])
    return arrays[0].nbytes // arrays[0].shape[-1] * arrays[1].shape[-2]


def summary(result: Any) -> None:
    return None
