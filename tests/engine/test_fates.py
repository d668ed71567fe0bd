"""What would become of each node, said before a run."""

from __future__ import annotations

import numpy as np
import pytest
from fate_graph import every_fate, told

import dataflow as flow
from dataflow import Graph, blocks
from dataflow.core.errors import GraphError
from dataflow.engine.fates import Event


def test_what_is_watched_runs_for_that():
    graph = every_fate()
    assert told(flow.plan(graph, watch=["pattern"]).fates())["pattern"] == ("run", "it is watched")
    fates = told(flow.plan(graph, watch="all").fates())
    assert fates["dead"] == ("unneeded", "input 'unread' is not fed")
    fates = told(flow.plan(graph, watch="all").fates({"unread": [2]}))
    assert fates["dead"] == ("run", "it is watched")


def test_a_composite_whose_body_the_reverse_pass_wrote_is_the_same_as_that():
    graph = Graph("g")
    x = graph.input("x", "float32", [4])
    graph.output("loss", blocks["MeanSquaredError"]()(x, np.zeros(4, np.float32), name="loss"))
    gradient = flow.gradient(graph, of="loss", wrt=["x"])
    fate = flow.plan(gradient).fates()["loss"]
    assert fate.fate == "same"
    assert gradient.nodes[fate.because.removeprefix("same as ")].name.startswith("loss/")


def test_fates_need_shapes():
    graph = Graph("g")
    graph.output("y", graph.input("x", "float32", ["N"]) + 1.0)
    with pytest.raises(GraphError, match="input 'x' must have a known shape"):
        flow.plan(graph).fates()
    assert flow.plan(graph).fates(x=[3])["x"] == Event("x", "fed", "its value is given")


def test_what_reads_a_known_value_only_does_not_need_it():
    graph = Graph("g")
    two = graph.constant(np.float32(2), name="two")
    x = graph.input("x", "float32", [2])
    zeros = graph.add(blocks["ZerosLike"](), [graph.add(blocks["Multiply"](), [x, two], name="product")], name="zeros")
    graph.output("y", graph.add(blocks["Neg"](), [zeros], name="less"))
    fates = told(flow.plan(graph).fates())
    assert fates["product"] == ("unneeded", "only its shape is read")
    assert fates["less"] == ("constant", "all that it reads is known")


def test_an_input_with_a_default_is_fed_or_not():
    graph = Graph("g")
    x = graph.add(blocks["PlaceholderWithDefault"](shape=[2]), [np.float32([1, 2])], name="x")
    graph.output("y", graph.add(blocks["Neg"](), [x], name="less"))
    plan = flow.plan(graph)
    assert plan.fates()["x"] == Event("x", "constant", "its default")
    assert plan.fates(x=[2])["x"] == Event("x", "fed", "its value is given")


def test_a_default_that_is_computed_is_not_needed_where_the_input_is_fed():
    graph = Graph("g")
    made = graph.add(blocks["Exp"](), [graph.input("x", "float32", [2])], name="made")
    given = graph.add(blocks["PlaceholderWithDefault"](shape=[2]), [made], name="given")
    graph.output("y", graph.add(blocks["Neg"](), [given], name="less"))
    fates = told(flow.plan(graph).fates(given=[2]))
    assert fates["made"] == ("unneeded", "what reads it is known")
    assert told(flow.plan(graph).fates())["given"] == ("view", "view of made")


def test_the_branch_that_a_known_condition_does_not_take_is_not_needed():
    graph = Graph("g")
    x, condition = graph.input("x", "float32", [2]), graph.constant(False, name="condition")
    root = graph.add(blocks["Sqrt"](), [graph.add(blocks["Abs"](), [x], name="size")], name="root")
    graph.output("y", -graph.add(blocks["SelectV2"](), [condition, root, x], name="chosen"))
    fates = told(flow.plan(graph).fates())
    assert fates["chosen"] == ("same", "same as x")
    assert fates["root"] == ("unneeded", "chosen is the same as x")
    assert fates["size"] == ("unneeded", "root is not needed")
