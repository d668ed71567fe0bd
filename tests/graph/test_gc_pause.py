"""The garbage collector rests while many objects are made, and goes on as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from dataflow.graph.gc_pause import gc_paused


@pytest.fixture(params=[True, False], ids=["on", "off"])
def enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the collector is on before."""
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


def test_it_rests_inside_and_is_as_before_afterwards(enabled: bool) -> None:
    with gc_paused():
        assert not gc.isenabled()
        with gc_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() is enabled


def test_it_goes_on_after_an_error(enabled: bool) -> None:
    with pytest.raises(LookupError), gc_paused():
        raise LookupError
    assert gc.isenabled() is enabled
