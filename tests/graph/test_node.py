"""Nodes, links and refs: what feeds a node, and how a wire is written."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from dataflow.core.ports import Literal
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput, Ref


def node(**inputs: NodeInput) -> Node:
    return Node("y", blocks["AddV2"](), inputs, {"z": TensorType("float32", ("N",))})


def test_a_node_names_each_node_that_feeds_it_once() -> None:
    a, b, literal = Link("a", "out"), Link("b", "out"), Literal(1.0)
    assert node(x=a, y=b).sources == ("a", "b")
    assert node(x=b, y=a).sources == ("b", "a")  # in port order
    assert node(x=a, y=Link("a", "other")).sources == ("a",)
    assert node(x=literal, y=None).sources == ()
    assert node(x=(b, literal, a, b), y=None).sources == ("b", "a")


def test_operands_are_given_one_by_one() -> None:
    a, b, literal = Link("a", "out"), Link("b", "out"), Literal(1.0)
    assert node(x=(a, literal), y=b).operands() == [a, literal, b]
    assert node(x=None, y=a).operands() == [a]
    assert node(x=a, y=b).link("y") is b


def test_a_node_is_a_value() -> None:
    made = node(x=Link("a", "out"), y=Literal(1.0))
    assert made == node(x=Link("a", "out"), y=Literal(1.0)) != node(x=Link("b", "out"), y=Literal(1.0))
    assert pickle.loads(pickle.dumps(made)) == made
    assert made.who == "node 'y' (AddV2)"
    with pytest.raises(FrozenInstanceError):
        made.name = "z"  # type: ignore[misc]


def test_a_wire_is_written_by_its_node_where_that_is_its_first_output() -> None:
    graph = Graph()
    x = graph.input("x", "float32", ["N"])
    low, high = blocks["MinMaxObserver"]()(x, name="ends")
    assert (low.wire, high.wire) == ("ends", "ends.max")
    assert (low.node, low.port, high.port) == ("ends", "min", "max")
    assert repr(x) == "<x: float32[N]>"
    assert repr(high) == "<ends.max: float32[]>"


def test_a_ref_has_the_type_that_the_graph_knows() -> None:
    graph = Graph()
    axes = graph.constant([0, 1], "int32", name="axes")
    assert axes.type == TensorType("int32", (2,))
    assert axes.type.value.tolist() == [0, 1]
    again = Ref(graph, "axes", "output")
    assert again.type is axes.type


def test_a_node_of_other_types_is_the_same_in_all_else() -> None:
    graph = Graph()
    x = graph.input("x", "float32", ["N"], doc="values", range=[0, 1])
    node = graph.nodes[x.node]
    typed = node.typed([TensorType("float32", (3,))])
    assert [*typed.types.items()] == [("output", TensorType("float32", (3,)))]
    assert replace(typed, types=node.types) == node
    with pytest.raises(ValueError, match="zip"):
        node.typed([])
