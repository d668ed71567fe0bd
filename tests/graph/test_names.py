"""Names of nodes and outputs: those that go into files and onto terminals as they are, and no others."""

from __future__ import annotations

import pytest

from dataflow.core.errors import GraphError, UnknownNameError
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph


def started() -> Graph:
    graph = Graph("line")
    graph.output("y", graph.input("x", "float32", ["N"]))
    return graph


@pytest.mark.parametrize(
    "name, told",
    [
        ("a\x1b[31m", "names must have no control characters"),
        ("a//b", "names must have parts that are names between /, got an empty one"),
        ("../a", "names must have parts that are names between /, got .."),
        ("é" * 200, "names must have at most 255 bytes, got 400; shorten it"),
    ],
)
def test_outputs_of_other_names_are_refused(name: str, told: str) -> None:
    graph = started()
    with pytest.raises(GraphError, match=told.replace(".", r"\.")):
        graph.output(name, "x")
    assert list(graph.outputs) == ["y"]


@pytest.mark.parametrize(
    "name, told",
    [
        ("a-b", "names must be letters, digits and _"),
        ("a" * 300, "names must have at most 255 bytes, got 300; shorten it"),
        ("x", "each name must be used once, got it twice; rename one"),
    ],
)
def test_nodes_of_other_names_are_refused(name: str, told: str) -> None:
    graph = started()
    with pytest.raises(GraphError, match=f"node '{name}': {told}"):
        graph.add(blocks["Relu"](), [graph.ref("x")], name=name)
    assert list(graph.nodes) == ["x"]


def test_wires_that_are_not_there_are_told() -> None:
    graph = started()
    with pytest.raises(UnknownNameError, match=r"no output 'outputs'; did you mean 'output'\?"):
        graph.ref("x.outputs")
    graph.add(blocks["NoOp"](), [], name="nothing")
    with pytest.raises(UnknownNameError, match=r"node 'nothing' \(NoOp\) has no outputs to wire"):
        graph.ref("nothing")


def test_wires_of_another_graph_are_refused() -> None:
    graph, other = started(), started()
    with pytest.raises(GraphError, match="graph 'line': wires must be of this graph"):
        graph.output("z", other.ref("x"))
