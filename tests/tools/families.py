"""The families of losses: the modules (or folders of modules) that package and reference share."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "fastloss"


def _members(folder: Path) -> list[str]:
    """Modules and folders of modules that are not private."""
    paths = [
        path for path in folder.glob("*") if path.suffix == ".py" or (path / "__init__.py").exists()
    ]
    return sorted(path.stem for path in paths if not path.name.startswith("_"))


def names() -> list[str]:
    """Names of the families, from the files of the reference. Metrics are no losses."""
    return [name for name in _members(PACKAGE / "reference") if name != "metrics"]


def exists(family: str) -> bool:
    return family in _members(PACKAGE)


def modules() -> dict[str, ModuleType]:
    """Family name -> its public module, for the families that have one."""
    return {name: importlib.import_module(f"fastloss.{name}") for name in names() if exists(name)}


def leaves() -> dict[str, ModuleType]:
    """The modules that define functions: `penalties`, `boxes/aligned` -> the module."""
    found = {}
    for family, module in modules().items():
        folder = PACKAGE / family
        for leaf in _members(folder) if folder.is_dir() else []:
            found[f"{family}/{leaf}"] = importlib.import_module(f"fastloss.{family}.{leaf}")
        if not folder.is_dir():
            found[family] = module
    return found


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
