"""The registry as a table: every function, what it can return, and its formula."""

from __future__ import annotations

import argparse

from ._console import console
from ._losses import select

HELP = "all functions with their formulas"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--filter", metavar="WORDS", help="names or families, comma-separated")


def run(args: argparse.Namespace) -> int:
    losses = select(args.filter, criteria=True)
    screen = console()
    from rich.markup import escape
    from rich.table import Table

    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in ("name", "family", "kind", "outputs"):
        table.add_column(column, no_wrap=True)
    table.add_column("formula", overflow="fold")
    for loss in losses:
        kind = getattr(loss, "kind", "batch")
        row = loss.name, loss.family, kind, outputs(loss), escape(loss.formula)
        table.add_row(*row)
    screen.print(table)
    screen.print(f"{len(losses)} functions")
    return 0


def outputs(loss: object) -> str:
    """value, gradient, Hessian: what the function can return."""
    words = ["value"]
    if loss.gradients == 1:
        words.append("gradient")
    elif loss.gradients > 1:
        words.append(f"{loss.gradients} gradients")
    if getattr(loss, "hess", False):
        words.append("Hessian")
    return ", ".join(words)
