"""Graphs whose nodes have other names."""

from __future__ import annotations

import numpy as np

import dataflow as flow
from dataflow.graph.renaming import draws_by_name, renamed_graph

B = flow.blocks


def test_links_outputs_and_updates_follow() -> None:
    graph = flow.Graph("g", sections={"data": {"some": {"path": "rows.npz", "inputs": {"x": "x"}}}})
    x = graph.input("x", "float32", ["N"], range=[0.0, 1.0])
    w = graph.variable("w", 2.0)
    sum_ = graph.add(B["AddN"](), [[x, x]], name="sum", doc="of all")
    graph.output("sum", graph.add(B["Multiply"](), [sum_, w], name="scaled"))
    graph.add(B["AssignAdd"](), [w, 1.0], name="more")
    names = {"x": "rows", "sum": "x", "w": "in/w"}
    found = renamed_graph(graph, lambda name: names.get(name, name))
    assert list(found.nodes) == ["rows", "in/w", "x", "scaled", "more"]
    assert (found.nodes["x"].sources, found.nodes["scaled"].sources) == (("rows",), ("x", "in/w"))
    assert found.nodes["rows"].range == graph.nodes["x"].range
    assert {variable: link.node for variable, link in found.updates.items()} == {"in/w": "more"}
    assert found.sections == graph.sections
    assert np.array_equal(flow.run(found, rows=[1.0])["sum"], flow.run(graph, x=[1.0])["sum"])
    assert renamed_graph(found, lambda name: {new: old for old, new in names.items()}.get(name, name)) == graph


def test_what_is_drawn_by_a_name() -> None:
    graph = flow.Graph("g")
    given, made = (
        graph.variable("given", 2.0),
        graph.variable("made", initializer="glorot_uniform", shape=[2, 2], dtype="float32"),
    )
    graph.add(B["Dropout"](), [made, 0.5], name="dropped")
    graph.add(B["RandomUniform"](dtype="float32"), [[2, 3]], name="random")
    graph.output("y", given + 1.0)
    assert [name for name, node in graph.nodes.items() if draws_by_name(node)] == ["made", "dropped", "random"]
