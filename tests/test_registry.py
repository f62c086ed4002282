"""Adding a loss touches four places: these tests name the one that was forgotten."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
from tools import families, stubs, tables

import fastloss as fl
from fastloss import _core, config
from fastloss.reference import CRITERIA, LOSSES

pytestmark = pytest.mark.source
CONFIG = {name for name in fl.__all__ if hasattr(config, name)}
PUBLIC = set(fl.__all__) - CONFIG
REFERENCES = {**LOSSES, **CRITERIA}
FORMULAS = families.ROOT / "csrc" / "losses"


def compiled_names(loss):
    """What a loss may be called in losses.def: its name, with or without the last word."""
    return {loss, re.sub("_(loss|penalty)$", "", loss)}


def test_every_line_of_losses_def_has_a_public_function():
    known = {name for loss in PUBLIC for name in compiled_names(loss)}
    forgotten = sorted(set(_core.losses()) - known)
    assert not forgotten, (
        f"in csrc/losses.def but not in fastloss/<family>.py and its __all__: {forgotten}"
    )


def test_every_public_loss_stands_in_losses_def():
    compiled = set(_core.losses())
    forgotten = sorted(
        name
        for name in PUBLIC & set(LOSSES)
        if LOSSES[name].kind not in ("transform", "pairs", "masks")
        and "kind" not in inspect.signature(getattr(fl, name)).parameters  # a choice of other lines
        and not compiled_names(name) & compiled
    )
    assert not forgotten, f"in fastloss but without a line in csrc/losses.def: {forgotten}"


def test_every_public_function_has_a_reference():
    forgotten = sorted(PUBLIC - set(REFERENCES))
    assert not forgotten, (
        f"in fastloss but not in fastloss/reference/<family>.py with @register: {forgotten}"
    )


def test_every_reference_has_a_public_function():
    forgotten = sorted(set(REFERENCES) - PUBLIC)
    assert not forgotten, (
        f"in fastloss.reference but not in fastloss.__all__ "
        f"(from the __all__ of fastloss/<family>.py): {forgotten}"
    )


@pytest.mark.parametrize("family", families.names())
def test_every_family_has_its_files(family):
    assert families.exists(family), f"fastloss/{family} is missing"
    assert (FORMULAS / f"{family}.h").exists(), f"csrc/losses/{family}.h is missing"


@pytest.mark.parametrize("family", families.modules())
def test_families_export_all_their_functions(family):
    module = importlib.import_module(f"fastloss.{family}")
    defined = {
        name
        for name, value in vars(module).items()
        if inspect.isroutine(value)
        and value.__module__.startswith("fastloss.")
        and not name.startswith("_")
    }
    forgotten = sorted(defined ^ set(module.__all__))
    assert not forgotten, f"fastloss/{family}.py and its __all__ disagree about {forgotten}"
    forgotten = sorted(defined - set(fl.__all__))
    assert not forgotten, f"fastloss/__init__.py does not export {forgotten} of {family}"


@pytest.mark.parametrize("leaf", families.leaves())
def test_exports_are_sorted(leaf):
    exported = families.leaves()[leaf].__all__
    assert list(exported) == sorted(exported), f"fastloss/{leaf}.py: sort __all__"


@pytest.mark.parametrize("name", sorted(PUBLIC & set(REFERENCES)))
def test_reference_has_the_same_signature_and_family(name):
    def shape(function):
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.kind.description, p.default) for p in parameters]

    loss = REFERENCES[name]
    public = getattr(fl, name)
    assert shape(public) == shape(loss.function)
    assert name in importlib.import_module(f"fastloss.{loss.family}").__all__
    assert loss.public is public


@pytest.mark.parametrize("name", sorted(PUBLIC & set(REFERENCES)))
def test_docstring_has_every_part(name):
    text = inspect.getdoc(getattr(fl, name)) or ""
    parts = ["Parameters", "Returns", "Raises", "Examples"]
    missing = [part for part in parts if f"\n{part}\n---" not in text]
    assert not missing, f"the docstring of {name} lacks {missing}"
    section = text.partition("Parameters\n---")[2].partition("\n\n")[0] + text
    parameters = inspect.signature(getattr(fl, name)).parameters
    missing = [p for p in parameters if not re.search(rf"^(.*, )?{p}(, .*)? :", section, re.M)]
    assert not missing, f"the docstring of {name} does not explain {missing}"


def test_stubs_are_fresh(capsys):
    status = stubs.main(["--check"])
    assert not status, capsys.readouterr().out


def test_table_in_the_docs_is_fresh(capsys):
    status = tables.main(["--check"])
    assert not status, capsys.readouterr().out


@pytest.mark.parametrize(
    "name", [n for n, entry in CRITERIA.items() if entry.family == "detection"]
)
def test_stubs_of_criteria_have_the_arguments_of_the_function(name):
    """They are written by hand: what the results are depends on more than `grad`."""
    function = inspect.unwrap(getattr(fl, name))
    stub = Path(inspect.getsourcefile(function)).with_suffix(".pyi")
    found = [
        node
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert found, f"{name} is not in {stub.name}"
    for node in found:
        arguments = node.args
        names = [a.arg for a in arguments.posonlyargs + arguments.args + arguments.kwonlyargs]
        assert names == list(inspect.signature(function).parameters), stub.name
