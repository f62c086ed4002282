"""Compute a loss of arrays in files, and its gradient.

INPUT and TARGET are .npy (memory-mapped), .npz (file.npz:key) or .csv files. Any parameter of the
loss is an option: --reduction sum, --delta 0.5, --label-smoothing 0.1, --weight w.npy, ...

  fastloss compute mse_loss prediction.npy truth.npy
  fastloss compute cross_entropy data.npz:logits data.npz:labels --grad gradient.npy
  fastloss compute huber_loss p.csv t.csv --delta 0.5 --reduction none --out losses.npy
"""

from __future__ import annotations

import argparse
import ast
import inspect
from pathlib import Path
from typing import Any

import numpy as np

from . import _files
from ._errors import CommandError
from ._losses import find

HELP = "a loss of arrays in .npy, .npz or .csv files"
_ARRAYS = ("weight", "pos_weight", "class_weight", "var")
_OUTPUTS = ("grad", "hess")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "fastloss compute LOSS INPUT [TARGET] [--option value ...]"
    parser.add_argument("loss", metavar="LOSS", help="a name of 'fastloss list'")
    parser.add_argument("input", metavar="INPUT", help=".npy, .npz:key or .csv")
    parser.add_argument("target", metavar="TARGET", nargs="?", help="the same, or none at all")
    parser.add_argument(
        "--grad", type=Path, metavar="OUT.npy", help="write the gradient by INPUT there"
    )
    parser.add_argument(
        "--out", type=Path, metavar="OUT.npy", help="write the value there (--reduction none)"
    )
    parser.add_argument("--dtype", choices=("float32", "float64"), help="convert the input")


def run(args: argparse.Namespace) -> int:
    loss = find(args.loss)
    function = loss.public
    signature = inspect.signature(function)
    positional = _positional(loss.name, signature, args)
    options = _options(loss.name, signature, len(positional), args.rest)
    if args.grad is not None and "grad" not in signature.parameters:
        raise CommandError(f"{loss.name} has no gradient; leave --grad out")
    written = [path for path in (args.grad, args.out) if path is not None]
    read = [*positional, *(word.rpartition("=")[2] for word in args.rest)]
    for path in written:
        _files.check_output(path)
        if any(Path(text).resolve() == path.resolve() for text in read):
            raise CommandError(f"{path} is an argument; name another file for the result")
    if len(written) == 2 and written[0].resolve() == written[1].resolve():
        raise CommandError(f"--grad and --out are both {written[0]}")
    arrays = [_files.load(text) for text in positional]
    if args.dtype:
        arrays[0] = arrays[0].astype(args.dtype, copy=False)
    elif arrays[0].dtype.kind in "biu":
        arrays[0] = arrays[0].astype(np.float64)
    if args.grad is not None:
        options["grad"] = True
    try:
        result = function(*arrays, **options)
    except (TypeError, ValueError, IndexError) as error:
        raise CommandError(f"{loss.name}: {error}") from None
    except MemoryError:
        raise CommandError(f"{loss.name}: not enough memory for arrays of this size") from None
    value, grad = result if args.grad is not None else (result, None)
    if args.grad is not None:
        # where there are several, INPUT's
        _files.save(args.grad, np.asarray(grad[0] if isinstance(grad, tuple) else grad))
    _show(value, args.out)
    return 0


def _positional(name: str, signature: inspect.Signature, args: argparse.Namespace) -> list[str]:
    """The files given, after a check that the loss takes that many arrays."""
    wanted = [
        p.name
        for p in signature.parameters.values()
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    given = [text for text in (args.input, args.target) if text is not None]
    wanted = [name for name in wanted if name not in ("in_fmt", "out_fmt", "var")]
    if len(given) != len(wanted):
        raise CommandError(
            f"{name} takes {len(wanted)} file{'s' * (len(wanted) != 1)} "
            f"({', '.join(wanted)}), {len(given)} given"
        )
    return given


def _options(name: str, signature: inspect.Signature, skip: int, rest: list[str]) -> dict[str, Any]:
    """--option value pairs as keyword arguments, checked against the loss's own signature."""
    known = {
        p.name: p for p in list(signature.parameters.values())[skip:] if p.name not in _OUTPUTS
    }
    options: dict[str, Any] = {}
    words = list(rest)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            raise CommandError(f"{word!r} is one argument too many; see 'fastloss compute --help'")
        option, equals, text = word[2:].partition("=")
        option = option.replace("-", "_")
        if option not in known:
            choices = ", ".join("--" + k.replace("_", "-") for k in known)
            raise CommandError(f"{name} has no option {word}; it has {choices or 'none'}")
        if option in options:
            raise CommandError(f"--{option} is given twice")
        boolean = isinstance(known[option].default, bool)
        if not equals:
            if words and not _is_option(words[0]):
                text = words.pop(0)
            elif boolean:
                text = "true"
            else:
                raise CommandError(
                    f"{word} needs a value, such as {word} {_example(known[option])}"
                )
        options[option] = _value(option, text, known[option].default)
    missing = [k for k, p in known.items() if p.default is p.empty and k not in options]
    if missing:
        raise CommandError(
            f"{name} needs --{missing[0].replace('_', '-')}; see 'fastloss compute --help'"
        )
    return options


def _is_option(word: str) -> bool:
    return word.startswith("--") and word != "--"


def _example(parameter: inspect.Parameter) -> str:
    if parameter.name in _ARRAYS:
        return "weight.npy"
    return "1" if parameter.default in (None, inspect.Parameter.empty) else str(parameter.default)


def _value(option: str, text: str, default: object) -> Any:
    """The text as the type of the default: a word, a truth value, a number, a list or a file."""
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in words:
            raise CommandError(f"--{option} is true or false, not {text!r}")
        return words[text.lower()]
    if option in _ARRAYS and not _is_literal(text):
        return _files.load(text)
    if not _is_literal(text):
        if default is inspect.Parameter.empty:
            return text
        kind = "a whole number" if type(default) is int else "a number"
        raise CommandError(f"--{option} is {kind}, not {text!r}")
    return ast.literal_eval(text)


def _is_literal(text: str) -> bool:
    """A number, None or a sequence of numbers in Python's notation."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    parts = value if isinstance(value, (list, tuple)) else [value]
    return all(v is None or isinstance(v, (int, float)) for v in parts)


def _show(value: Any, out: Path | None) -> None:
    if out is not None:
        _files.save(out, np.asarray(value))
    if isinstance(value, float):
        print(repr(value))
        return
    array = np.asarray(value)
    if out is None:
        print(np.array2string(array, threshold=40))
    else:
        mean = f", mean {float(array.mean(dtype=np.float64)):.6g}" if array.size else ""
        print(f"{array.dtype} array of shape {array.shape}{mean}")
