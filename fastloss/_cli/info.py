"""Version, active instruction set, threads and compiler: what a bug report should quote."""

from __future__ import annotations

import argparse

HELP = "version, instruction set, threads, compiler"


def arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(args: argparse.Namespace) -> int:
    import fastloss

    fastloss.show_config()
    return 0
