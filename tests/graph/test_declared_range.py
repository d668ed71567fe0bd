"""Ranges that users declare: checked, shown, and kept by files and by all that rebuilds a graph."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from graph_text import same

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.core.shapes import TensorType
from dataflow.graph.declared_range import declared_range
from dataflow.graphfile.format import formatted
from dataflow.graphfile.parse import parse
from dataflow.inspection import describe

FLOATS = [TensorType("float32", None)]
TEXT = """dataflow: 1
name: ranges
params:
  top: 6.0
inputs:
  x: {dtype: float32, shape: [N, 4], range: [0, 1], doc: pixels}
  codes: {dtype: uint8, shape: [N], range: [0, 15]}
nodes:
  y: {block: Relu, inputs: {features: x}, range: [0, $top], doc: cut}
  z: {block: Cast, inputs: {x: codes}, attrs: {DstT: float32}, range: [-.inf, 15]}
outputs:
  y: y
"""


@pytest.fixture
def graph(tmp_path):
    tmp_path.joinpath("g.yaml").write_text(TEXT)
    return flow.load(tmp_path / "g.yaml")


def test_a_file_declares_ranges_of_inputs_and_nodes_with_parameters(graph):
    assert {name: node.range for name, node in graph.nodes.items()} == {
        "x": (0.0, 1.0),
        "codes": (0, 15),
        "y": (0.0, 6.0),
        "z": (-inf, 15.0),
    }


def test_saving_keeps_ranges(graph, tmp_path):
    flow.save(graph, tmp_path / "again.yaml")
    again = flow.load(tmp_path / "again.yaml")
    assert again == graph
    assert again.nodes["z"].range == (-inf, 15.0)


def test_graphs_that_differ_in_a_range_are_not_equal(graph, tmp_path):
    tmp_path.joinpath("h.yaml").write_text(TEXT.replace("[0, 15]", "[0, 16]"))
    assert flow.load(tmp_path / "h.yaml") != graph


def test_fmt_leaves_ranges_as_they_are():
    assert formatted(parse(TEXT, "g.yaml")) == TEXT


def test_shows_and_descriptions_have_the_range(graph):
    assert "float32[N, 4] in [0, 1]" in str(graph)
    assert "uint8[N] in [0, 15]" in str(graph)
    told = describe(graph)
    assert [each.get("range") for each in (*told["inputs"], *told["nodes"])] == [
        [0.0, 1.0],
        [0, 15],
        [0.0, 6.0],
        [-inf, 15.0],
    ]


def test_a_run_gives_the_same_with_and_without(graph):
    x = np.full((2, 4), 9, np.float32)
    same(flow.run(graph, x=x, codes=[1, 2])["y"], x)


def test_in_python_the_range_is_an_argument():
    graph = flow.Graph("g")
    x = graph.input("x", "int8", [4], range=(-3, np.int64(3)))
    y = graph.add(flow.blocks["Identity"](), [x], range=[0, 2])
    assert [node.range for node in graph.nodes.values()] == [(-3, 3), (0, 2)]
    with pytest.raises(GraphError, match=r"node 'z' \(NoOp\): range must be that of an output, got a block without"):
        graph.add(flow.blocks["NoOp"](), name="z", range=[0, 1])
    with pytest.raises(GraphError, match=r"node 'w' \(Identity\): range must lie between -128 and 127 for int8"):
        graph.add(flow.blocks["Identity"](), [y], name="w", range=[0, 128])


@pytest.mark.parametrize(
    "given", [[1.0], [0.0, 1.0, 2.0], "01", 3.0, [True, 2], ["0", "1"], [nan, 1.0], [[0.0], [1.0]], []]
)
def test_what_is_not_two_numbers_is_refused(given):
    with pytest.raises(ValueError, match=r"must be two numbers, \[low, high\], got"):
        declared_range(given, FLOATS)


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_values_without_an_order_have_no_range(dtype):
    with pytest.raises(ValueError, match="must be of numbers in order"):
        declared_range([0, 1], [TensorType(dtype, None)])


def test_ends_of_integers_are_finite():
    with pytest.raises(ValueError, match="must be whole numbers for int8, got inf"):
        declared_range([0, inf], [TensorType("int8", None)])


def test_quantized_dtypes_have_ranges_of_codes():
    assert declared_range([0, 255], [TensorType("quint8", None)]) == (0, 255)
