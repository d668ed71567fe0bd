"""Readers of wires."""

from __future__ import annotations

import dataflow as flow
from dataflow.graph.node import Link
from dataflow.graph.readers import readers

B = flow.blocks


def test_nodes_are_named_for_each_port_and_outputs_too() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N"])
    graph.output("square", B["Multiply"]()(x, x, name="square"))
    graph.output("sum", B["AddN"]()([x, graph.ref("square")], name="sum"))
    assert readers(graph) == {
        Link("x", "output"): ["square", "square", "sum"],
        Link("square", "z"): ["sum", "output square"],
        Link("sum", "sum"): ["output sum"],
    }
