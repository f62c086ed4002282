"""Part one: a two-layer perceptron reads 8 x 8 digits; cross_entropy + l2_penalty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import fastloss as fl

from .clock import Clock
from .data import Digits
from .network import SGD, Adam, Dense, Network, ReLU

BATCH = 64
HIDDEN = 128
PENALTY = 2e-4


@dataclass
class Epoch:
    train_loss: float
    val_loss: float
    val_accuracy: float


@dataclass
class Run:
    """One optimiser's training: its history, and the test result of its best epoch."""

    optimiser: str
    clock: Clock
    epochs: list[Epoch] = field(default_factory=list)
    best: int = 0  # index of the epoch with the lowest validation loss
    stopped_early: bool = False
    test_loss: float = float("nan")
    test_accuracy: float = 0.0


def evaluate(net: Network, digits: Digits) -> tuple[float, float]:
    """Mean cross-entropy and accuracy."""
    logits = net.forward(digits.flat)
    loss = fl.cross_entropy(logits, digits.labels)
    return loss, float((logits.argmax(axis=1) == digits.labels).mean())


def train_step(
    net: Network, optimiser: SGD | Adam, x: np.ndarray, target: np.ndarray, clock: Clock
) -> float:
    with clock("network"):
        logits = net.forward(x)
    with clock("loss"):
        loss, dlogits = fl.cross_entropy(logits, target, grad=True)
        _, decay = fl.l2_penalty(net.weights, strength=PENALTY, grad=True)
    with clock("network"):
        grads = net.backward(dlogits)
        matrices = (g for g in grads if g.ndim > 1)
        for g, d in zip(matrices, decay, strict=True):
            g += d
    with clock("optimiser"):
        optimiser.step(grads)
    return loss


def train(
    name: str,
    splits: tuple[Digits, Digits, Digits],
    *,
    seed: int,
    max_epochs: int,
    patience: int,
    report: Callable[[Run], None],
) -> Run:
    train_set, val_set, test_set = splits
    rng = np.random.default_rng(seed)
    net = Network(Dense(rng, 64, HIDDEN), ReLU(), Dense(rng, HIDDEN, 10))
    optimiser = SGD(net.params, rate=0.05) if name == "SGD" else Adam(net.params, rate=2e-3)
    run = Run(name, Clock())
    best_params = net.save()
    for epoch in range(max_epochs):
        order = rng.permutation(len(train_set))
        total = 0.0
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            x, target = train_set.flat[rows], train_set.labels[rows]
            total += train_step(net, optimiser, x, target, run.clock) * len(rows)
        run.epochs.append(Epoch(total / len(order), *evaluate(net, val_set)))
        if run.epochs[-1].val_loss <= run.epochs[run.best].val_loss:
            run.best, best_params = epoch, net.save()
        report(run)
        if epoch - run.best >= patience:
            run.stopped_early = True
            break
    net.load(best_params)
    run.test_loss, run.test_accuracy = evaluate(net, test_set)
    return run
