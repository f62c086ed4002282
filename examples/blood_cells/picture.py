"""The run as a picture: curves above, test photographs with their boxes below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .data import NAMES, Cells
from .evaluation import detect, truth

COLOURS = {"blue": "#0b63d1", "orange": "#ef6c00", "green": "#00863a"}  # of the classes
PARTS = {"box": "#d95f02", "cls": "#1f77b4", "dfl": "#7a5195"}
SHOWN = 4


def draw(
    path: Path, history: list[Any], times: dict[str, tuple[float, float]], model: nn.Module,
    test: Cells, ap50: float,
) -> None:  # fmt: skip
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(12, 5.7), dpi=100, layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1.15])
    losses, precision, clock = top.subplots(1, 3)
    at = range(1, len(history) + 1)
    for part, colour in PARTS.items():
        losses.plot(at, [getattr(epoch, part) for epoch in history], color=colour, label=part)
    losses.set(xlabel="epoch", yscale="log")
    losses.set_yticks([0.5, 1, 2, 5], ["0.5", "1", "2", "5"])
    losses.minorticks_off()
    losses.set_title("fastloss.torch.DetectionLoss, training", fontsize=10)
    losses.legend(frameon=False)
    precision.plot(at, [epoch.ap50 for epoch in history], "k", label="IoU 0.5")
    precision.plot(at, [epoch.ap for epoch in history], "k:", label="mean of IoU 0.5 to 0.95")
    precision.set(xlabel="epoch", ylim=(0, 1))
    precision.set_title("Mean average precision, validation", fontsize=10)
    precision.legend(frameon=False)
    _bars(clock, times)
    _photographs(bottom, model, test, ap50)
    figure.savefig(path)
    plt.close(figure)


def _bars(axes: Any, times: dict[str, tuple[float, float]]) -> None:
    """Milliseconds of a step: what is the loss's, and the rest."""
    for row, (step, loss) in enumerate(times.values()):
        axes.barh(row, 1e3 * loss, color=PARTS["box"])
        axes.barh(row, 1e3 * (step - loss), left=1e3 * loss, color="#cccccc")
        axes.text(1e3 * step, row, f" loss {100 * loss / step:.1f} %", va="center", fontsize=9)
    axes.set_yticks(range(len(times)), times)
    axes.set(xlabel="ms per step (loss orange)", xlim=(0, 1350 * max(s for s, _ in times.values())))
    axes.invert_yaxis()
    axes.set_title("Where a step's time goes", fontsize=10)


def _photographs(figure: Any, model: nn.Module, test: Cells, ap50: float) -> None:
    rows = torch.linspace(0, len(test) - 1, min(SHOWN, len(test))).long()
    shown = test.select(rows)
    found, colours = detect(model, shown, confidence=0.35), list(COLOURS.values())
    for i, axes in enumerate(figure.subplots(1, len(rows), squeeze=False)[0]):
        axes.imshow(shown.images[i].permute(1, 2, 0), interpolation="bicubic")
        true = truth(shown, i)
        for box, label in zip(true["boxes"], true["labels"], strict=True):
            _frame(axes, box, colours[label], lw=3.5, alpha=0.35)
        for *box, _, label in found[i]:
            _frame(axes, np.array(box), colours[int(label)], lw=1.2, ls="--")
        axes.axis("off")
    names = ", ".join(f"{name} {colour}" for name, colour in zip(NAMES, COLOURS, strict=True))
    figure.suptitle(
        f"Test photographs ({names}): true boxes pale, found boxes dashed; "
        f"mAP at IoU 0.5 {ap50:.2f}. Photographs: BCCD, MIT licence",
        fontsize=10,
    )


def _frame(axes: Any, box: np.ndarray, colour: str, **style: Any) -> None:
    from matplotlib.patches import Rectangle

    x1, y1, x2, y2 = (float(v) - 0.5 for v in box)
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, ec=colour, **style))
