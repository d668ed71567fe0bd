"""What a trace tells of a run: every node once, what becomes of it and why, and its time."""

from __future__ import annotations

import numpy as np
import pytest
from fate_graph import every_fate, told
from sample_graphs import random_graph

import dataflow as flow
from dataflow import Graph, blocks
from dataflow.engine.plan import Plan

LARGE = 1 << 20  # elements, which go by tiles


def traced(plan, *args, **feeds):
    """The events of a run by node, each node once."""
    events = {}

    def trace(event):
        assert event.node not in events, f"{event.node} came twice"
        events[event.node] = event

    plan.run(*args, **feeds, trace=trace)
    return events


FATES = {
    "x": ("fed", "its value is given"),
    "unread": ("unneeded", "no output needs it"),
    "w": ("constant", "its first value"),
    "two": ("constant", "its value is known"),
    "four": ("constant", "all that it reads is known"),
    "first": ("run", "output 'y' needs it"),
    "again": ("same", "same as again"),
    "square": ("view", "view of first"),
    "dead": ("unneeded", "no output needs it"),
    "pattern": ("unneeded", "only its shape is read"),
    "like": ("constant", "all that it reads is known"),
    "joined": ("run", "output 'y' needs it"),
    "z": ("run", "output 'z' needs it"),
}


def test_every_node_has_a_fate_and_a_reason():
    graph = every_fate()
    plan = flow.plan(graph)
    events = traced(plan, x=np.ones(4, np.float32))
    assert list(plan.fates()) == list(graph.nodes)
    assert told(plan.fates()) == told(events)
    # nodes are taken in the order of their names where wires leave it open
    swapped = {"again": FATES["first"], "first": ("same", "same as again")}
    assert told(events) == FATES | swapped
    assert {name for name, event in events.items() if event.seconds is not None} == {"again", "joined", "z"}
    assert not any(event.estimated for event in events.values())


def test_values_are_those_of_the_steps_by_port():
    graph, seen = every_fate(), {}

    def trace(event):
        seen.update({f"{event.node}.{port}": value.copy() for port, value in event.values.items()})
        assert not any(value.flags.writeable for value in event.values.values())

    outputs = flow.run(graph, x=np.arange(4, dtype=np.float32), trace=trace)
    assert {name: value.tolist() for name, value in seen.items()} == {
        "again.z": [0, 4, 8, 12], "joined.sum": outputs["y"].tolist(), "z.y": [[0, -4], [-8, -12]]
    }  # fmt: skip


def test_steps_tell_which_variable_they_change():
    graph = Graph("g")
    n = graph.variable("n", 1.0)
    graph.add(blocks["AssignAdd"](), [n, 2.0], name="more")
    graph.output("now", n)
    plan, state = Plan(graph, steps=True), flow.State(graph)
    assert told(traced(plan, state=state)) == {
        "n": ("fed", "its value is given"), "more": ("run", "variable 'n' changes by it")
    }  # fmt: skip
    assert state["n"] == 3


def test_the_time_of_a_region_is_shared_by_the_bytes_of_its_steps():
    graph = Graph("g")
    x = graph.input("x", "float32", [LARGE])
    narrow = graph.add(blocks["Tanh"](), [graph.add(blocks["Neg"](), [x], name="less")], name="narrow")
    graph.output("y", graph.add(blocks["AddN"](), [[narrow, x, x]], name="sum"))
    feeds = {"x": np.ones(LARGE, np.float32)}
    events = traced(flow.plan(graph, threads=1), feeds)
    assert all(events[name].estimated for name in ("less", "narrow", "sum"))
    assert events["less"].seconds == pytest.approx(events["narrow"].seconds)
    assert events["sum"].seconds == pytest.approx(events["narrow"].seconds * 3 / 2)
    assert events["narrow"].values.keys() == set()  # it does not outlive its tile
    exact = traced(flow.plan(graph, threads=1, fuse=False), feeds)
    assert not any(exact[name].estimated for name in ("less", "narrow", "sum"))


def test_a_composite_has_the_time_of_its_parts():
    graph = Graph("g")
    x, label = graph.input("x", "float32", ["N", 3]), graph.input("label", "int64", ["N"])
    graph.output("loss", blocks["SparseCategoricalCrossentropy"]()(label, x, name="loss"))
    plan = flow.plan(graph)
    events = traced(plan, x=np.ones((2, 3), np.float32), label=[0, 1])
    parts = [name for name in events if name.startswith("loss/")]
    assert events["loss"].fate == "run"
    assert events["loss"].seconds == pytest.approx(sum(events[name].seconds or 0 for name in parts))
    assert list(events)[-1] == "loss"
    assert list(plan.fates(x=[2, 3], label=[2])) == ["x", "label", "loss"]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("options", [{}, {"watch": "all"}, {"fuse": False}], ids=str)
def test_every_node_of_random_graphs_comes_once(seed, options):
    graph, wires = random_graph(seed, 50)
    graph.output("y", wires[-1])
    plan = flow.plan(graph, **options)
    feeds = {name: np.ones((3, 50), np.float32) for name in "abc"}
    events = traced(plan, feeds)
    assert events.keys() >= graph.nodes.keys()
    assert told(plan.fates({name: [3, 50] for name in "abc"})) == {name: told(events)[name] for name in graph.nodes}
    assert all(event.because for event in events.values())
    timed = {event.fate for event in events.values() if event.seconds is not None}
    untimed = {event.fate for event in events.values() if event.seconds is None}
    assert timed <= {"run", "view", "constant"}
    assert "run" not in untimed
