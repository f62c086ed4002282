"""The stubs: what the examples promise a type checker also holds when they run."""

import sys

import pytest

since = pytest.mark.skipif(sys.version_info < (3, 11), reason="typing.assert_type came with 3.11")


@since
def test_examples_run():
    import typing_examples

    for example in typing_examples.EXAMPLES:
        example()


@since
@pytest.mark.peer
def test_examples_of_torch_run():
    pytest.importorskip("torch", minversion="2.5")
    import typing_torch

    for example in typing_torch.EXAMPLES:
        example()


def test_package_is_marked_as_typed():
    from importlib.resources import files

    package = files("fastloss")
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("penalties.pyi").is_file()
