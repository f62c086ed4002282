"""The families of losses: the modules that the package and its reference have in common."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "fastloss"


def names() -> list[str]:
    """Names of the families, from the files of the reference."""
    stems = (path.stem for path in sorted((PACKAGE / "reference").glob("*.py")))
    return [stem for stem in stems if not stem.startswith("_")]


def modules() -> dict[str, ModuleType]:
    """Family name -> its public module, for the families that have one."""
    return {
        name: importlib.import_module(f"fastloss.{name}")
        for name in names()
        if (PACKAGE / f"{name}.py").exists()
    }


def agree(path: Path, text: str, command: str, check: bool) -> bool:
    """Write a generated file, or with `check` only say whether it is what it should be."""
    if path.exists() and path.read_text() == text:
        return True
    if check:
        print(f"{path.relative_to(ROOT)} is out of date: run `{command}`")
        return False
    path.write_text(text)
    print(f"wrote {path.relative_to(ROOT)}")
    return True
