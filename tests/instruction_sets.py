"""The instruction sets that this build has and this machine runs."""

from collections.abc import Iterator

from fastloss import _core


def on_every_isa() -> Iterator[str]:
    """Each of them in turn, selected while its turn lasts; then the one before again."""
    before = _core.active_isa()
    try:
        for isa in _core.isa_levels():
            _core.select_isa(isa)
            yield isa
    finally:
        _core.select_isa(before)
