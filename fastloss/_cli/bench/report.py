"""The measured table, on the screen and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

BUSY = 0.7
OTHERS = ("reference", "torch", "torch_compile", "numba", "jax")


def duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def size(shape: list[int]) -> str:
    """16, 1e5, 256 x 1000."""
    if len(shape) == 1 and shape[0] >= 1000 and math.log10(shape[0]).is_integer():
        return f"1e{round(math.log10(shape[0]))}"
    return " x ".join(map(str, shape))


def others(results: dict[str, Any]) -> list[str]:
    """The engines beside fastloss that took part, in a fixed order."""
    return [name for name in OTHERS if name in results["versions"]]


def ratio(row: dict[str, Any], name: str) -> float | None:
    """How many times longer `name` takes than fastloss; for the limit, the other way round."""
    seconds = row["seconds"]
    if name == "limit":
        ours = seconds.get("fastloss reused", seconds.get("fastloss"))
        return ours / seconds["limit"] if ours and "limit" in seconds else None
    if "fastloss" not in seconds or name not in seconds:
        return None
    return seconds[name] / seconds["fastloss"]


def _texts(row: dict[str, Any], names: list[str]) -> Iterator[tuple[str, bool]]:
    """The cells of a row after its name, and whether fastloss loses there."""
    seconds = row["seconds"]
    for variant in ("fastloss", "fastloss reused"):
        yield (duration(seconds[variant]) if variant in seconds else ""), False
    for name in names:
        r = ratio(row, name)
        if r is None:
            yield "", False
            continue
        mark = "?" if name in row["notes"] else ""
        yield f"{_short(r)}x{mark}", r < 1
    r = ratio(row, "limit")
    yield (f"{_short(r)}x" if r is not None else ""), False


def _short(r: float) -> str:
    return f"{r:.0f}" if r >= 20 else f"{r:.1f}" if r >= 2 else f"{r:.2f}"


def _by_threads(results: dict[str, Any]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    for count in sorted({row["threads"] for row in results["rows"]}):
        yield count, [row for row in results["rows"] if row["threads"] == count]


def show(screen: Console, results: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    names = others(results)
    screen.print(escape(_setting(results)))
    for count, rows in _by_threads(results):
        table = Table(title=_title(count), title_justify="left", box=None, pad_edge=False)
        table.add_column("value + gradient", no_wrap=True)
        for column in ("size", "fastloss", "reused", *names, "of limit"):
            table.add_column(column, justify="right", no_wrap=True)
        for row in rows:
            cells = [f"[red]{t}[/red]" if lost else t for t, lost in _texts(row, names)]
            table.add_row(_name(row), size(row["shape"]), *cells)
        screen.print(table)
    screen.print(_legend(names))
    for note in notes(results):
        screen.print(f"[yellow]{escape(note)}[/yellow]")


def notes(results: dict[str, Any]) -> list[str]:
    """What went wrong, once each."""
    found = {
        f"{row['name']} {size(row['shape'])}, {name}: {text}"
        for row in results["rows"]
        for name, text in row["notes"].items()
    }
    load = results["machine"]["load_before"]
    if load > BUSY:
        found.add(
            f"The machine was busy before this run (load {load:.1f}): its figures are not to be "
            "trusted, least of all those of several threads, which wait for one another."
        )
    return sorted(found)


def _name(row: dict[str, Any]) -> str:
    return row["name"] + ("" if row["gradient"] else " (value)")


def _title(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"


def _setting(results: dict[str, Any]) -> str:
    m = results["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in results["versions"].items() if k != "limit")
    calls = "20 ms of other work before every call" if results["cold"] else "calls back to back"
    return (
        f"{m['processor']}, {m['isa']}, {m['compiler']}, Python {m['python']}; {results['dtype']}, "
        f"{calls}, medians of {results['rounds']} rounds; {versions}"
    )


def _legend(names: list[str]) -> str:
    return (
        "fastloss: time of a call with fresh outputs; reused: the gradient into a buffer; "
        f"{', '.join(names)}: how many times longer they take than fastloss, below 1 fastloss "
        "loses; of limit: fastloss reused over np.add of as many bytes"
    )


def markdown(results: dict[str, Any]) -> str:
    """The tables, and a list of where fastloss loses."""
    names = others(results)
    lines = [_setting(results), "", _legend(names), ""]
    for count, rows in _by_threads(results):
        heads = ["value + gradient", "size", "fastloss", "reused", *names, "of limit"]
        lines += [f"### {_title(count)}", "", f"| {' | '.join(heads)} |"]
        lines.append("|---|" + "---:|" * (len(heads) - 1))
        for row in rows:
            cells = [f"**{t}**" if lost else t for t, lost in _texts(row, names)]
            lines.append(f"| {' | '.join([_name(row), size(row['shape']), *cells])} |")
        lines.append("")
    lost = [
        f"- {row['name']}, {size(row['shape'])}, {_title(row['threads'])}: {name} takes "
        f"{_short(ratio(row, name))} of fastloss's time"
        for row in results["rows"]
        for name in names
        if (ratio(row, name) or 1) < 1
    ]
    lines += ["### Where fastloss loses", "", *(lost or ["Nowhere in this run."]), ""]
    remarks = notes(results)
    if remarks:
        lines += ["### Remarks", "", *(f"- {note}" for note in remarks), ""]
    return "\n".join(lines)
