"""What the demo shows while it trains, and its tables."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from . import classifier, detector
from .clock import Clock
from .data import Digits, Scenes

PATIENCE = 12


def _progress(screen: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
        console=screen,
    )


def train_classifiers(
    screen: Console, splits: tuple[Digits, Digits, Digits], *, seed: int, max_epochs: int
) -> list[classifier.Run]:
    train_set, val_set, test_set = splits
    screen.print(
        f"[bold](a) Reading digits[/bold]  {len(train_set)} to train on, {len(val_set)} for "
        f"validation, {len(test_set)} for the test; 64-{classifier.HIDDEN}-10 perceptron, "
        "cross_entropy + l2_penalty"
    )
    runs = []
    with _progress(screen) as progress:
        for name in ("SGD", "Adam"):
            task = progress.add_task(f"{name:4}", total=max_epochs, state="")

            def report(run: classifier.Run, task: int = task) -> None:
                last = run.epochs[-1]
                progress.update(
                    task,
                    completed=len(run.epochs),
                    state=f"loss {last.train_loss:.4f}  val loss {last.val_loss:.4f}  "
                    f"val accuracy {100 * last.val_accuracy:.1f} %",
                )

            runs.append(
                classifier.train(
                    name, splits, seed=seed, max_epochs=max_epochs, patience=PATIENCE, report=report
                )
            )
            progress.stop_task(task)
    screen.print(_classifier_table(runs))
    screen.print(_loss_is_not_accuracy(runs))
    _where_time_went(screen, [r.clock for r in runs])
    return runs


def _classifier_table(runs: list[classifier.Run]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("optimiser", "epochs", "best", "val loss", "val accuracy", "test loss"):
        table.add_column(column, justify="left" if column == "optimiser" else "right")
    table.add_column("test accuracy", justify="right")
    table.add_column("", justify="left")
    for run in runs:
        best = run.epochs[run.best]
        table.add_row(
            run.optimiser,
            str(len(run.epochs)),
            str(run.best + 1),
            f"{best.val_loss:.4f}",
            f"{100 * best.val_accuracy:.1f} %",
            f"{run.test_loss:.4f}",
            f"{100 * run.test_accuracy:.1f} %",
            f"stopped early: {PATIENCE} epochs without a lower validation loss"
            if run.stopped_early
            else "",
        )
    return table


def _loss_is_not_accuracy(runs: list[classifier.Run]) -> str:
    run = min(runs, key=lambda r: r.epochs[r.best].val_loss)
    by_loss = run.epochs[run.best]
    index = int(np.argmax([e.val_accuracy for e in run.epochs]))
    by_accuracy = run.epochs[index]
    where = (
        f"accuracy is highest ({100 * by_accuracy.val_accuracy:.1f} %) in epoch {index + 1} at "
        f"loss {by_accuracy.val_loss:.4f}, the loss lowest ({by_loss.val_loss:.4f}) in epoch "
        f"{run.best + 1} at {100 * by_loss.val_accuracy:.1f} %"
    )
    return (
        f"Loss is not accuracy: accuracy counts right answers, the loss also weighs how sure they "
        f"were; with {run.optimiser} {where}."
    )


def train_detector(
    screen: Console,
    make_scenes: Callable[[], Scenes],
    val: Scenes,
    test: Scenes,
    *,
    seed: int,
    epochs: int,
) -> tuple[detector.Run, np.ndarray]:
    screen.print(
        "\n[bold](b) Finding digits[/bold]  one or two on a 32 x 32 canvas, fresh canvases every "
        "epoch; total = box (complete_box_iou_loss) + cls (sigmoid_focal_loss)"
    )
    screen.print("[bold]epoch     box     cls   total   val total   val mean IoU[/bold]")
    with _progress(screen) as progress:
        task = progress.add_task("Adam", total=epochs, state="")

        def report(run: detector.Run) -> None:
            e = run.epochs[-1]
            progress.console.print(
                f"{len(run.epochs):5}  {e.box:6.4f}  {e.cls:6.4f}  {e.total:6.4f}  "
                f"{e.val_total:10.4f}  {e.val_mean_iou:13.3f}"
            )
            progress.update(
                task,
                completed=len(run.epochs),
                state=f"total {e.total:.4f}  mean IoU {e.val_mean_iou:.3f}",
            )

        run, raw = detector.train(make_scenes, val, test, seed=seed, epochs=epochs, report=report)
    s = run.score
    screen.print(
        f"Test: [bold]mean IoU {s.mean_iou:.3f}[/bold] over {s.objects} digits on {len(test)} "
        f"canvases; {100 * s.found:.1f} % found (IoU >= 0.5), {100 * s.read:.1f} % of those read "
        f"right, {s.false_alarms} false alarms"
    )
    first = next((e for e in run.epochs if e.val_mean_iou > 0.5), run.epochs[-1])
    last = run.epochs[-1]
    screen.print(
        "Loss is not mean IoU: the metric looks at the boxes that are kept in the end, the loss at "
        f"every cell; from epoch {run.epochs.index(first) + 1} on the total fell "
        f"{first.val_total / last.val_total:.1f}-fold, the mean IoU went from "
        f"{first.val_mean_iou:.3f} to {last.val_mean_iou:.3f}."
    )
    _where_time_went(screen, [run.clock])
    _against_reference(screen, test, raw)
    return run, raw


def _where_time_went(screen: Console, clocks: list[Clock]) -> None:
    parts: dict[str, float] = {}
    for clock in clocks:
        for part, seconds in clock.seconds.items():
            parts[part] = parts.get(part, 0.0) + seconds
    canvases = parts.pop("canvases", 0.0)
    total = sum(parts.values())
    calls = sum(clock.calls["loss"] for clock in clocks)
    shares = ", ".join(
        f"{part} {100 * s / total:.1f} %" for part, s in sorted(parts.items(), key=lambda p: -p[1])
    )
    screen.print(
        f"Where the step's time went: {shares}; {1e3 * total / calls:.2f} ms a step, of it "
        f"[bold]{1e6 * parts['loss'] / calls:.0f} us in fastloss[/bold]"
        + (f" ({canvases:.1f} s more to draw the canvases)" if canvases else "")
    )


def _against_reference(screen: Console, test: Scenes, raw: np.ndarray) -> None:
    """The detection loss of one batch, with fastloss and with the NumPy reference."""
    import fastloss as fl
    from fastloss import reference

    n = min(detector.BATCH, len(test))
    target, image, cell, boxes = detector.assign(*test.objects_of(0, n), n)
    picked = detector.decode(raw[:n])[1][image, cell]
    logits = np.ascontiguousarray(raw[:n, :, 4:])
    medians = []
    for module in (fl, reference):
        seconds = []
        for _ in range(15):
            start = perf_counter()
            module.complete_box_iou_loss(picked, boxes, reduction="sum", grad=True)
            module.sigmoid_focal_loss(logits, target, reduction="sum", grad=True)
            seconds.append(perf_counter() - start)
        medians.append(float(np.median(seconds)))
    screen.print(
        f"The two losses of one batch ({logits.size} logits, {len(boxes)} boxes), called back to "
        f"back: fastloss {1e6 * medians[0]:.0f} us, NumPy reference {1e6 * medians[1]:.0f} us"
    )
