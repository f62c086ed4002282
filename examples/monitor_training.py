"""Monitor a training run: loss on training and validation data, accuracy, early stopping, a curve.

The data are two noisy half circles, of which some labels are wrong on purpose: a model that is
trained for too long learns those by heart, its training loss falls on while the validation loss
rises. Stopping at the lowest validation loss is the remedy. With --plot FILE.png and matplotlib the
curves become a picture.
"""

import argparse
from pathlib import Path

import numpy as np

import fastloss as fl

PATIENCE = 40


def half_circles(rng, n):
    angle = rng.uniform(0, np.pi, n)
    label = rng.integers(0, 2, n)
    x = np.where(label == 0, np.cos(angle), 1 - np.cos(angle))
    y = np.where(label == 0, np.sin(angle), 0.5 - np.sin(angle))
    points = np.stack([x, y], axis=1) + 0.2 * rng.standard_normal((n, 2))
    wrong = rng.random(n) < 0.1
    return points, np.where(wrong, 1 - label, label)


def forward(params, x):
    w1, b1, w2, b2 = params
    hidden = np.tanh(x @ w1 + b1)
    return hidden, hidden @ w2 + b2


def gradients(params, x, target):
    """One call gives the loss and its gradient; the chain rule carries it back to the weights."""
    hidden, logits = forward(params, x)
    loss, dlogits = fl.cross_entropy(logits, target, grad=True)
    dhidden = (dlogits @ params[2].T) * (1 - hidden**2)
    return loss, [x.T @ dhidden, dhidden.sum(0), hidden.T @ dlogits, dlogits.sum(0)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    args = parser.parse_args()

    rng = np.random.default_rng(0)
    train_x, train_y = half_circles(rng, 120)
    val_x, val_y = half_circles(rng, 400)
    params = [rng.normal(size=(2, 64)), np.zeros(64), 0.05 * rng.normal(size=(64, 2)), np.zeros(2)]
    velocity = [np.zeros_like(p) for p in params]

    history, best, kept = [], 0, params
    for epoch in range(400):
        order = rng.permutation(len(train_x))
        for rows in np.array_split(order, 6):
            _, grads = gradients(params, train_x[rows], train_y[rows])
            for p, v, g in zip(params, velocity, grads, strict=True):
                v *= 0.9
                v += g
                p -= 0.02 * v
        train_loss = fl.cross_entropy(forward(params, train_x)[1], train_y)
        logits = forward(params, val_x)[1]
        val_loss = fl.cross_entropy(logits, val_y)
        accuracy = (logits.argmax(1) == val_y).mean()
        history.append((train_loss, val_loss, accuracy))
        if val_loss <= history[best][1]:
            best, kept = epoch, [p.copy() for p in params]
        if epoch % 5 == 0:
            bar = "#" * round(40 * val_loss)
            print(
                f"{epoch:4}  train {train_loss:.4f}  val {val_loss:.4f}  "
                f"accuracy {100 * accuracy:5.1f} %  {bar}"
            )
        if epoch - best >= PATIENCE:
            print(f"{PATIENCE} epochs without a lower validation loss: stopped in epoch {epoch}")
            break

    logits = forward(kept, val_x)[1]
    print(
        f"kept: epoch {best}, validation loss {fl.cross_entropy(logits, val_y):.4f}, "
        f"accuracy {100 * (logits.argmax(1) == val_y).mean():.1f} %"
    )
    # Which points cost most? reduction="none" gives the loss of each.
    each = fl.cross_entropy(logits, val_y, reduction="none")
    share = np.sort(each)[-len(each) // 10 :].sum() / each.sum()
    print(f"the worst tenth of the points makes up {100 * share:.0f} % of the loss")
    if args.plot:
        plot(args.plot, np.array(history), best)


def plot(path, history, best):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(history[:, 0], label="training loss")
    axes.plot(history[:, 1], label="validation loss")
    axes.plot(1 - history[:, 2], ":", label="validation error (1 - accuracy)")
    axes.axvline(best, color="grey", lw=1, label="kept")
    axes.set(xlabel="epoch")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
    print(f"curves: {path}")


if __name__ == "__main__":
    main()
