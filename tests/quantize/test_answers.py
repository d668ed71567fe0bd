"""The answers of networks."""

from __future__ import annotations

import numpy as np
from quantize.nets import images, residual

import dataflow as flow
from dataflow.graph.graph import Graph
from dataflow.quantize.answers import answers

B = flow.blocks


def _wires(graph: Graph) -> list[str]:
    return [graph.deref(link).wire for link in answers(graph)]


def test_the_answer_lies_behind_the_last_layer() -> None:
    assert _wires(residual()) == ["last_sum"]
    assert _wires(images()) == ["last_sum"]
    assert _wires(flow.load("dataflow:digits/cnn.yaml")) == ["logits/y"]


def test_a_network_may_have_several() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 4])
    for name in ("a", "b"):
        product = B["MatMul"]()(x, graph.variable(f"{name}_w", np.ones((4, 2), np.float32)), name=name)
        graph.output(name, B["Relu"]()(product, name=f"{name}_relu") if name == "a" else product)
    assert _wires(graph) == ["a_relu", "b"]


def test_a_graph_without_layers_has_none() -> None:
    graph = flow.Graph("g")
    graph.output("y", B["Relu"]()(graph.input("x", "float32", ["N"])))
    assert _wires(graph) == []
