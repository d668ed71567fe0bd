"""Graphs as graphs: order, what depends on what, and the same for networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError

NEEDS = {"b": ["x"], "c": ["x"], "a": ["b", "c"], "d": ["a", "x"], "e": ["y"]}


def made(names):
    graph = flow.Graph()
    for name in ("y", "x"):
        graph.input(name, "float32", [2])
    for name in names:
        operands = [graph.ref(source) for source in NEEDS[name]]
        graph.add(flow.blocks["AddN"](), [tuple(operands)], name=name)
    graph.output("out", "d")
    return graph


@pytest.mark.parametrize("names", ["bcade", "ecbad", "cbead"])
def test_order_is_the_same_for_every_order_of_adding(names):
    graph = made(names)
    assert [node.name for node in graph.order()] == ["x", "b", "c", "a", "d", "y", "e"]
    assert list(graph.nodes) == ["y", "x", *names]


def test_ancestors_and_descendants():
    graph = made("bcade")
    assert graph.ancestors(["a"]) == {"a", "b", "c", "x"}
    assert graph.ancestors(["b", "e"]) == {"b", "x", "e", "y"}
    assert graph.descendants(["c"]) == {"c", "a", "d"}
    assert graph.descendants([]) == set()


def test_nodes_cannot_be_put_in_by_hand():
    graph = made("bcade")
    with pytest.raises(TypeError):
        graph.nodes["z"] = graph.nodes["a"]


def test_wiring_is_a_graph_for_networkx():
    graph = made("bcade")
    x = graph.ref("x")
    flow.blocks["Multiply"]()(x, x, name="square")
    wiring = graph.wiring
    assert set(wiring) == set(graph.nodes)
    assert sorted(wiring.edges(keys=True)) == [
        ("a", "d", ("sum", "inputs", 0)),
        ("b", "a", ("sum", "inputs", 0)),
        ("c", "a", ("sum", "inputs", 1)),
        ("x", "b", ("output", "inputs", 0)),
        ("x", "c", ("output", "inputs", 0)),
        ("x", "d", ("output", "inputs", 1)),
        ("x", "square", ("output", "x", 0)),
        ("x", "square", ("output", "y", 0)),
        ("y", "e", ("output", "inputs", 0)),
    ]
    assert nx.descendants(wiring, "c") == {"a", "d"}
    assert wiring.nodes["a"]["node"] is graph.nodes["a"]
    assert graph.path(["x"], "d") == ["x", "d"]


@pytest.mark.parametrize("wire", [np.ones(3), 3.0, None, [1]], ids=str)
def test_an_output_must_be_a_wire(wire):
    with pytest.raises(GraphError, match="a wire must be one that a block gave, or its name, got a"):
        flow.Graph().output("y", wire)
