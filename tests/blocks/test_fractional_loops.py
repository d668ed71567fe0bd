"""Compiled loops over windows of unequal sizes give the bits of NumPy's kernels."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import assert_alike, numbers

from dataflow import Graph, blocks, plan
from dataflow.core.errors import RunError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("numba")]

SHAPE = (5, 11, 14, 9)
RATIOS = [(1.0, 1.4, 1.7, 1.0), (1.0, 2.6, 1.0, 1.0)]


def drawn(ratios, overlapping):
    return {"pooling_ratio": ratios, "overlapping": overlapping, "deterministic": True, "seed": 3, "seed2": 4}


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize("ratios", RATIOS, ids=str)
def test_pools(ratios, overlapping, awkward):
    for name in ("FractionalMaxPool", "FractionalAvgPool"):
        assert_alike(blocks[name](**drawn(ratios, overlapping)), numbers(SHAPE, awkward=awkward))


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize("ratios", RATIOS, ids=str)
def test_gradients(ratios, overlapping, awkward):
    """Of windows that leave out the first and the last rows and columns too."""
    x = numbers(SHAPE, awkward=awkward)
    y, rows, columns = blocks["FractionalMaxPool"](**drawn(ratios, overlapping))(x)
    dy = numbers(y.shape, awkward=awkward, seed=1)
    assert_alike(blocks["FractionalMaxPoolGrad"](overlapping=overlapping), x, y, dy, rows, columns)
    for begins in ((rows, columns), (rows[1:], columns[:-1])):
        part = dy[:, : len(begins[0]) - 1, : len(begins[1]) - 1].copy()
        assert_alike(blocks["FractionalAvgPoolGrad"](overlapping=overlapping), np.int64(SHAPE), part, *begins)


def test_other_numbers_are_refused():
    x = numbers(SHAPE, awkward=False)
    y, rows, columns = blocks["FractionalMaxPool"](**drawn(RATIOS[0], False))(x)
    graph, feeds = Graph(), {"orig_input": x, "orig_output": np.where(y == y.max(), y + 1, y), "out_backprop": y}
    wires = [graph.input(name, "float32", array.shape) for name, array in feeds.items()]
    graph.output("dx", blocks["FractionalMaxPoolGrad"]()(*wires, rows, columns))
    with pytest.raises(RunError, match="must be what FractionalMaxPool gives"):
        plan(graph, kernels="jit").run(feeds)
