"""The checks of graphs find a block that differs as a node, or that a graph file does not keep."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import double, made, told

from dataflow import Graph, blocks
from dataflow.conformance import graphs


@pytest.mark.parametrize("name", ["as_node", "as_file"])
@pytest.mark.parametrize("block", ["Tanh", "Concat", "MinMaxObserver", "RandomUniform", "NoOp", "Variable"])
def test_a_right_block_passes(name, block):
    getattr(graphs, name)(blocks[block])


def negative_into(self, x, out=None):
    return double(self, x) if out is None else np.negative(x, out=out)


def test_a_block_that_differs_in_a_plan():
    assert told(graphs.as_node, made(kernel=negative_into)) == (
        "Made: must give the same in a graph, got something else for Made()(float32[2])"
    )


def test_a_file_that_loses_something_is_found(monkeypatch):
    monkeypatch.setattr(graphs, "load", lambda path: Graph())
    said = told(graphs.as_file, blocks["Tanh"])
    assert said.startswith("Tanh: must be the same after a graph file, got another for Tanh()(float32[")
    assert "  node:\n    block: Tanh\n" in said


def test_a_block_that_is_not_pure_is_not_compared():
    graphs.as_node(made(kernel=negative_into, pure=False))
