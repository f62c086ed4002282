"""Train a detector of blood cells on the CPU: PyTorch computes the network, fastloss the rest.

The data are the 364 photographs of BCCD (https://github.com/Shenggan/BCCD_Dataset, MIT licence)
with 4,888 boxes: red cells, and eleven times fewer white cells and platelets. --data is the folder
BCCD of that repository. The loss is `fastloss.torch.DetectionLoss`; detections come from
`decode_boxes` and `non_max_suppression`, mean average precision from `CocoEvaluator`.

    pip install '.[torch,demo]'
    python examples/train_blood_cells.py --data BCCD_Dataset/BCCD --output blood-cells.png
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from blood_cells.data import NAMES, STRIDES, Cells, augmented, load
from blood_cells.evaluation import evaluate
from blood_cells.network import BINS, Detector
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import fastloss as fl
import fastloss.torch

RATE = 2e-3
BENCH = Path(__file__).resolve().parent.parent / "bench"


@dataclass
class Epoch:
    """Means of the training loss's parts, and precision on the validation photographs."""

    box: float
    cls: float
    dfl: float
    ap: float
    ap50: float
    seconds: float  # of a training step


def balance(cells: Cells) -> torch.Tensor:
    """A weight for every class: the root of how much rarer it is than the most frequent one."""
    counts = torch.bincount(cells.cls, minlength=len(NAMES)).clamp(1)
    return (counts.max() / counts).sqrt()


def train(
    train_set: Cells, val_set: Cells, epochs: int, batch: int, report: Callable[[Epoch], None]
) -> nn.Module:
    """The running mean of the weights, which detects better than the weights of any one step."""
    model = Detector()
    mean = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98), use_buffers=True)
    criterion = fastloss.torch.DetectionLoss(
        level_sizes=train_set.level_sizes, strides=STRIDES, class_weight=balance(train_set)
    )
    steps = -(-len(train_set) // batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=epochs * steps, pct_start=0.15
    )
    for _ in range(epochs):
        model.train()
        parts, began = torch.zeros(3), perf_counter()
        for rows in torch.randperm(len(train_set)).split(batch):
            images, cells = augmented(train_set.select(rows))
            boxes, scores = model(images)
            loss = criterion(boxes, scores, *cells.objects)
            optimizer.zero_grad()
            loss.total.backward()
            optimizer.step()
            schedule.step()
            mean.update_parameters(model)
            parts += torch.stack((loss.box, loss.cls, loss.dfl)) / steps
        seconds = (perf_counter() - began) / steps
        found = evaluate(mean, val_set)
        report(Epoch(*parts.tolist(), found["AP"], found["AP50"], seconds))
    return mean


def measure(
    model: nn.Module, cells: Cells, batch: int, rounds: int
) -> dict[str, tuple[float, float]]:
    """Median seconds of a training step and of the loss in it, with fastloss and in plain torch.

    The two take turns on the same batches. The graph is cut where the network ends, so that the
    loss's backward is counted as the loss's.
    """
    sys.path.append(str(BENCH))
    from plain_detection import Criterion

    ours = fastloss.torch.DetectionLoss(level_sizes=cells.level_sizes, strides=STRIDES)
    criteria: dict[str, Callable[..., torch.Tensor]] = {
        "fastloss": lambda *arguments: ours(*arguments).total,
        "plain torch": Criterion(cells.level_sizes, STRIDES, len(NAMES), BINS),
    }
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.0)
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in criteria}
    for turn in range(rounds + 2):
        images, some = augmented(cells.select(torch.randperm(len(cells))[:batch]))
        for name, criterion in criteria.items():
            optimizer.zero_grad()
            began = perf_counter()
            heads = model(images)
            cut = [head.detach().requires_grad_() for head in heads]
            forward = perf_counter()
            total = criterion(*cut, *some.objects)
            slopes = torch.autograd.grad(total, cut, materialize_grads=True)
            backward = perf_counter()
            torch.autograd.backward(heads, slopes)
            optimizer.step()
            if turn > 1:  # the first ones warm up
                seconds[name].append((perf_counter() - began, backward - forward))
    return {name: tuple(np.median(pairs, axis=0)) for name, pairs in seconds.items()}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="photographs and their boxes")
    parser.add_argument("--epochs", type=int, help="default 60")
    parser.add_argument("--size", type=int, help="width of the photographs in pixels, default 160")
    parser.add_argument("--batch", type=int, help="photographs in a step, default 16")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, metavar="FILE.png", help="draw the run")
    parser.add_argument("--quick", action="store_true", help="12 epochs of small photographs")
    args = parser.parse_args()
    usual = {"epochs": 60, "size": 160, "batch": 16}
    small = {"epochs": 12, "size": 96, "batch": 8}
    for name, value in (small if args.quick else usual).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
        if getattr(args, name) < 1:
            parser.error(f"--{name} must be at least 1, not {getattr(args, name)}")
    if args.size % STRIDES[-1] or args.size < 64:
        parser.error(f"--size must be a multiple of {STRIDES[-1]} from 64 on, not {args.size}")
    return args


def main() -> int:
    args = parsed()
    known = args.data and any((args.data / n).exists() for n in ("annotations.json", "ImageSets"))
    if not known:
        place = f"{args.data} holds no photographs with boxes" if args.data else "no data"
        print(
            f"{place}: git clone https://github.com/Shenggan/BCCD_Dataset, then give "
            "--data BCCD_Dataset/BCCD",
            file=sys.stderr,
        )
        return 2
    from rich.console import Console
    from rich.progress import Progress

    # Where each core counts, torch has them: its threads are still awake when the loss is called.
    fl.set_num_threads(1)
    torch.manual_seed(args.seed)
    screen, history = Console(), []
    splits = load(args.data, args.size)
    train_set, val_set, test_set = splits.values()
    screen.print(
        f"{len(train_set)} photographs to train on, {len(val_set)} for validation, {len(test_set)} "
        f"for the test, {args.size} x {train_set.images.shape[2]} pixels"
    )
    screen.print("[bold]epoch     box     cls     dfl   val mAP   at IoU 0.5[/bold]")
    with Progress(console=screen) as progress:
        task = progress.add_task("training", total=args.epochs)

        def report(epoch: Epoch) -> None:
            history.append(epoch)
            progress.console.print(
                f"{len(history):5}  {epoch.box:6.3f}  {epoch.cls:6.3f}  {epoch.dfl:6.3f}  "
                f"{epoch.ap:8.3f}  {epoch.ap50:11.3f}"
            )
            progress.advance(task)

        model = train(train_set, val_set, args.epochs, args.batch, report)
    result = evaluate(model, test_set)
    each = ", ".join(f"{name} {result.per_class[i]:.3f}" for i, name in enumerate(NAMES))
    screen.print(
        f"Test: [bold]mAP {result['AP']:.3f}, at IoU 0.5 {result['AP50']:.3f}[/bold] ({each})\n"
        f"{np.median([epoch.seconds for epoch in history]):.3f} s per training step; beside each "
        "other, without loading:"
    )
    times = measure(model, train_set, args.batch, rounds=5 if args.quick else 25)
    for name, (step, loss) in times.items():
        screen.print(
            f"  with {name:11}  {1e3 * loss:6.2f} of {1e3 * step:.1f} ms are the loss's: "
            f"[bold]{100 * loss / step:.1f} %[/bold]"
        )
    if args.output:
        from blood_cells.picture import draw

        draw(args.output, history, times, model, test_set, result["AP50"])
        screen.print(f"Picture: {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
