"""The tile loop: partials are folded in order, and finalized together."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.engine.region import Region
from dataflow.engine.tile_loop import SharedFold
from dataflow.engine.tiling import grain_of


@pytest.mark.parametrize("order", [[0, 1, 3], [3, 1, 0], [1, 3, 0]], ids=str)
def test_partials_are_folded_in_the_order_of_the_tiles(order):
    """0.1 + 0.2 + 0.3 + 0.4 from the left: another order gives other bits."""
    partials = {0: (1, [0.1]), 1: (2, [0.2, 0.3]), 3: (1, [0.4])}
    fold = SharedFold(np.add)
    for number in order:
        fold.add(number, *partials[number])
    assert fold.total == ((0.1 + 0.2) + 0.3) + 0.4


@pytest.mark.parametrize("port", ["min", "max"])
def test_what_is_folded_together_is_finalized_together(port):
    """Even where only one of the outputs is read, as it depends on the other."""
    graph = flow.Graph()
    graph.output("y", getattr(blocks["MinMaxObserver"](symmetric=True)(graph.input("x", shape=["N"])), port))
    got = flow.plan(graph).run(x=np.linspace(-3, 2, 600_000).astype(np.float32))["y"]
    assert got == {"min": -3, "max": 3}[port]


def region_of(rows, columns, summed=False, threads=1):
    graph = flow.Graph()
    x, bias = graph.input("x", "float32", [rows, columns]), graph.input("bias", "float32", [columns])
    y = blocks["Exp"]()(x + bias)
    graph.output("y", blocks["Sum"]()(y, [0, 1]) if summed else y)
    (stage,) = [s for s in flow.plan(graph, threads=threads, kernels="numpy").at().stages if isinstance(s, Region)]
    return stage


@pytest.mark.parametrize(("rows", "columns"), [(1_000_003, 1), (333_337, 3), (70_000, 17), (1001, 1000), (9, 200_003)])
@pytest.mark.parametrize("workers", [1, 2, 3, 8, 64])
def test_threads_share_what_is_not_folded_evenly(rows, columns, workers):
    """In parts of whole units, of which none is longer than a tile; each thread has one."""
    region, size = region_of(rows, columns, threads=workers), rows * columns
    length = region.numpy.length
    assert length % columns == 0 and length <= region.tile
    assert (length - grain_of(region.unit)) * region.workers < size  # a grain less would be enough for none
    parts = region.numpy.parts
    assert [start for start, _ in parts] == list(range(0, size, length))
    assert sum(count for _, count in parts) == size


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_what_is_folded_is_shared_by_tiles(workers):
    """Sums would have other bits in other parts."""
    region = region_of(1_000_003, 2, summed=True, threads=workers)
    tiles = -(-2_000_006 // region.tile)
    assert region.numpy.length == region.tile
    assert region.workers == min(workers, tiles)
    assert region.numpy.parts[-1] == (region.tile * (tiles - 1), 2_000_006 % region.tile)
