"""What tests of blocks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blocks.kernels import windows
from blocks.kernels.im2col import columns_of


@pytest.fixture(params=[None, 1], ids=["one_slab", "small_slabs"])
def slab(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Convolutions once as they are, once with tiles of a single row."""
    if request.param:
        monkeypatch.setattr(windows, "SLAB", request.param)
    columns_of.cache_clear()  # they are made for one size of tiles
    yield
    columns_of.cache_clear()
