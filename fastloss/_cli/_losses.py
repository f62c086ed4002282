"""The registry, as the commands use it."""

from __future__ import annotations

import difflib
from typing import Any

from ._errors import CommandError


def registry() -> dict[str, Any]:
    """All losses by name. The reference package is imported for its side effect: registration."""
    import fastloss.reference  # noqa: F401
    from fastloss.reference._registry import LOSSES

    return LOSSES


def find(name: str) -> Any:
    """The loss of this name, or an error that suggests the nearest one."""
    losses = registry()
    if name in losses:
        return losses[name]
    close = difflib.get_close_matches(name, losses, n=1)
    hint = f"did you mean {close[0]}?" if close else "see 'fastloss list'"
    raise CommandError(f"there is no loss {name!r}; {hint}")


def select(pattern: str | None, criteria: bool = False) -> list[Any]:
    """The losses whose name or family contains one of the comma-separated words; perhaps those
    functions of a whole batch, too, that have no samples to be run on."""
    losses = list(registry().values())
    if criteria:
        from fastloss.reference import CRITERIA

        losses += CRITERIA.values()
    if pattern is None:
        return losses
    words = [w.strip() for w in pattern.split(",") if w.strip()]
    chosen = [x for x in losses if any(w in x.name or w == x.family for w in words)]
    if not chosen:
        raise CommandError(f"--filter {pattern!r} fits no loss; see 'fastloss list'")
    return chosen
