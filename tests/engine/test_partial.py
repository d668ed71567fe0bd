"""A part of a graph as a graph: what it reads of the rest are inputs, or constants where that is known."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow import Graph, blocks
from dataflow.engine.partial import Part
from dataflow.engine.plan import Plan
from dataflow.graph.node import Link


@pytest.fixture
def graph():
    graph = Graph("g")
    x = graph.input("x", "float32", ["N", 2])
    axis = graph.constant(np.int32([0]), name="axis")
    ends = graph.add(blocks["MinMaxObserver"](), [x], name="ends")
    total = graph.add(blocks["Sum"](), [x, axis], name="total")
    graph.output("y", graph.add(blocks["Add"](), [total, ends.max], name="all"))
    return graph


VALUES = {
    ("x", "output"): np.float32([[1, 2], [3, 4], [5, 6]]),
    ("axis", "output"): np.int32([0]),
    ("ends", "max"): np.float32([9, 9]),
    ("total", "output"): np.float32([7, 8]),
}


def value(link):
    return VALUES[link.node, link.port]


def test_wires_from_outside_become_inputs_of_known_shapes(graph):
    del graph.outputs["y"]
    graph.drop(["all"])
    part = Part(graph, {"total"}, value)
    assert [*part.graph.nodes] == ["x.output", "axis.output", "total"]
    assert part.feeds.keys() == {"x.output"}
    assert part.graph.nodes["x.output"].types["output"].shape == (3, 2)
    assert part.graph.nodes["total"].types["output"].shape == (2,)
    shown = {}
    Plan(part.graph, watch=["total"]).run(part.feeds, observe=shown.__setitem__)
    assert shown["total.output"].tolist() == [9, 12]


def test_what_is_read_more_than_once_comes_in_once():
    graph = Graph("g")
    x = graph.input("x", "float32", [2])
    graph.output("y", graph.add(blocks["AddN"](), [[x, x, x]], name="all"))
    part = Part(graph, {"all"}, lambda link: np.float32([1, 2]))
    assert [*part.graph.nodes] == ["x.output", "all"]
    assert part.graph.nodes["all"].operands() == [Link("x.output", "output")] * 3


def test_a_part_of_nothing_but_itself_is_that(graph):
    part = Part(graph, {"axis"}, value)
    assert [*part.graph.nodes] == ["axis"]
    assert flow.plan(part.graph, watch=["axis"]).fates()["axis"].fate == "constant"
