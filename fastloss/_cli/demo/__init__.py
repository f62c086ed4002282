"""Train two models on handwritten digits, in NumPy with fastloss gradients alone.

(a) A perceptron reads digits: cross_entropy and an l2_penalty, SGD against Adam, early stopping.
(b) A small convolutional network finds digits on a canvas: complete_box_iou_loss +
    sigmoid_focal_loss. Draws fastloss-demo.png. Exit status 1 if the models stay below 95 %
    accuracy or 0.75 mean IoU.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np

from .._console import console
from .._errors import CommandError

HELP = "train two models on real digits and draw the result"
ACCURACY_GOAL, IOU_GOAL = 0.95, 0.75


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=0, help="a whole number >= 0 (default 0)")
    parser.add_argument("--quick", action="store_true", help="a few epochs only, goals not checked")
    parser.add_argument("--output", type=Path, default=Path("fastloss-demo.png"), metavar="FILE")


def run(args: argparse.Namespace) -> int:
    if args.seed < 0:
        raise CommandError(f"--seed must be >= 0, not {args.seed}")
    if not args.output.absolute().parent.is_dir():
        raise CommandError(f"--output: there is no folder {args.output.absolute().parent}")
    screen = console()

    from . import data, display, picture

    picture.pyplot()  # missing matplotlib is told before a minute of training, not after
    started = perf_counter()
    splits = data.load(args.seed)
    with data.one_blas_thread():
        classifiers = display.train_classifiers(
            screen, splits, seed=args.seed, max_epochs=5 if args.quick else 150
        )
        train_set, val_set, test_set = splits
        rng = np.random.default_rng(args.seed + 1)
        per_epoch, epochs = (150, 2) if args.quick else (2000, 25)
        val, test = data.paste(rng, val_set, 200), data.paste(rng, test_set, 400)
        detection, raw = display.train_detector(
            screen,
            lambda: data.paste(rng, train_set, per_epoch),
            val,
            test,
            seed=args.seed,
            epochs=epochs,
        )
    picture.draw(args.output, classifiers, detection, test, raw)
    accuracy = max(r.test_accuracy for r in classifiers)
    mean_iou = detection.score.mean_iou
    screen.print(f"\nPicture: {args.output}")
    screen.print(
        f"Done in {perf_counter() - started:.0f} s: "
        f"accuracy {100 * accuracy:.1f} %, mean IoU {mean_iou:.3f}"
    )
    if args.quick:
        return 0
    missed = []
    if accuracy <= ACCURACY_GOAL:
        missed.append(f"accuracy is not over {100 * ACCURACY_GOAL:.0f} %")
    if mean_iou <= IOU_GOAL:
        missed.append(f"mean IoU is not over {IOU_GOAL}")
    if missed:
        screen.print(f"[red]Goal missed: {', '.join(missed)}[/red]")
    return 1 if missed else 0
