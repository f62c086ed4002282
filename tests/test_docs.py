"""Every example in a docstring or a page runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import fastloss as fl

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
MODULES = ["fastloss"] + [
    module.name
    for module in pkgutil.walk_packages(fl.__path__, "fastloss.")
    if module.name.split(".")[1] not in ("_core", "_cli", "__main__", "reference")
]
# What takes another library to import or to run.
NEEDS = {"fastloss.torch": "torch", "pytorch.md": "torch"}


def cases(names):
    """Those that need another library are run beside the peers, where it is installed."""
    return [pytest.param(n, marks=pytest.mark.peer if str(n) in NEEDS else ()) for n in names]


@pytest.mark.parametrize("name", cases(MODULES))
def test_docstrings(name):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    module = importlib.import_module(name)
    report = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in doctest.DocTestFinder().find(module, name):
        runner.run(test, out=report.append)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("name", cases(page.name for page in PAGES))
def test_pages(name, tmp_path, monkeypatch):
    """Blocks marked `python` run in one namespace, and print what they say where they have
    prompts; those marked `py` are only read."""
    page = next(page for page in PAGES if page.name == name)
    if not page.exists():
        pytest.skip(f"no {page.name} beside the tests")
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    text = page.read_text()
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
        line = text[: match.start()].count("\n") + 1
        block = match.group(1)
        if ">>>" in block:
            test = doctest.DocTestParser().get_doctest(block, names, page.name, page.name, line)
            report: list[str] = []
            runner = doctest.DocTestRunner(optionflags=FLAGS)
            runner.run(test, out=report.append, clear_globs=False)
            names = test.globs
            assert not runner.failures, "".join(report)
        else:
            exec(compile("\n" * line + block, str(page), "exec"), names)
