"""Measure fastloss, its NumPy reference, PyTorch, numba and JAX: value + gradient.

Every engine runs in a process of its own (two OpenMP runtimes would spin against each other), all
on the same numbers and the same processor cores. The timings are taken in turns; a figure is the
median over the rounds. Outputs are fresh, as the peers have them, but for the column "reused"
(grad=buffer). "limit" is np.add(a, b, out=c) over as many bytes as the loss must move. What is not
installed is left out; torch_compile, which needs g++ and seconds for every case, takes part where
--engines names it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from .._console import console
from .._errors import CommandError
from .._losses import select

HELP = "speed against the reference and every installed peer"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--filter", metavar="WORDS", help="names or families, comma-separated")
    parser.add_argument("--threads", metavar="N[,N]", help="default: 1 and the number of cores")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--engines", metavar="NAMES", help="peers to measure, comma-separated")
    parser.add_argument("--quick", action="store_true", help="small inputs, few rounds, one thread")
    parser.add_argument("--cold", action="store_true", help="20 ms of other work between calls")
    parser.add_argument("--rounds", type=int, help="default 9, with --quick 3")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the speed-ups")
    parser.add_argument("--markdown", type=Path, metavar="FILE.md", help="write the tables")
    parser.add_argument("--json", type=Path, metavar="FILE.json", help="write every number")


def run(args: argparse.Namespace) -> int:
    losses = select(args.filter)
    threads = _threads(args)
    rounds = args.rounds if args.rounds is not None else (3 if args.quick else 9)
    if rounds < 1:
        raise CommandError(f"--rounds must be at least 1, not {rounds}")
    for path in (args.plot, args.markdown, args.json):
        if path is not None and not path.absolute().parent.is_dir():
            raise CommandError(f"cannot write {path}: there is no folder {path.absolute().parent}")
    if args.plot is not None and args.plot.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise CommandError(f"{args.plot}: plots are written as .png, .pdf or .svg")
    screen = console()
    if args.plot is not None:
        from ..demo.picture import pyplot

        pyplot()  # missing matplotlib is told before the measurement, not after

    from . import engines, measure, report

    chosen = engines.installed(args.engines)
    results = measure.measure(
        screen,
        losses,
        chosen,
        threads=threads,
        dtype=args.dtype,
        quick=args.quick,
        cold=args.cold,
        rounds=rounds,
    )
    report.show(screen, results)
    _write(args, results, screen)
    return 0


def _threads(args: argparse.Namespace) -> list[int]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if args.threads is None:
        return [1] if args.quick or cores == 1 else [1, cores]
    try:
        counts = sorted({int(word) for word in args.threads.split(",")})
    except ValueError:
        counts = []
    if not counts or counts[0] < 1:
        raise CommandError(f"--threads takes numbers such as 1 or 1,{cores}, not {args.threads!r}")
    if counts[-1] > cores:
        raise CommandError(f"--threads {counts[-1]}: this process may use {cores} cores")
    return counts


def _write(args: argparse.Namespace, results: dict, screen: object) -> None:
    import json

    from . import report

    try:
        if args.json is not None:
            args.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        if args.markdown is not None:
            args.markdown.write_text(report.markdown(results), encoding="utf-8")
        if args.plot is not None:
            from .plot import draw

            draw(args.plot, results)
    except OSError as error:
        raise CommandError(f"cannot write {error.filename}: {error.strerror}") from None
