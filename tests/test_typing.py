"""The stubs: what the examples promise a type checker also holds when they run."""

import sys

import pytest


@pytest.mark.skipif(sys.version_info < (3, 11), reason="typing.assert_type came with 3.11")
def test_examples_run():
    import typing_examples

    for example in typing_examples.EXAMPLES:
        example()


def test_package_is_marked_as_typed():
    from importlib.resources import files

    package = files("fastloss")
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("penalties.pyi").is_file()
