"""rich, imported when a command first needs it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ._errors import CommandError

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """A console on stdout. Into a file or a pipe it writes wide lines, not 80 columns."""
    try:
        from rich.console import Console
    except ImportError:
        raise CommandError("needs rich: pip install 'fastloss[cli]'") from None
    width = None if sys.stdout.isatty() else 160
    return Console(width=width, highlight=False, soft_wrap=not sys.stdout.isatty())
