"""The few layers and optimisers that the demo needs, in NumPy."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


class Dense:
    """y = x W + b."""

    def __init__(self, rng: np.random.Generator, n_in: int, n_out: int) -> None:
        scale = np.sqrt(2.0 / n_in)
        self.params = [
            (scale * rng.standard_normal((n_in, n_out))).astype(np.float32),
            np.zeros(n_out, np.float32),
        ]

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, dy: np.ndarray, need_dx: bool = True) -> np.ndarray | None:
        self.grads = [self.x.T @ dy, dy.sum(axis=0)]
        return dy @ self.params[0].T if need_dx else None


class Conv:
    """A square convolution over (N, H, W, C): patches gathered into rows, then a matrix product."""

    def __init__(
        self, rng: np.random.Generator, n_in: int, n_out: int, size: int = 3, stride: int = 1
    ) -> None:
        self.size, self.stride, self.n_in = size, stride, n_in
        self.dense = Dense(rng, size * size * n_in, n_out)
        self.params = self.dense.params

    def _windows(self, padded: np.ndarray, h: int, w: int) -> list[np.ndarray]:
        """One view of the padded image for each tap of the kernel."""
        s = self.stride
        return [
            padded[:, i : i + s * h : s, j : j + s * w : s]
            for i in range(self.size)
            for j in range(self.size)
        ]

    def forward(self, x: np.ndarray) -> np.ndarray:
        n, height, width, c = x.shape
        pad, s = self.size // 2, self.stride
        self.shape = x.shape
        self.out = (height + 2 * pad - self.size) // s + 1, (width + 2 * pad - self.size) // s + 1
        padded = np.zeros((n, height + 2 * pad, width + 2 * pad, c), x.dtype)
        padded[:, pad : pad + height, pad : pad + width] = x
        patches = np.concatenate(self._windows(padded, *self.out), axis=-1)
        y = self.dense.forward(patches.reshape(-1, patches.shape[-1]))
        return y.reshape(n, *self.out, -1)

    def backward(self, dy: np.ndarray, need_dx: bool = True) -> np.ndarray | None:
        rows = self.dense.backward(np.ascontiguousarray(dy).reshape(-1, dy.shape[-1]), need_dx)
        self.grads = self.dense.grads
        if rows is None:
            return None
        n, height, width, c = self.shape
        pad = self.size // 2
        padded = np.zeros((n, height + 2 * pad, width + 2 * pad, c), dy.dtype)
        taps = rows.reshape(n, *self.out, self.size * self.size, c)
        for tap, view in enumerate(self._windows(padded, *self.out)):
            view += taps[..., tap, :]
        return padded[:, pad : pad + height, pad : pad + width]


class ReLU:
    params: list[np.ndarray] = []
    grads: list[np.ndarray] = []

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy: np.ndarray, need_dx: bool = True) -> np.ndarray:
        return dy * self.mask


class Network:
    """Layers in a row."""

    def __init__(self, *layers: Dense | Conv | ReLU) -> None:
        self.layers = layers

    @property
    def params(self) -> list[np.ndarray]:
        return [p for layer in self.layers for p in layer.params]

    @property
    def weights(self) -> list[np.ndarray]:
        """The matrices: what a penalty applies to (biases are left alone)."""
        return [p for p in self.params if p.ndim > 1]

    def forward(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: np.ndarray) -> list[np.ndarray]:
        """Gradients of all parameters, in the order of `params`."""
        for index in range(len(self.layers) - 1, -1, -1):
            dy = self.layers[index].backward(dy, need_dx=index > 0)
        return [g for layer in self.layers for g in layer.grads]

    def save(self) -> list[np.ndarray]:
        return [p.copy() for p in self.params]

    def load(self, saved: Iterable[np.ndarray]) -> None:
        for p, q in zip(self.params, saved, strict=True):
            p[...] = q


class SGD:
    """Stochastic gradient descent with momentum."""

    name = "SGD"

    def __init__(self, params: list[np.ndarray], rate: float, momentum: float = 0.9) -> None:
        self.params, self.rate, self.momentum = params, rate, momentum
        self.velocity = [np.zeros_like(p) for p in params]

    def step(self, grads: list[np.ndarray]) -> None:
        for p, v, g in zip(self.params, self.velocity, grads, strict=True):
            v *= self.momentum
            v += g
            p -= self.rate * v


class Adam:
    """Adam (Kingma and Ba 2015)."""

    name = "Adam"

    def __init__(
        self, params: list[np.ndarray], rate: float, betas: tuple[float, float] = (0.9, 0.999)
    ) -> None:
        self.params, self.rate, self.betas = params, rate, betas
        self.first = [np.zeros_like(p) for p in params]
        self.second = [np.zeros_like(p) for p in params]
        self.steps = 0

    def step(self, grads: list[np.ndarray]) -> None:
        self.steps += 1
        b1, b2 = self.betas
        rate = self.rate * np.sqrt(1 - b2**self.steps) / (1 - b1**self.steps)
        for p, m, v, g in zip(self.params, self.first, self.second, grads, strict=True):
            m += (1 - b1) * (g - m)
            v += (1 - b2) * (g * g - v)
            p -= np.float32(rate) * m / (np.sqrt(v) + np.float32(1e-8))
