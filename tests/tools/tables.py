"""Write docs/losses.md: the table of every function, from the registry.

python -m tests.tools.tables            write the file
python -m tests.tools.tables --check    exit with 1 if it is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from . import families

HEAD = """# The functions

Written by `make docs` from the registry (`fastloss/reference`). Every function has a NumPy
reference of the same signature in `fastloss.reference`. Outputs: V value, G gradient (`grad=`),
H second derivative (`hess=`); the number says how many gradients come back, if it is not one.
"""


def outputs(loss: Any) -> str:
    gradients = {0: "", 1: " G"}.get(loss.gradients, f" G{loss.gradients}")
    return f"V{gradients}{' H' if loss.hess else ''}"


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(losses: list[Any]) -> Iterator[str]:
    yield "| function | kind | formula | outputs | semantics of |"
    yield "|---|---|---|---|---|"
    for loss in losses:
        peer = f"`{loss.peer}`" if loss.peer else ""
        cells = (f"`{loss.name}`", loss.kind, cell(loss.formula), outputs(loss), peer)
        yield "| " + " | ".join(cells) + " |"


def criteria_table(criteria: list[Any]) -> Iterator[str]:
    yield "| function | formula | outputs |"
    yield "|---|---|---|"
    for criterion in criteria:
        cells = (f"`{criterion.name}`", cell(criterion.formula), criterion_outputs(criterion))
        yield "| " + " | ".join(cells) + " |"


def criterion_outputs(criterion: Any) -> str:
    return f"V G{criterion.gradients}" if criterion.gradients else "V"


def page(losses: dict[str, Any], criteria: dict[str, Any]) -> str:
    lines = [HEAD]
    for family in dict.fromkeys(loss.family for loss in losses.values()):
        lines += [f"## {family}", ""]
        lines += table([loss for loss in losses.values() if loss.family == family])
        lines.append("")
    for family in dict.fromkeys(criterion.family for criterion in criteria.values()):
        lines += [f"## {family}", ""]
        lines += criteria_table([c for c in criteria.values() if c.family == family])
        lines.append("")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    from fastloss.reference import CRITERIA, LOSSES

    path = families.ROOT / "docs" / "losses.md"
    text = page(LOSSES, CRITERIA)
    return 0 if families.agree(path, text, "make docs", "--check" in arguments) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
