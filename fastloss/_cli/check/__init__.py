"""Compare the kernels with the NumPy reference on this machine.

Every function, dtype, option and reduction, on every instruction set this machine has. An error is
told in ulp of the largest number in the output: |kernel - reference in float64| / (eps * largest).
Large inputs must give the same bits on one thread and on all. Exit status 1 if anything is off.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

from .._console import console
from .._errors import CommandError
from .._losses import select

HELP = "kernels against the reference on this machine"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--filter", metavar="WORDS", help="names or families, comma-separated")
    parser.add_argument("--isa", metavar="LEVEL", help="one instruction set only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    if args.seed < 0:
        raise CommandError(f"--seed must be >= 0, not {args.seed}")
    losses = select(args.filter)
    if args.worker:
        from .compare import examine

        print(json.dumps([examine(loss, args.seed) for loss in losses]))
        return 0
    import fastloss

    levels = list(fastloss.get_config()["isa_available"])
    if args.isa is not None:
        if args.isa not in levels:
            raise CommandError(f"--isa {args.isa}: this machine has {', '.join(levels)}")
        levels = [args.isa]
    screen = None if args.json else console()
    results = {}
    for level in levels:
        if screen is None:
            results[level] = _examine(level, args)
            continue
        with screen.status(f"{len(losses)} functions on {level} ..."):
            results[level] = _examine(level, args)
    failures = sum(entry["failed"] for rows in results.values() for entry in rows)
    if screen is None:
        print(json.dumps(results, indent=1))
    else:
        from .table import show

        show(screen, results)
    return 1 if failures else 0


def _examine(level: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """All comparisons on one level, in a process of its own: the level is chosen at import."""
    command = [sys.executable, "-m", "fastloss", "check", "--worker", "--seed", str(args.seed)]
    if args.filter:
        command += ["--filter", args.filter]
    env = {**os.environ, "FASTLOSS_ISA": level}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise CommandError(
            f"the check on {level} ended with status {done.returncode}: {last}; "
            f"run FASTLOSS_ISA={level} python -m fastloss check --worker to see all of it"
        )
    return json.loads(done.stdout)
