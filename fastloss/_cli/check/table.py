"""The result of `check` as a table: a row per function, a column per level and dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .compare import TOLERANCE

if TYPE_CHECKING:
    from rich.console import Console


def show(screen: Console, results: dict[str, list[dict[str, Any]]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("worst error in ulp", no_wrap=True)
    for level in results:
        for dtype in TOLERANCE:
            short = level.removeprefix("x86-64-")
            table.add_column(f"{short} {dtype.replace('float', 'f')}", justify="right")
    table.add_column("worst case", overflow="fold")
    problems = []
    for entries in zip(*results.values(), strict=True):
        cells, all_parts = [], []
        for level, entry in zip(results, entries, strict=True):
            for dtype in TOLERANCE:
                part = entry[dtype]
                all_parts.append((part["ulp"] is None, part["ulp"] or 0.0, part["where"]))
                cells.append(_cell(part))
                if part["failed"]:
                    problems.append(f"{entry['name']} on {level}, {dtype}: {_reason(part, dtype)}")
        table.add_row(entries[0]["name"], *cells, escape(max(all_parts)[2]))
    screen.print(table)
    calls = sum(e[d]["calls"] for rows in results.values() for e in rows for d in TOLERANCE)
    limits = ", ".join(f"{dtype} {limit:g}" for dtype, limit in TOLERANCE.items())
    screen.print(f"{calls} calls compared; allowed: {limits} ulp of the largest number")
    for problem in problems:
        screen.print(f"[red]{escape(problem)}[/red]")
    verdict = f"[red]{len(problems)} problems[/red]" if problems else "[green]all agree[/green]"
    screen.print(verdict)


def _cell(part: dict[str, Any]) -> str:
    text = "differs" if part["ulp"] is None else f"{part['ulp']:.2f}"
    return f"[red]{text} ![/red]" if part["failed"] else text


def _reason(part: dict[str, Any], dtype: str) -> str:
    if part["error"]:
        return part["error"]
    if part["ulp"] is None:
        return f"shape, NaN or Inf differ at {part['where']}"
    if not part["same_bits"]:
        return "one thread and several do not give the same bits"
    return f"{part['ulp']:.1f} ulp, allowed {TOLERANCE[dtype]:g}, at {part['where']}"
