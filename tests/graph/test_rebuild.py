"""Rebuilding: wires keep their readers, types follow, what nothing uses any more goes."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.graph.rebuild import Rebuild

B = flow.blocks


def _graph() -> Graph:
    graph = flow.Graph("g", doc="two readers")
    x = graph.input("x", "float32", ["N", 3])
    w = graph.variable("w", np.ones((3, 2), np.float32))
    product = B["MatMul"]()(x, w, name="product")
    graph.output("positive", B["Relu"]()(product, name="positive"))
    graph.output("total", B["Sum"]()(product, [0, 1], name="total"))
    return graph


def test_a_copy_of_everything_is_equal_and_shares_the_nodes() -> None:
    graph = _graph()
    new = Rebuild(graph)
    for node in graph.nodes.values():
        new.copy(node)
    made = new.finish()
    assert made == graph
    assert all(made.nodes[name] is node for name, node in graph.nodes.items())


def test_a_node_is_put_on_the_wire_to_one_reader() -> None:
    graph, x = _graph(), np.array([[1, -2, 3]], np.float32)
    new = Rebuild(graph)
    for node in graph.nodes.values():
        if node.name == "positive":
            negated = new.add(B["Negate"](), [new.operand(node, "features")], name="product_negated")
            new.copy(node, inputs={"features": negated})
        else:
            new.copy(node)
    made = new.finish()
    assert flow.run(made, x=x)["positive"].tolist() == [[0, 0]]
    assert flow.run(made, x=x)["total"] == 4


def test_a_moved_wire_has_new_readers_and_new_outputs() -> None:
    graph, x = _graph(), np.array([[1, 2, 3]], np.float32)
    new = Rebuild(graph)
    for node in graph.nodes.values():
        new.copy(node)
        if node.name == "product":
            doubled = new.add(B["Multiply"](), [new.result.ref("product"), 2.0], name="doubled")
            new.move(_link(graph, "product"), doubled)
    made = new.finish()
    assert flow.run(made, x=x)["positive"].tolist() == [[12, 12]]
    assert flow.run(made, x=x)["total"] == 24


def test_types_follow_a_change() -> None:
    graph = _graph()
    new = Rebuild(graph)
    for node in graph.nodes.values():
        if node.name == "product":
            flat = new.add(B["MatMul"](), [new.operand(node, "a"), np.ones((3, 5), np.float32)], name="product")
            assert flat.type.shape == ("N", 5)
        else:
            new.copy(node)
    made = new.finish()
    assert made.ref("positive").type.shape == ("N", 5)
    assert "w" in made.nodes  # it was not dropped, only not read any more


def test_what_only_dropped_nodes_have_used_goes() -> None:
    graph = _graph()
    new = Rebuild(graph)
    for node in graph.nodes.values():
        if node.name == "product":
            new.drop(node)
            new.move(_link(graph, "product"), new.ref(graph.nodes["product"].link("a")))
        else:
            new.copy(node)
    made = new.finish()
    assert "w" not in made.nodes
    assert "x" in made.nodes
    assert made.ref("total").type.shape == ()


def test_a_change_that_does_not_fit_names_the_node() -> None:
    graph = _graph()
    new = Rebuild(graph)
    for node in graph.nodes.values():
        if node.name == "product":
            with pytest.raises(GraphError, match=r"node 'product' \(MatMul\)"):
                new.copy(node, inputs={"b": np.ones((4, 2), np.float32)})
            break
        new.copy(node)


def test_outputs_move_with_their_wires() -> None:
    graph = _graph()
    new = Rebuild(graph)
    for node in graph.nodes.values():
        new.copy(node)
    new.move(graph.outputs["total"], new.result.ref("product"))
    assert new.finish().outputs["total"] == _link(graph, "product")


def test_what_was_promised_of_a_node_stays() -> None:
    graph = Graph("g")
    x = graph.input("x", "float32", [2])
    graph.add(B["Relu"](), [x], name="y", doc="positive", range=[0, 1])
    new = Rebuild(graph)
    new.copy(graph.nodes["x"])
    new.copy(graph.nodes["y"], block=B["Relu6"]())
    made = new.finish().nodes["y"]
    assert (made.doc, made.range) == ("positive", (0.0, 1.0))


def _link(graph: Graph, name: str) -> Link:
    return Link(name, next(iter(graph.nodes[name].types)))
