"""A picture of the speed-ups: one panel per thread count, a group of bars per loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..demo.picture import pyplot
from .report import _title, duration, others, ratio, size

COLOURS = {
    "reference": "#8a8f98",
    "torch": "#e4572e",
    "torch_compile": "#f2a541",
    "numba": "#17807e",
    "jax": "#6a4fb6",
}


def _typical(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per loss: the middle one of its sizes."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if "fastloss" in row["seconds"]:
            by_name.setdefault(row["name"], []).append(row)
    return [same[len(same) // 2] for same in by_name.values()]


def draw(path: Path, results: dict[str, Any]) -> None:
    plt = pyplot()
    names = [n for n in others(results) if any(n in r["seconds"] for r in results["rows"])]
    counts = sorted({row["threads"] for row in results["rows"]})
    panels = [_typical([r for r in results["rows"] if r["threads"] == c]) for c in counts]
    height = 1.8 + 0.125 * (len(names) + 1.0) * max(1, max(map(len, panels)))
    figure, axes = plt.subplots(
        1,
        len(counts),
        figsize=(3.2 + 5.6 * len(counts), height),
        dpi=110,
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    for axis, count, rows in zip(axes[0], counts, panels, strict=True):
        _panel(axis, rows, names)
        axis.set_title(_title(count), fontsize=11)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(names), frameon=False)
    pace = "cold calls" if results["cold"] else "calls back to back"
    figure.suptitle(
        f"Times slower than fastloss: value + gradient, {results['dtype']}, {pace}",
        x=0.01,
        ha="left",
        fontsize=12,
    )
    figure.savefig(path)
    plt.close(figure)


def _panel(axis: Any, rows: list[dict[str, Any]], names: list[str]) -> None:
    at = np.arange(len(rows), dtype=float)
    thick = 0.84 / max(1, len(names))
    for index, name in enumerate(names):
        place = at + (index - (len(names) - 1) / 2) * thick
        values = [ratio(row, name) or np.nan for row in rows]
        axis.barh(
            place, [v - 1 for v in values], thick * 0.92, left=1, color=COLOURS[name], label=name
        )
        for y, value in zip(place, values, strict=True):
            if np.isfinite(value):
                text = f" {value:.0f}" if value >= 10 else f" {value:.1f}"
                axis.text(max(value, 1.0), y, text, va="center", fontsize=6.5)
    axis.axvline(1, color="black", lw=1)
    axis.set_xscale("log")
    axis.set_xticks([0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000])
    axis.set_xticklabels(["0.1", "0.3", "1", "3", "10", "30", "100", "300", "1000"])
    axis.minorticks_off()
    axis.grid(axis="x", lw=0.4, alpha=0.6)
    axis.set_axisbelow(True)
    axis.set_yticks(at)
    axis.set_yticklabels(
        [f"{r['name']}\n{size(r['shape'])}, {duration(r['seconds']['fastloss'])}" for r in rows],
        fontsize=7,
    )
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.spines[["top", "right"]].set_visible(False)
