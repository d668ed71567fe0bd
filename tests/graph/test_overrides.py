"""Nodes that are bypassed, frozen or forced, and runs up to one of them."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow import Graph, blocks
from dataflow.core.errors import GraphError, UnknownNameError
from dataflow.graph.overrides import Overrides, bypassed, forced, frozen, up_to

X = np.float32([-1, 0.5, 2])


def network(shape=(3,)):
    """``x -> q -> relu -> y``, and the ends of ``relu`` as outputs."""
    graph = Graph("g")
    x = graph.input("x", "float32", shape)
    q = graph.add(blocks["Minimum"](), [x, 1.0], name="q")
    relu = graph.add(blocks["Relu"](), [q], name="relu")
    ends = graph.add(blocks["MinMaxObserver"](), [relu], name="ends")
    graph.output("y", graph.add(blocks["Multiply"](), [relu, 2.0], name="double"))
    graph.output("low", ends.min)
    graph.output("high", ends.max)
    return graph


def run(graph, **options):
    return {name: value.tolist() for name, value in flow.run(graph, x=X, **options).items()}


def test_readers_of_a_bypassed_node_get_its_first_input():
    assert run(bypassed(network(), "q")) == {"y": [0, 1, 4], "low": 0, "high": 2}
    assert run(bypassed(network(), "q", "relu")) == {"y": [-2, 1, 4], "low": -1, "high": 2}
    assert run(bypassed(network(), "relu", "q")) == {"y": [-2, 1, 4], "low": -1, "high": 2}


def test_outputs_and_lists_and_numbers_are_handed_on():
    graph = Graph("g")
    x = graph.input("x", "float32", [3])
    graph.output("y", graph.add(blocks["AddN"](), [[x, x]], name="sum"))
    graph.output("z", graph.add(blocks["Subtract"](), [1.5, x], name="less"))
    graph = bypassed(graph, "sum", "less")
    assert run(graph) == {"y": X.tolist(), "z": 1.5}
    assert [*graph.nodes] == ["x", "less"]


def test_what_only_a_bypassed_node_read_goes_with_it():
    graph = Graph("g")
    x, w = graph.input("x", "float32", [3]), graph.variable("w", 2.0)
    graph.output("y", graph.add(blocks["Multiply"](), [x, w], name="scaled"))
    assert [*bypassed(graph, "scaled").nodes] == ["x"]
    assert [*graph.nodes] == ["x", "w", "scaled"]  # it is as it was


def test_frozen_nodes_have_the_arrays_that_are_given():
    graph = frozen(network(), {"relu": [1.0, 2.0, 3.0]})
    assert run(graph) == {"y": [2, 4, 6], "low": 1, "high": 3}
    assert "q" not in graph.nodes
    graph = frozen(network(), {"ends.min": -5.0, "ends.max": np.float32(5)})
    assert (run(graph)["low"], run(graph)["high"]) == (-5, 5)
    assert flow.plan(graph).fates()["ends"].fate == "constant"


def test_frozen_variables_are_numbers():
    graph = Graph("g")
    x, w = graph.input("x", "float32", [3]), graph.variable("w", 2.0)
    graph.output("y", graph.add(blocks["Multiply"](), [x, w], name="scaled"))
    assert run(frozen(graph, {"w": 3.0}))["y"] == (X * 3).tolist()


@pytest.mark.parametrize("shape", [(3,), ("N",), None], ids=str)
def test_readers_of_a_forced_port_get_the_value(shape):
    graph = forced(network(shape), {"relu": 0.25})
    assert run(graph) == {"y": [0.5] * 3, "low": 0.25, "high": 0.25}
    shown = {}
    flow.run(graph, x=X, watch=["relu", "relu/forced"], observe=shown.__setitem__)
    assert shown["relu.activations"].tolist() == [0, 0.5, 1]
    assert shown["relu/forced.output"].tolist() == [0.25] * 3


@pytest.mark.parametrize("shape", [(3,), ("N",)], ids=str)
def test_any_dtype_may_be_forced(shape):
    for dtype, value in (("int32", 7), ("bool", True), ("uint8", 3), ("float64", 0.5)):
        graph = Graph("g")
        x = graph.input("x", dtype, shape)
        graph.output("y", graph.add(blocks["Identity"](), [x], name="same"))
        given = flow.run(forced(graph, {"same": value}), x=np.zeros(3, dtype))["y"]
        assert given.dtype == dtype
        assert given.tolist() == [value] * 3


def test_a_forced_array_broadcasts():
    assert run(forced(network(), {"relu": [1.0, 2.0, 3.0]}))["y"] == [2, 4, 6]
    with pytest.raises(GraphError, match="forcing of 'relu': node 'relu/forced'"):
        forced(network(), {"relu": [1.0, 2.0]})


def test_one_port_of_several_is_forced():
    values = run(forced(network(), {"ends.max": 9.0}))
    assert (values["low"], values["high"]) == (0, 9)


def test_a_run_up_to_a_node_gives_its_outputs():
    graph = up_to(network(), "ends")
    assert run(graph) == {"ends": 0, "ends.max": 1}
    assert [*graph.nodes] == ["x", "q", "relu", "ends"]
    assert run(up_to(network(), "ends.max")) == {"ends.max": 1}
    assert run(up_to(network(), "y"))["double"] == run(network())["y"]
    assert run(up_to(forced(network(), {"q": 0.5}), "relu")) == {"relu": [0.5] * 3}


def test_a_run_up_to_a_node_is_fed_as_before():
    graph = network()
    graph.add(blocks["Neg"](), [graph.input("other", "float32", [2])], name="less")
    outputs = flow.run(up_to(graph, "q"), x=X, other=[1, 2], watch="all", observe=lambda *_: None)
    assert outputs.keys() == {"q"}


def test_outputs_with_a_dot_and_watched_ports_are_apart():
    shown = {}
    outputs = flow.run(up_to(network(), "ends"), x=X, watch=["ends.max", "ends"], observe=shown.__setitem__)
    assert {name: float(value) for name, value in outputs.items()} == {"ends": 0, "ends.max": 1}
    assert {name: float(value) for name, value in shown.items()} == {"ends.min": 0, "ends.max": 1}
    fates = flow.plan(up_to(network(), "ends"), watch="all").fates()
    assert fates["ends"].because == "output 'ends' needs it"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda g: bypassed(g, "x"),
            "bypass of 'x': node 'x' (Placeholder) is an input, which is not computed; feed it",
        ),
        (lambda g: bypassed(g, "rel"), "bypass of 'rel': no node or input named 'rel'; did you mean 'relu'?"),
        (lambda g: bypassed(g, "ends"), "its output max would have no value, and output high reads it"),
        (lambda g: frozen(g, {"ends": 1.0}), "freezing of 'ends': node 'ends' (MinMaxObserver): its output max would"),
        (lambda g: frozen(g, {"relu": [1.0, 2.0]}), "freezing of 'relu': the value must have shape [3], got [2]"),
        (lambda g: frozen(g, {"relu": np.arange(3)}), "freezing of 'relu': the value must be float32, got int64"),
        (lambda g: frozen(g, {"x": 1.0}), "freezing of 'x': the value must have shape [3], got []"),
        (lambda g: frozen(g, {"x": X}), "freezing of 'x': node 'x' (Placeholder) is an input"),
        (lambda g: forced(g, {"relu.y": 1.0}), "forcing of 'relu.y': node 'relu' (Relu) has no output 'y'"),
        (lambda g: forced(g, {"relu": "high"}), "forcing of 'relu': the value must be"),
        (lambda g: up_to(g, "nothing"), "no node or input named 'nothing'"),
    ],
)
def test_what_cannot_be_is_told(change, message):
    with pytest.raises((GraphError, UnknownNameError)) as caught:
        change(network())
    assert message in str(caught.value)


def test_readers_that_do_not_take_what_they_get_are_named():
    graph = Graph("g")
    x = graph.input("x", "float32", [3])
    label = graph.add(blocks["ArgMax"](), [x, np.int32(0)], name="label")
    graph.output("y", graph.add(blocks["OneHot"](), [label, np.int32(3), np.float32(1), np.float32(0)], name="hot"))
    with pytest.raises(GraphError, match=r"bypass of 'label': node 'hot' \(OneHot\): input 'indices' must be"):
        bypassed(graph, "label")


def test_what_has_no_input_is_not_bypassed():
    graph = Graph("g")
    graph.output("y", graph.constant(np.float32(2), name="two"))
    with pytest.raises(
        GraphError, match=r"bypass of 'two': node 'two' \(Const\) must have an input to hand on, got none"
    ):
        bypassed(graph, "two")


def test_an_assigned_variable_is_not_frozen():
    graph = Graph("g")
    n = graph.variable("n", 1.0)
    graph.output("y", graph.add(blocks["AssignAdd"](), [n, 1.0], name="more"))
    with pytest.raises(GraphError, match="freezing of 'n': node 'more'"):
        frozen(graph, {"n": 2.0})


# -- graphs that a file uses as blocks --------------------------------------------------------------------------------

LAYER = """\
dataflow: 1
params: {factor: 2.0}
inputs: {x: "float32[N]"}
nodes:
  scaled: {block: Multiply, inputs: {x: x, y: $factor}}
  ends: {block: MinMaxObserver, inputs: {x: scaled}}
outputs: {y: scaled, high: ends.max}
"""
NETWORK = """\
dataflow: 1
inputs: {x: "float32[N]"}
nodes:
  one: {block: ./layer.yaml, inputs: {x: x}}
  two: {block: ./layer.yaml, inputs: {x: one}, attrs: {factor: 5.0}}
  three: {block: ./layer.yaml, inputs: {x: [1.5]}}
  sum: {block: Add, inputs: {x: two, y: three}}
outputs: {y: sum, high: two.high}
"""


@pytest.fixture
def used(tmp_path):
    (tmp_path / "layer.yaml").write_text(LAYER)
    (tmp_path / "g.yaml").write_text(NETWORK)
    return flow.load(tmp_path / "g.yaml")


def test_wires_of_graphs_used_as_blocks_are_found(used):
    assert used.ref("one").wire == "one/scaled"
    assert used.ref("two.high").wire == "two/ends.max"
    with pytest.raises(UnknownNameError, match="no node or input named 'one'"):
        used.ref("one.low")
    shown = {}
    flow.run(used, x=X, watch=["one", "two.high"], observe=shown.__setitem__)
    assert {name: value.tolist() for name, value in shown.items()} == {"one/scaled.z": [-2, 1, 4], "two/ends.max": 20}


def test_graphs_used_as_blocks_are_run_up_to_frozen_and_forced(used):
    assert run(up_to(used, "two")) == {"two": [-10, 5, 20], "two.high": 20}
    assert run(up_to(used, "two.high")) == {"two/ends.max": 20}
    assert run(frozen(used, {"one": X})) == {"y": [-2, 5.5, 13], "high": 10}
    assert run(forced(used, {"one": 0.0})) == {"y": [3, 3, 3], "high": 0}


def test_graphs_used_as_blocks_are_bypassed(used):
    left = bypassed(used, "one")
    assert run(left) == {"y": [-2, 5.5, 13], "high": 10}
    assert not [name for name in left.nodes if name.startswith("one/")]
    assert run(bypassed(used, "three"))["y"] == [-8.5, 6.5, 21.5]
    with pytest.raises(GraphError, match="bypass of 'two': another output of 'two' would have no value"):
        bypassed(used, "two")


def test_all_together_whatever_came_first():
    made = Overrides(["q"], {"relu": np.float32([1, 2, 3])}, {"q": 5.0}).of(network())
    assert run(made) == {"y": [2, 4, 6], "low": 1, "high": 3}
    made = Overrides(["relu"], forced={"q": 0.5}).of(network())
    assert run(made) == {"y": [1, 1, 1], "low": 0.5, "high": 0.5}
    graph = network()
    assert Overrides().of(graph) is graph


def test_they_are_told_as_options_are_written():
    told = Overrides(["q", "relu"], {"ends.min": 0.0, "ends.max": 1.0}, {"double": [0.1, 2]})
    assert str(told) == "bypass q, bypass relu, freeze ends, force double=[0.1, 2]"
    assert str(Overrides()) == ""
