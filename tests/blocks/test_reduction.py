"""Reductions of large arrays: the same bits in tiles and as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.registry import blocks
from dataflow.engine.plan import plan
from dataflow.engine.tiling import TILE
from dataflow.graph.graph import Graph


@pytest.mark.parametrize("axes", [[0], [1], [0, 1]], ids=str)
@pytest.mark.parametrize("shape", [(TILE + 4097, 1), (700, 1001), (1001, 700)], ids=str)
def test_products_have_the_same_bits_in_tiles_and_whole(shape: tuple[int, int], axes: list[int]) -> None:
    x = (1 + np.random.default_rng(5).normal(size=shape) * 1e-4).astype(np.float32)
    graph = Graph()
    graph.output("y", blocks["Prod"]()(graph.input("x", "float32", shape), axes))
    runs = [plan(graph, threads=threads, fuse=fuse).run(x=x)["y"] for threads in (1, 2) for fuse in (True, False)]
    assert {run.tobytes() for run in runs} == {blocks["Prod"]()(x, axes).tobytes()}
    wanted = np.prod(x.astype(np.longdouble), tuple(axes)).astype(np.float32)
    assert np.allclose(runs[0], wanted, rtol=1.2e-7, atol=0)  # at most the next number
