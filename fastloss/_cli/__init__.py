"""The command line: one module per command, with HELP, arguments(parser) and run(args)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from ._errors import CommandError

COMMANDS = ("demo", "list", "info", "check", "bench", "compute")
_MODULES = {"list": "listing"}  # a module may not shadow the built-in name


class _Parser(argparse.ArgumentParser):
    """Reports a bad command line in one line instead of the usage text and a line."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message}; see '{self.prog} --help'")


def build_parser() -> argparse.ArgumentParser:
    import fastloss

    parser = _Parser(prog="fastloss", description="Losses and their gradients on the CPU.")
    parser.add_argument("--version", action="version", version=f"fastloss {fastloss.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name in COMMANDS:
        module = import_module(f"{__name__}.{_MODULES.get(name, name)}")
        sub = commands.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            # compute takes any option of the loss: an abbreviation would swallow it
            allow_abbrev=False,
        )
        module.arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 2 where the user can put it right."""
    try:
        parser = build_parser()
        args, rest = parser.parse_known_args(argv)
        if args.command is None:
            parser.print_help()
            return 2
        if args.command == "compute":
            args.rest = rest
        elif rest:
            raise CommandError(
                f"unrecognised argument {rest[0]!r}; see 'fastloss {args.command} --help'"
            )
        status = args.run(args)
        sys.stdout.flush()
        return status
    except CommandError as error:
        print(f"fastloss: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("fastloss: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader (head, less) has gone: not an error, and nothing may be flushed at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
