"""Values kept from run to run: the bits of a full run after any change, and only what changed runs again."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from places import ROOT
from sample_graphs import random_graph
from shipped_graphs import feeds_of
from small_blocks import SameShape

import dataflow as flow
from dataflow import Graph, blocks
from dataflow.conformance.equality import same
from dataflow.core.errors import GraphError, RunError
from dataflow.core.ports import Literal
from dataflow.engine.watching import watched_ports
from dataflow.graph.node import Link
from dataflow.graph.overrides import up_to
from dataflow.graph.rebuild import Rebuild
from dataflow.graph.renaming import renamed_graph

X = np.float32([1, 2, 3])


def chain(factor=2.0, offset=1.0, block="Exp", more=False):
    """``x -> first -> scaled -> moved``, and ``apart``, which reads ``x`` alone."""
    graph = Graph("g")
    x = graph.input("x", "float32", ["N"])
    first = graph.add(blocks[block](), [x], name="first")
    scaled = graph.add(blocks["Multiply"](), [first, factor], name="scaled")
    graph.output("y", graph.add(blocks["Add"](), [scaled, offset], name="moved"))
    graph.output("z", graph.add(blocks["Neg"](), [x], name="apart"))
    if more:
        graph.output("more", graph.add(blocks["Square"](), [scaled], name="more"))
    return graph


def run(kept, graph, feeds=None, **options):
    """The outputs of a run, which are those of a full one, and the nodes that were run, each with the reason."""
    events, feeds = [], {"x": X} if feeds is None else feeds
    before = kept.fates(graph, feeds, **options)
    outputs = kept.run(graph, feeds, trace=events.append, **options)
    options.pop("tokens", None)
    options.pop("watch", None)
    expected = flow.run(graph, feeds, **options)
    assert outputs.keys() == expected.keys()
    assert all(same(outputs[name], value) for name, value in expected.items())
    told = {event.node: (event.fate, event.because) for event in events if event.node in graph.nodes}
    assert told == {name: (event.fate, event.because) for name, event in before.items()}
    return outputs, {name: because for name, (fate, because) in told.items() if fate not in ("kept", "fed", "unneeded")}


def test_only_what_has_changed_runs_again():
    kept = flow.Kept()
    assert run(kept, chain())[1] == dict.fromkeys(["first", "scaled", "moved", "apart"], "it has not run yet")
    assert run(kept, chain())[1] == {}
    assert run(kept, chain(offset=5.0))[1] == {"moved": "input y changed"}
    assert run(kept, chain(offset=5.0, factor=3.0))[1] == {"scaled": "input y changed", "moved": "scaled changed"}
    assert run(kept, chain(5.0, 5.0, more=True))[1] == {
        "scaled": "input y changed", "moved": "scaled changed", "more": "it has not run yet"
    }  # fmt: skip
    assert run(kept, chain(5.0, 5.0, "Log"))[1] == {
        "first": "its block changed", "scaled": "first changed", "moved": "scaled changed"
    }  # fmt: skip


def test_attrs_are_named():
    def quantized(bits):
        graph = Graph("g")
        x = graph.input("x", "float32", [3])
        graph.output("y", graph.add(blocks["FakeQuantWithMinMaxArgs"](num_bits=bits), [x], name="q"))
        return graph

    kept = flow.Kept()
    run(kept, quantized(8))
    assert run(kept, quantized(4))[1] == {"q": "attr num_bits changed"}


def test_inputs_are_compared_by_their_elements():
    kept, x = flow.Kept(), X.copy()
    run(kept, chain(), {"x": x})
    assert run(kept, chain(), {"x": X.tolist()})[1] == {}
    x[0] = 7
    assert run(kept, chain(), {"x": X})[1] == {}  # what is kept does not show the array of the caller
    ran = run(kept, chain(), {"x": np.append(x, x)})[1]
    assert ran["first"] == "x is fed other values"
    assert ran["moved"] == "scaled changed"
    assert run(kept, chain(), {"x": -np.zeros(6, np.float32)})[1].keys() == ran.keys()
    assert run(kept, chain(), {"x": np.zeros(6, np.float32)})[1].keys() == ran.keys()  # another sign is another value


def test_tokens_stand_for_elements():
    kept = flow.Kept()
    first = kept.run(chain(), {"x": X}, tokens={"x": ("digits", 0)})
    again = kept.run(chain(), {"x": X + 1}, tokens={"x": ("digits", 0)})  # the caller says that it is the same
    assert again["y"] is first["y"]
    assert not same(kept.run(chain(), {"x": X + 1}, tokens={"x": ("digits", 1)})["y"], first["y"])


def test_random_nodes_are_kept_under_the_same_seed_alone():
    def noisy(name="noise"):
        graph = Graph("g")
        noise = graph.add(blocks["RandomUniform"](dtype="float32"), [Literal(np.int32([3]))], name=name)
        graph.output("y", graph.add(blocks["Neg"](), [noise], name="less"))
        return graph

    kept = flow.Kept()
    run(kept, noisy(), {}, seed=3)
    assert run(kept, noisy(), {}, seed=3)[1] == {}
    assert run(kept, noisy(), {}, seed=4)[1] == {"noise": "the seed changed", "less": "noise changed"}
    assert run(kept, noisy("sound"), {}, seed=4)[1] == {"sound": "it has not run yet", "less": "input x changed"}


class Counts(SameShape, abstract=True):
    pure = False
    calls = 0

    def kernel(self, x):
        type(self).calls += 1
        return np.full(x.shape, self.calls, np.float32)


def test_what_may_give_another_value_is_never_kept():
    graph = Graph("g")
    x = graph.input("x", "float32", [3])
    graph.output("y", graph.add(blocks["Neg"](), [graph.add(Counts(), [x], name="counts")], name="less"))
    kept, seen = flow.Kept(), []
    for _ in range(3):
        seen.append(kept.run(graph, {"x": X})["y"][0])
    assert seen == [-1, -2, -3]
    assert kept.fates(graph, {"x": X})["counts"].because == "it may give another value each time"


def test_variables_are_fed_and_what_a_state_has_changed_is_not_kept():
    graph = Graph("g")
    x, n = graph.input("x", "float32", [3]), graph.variable("n", 1.0)
    graph.output("y", graph.add(blocks["Multiply"](), [x, n], name="scaled"))
    graph.output("more", graph.add(blocks["AssignAdd"](), [n, 1.0], name="more"))
    graph.output("less", graph.add(blocks["Neg"](), [x], name="less"))
    kept, state = flow.Kept(), flow.State(graph)
    assert run(kept, graph, {**state, "x": X})[0]["y"].tolist() == [1, 2, 3]
    flow.run(graph, x=X, state=state)
    outputs, ran = run(kept, graph, {**state, "x": X})
    assert outputs["y"].tolist() == [2, 4, 6]
    assert ran == {"scaled": "n is fed other values", "more": "n is fed other values"}
    assert run(kept, graph)[1] == {
        "n": "its first value", "scaled": "n changed", "more": "n changed"
    }  # fmt: skip


@pytest.mark.parametrize("columns", [6, 5000])
@pytest.mark.parametrize("seed", range(8))
def test_random_changes_of_random_graphs(seed, columns):
    """Literals, wires and feeds change; outputs and every watched value are those of a full run."""
    graph, wires = random_graph(seed, columns)
    graph.output("y", wires[-1])
    graph.output("z", wires[-5])
    random = np.random.default_rng(seed)
    feeds = {name: random.normal(size=(3, columns)).astype(np.float32) for name in "abc"}
    kept, most = flow.Kept(), 0
    for _ in range(8):
        action = random.integers(4)
        if action == 0:
            feeds[random.choice(["a", "b", "c"])] = random.normal(size=(3, columns)).astype(np.float32)
        elif action == 1:
            graph = edited(graph, random)
        watch = "all" if random.integers(2) else None
        target = up_to(graph, random.choice([*graph.nodes])) if action == 2 else graph
        shown, expected, events = {}, {}, []
        hooks = {"watch": watch, "observe": shown.__setitem__} if watch else {}
        outputs = kept.run(target, feeds, trace=events.append, **hooks)
        full = flow.run(target, feeds, watch="all", observe=expected.__setitem__)
        assert all(same(outputs[name], value) for name, value in full.items())
        assert shown.keys() == (watched_ports(target, "all").keys() if watch else set())
        assert all(same(value, expected[name]) for name, value in shown.items())
        assert {event.node for event in events} >= target.nodes.keys()
        most = max(most, sum(event.fate == "kept" for event in events))
    assert most > 5


def edited(graph, random):
    """The graph with another number on a port of one of its nodes, or two wires exchanged."""
    nodes = [
        node for node in graph.nodes.values() if "x" in node.inputs and type(node.block).__name__ in ("Multiply", "Add")
    ]
    new, chosen = Rebuild(graph), nodes[random.integers(len(nodes))].name if nodes else ""
    for node in graph.nodes.values():
        if node.name != chosen:
            new.copy(node)
        elif isinstance(node.inputs["y"], Literal):
            new.copy(node, inputs={"y": Literal(np.float32(random.normal()))})
        else:
            new.copy(node, inputs={"x": new.operand(node, "y"), "y": new.operand(node, "x")})
    return new.finish()


def test_values_are_shown_again_as_the_same_arrays():
    kept, first, second = flow.Kept(), {}, {}
    kept.run(chain(), {"x": X}, watch="all", observe=first.__setitem__)
    kept.run(chain(offset=3.0), {"x": X}, watch="all", observe=second.__setitem__)
    assert [name for name in first if first[name] is not second[name]] == ["moved.z"]
    assert kept.value("first.y") is first["first.y"]
    assert kept.value("first.z") is kept.value("none.y") is None
    assert not any(value.flags.writeable for value in second.values())


def test_a_failed_run_keeps_what_it_had_made():
    def broken(wrong):
        graph = chain()
        bad = graph.add(blocks["CheckNumerics"](message="bad"), [graph.ref("scaled" if wrong else "x")], name="bad")
        graph.output("bad", bad)
        return graph

    kept = flow.Kept()
    with pytest.raises(RunError, match="node 'bad'"):
        kept.run(broken(True), {"x": np.float32([np.inf, 1, 1])})
    events = kept.fates(broken(True), {"x": np.float32([np.inf, 1, 1])})
    assert events["scaled"].fate == "kept"
    assert events["bad"].fate == "run"


def test_a_cancelled_run_keeps_what_it_had_made():
    kept, flag = flow.Kept(), threading.Event()

    def observe(name, value):
        if name.startswith("first"):
            flag.set()

    with pytest.raises(flow.Cancelled):
        kept.run(chain(), {"x": X}, watch="all", observe=observe, cancel=flag)
    assert "first" not in run(kept, chain())[1]
    assert "moved" not in run(kept, chain())[1]


def test_values_follow_nodes_to_other_names():
    def graph(scaled, w):
        made = chain()
        drawn = made.variable(w, initializer="random_uniform", shape=[3], dtype="float32")
        made.output("sum", made.add(blocks["Add"](), [made.ref("scaled"), drawn], name="sum"))
        return renamed_graph(made, lambda name: {"scaled": scaled}.get(name, name))

    kept = flow.Kept()
    run(kept, graph("scaled", "w"))
    kept.rename(lambda name: {"scaled": "twice", "w": "v"}.get(name, name))
    assert run(kept, graph("twice", "v"))[1] == {"v": "it has not run yet", "sum": "v changed"}
    kept.rename(lambda name: {"twice": "scaled"}.get(name, name))
    assert run(kept, graph("scaled", "v"))[1] == {}


def test_values_are_let_go_beyond_the_bytes_that_they_may_take():
    x = np.ones(1000, np.float32)  # 4000 bytes a value
    kept = flow.Kept(most_bytes=12_000)
    run(kept, chain(), {"x": x})
    assert kept.nbytes == 12_000  # of 20,000: x, first, scaled, moved, apart
    run(kept, chain(offset=2.0), {"x": x})
    unlimited = flow.Kept()
    run(unlimited, chain(), {"x": x})
    unlimited.clear()
    assert "first" in run(unlimited, chain(), {"x": x})[1]


def test_what_cannot_run_is_told_as_by_run():
    kept = flow.Kept()
    for feeds, options, message in (
        ({}, {}, "input 'x' must be fed"),
        ({"x": X, "y": X}, {}, "has no input 'y'"),
        ({"x": np.arange(3)}, {}, "input 'x' must be float32, got int64"),
        ({"x": X}, {"observe": print}, "option 'observe' must have watched ports"),
        ({"x": X}, {"trace": 3}, "option 'trace' must be a function"),
        ({"x": X}, {"seed": "a"}, "option 'seed' must be a whole number"),
    ):
        with pytest.raises(GraphError, match=message):
            kept.run(chain(), feeds, **options)


def test_nodes_without_what_they_need_are_told():
    graph = chain()
    graph.add(blocks["Neg"](), [graph.input("other", "float32", [2])], name="dead")
    fates = flow.Kept().fates(graph, {"x": X}, watch="all")
    assert {name: fates[name].because for name in ("other", "dead")} == dict.fromkeys(
        ("other", "dead"), "input 'other' is not fed"
    )


def test_digits_after_an_edit_of_a_leaf():
    """A literal that one node reads: the network before it does not run again."""

    def cnn(axis):
        graph = flow.load(ROOT / "graphs" / "digits" / "cnn.yaml")
        logits = graph.ref("logits/sum")
        graph.output("last", graph.add(blocks["ArgMax"](), [logits, np.int32(axis)], name="leaf"))
        return graph

    kept, feeds = flow.Kept(), {name: array[:64] for name, array in feeds_of(cnn(1)).items()}
    run(kept, cnn(1), feeds, watch="all")
    assert run(kept, cnn(-1), feeds, watch="all")[1] == {"leaf": "input dimension changed"}


def test_static_inputs_are_constants_in_the_part_that_runs():
    def sums(axis):
        graph = Graph("g")
        x = graph.input("x", "float32", [2, 3])
        axis = graph.constant(np.int32([axis]), name="axis")
        wide = graph.add(blocks["Multiply"](), [x, 2.0], name="wide")
        graph.output("y", graph.add(blocks["Sum"](), [wide, axis], name="sum"))
        graph.output(
            "z", graph.add(blocks["Max"](), [graph.ref("sum"), axis.graph.constant(np.int32([0]), name="zero")])
        )
        return graph

    kept, feeds = flow.Kept(), {"x": np.arange(6, dtype=np.float32).reshape(2, 3)}
    run(kept, sums(0), feeds)
    assert run(kept, sums(1), feeds)[1]["sum"] == "axis changed"
    assert Link("sum", "output") == sums(1).outputs["y"]
