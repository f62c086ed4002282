"""Objectives for boosting: time per million rows, beside the NumPy code usually written for them.

pytest bench/test_boosting.py --benchmark-columns=median

The arrays are those of each engine: float32 for XGBoost, float64 predictions for LightGBM (in
Fortran's order with several classes), blocks of 1000 rows for CatBoost, one row at a time there
with several classes. All on one thread, and nothing of the engines themselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastloss as fl
from fastloss import boosting

SMOKE = os.environ.get("FASTLOSS_BENCH_SMOKE", "") not in ("", "0")
ROWS = 2_000 if SMOKE else 1_000_000
CLASSES = 10
BLOCK = 1000

Arrays = tuple[Any, Any]


def huber(y: Any, x: Any, delta: float = 1.0) -> Arrays:
    r = x - y
    return np.clip(r, -delta, delta), np.where(np.abs(r) <= delta, 1.0, delta / np.abs(r))


def logistic(y: Any, x: Any) -> Arrays:
    p = 1 / (1 + np.exp(-x))
    return p - y, np.maximum(p * (1 - p), 1e-16)


def quantile(y: Any, x: Any, share: float = 0.9) -> Arrays:
    return np.where(x >= y, 1 - share, -share), np.ones_like(x)


def focal(y: Any, x: Any, alpha: float = 0.25, gamma: float = 2.0) -> Arrays:
    p = 1 / (1 + np.exp(-x))
    right = np.clip(np.where(y == 1, p, 1 - p), 1e-12, 1 - 1e-7)
    a, sign, log = np.where(y == 1, alpha, 1 - alpha), np.where(y == 1, 1, -1), np.log(right)
    wrong = 1 - right
    grad = a * sign * wrong**gamma * (gamma * right * log + right - 1)
    hess = (
        a * right * wrong**gamma * (wrong * (1 + 2 * gamma) + gamma * (wrong - gamma * right) * log)
    )
    return grad, np.maximum(hess, 1e-16)


def softmax(y: Any, x: Any) -> Arrays:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    grad = p.copy()
    grad[np.arange(len(y)), y.astype(int)] -= 1
    return grad, np.maximum(2 * p * (1 - p), 1e-16)


LOSSES: dict[str, tuple[dict[str, Any], Callable[..., Arrays]]] = {
    "huber_loss": ({}, huber),
    "quantile_loss": ({"quantile": 0.9}, quantile),
    "binary_cross_entropy_with_logits": ({}, logistic),
    "sigmoid_focal_loss": ({}, focal),
    "cross_entropy": ({}, softmax),
}


def arrays(loss: str, engine: str) -> Arrays:
    """Labels and raw predictions as the engine passes them."""
    rng = np.random.default_rng(0)
    if loss == "cross_entropy":
        rows = ROWS // CLASSES
        x = rng.normal(size=(rows, CLASSES))
        y = rng.integers(0, CLASSES, rows).astype(np.float32)
        return y, x.astype(np.float32) if engine == "xgboost" else np.asfortranarray(x)
    x = rng.normal(size=ROWS)
    y = (rng.random(ROWS) < 0.3) if "logits" in loss or "focal" in loss else rng.normal(size=ROWS)
    return y.astype(np.float32), x.astype(np.float32) if engine == "xgboost" else x


def call(loss: str, engine: str, code: str) -> Callable[[], Any]:
    """A pass over all rows."""
    params, usual = LOSSES[loss]
    y, x = arrays(loss, engine)
    objective = getattr(boosting, f"{engine}_objective")(loss, **params)
    if engine != "catboost":
        return (lambda: objective(y, x)) if code == "fastloss" else (lambda: usual(y, x))
    if loss == "cross_entropy":
        rows = [(row.copy(), float(label)) for row, label in zip(x[:BLOCK], y, strict=False)]

        def negative(row: Any, label: float) -> Any:
            p = np.exp(row - row.max())
            p /= p.sum()
            return ((np.arange(len(p)) == label) - p).tolist(), (
                np.outer(p, p) - np.diag(p)
            ).tolist()

        each = objective.calc_ders_multi if code == "fastloss" else lambda r, t, w: negative(r, t)
        return lambda: [each(row, label, 1.0) for row, label in rows]
    blocks = [(x[i : i + BLOCK], y[i : i + BLOCK], None) for i in range(0, ROWS, BLOCK)]

    def columns(scores: Any, labels: Any, weights: Any) -> Any:
        return -np.stack(usual(labels, scores), axis=1)

    each = objective.calc_ders_range if code == "fastloss" else columns
    return lambda: [each(*block) for block in blocks]


@pytest.mark.parametrize("code", ["fastloss", "numpy"])
@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "catboost"])
@pytest.mark.parametrize("loss", list(LOSSES))
def test_objective(benchmark: Any, loss: str, library: str, code: str) -> None:
    """Of `cross_entropy` a row is one score of ten; CatBoost has 1000 rows of them."""
    benchmark.group = f"{loss}, {library}"
    run = call(loss, library, code)
    run()
    with fl.num_threads(1):
        benchmark.pedantic(run, rounds=1 if SMOKE else 9)
