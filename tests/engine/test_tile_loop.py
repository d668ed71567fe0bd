"""The tile loop: partials are folded in order, and finalized together."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.engine.tile_loop import Fold


@pytest.mark.parametrize("order", [[0, 1, 3], [3, 1, 0], [1, 3, 0]], ids=str)
def test_partials_are_folded_in_the_order_of_the_tiles(order):
    """0.1 + 0.2 + 0.3 + 0.4 from the left: another order gives other bits."""
    partials = {0: (1, [0.1]), 1: (2, [0.2, 0.3]), 3: (1, [0.4])}
    fold = Fold(np.add)
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
