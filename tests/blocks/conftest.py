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


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Loops are compiled once for a file of tests, and not taken from before."""
    pytest.importorskip("numba", reason="compiled kernels are an extra: pip install 'dataflow-blocks[jit]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAFLOW_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
