"""scikit-learn's bundled digits: split for the classifier, pasted on canvases for the detector."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from .._errors import CommandError

CANVAS = 32
SMALLEST, LARGEST = 9, 16  # side of a pasted digit, in pixels
INK = 0.15


@dataclass
class Digits:
    images: np.ndarray  # (n, 8, 8) in [0, 1]
    labels: np.ndarray  # (n,)

    @property
    def flat(self) -> np.ndarray:
        return self.images.reshape(len(self.images), -1)

    def __len__(self) -> int:
        return len(self.images)


def load(seed: int) -> tuple[Digits, Digits, Digits]:
    """Train, validation and test digits: 60, 20 and 20 per cent, shuffled."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise CommandError("the demo needs scikit-learn: pip install 'fastloss[demo]'") from None
    bunch = load_digits()
    images = (bunch.images / 16.0).astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(images))
    cuts = np.split(order, [int(0.6 * len(order)), int(0.8 * len(order))])
    train, val, test = (Digits(images[i], bunch.target[i].astype(np.int64)) for i in cuts)
    return train, val, test


def one_blas_thread() -> AbstractContextManager[object]:
    """Matrix products on one thread while the demo trains.

    They are small: a second thread gains a third on an idle machine, and where something else runs
    as well, the threads wait for each other many times as long as they compute.
    """
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    return threadpool_limits(limits=1, user_api="blas")


def _interpolation(size: int) -> np.ndarray:
    """The (size, 8) matrix that stretches 8 pixels to `size`, linearly."""
    at = np.clip((np.arange(size) + 0.5) * 8 / size - 0.5, 0, 7)
    low = np.minimum(at.astype(int), 6)
    matrix = np.zeros((size, 8), np.float32)
    rows = np.arange(size)
    matrix[rows, low] = 1 - (at - low)
    matrix[rows, low + 1] += at - low
    return matrix


_STRETCH = {size: _interpolation(size) for size in range(SMALLEST, LARGEST + 1)}


@dataclass
class Scenes:
    """Canvases and the objects on them; `image` says on which canvas an object lies."""

    canvases: np.ndarray  # (n, CANVAS, CANVAS, 1)
    image: np.ndarray  # (objects,)
    boxes: np.ndarray  # (objects, 4), x1 y1 x2 y2 in pixels, tight around the ink
    labels: np.ndarray  # (objects,)

    def __len__(self) -> int:
        return len(self.canvases)

    def objects_of(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Image index (counted from `first`), boxes and labels of canvases first..last-1."""
        start, stop = np.searchsorted(self.image, [first, last])
        return self.image[start:stop] - first, self.boxes[start:stop], self.labels[start:stop]


def paste(rng: np.random.Generator, digits: Digits, count: int) -> Scenes:
    """`count` canvases with one or two digits each, in random sizes at random places."""
    canvases = (0.1 * rng.random((count, CANVAS, CANVAS, 1))).astype(np.float32)
    image, boxes, labels = [], [], []
    for index in range(count):
        frames: list[tuple[int, int, int]] = []
        for _ in range(rng.integers(1, 3)):
            pick = int(rng.integers(len(digits)))
            size = int(rng.integers(SMALLEST, LARGEST + 1))
            place = _free_place(rng, frames, size)
            if place is None:
                continue
            x, y = place
            frames.append((x, y, size))
            stretch = _STRETCH[size]
            patch = stretch @ digits.images[pick] @ stretch.T
            view = canvases[index, y : y + size, x : x + size, 0]
            np.maximum(view, patch, out=view)
            columns = np.flatnonzero((patch > INK).any(axis=0))
            rows = np.flatnonzero((patch > INK).any(axis=1))
            image.append(index)
            boxes.append((x + columns[0], y + rows[0], x + columns[-1] + 1, y + rows[-1] + 1))
            labels.append(digits.labels[pick])
    return Scenes(
        canvases, np.array(image), np.array(boxes, np.float32), np.array(labels, np.int64)
    )


def _free_place(
    rng: np.random.Generator, frames: list[tuple[int, int, int]], size: int
) -> tuple[int, int] | None:
    """A corner where a frame of this size overlaps no other, or None after a few tries."""
    for _ in range(20):
        x, y = (int(v) for v in rng.integers(0, CANVAS - size + 1, 2))
        if all(
            x + size <= fx or fx + fs <= x or y + size <= fy or fy + fs <= y
            for fx, fy, fs in frames
        ):
            return x, y
    return None
