"""Boxes and scores that are made to be hard on a non-maximum suppression."""

from __future__ import annotations

import numpy as np


def around(centre, size):
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


def scattered(rng, n):
    """Hardly any touch."""
    return around(rng.uniform(0, 80 * np.sqrt(n), (n, 2)), rng.uniform(8, 32, (n, 2)))


def crowded(rng, n):
    return around(rng.uniform(0, 640, (n, 2)), rng.uniform(10, 100, (n, 2)))


def clustered(rng, n):
    k = max(n // 30, 1)
    which = rng.integers(0, k, n)
    centre, size = rng.uniform(0, 640, (k, 2)), rng.uniform(20, 120, (k, 2))
    shaken = size[which] * rng.uniform(0.8, 1.25, (n, 2))
    return around(centre[which] + rng.normal(0, 5, (n, 2)), shaken)


def piled(rng, n):
    """All on one another: the best one suppresses most."""
    return around(320 + rng.normal(0, 4, (n, 2)), 100 * rng.uniform(0.8, 1.25, (n, 2)))


def lattice(rng, n):
    """Small integer corners: many IoU are equal to simple thresholds, many boxes to each other."""
    low = rng.integers(0, 12, (n, 2))
    return np.concatenate([low, low + rng.integers(0, 5, (n, 2))], axis=1).astype(float)


def degenerate(rng, n):
    """Points, lines, inverted boxes, NaN, infinities and huge numbers among others."""
    boxes = crowded(rng, n)
    kind = rng.integers(0, 12, n)
    boxes[kind == 0, 2:] = boxes[kind == 0, :2]
    boxes[kind == 1, 3] = boxes[kind == 1, 1]
    boxes[kind == 2] = boxes[kind == 2][:, [2, 3, 0, 1]]
    boxes[kind == 3] = boxes[kind == 3][:, [2, 1, 0, 3]]
    boxes[kind == 4, rng.integers(0, 4)] = np.nan
    boxes[kind == 5, 2] = np.inf
    boxes[kind == 6, 0] = -np.inf
    boxes[kind == 7] *= 1e17
    boxes[kind == 8] *= -1e-17
    return boxes


def mixed_sizes(rng, n):
    """From a pixel to the whole image, some far away: what a uniform grid likes least."""
    size = np.exp(rng.uniform(0, 7, (n, 1))) * rng.uniform(0.7, 1.4, (n, 2))
    centre = rng.normal(0, 300, (n, 2)) * np.where(rng.random((n, 1)) < 0.01, 1e4, 1)
    return around(centre, size)


def tiny(rng, n):
    """Areas that lose their digits to underflow, in float32 at least."""
    return crowded(rng, n) * 10.0 ** rng.uniform(-23, -19, (n, 1))


BOXES = (scattered, crowded, clustered, piled, lattice, degenerate, mixed_sizes, tiny)


def scores(rng, n, ties):
    """Falling nowhere in particular; with ties from a handful of values, both zeros among them."""
    if ties:
        return rng.choice([0.0, -0.0, 0.25, 0.5, 1.0, np.inf, -np.inf, 1e-40], n)
    return rng.permutation(n) / max(n, 1) - 0.3
