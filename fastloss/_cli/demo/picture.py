"""fastloss-demo.png: loss curves above, test canvases with their boxes below."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import CommandError
from . import classifier, detector
from .data import Scenes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRUE, FOUND = "#35d07f", "#ff5a5f"
SGD_COLOUR, ADAM_COLOUR = "#1f77b4", "#d95f02"
CANVASES_SHOWN = 12


def pyplot() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise CommandError("the picture needs matplotlib: pip install 'fastloss[demo]'") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    return plt


def draw(
    path: Path, runs: list[classifier.Run], detection: detector.Run, scenes: Scenes, raw: np.ndarray
) -> None:
    plt = pyplot()
    figure = plt.figure(figsize=(13, 9.2), dpi=110, layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1.15])
    left, middle, right = top.subplots(1, 3)
    _classifier_curves(left, runs)
    _detector_losses(middle, detection)
    _detector_metric(right, detection)
    _canvases(bottom, scenes, raw, detection)
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot write the picture {path}: {error}") from None
    finally:
        plt.close(figure)


def _classifier_curves(axes: Axes, runs: list[classifier.Run]) -> None:
    accuracy = axes.twinx()
    for run, colour in zip(runs, (SGD_COLOUR, ADAM_COLOUR), strict=True):
        at = np.arange(1, len(run.epochs) + 1)
        axes.plot(at, [e.train_loss for e in run.epochs], color=colour, lw=1, alpha=0.45)
        axes.plot(at, [e.val_loss for e in run.epochs], color=colour, lw=1.8, label=run.optimiser)
        axes.plot(run.best + 1, run.epochs[run.best].val_loss, "o", color=colour, ms=6)
        accuracy.plot(at, [100 * e.val_accuracy for e in run.epochs], color=colour, lw=1, ls=":")
    axes.set(yscale="log", xlabel="epoch", ylabel="cross_entropy")
    accuracy.set(ylim=(80, 100.5), ylabel="validation accuracy, % (dotted)")
    axes.set_title(
        "Reading digits: bold validation, pale training,\ndot: the epoch that is kept", fontsize=10
    )
    axes.legend(loc="center right", frameon=False)


def _detector_losses(axes: Axes, run: detector.Run) -> None:
    at = np.arange(1, len(run.epochs) + 1)
    for name, colour in (("box", ADAM_COLOUR), ("cls", SGD_COLOUR), ("total", "black")):
        axes.plot(at, [getattr(e, name) for e in run.epochs], color=colour, lw=1, alpha=0.45)
        values = [getattr(e, f"val_{name}") for e in run.epochs]
        axes.plot(at, values, color=colour, lw=1.8, label=name)
    axes.set(yscale="log", xlabel="epoch", ylabel="loss per positive cell, bold validation")
    axes.set_yticks([0.1, 0.2, 0.5, 1.0, 2.0], ["0.1", "0.2", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.set_title(
        "Finding digits: complete_box_iou_loss (box)\n+ sigmoid_focal_loss (cls)", fontsize=10
    )
    axes.legend(frameon=False)


def _detector_metric(axes: Axes, run: detector.Run) -> None:
    at = np.arange(1, len(run.epochs) + 1)
    axes.plot(at, [e.val_mean_iou for e in run.epochs], color="#5b3fa8", lw=1.8)
    axes.axhline(0.75, color="grey", lw=0.8, ls="--")
    axes.set(ylim=(0, 1), xlabel="epoch", ylabel="mean IoU on validation canvases")
    score = run.score
    axes.set_title(
        f"The metric: test mean IoU {score.mean_iou:.3f},\n"
        f"{100 * score.found:.1f} % found, {100 * score.read:.1f} % of those read right",
        fontsize=10,
    )


def _canvases(figure: Any, scenes: Scenes, raw: np.ndarray, run: detector.Run) -> None:
    plt = pyplot()
    shown = min(CANVASES_SHOWN, len(scenes))
    panels = figure.subplots(2, (shown + 1) // 2, squeeze=False).ravel()
    found = detector.detect(raw[:shown])
    for index, axes in enumerate(panels):
        axes.axis("off")
        if index >= shown:
            continue
        axes.imshow(scenes.canvases[index, ..., 0], cmap="gray", extent=(0, 32, 32, 0))
        _, boxes, labels = scenes.objects_of(index, index + 1)
        for box in boxes:
            axes.add_patch(_rectangle(plt, box, TRUE, "-"))
        for box, digit in zip(*found[index], strict=True):
            axes.add_patch(_rectangle(plt, box, FOUND, "--"))
            axes.text(
                max(float(box[0]), 0.0) + 0.2,
                max(float(box[1]), 0.0) + 0.2,
                str(digit),
                color="white",
                fontsize=8,
                weight="bold",
                va="top",
                bbox={"facecolor": FOUND, "edgecolor": "none", "pad": 1.2},
            )
        truth = " ".join(str(label) for label in sorted(labels))
        axes.set_title(f"true: {truth}", fontsize=9)
    figure.suptitle(
        "Test canvases, digits never seen in training: true boxes green, found boxes dashed red",
        fontsize=10,
    )


def _rectangle(plt: Any, box: np.ndarray, colour: str, style: str) -> Any:
    x1, y1, x2, y2 = (float(v) for v in box)
    return plt.Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, ec=colour, ls=style, lw=1.6)
