"""Grids of quantizers in graphs."""

from __future__ import annotations

import numpy as np
from quantize.nets import quantized, residual

import dataflow as flow
from dataflow.quantize.grids import grid_of
from dataflow.quantize.model import Model, fixed_nodes

B = flow.blocks
X = np.random.default_rng(1).standard_normal((20, 8)).astype(np.float32)


def test_the_grid_follows_from_the_values_of_variables() -> None:
    model = quantized(residual(), 4, X)
    grid = grid_of(model, model.graph.nodes["first_w_q"], fixed_nodes(model.graph))
    assert grid is not None
    np.testing.assert_array_equal(grid.scale, (model.values["first_w/max"] / np.float32(7)).astype(np.float64))
    assert (grid.axis, grid.low, grid.high) == (1, -7, 7)


def test_other_nodes_have_none() -> None:
    model = quantized(residual(), 4, X)
    assert grid_of(model, model.graph.nodes["first"], fixed_nodes(model.graph)) is None


def test_a_range_that_depends_on_rows_has_none_and_of_weights_it_is_known() -> None:
    graph = flow.Graph("g")
    x, w = graph.input("x", "float32", ["N", 4]), graph.variable("w", np.arange(4, dtype=np.float32))
    block = B["QuantizeAndDequantizeV2"](num_bits=3)
    graph.output("values", block(x, 0.0, 0.0, name="values"))
    graph.output("weights", block(w, 0.0, 0.0, name="weights"))
    model, fixed = Model.of(graph), fixed_nodes(graph)
    assert grid_of(model, graph.nodes["values"], fixed) is None
    grid = grid_of(model, graph.nodes["weights"], fixed)
    assert grid is not None
    assert float(grid.scale) == 1.0
