"""Watched ports: each is shown once, with the bits that the plain run has; and runs that are cancelled."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sample_graphs import eager, random_graph, training_step
from small_blocks import SameShape

import dataflow as flow
from dataflow import Graph, blocks
from dataflow.conformance.equality import same
from dataflow.core.errors import GraphError, RunError, UnknownNameError
from dataflow.engine import form, parallel, region, tiling
from dataflow.engine.plan import Plan

SMALL, LARGE = 6, 5000  # columns: small values are copied by a run, large ones are not


@pytest.fixture
def tiny_tiles(monkeypatch):
    """Tiles so small that arrays of a few hundred elements have several, for several threads."""
    monkeypatch.setattr(tiling, "TILE", 64)
    monkeypatch.setattr(tiling, "ROW", 16)
    monkeypatch.setattr(region, "SHARED", 100)
    monkeypatch.setattr(parallel, "MIN_PARALLEL", 100)


class Shown(dict):
    """What a run shows, each port once."""

    def __call__(self, name, array):
        assert name not in self, f"{name} was shown twice"
        assert not array.flags.writeable
        self[name] = array


class CountedFlag:
    """A flag that is set when it is looked at for the nth time."""

    def __init__(self, sets_at):
        self.sets_at, self.looks = sets_at, 0

    def is_set(self):
        self.looks += 1
        return self.looks >= self.sets_at


class Fails(SameShape, abstract=True):
    def kernel(self, x):
        raise ZeroDivisionError("on purpose")


def compare(graph, feeds, **settings):
    """Every port of a graph beside the node called by itself, outputs beside those of the plain plan, twice."""
    plain, watched = flow.plan(graph, **settings), flow.plan(graph, watch="all", **settings)
    expected = eager(graph, feeds)
    for _ in range(2):
        shown = Shown()
        before, got = plain.run(feeds), watched.run(feeds, observe=shown)
        assert got.keys() == before.keys() == graph.outputs.keys()
        for name, value in before.items():
            assert same(got[name], value), name
        assert shown.keys() == {f"{link.node}.{link.port}" for link in expected}
        for link, value in expected.items():
            assert same(shown[f"{link.node}.{link.port}"], value), link


@pytest.mark.parametrize("columns", [SMALL, LARGE])
@pytest.mark.parametrize("seed", range(12))
def test_every_port_has_the_bits_of_node_by_node(seed, columns):
    graph, wires = random_graph(seed, columns)
    random = np.random.default_rng(seed)
    for i in random.permutation(len(wires))[:3]:
        graph.output(f"y{i}", wires[i])
    compare(graph, {name: random.normal(size=(3, columns)).astype(np.float32) for name in "abc"})


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("seed", range(12))
def test_every_port_of_tiles(seed, threads, tiny_tiles):
    graph, wires = random_graph(seed, 67)
    random = np.random.default_rng(seed)
    graph.output("y", wires[-1])
    compare(graph, {name: random.normal(size=(3, 67)).astype(np.float32) for name in "abc"}, threads=threads)


def test_fed_constant_merged_view_and_dead_nodes_are_shown_too():
    graph = Graph("g")
    x = graph.input("x", "float32", [4])
    two = graph.constant(np.float32(2), name="two")
    four = graph.add(blocks["Multiply"](), [two, two], name="four")
    first = graph.add(blocks["Multiply"](), [x, four], name="first")
    again = graph.add(blocks["Multiply"](), [x, four], name="again")
    square = graph.add(blocks["Reshape"](), [first, np.int64([2, 2])], name="square")
    graph.add(blocks["Neg"](), [square], name="dead")
    graph.output("y", graph.add(blocks["Add"](), [first, again], name="y"))
    shown = Shown()
    outputs = flow.run(graph, x=np.arange(4, dtype=np.float32), watch="all", observe=shown)
    assert outputs.keys() == {"y"}
    assert {name: value.tolist() for name, value in shown.items()} == {
        "x.output": [0, 1, 2, 3], "two.output": 2, "four.z": 8 / 2, "first.z": [0, 4, 8, 12], "again.z": [0, 4, 8, 12],
        "square.output": [[0, 4], [8, 12]], "dead.y": [[0, -4], [-8, -12]], "y.z": [0, 8, 16, 24],
    }  # fmt: skip


def test_ports_are_named_as_in_a_graph_file():
    graph = Graph("g")
    x = graph.input("x", "float32", [3])
    ends = graph.add(blocks["MinMaxObserver"](), [x], name="m")
    graph.output("y", ends.min)
    shown = Shown()
    flow.plan(graph, watch=["m", "m.max", "y", "x"]).run(x=[1.0, 2.0, 6.0], observe=shown)
    assert shown.keys() == {"m.min", "m.max", "x.output"}
    assert (shown["m.min"], shown["m.max"]) == (1, 6)


@pytest.mark.parametrize("columns", [SMALL, LARGE])
def test_what_was_shown_stays_as_it_was(columns):
    graph, wires = random_graph(3, columns)
    graph.output("y", wires[-1])
    plan = flow.plan(graph, watch="all")
    random = np.random.default_rng(0)
    runs = []
    for _ in range(2):
        feeds = {name: random.normal(size=(3, columns)).astype(np.float32) for name in "abc"}
        shown = Shown()
        plan.run(feeds, observe=shown)
        runs.append((shown, eager(graph, feeds)))
    for shown, expected in runs:
        for link, value in expected.items():
            assert same(shown[f"{link.node}.{link.port}"], value)


def test_a_broadcast_view_is_shown_without_being_written_out():
    graph = Graph("g")
    x = graph.input("x", "float32", [1])
    graph.output("y", blocks["Sum"]()(blocks["BroadcastTo"]()(x, [1 << 16], name="wide"), [0]))
    shown = Shown()
    flow.run(graph, x=[2.0], watch=["wide"], observe=shown)
    (wide,) = shown.values()
    assert wide.shape == (1 << 16,)
    assert wide.strides == (0,)
    assert wide[0] == 2


def test_all_ports_are_those_that_what_is_fed_reaches():
    graph = Graph("g")
    x, unused = graph.input("x", "float32", [2]), graph.input("unused", "float32", [2])
    graph.add(blocks["Neg"](), [unused], name="dead")
    graph.output("y", graph.add(blocks["Neg"](), [x], name="y"))
    plan, shown = flow.plan(graph, watch="all"), Shown()
    plan.run(x=[1, 2], observe=shown)
    assert shown.keys() == {"x.output", "y.y"}
    shown.clear()
    plan.run(x=[1, 2], unused=[3, 4], observe=shown)
    assert shown["dead.y"].tolist() == [-3, -4]
    with pytest.raises(GraphError, match="input 'unused' must be fed"):
        flow.run(graph, x=[1, 2], watch=["dead"], observe=shown)


def test_variables_of_a_state_are_shown_as_the_step_reads_them():
    graph = Graph("g")
    n = graph.variable("n", 1.0)
    graph.output("now", graph.add(blocks["AssignAdd"](), [n, 2.0], name="more"))
    state, seen = flow.State(graph), []
    for _ in range(2):
        flow.run(graph, state=state, watch=["n", "more"], observe=lambda name, value: seen.append((name, float(value))))
    assert seen == [("n.ref", 1), ("more.output_ref", 3), ("n.ref", 3), ("more.output_ref", 5)]
    assert state["n"] == 5


@pytest.mark.parametrize("columns", [SMALL, LARGE])
def test_training_steps_are_the_same_with_every_port_watched(columns):
    graph = training_step()
    feeds = {"x": np.random.default_rng(0).normal(size=(columns, 4)).astype(np.float32)}
    shown = Shown()
    plain, watched = Plan(graph, steps=True).run(feeds), Plan(graph, steps=True, watch="all").run(feeds, observe=shown)
    assert all(same(watched[name], value) for name, value in plain.items())
    assert same(shown["loss.output"], plain["loss"])


def test_values_come_as_soon_as_they_are_known_and_errors_pass_through():
    graph = Graph("g")
    x = graph.input("x", "float32", [2])
    graph.output("y", graph.add(Fails(), [graph.add(blocks["Neg"](), [x], name="before")], name="broken"))
    shown = Shown()
    with pytest.raises(RunError, match="node 'broken'"):
        flow.run(graph, x=[1, 2], watch="all", observe=shown)
    assert shown["before.y"].tolist() == [-1, -2]

    def fail(name, array):
        raise KeyError(name)

    with pytest.raises(KeyError, match=r"x\.output"):
        flow.run(graph, x=[1, 2], watch="all", observe=fail)


def test_shapes_that_only_the_run_knows():
    graph = Graph("g")
    length, x = graph.input("length", "int32", []), graph.input("x", "float32", [2])
    long = graph.add(blocks["Tile"](), [x, graph.add(blocks["Reshape"](), [length, [1]], name="times")], name="long")
    graph.output("y", graph.add(blocks["Neg"](), [long], name="less"))
    shown = Shown()
    outputs = flow.run(graph, x=[1, 2], length=3, watch="all", observe=shown)
    assert shown["long.output"].tolist() == [1, 2, 1, 2, 1, 2]
    assert same(shown["less.y"], outputs["y"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"watch": ["z"]}, "no node or input named 'z'"),
        ({"watch": ["y.q"]}, "has no output 'q'"),
        ({"watch": "y"}, "option 'watch' must be a list of ports"),
        ({"watch": 5}, "option 'watch' must be a list of ports"),
        ({"watch": [5]}, "option 'watch' must be a list of names"),
        ({"observe": print}, "must have watched ports to look at, got none; flow.plan"),
        ({"watch": "all", "observe": 5}, "option 'observe' must be a function, got an int"),
        ({"cancel": 5}, "option 'cancel' must have a method is_set"),
    ],
    ids=str,
)
def test_wrong_options_are_told(options, message):
    graph = Graph("g")
    graph.output("y", graph.add(blocks["Neg"](), [graph.input("x", "float32", [2])], name="y"))
    with pytest.raises((GraphError, UnknownNameError), match=message):
        flow.run(graph, {"x": [1, 2]}, **options)


# -- cancelling -------------------------------------------------------------------------------------------------------


def test_a_flag_that_is_set_ends_the_run_between_steps_and_the_next_one_is_right():
    graph, wires = random_graph(5, LARGE)
    graph.output("y", wires[-1])
    plan, feeds = flow.plan(graph), dict.fromkeys("abc", np.ones((3, LARGE), np.float32))
    expected = plan.run(feeds)["y"]
    uncancelled = CountedFlag(10**9)
    assert same(plan.run(feeds, cancel=uncancelled)["y"], expected)
    for sets_at in range(1, uncancelled.looks + 1):
        with pytest.raises(flow.Cancelled):
            plan.run(feeds, cancel=CountedFlag(sets_at))
        assert same(plan.run(feeds)["y"], expected)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_long_stream_is_cancelled_between_its_tiles(threads, tiny_tiles):
    graph = Graph("g")
    x = graph.input("x", "float32", [64 * 50])
    graph.output("y", blocks["Exp"]()(blocks["Tanh"]()(x)))
    plan, x = (
        flow.plan(graph, threads=threads, kernels="numpy"),
        np.linspace(-1, 1, 64 * 50, dtype=np.float32),
    )
    expected, never = plan.run(x=x)["y"], CountedFlag(10**9)
    plan.run(x=x, cancel=never)
    assert never.looks > 50  # each tile
    with pytest.raises(flow.Cancelled):
        plan.run(x=x, cancel=CountedFlag(20))
    assert same(plan.run(x=x)["y"], expected)


@pytest.mark.usefixtures("numba")
def test_a_compiled_stream_is_cancelled_between_its_calls(monkeypatch):
    monkeypatch.setattr(form, "LONG", 1 << 12)
    monkeypatch.setattr(tiling, "TILE", 1 << 10)
    monkeypatch.setattr(tiling, "ROW", 1 << 8)
    graph = Graph("g")
    x = graph.input("x", "float32", [1 << 15])
    graph.output("y", x * x + 1.0)
    plan, x = flow.plan(graph, kernels="jit", threads=1), np.linspace(-1, 1, 1 << 15, dtype=np.float32)
    expected, never = plan.run(x=x)["y"], CountedFlag(10**9)
    assert same(plan.run(x=x, cancel=never)["y"], expected)
    assert never.looks >= 8
    with pytest.raises(flow.Cancelled):
        plan.run(x=x, cancel=CountedFlag(4))
    assert same(plan.run(x=x)["y"], expected)


def test_panels_of_a_product_are_cancelled():
    graph = Graph("g")
    x = graph.input("x", "float32", [600, 600])
    graph.output("y", blocks["MatMul"]()(x, x))
    never = CountedFlag(10**9)
    plan = flow.plan(graph, threads=1)
    plan.run(x=np.ones((600, 600), np.float32), cancel=never)
    assert never.looks > 4
    with pytest.raises(flow.Cancelled):
        plan.run(x=np.ones((600, 600), np.float32), cancel=CountedFlag(3))


def test_a_cancelled_step_leaves_the_state_as_it_was():
    graph = Graph("g")
    n = graph.variable("n", 1.0)
    graph.output("now", blocks["AssignAdd"]()(n, 2.0))
    state, flag = flow.State(graph), threading.Event()
    flag.set()
    with pytest.raises(flow.Cancelled):
        flow.run(graph, state=state, cancel=flag)
    assert (state["n"], state.step) == (1, 0)
    flag.clear()
    assert flow.run(graph, state=state, cancel=flag)["now"] == 3


def test_observe_may_cancel():
    graph = Graph("g")
    graph.output("y", graph.add(blocks["Neg"](), [graph.input("x", "float32", [2])], name="y"))
    flag = threading.Event()
    with pytest.raises(flow.Cancelled):
        flow.run(graph, x=[1, 2], watch=["x"], observe=lambda name, value: flag.set(), cancel=flag)


def test_work_of_other_threads_is_not_cancelled_with_it():
    graph = Graph("g")
    graph.output("y", graph.add(blocks["Neg"](), [graph.input("x", "float32", [2])], name="y"))
    flag, found = threading.Event(), []

    def elsewhere(name, value):
        flag.set()
        other = threading.Thread(target=lambda: found.append(flow.run(graph, x=[3, 4])["y"].tolist()))
        other.start()
        other.join()

    with pytest.raises(flow.Cancelled):
        flow.run(graph, x=[1, 2], watch=["x"], observe=elsewhere, cancel=flag)
    assert found == [[-3, -4]]
