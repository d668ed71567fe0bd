"""Graphs: how they grow and what they refuse, order, what depends on what, and the same for networkx."""

from __future__ import annotations

import pickle

import networkx as nx
import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError, UnknownNameError
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link

NEEDS = {"b": ["x"], "c": ["x"], "a": ["b", "c"], "d": ["a", "x"], "e": ["y"]}


def made(names):
    graph = flow.Graph()
    for name in ("y", "x"):
        graph.input(name, "float32", [2])
    for name in names:
        operands = [graph.ref(source) for source in NEEDS[name]]
        graph.add(flow.blocks["AddN"](), [tuple(operands)], name=name)
    graph.output("out", "d")
    return graph


@pytest.mark.parametrize("names", ["bcade", "ecbad", "cbead"])
def test_order_is_the_same_for_every_order_of_adding(names):
    graph = made(names)
    assert [node.name for node in graph.order()] == ["x", "b", "c", "a", "d", "y", "e"]
    assert list(graph.nodes) == ["y", "x", *names]


def test_ancestors_and_descendants():
    graph = made("bcade")
    assert graph.ancestors(["a"]) == {"a", "b", "c", "x"}
    assert graph.ancestors(["b", "e"]) == {"b", "x", "e", "y"}
    assert graph.descendants(["c"]) == {"c", "a", "d"}
    assert graph.descendants([]) == set()


def test_nodes_cannot_be_put_in_by_hand():
    graph = made("bcade")
    with pytest.raises(TypeError):
        graph.nodes["z"] = graph.nodes["a"]


def test_wiring_is_a_graph_for_networkx():
    graph = made("bcade")
    x = graph.ref("x")
    flow.blocks["Multiply"]()(x, x, name="square")
    wiring = graph.wiring
    assert set(wiring) == set(graph.nodes)
    assert sorted(wiring.edges(keys=True)) == [
        ("a", "d", ("sum", "inputs", 0)),
        ("b", "a", ("sum", "inputs", 0)),
        ("c", "a", ("sum", "inputs", 1)),
        ("x", "b", ("output", "inputs", 0)),
        ("x", "c", ("output", "inputs", 0)),
        ("x", "d", ("output", "inputs", 1)),
        ("x", "square", ("output", "x", 0)),
        ("x", "square", ("output", "y", 0)),
        ("y", "e", ("output", "inputs", 0)),
    ]
    assert nx.descendants(wiring, "c") == {"a", "d"}
    assert wiring.nodes["a"]["node"] is graph.nodes["a"]
    assert graph.path(["x"], "d") == ["x", "d"]


# -- growing ----------------------------------------------------------------------------------------------------------


def started() -> Graph:
    graph = Graph("line")
    graph.output("y", graph.input("x", "float32", ["N"]))
    return graph


def test_unnamed_nodes_are_counted():
    graph = started()
    x = graph.ref("x")
    graph.add(flow.blocks["Relu"](), [x], name="relu_1")
    made = [flow.blocks["Relu"]()(x).node for _ in range(3)]
    graph.scope = "part/"
    assert [*made, flow.blocks["Relu"]()(x).node] == ["relu", "relu_2", "relu_3", "part/relu"]


@pytest.mark.parametrize(
    "name, told",
    [
        ("a-b", "names must be letters, digits and _"),
        ("a" * 300, "names must have at most 255 bytes, got 300; shorten it"),
        ("x", "each name must be used once, got it twice; rename one"),
    ],
)
def test_nodes_of_other_names_are_refused(name, told):
    graph = started()
    with pytest.raises(GraphError, match=f"node '{name}': {told}"):
        graph.add(flow.blocks["Relu"](), [graph.ref("x")], name=name)
    assert list(graph.nodes) == ["x"]


def test_a_node_that_does_not_fit_is_not_added():
    graph = started()
    with pytest.raises(GraphError, match=r"^node 'z' \(AddV2\): inputs 'x' and 'y' must broadcast"):
        graph.add(flow.blocks["AddV2"](), [np.ones(2, np.float32), np.ones(3, np.float32)], name="z")
    with pytest.raises(GraphError, match=r"^node 'z' \(AddN\): input 'inputs' must be a list of values, got one"):
        graph.add(flow.blocks["AddN"](), [graph.ref("x")], name="z")
    with pytest.raises(GraphError, match=r"^node 'z' \(Relu\): input 'features' must be bfloat16, .*, got complex64"):
        graph.add(flow.blocks["Relu"](), [np.ones(2, np.complex64)], name="z")
    assert list(graph.nodes) == ["x"]


@pytest.mark.parametrize("wire", [np.ones(3), 3.0, None, [1]], ids=str)
def test_an_output_must_be_a_wire(wire):
    with pytest.raises(GraphError, match="a wire must be one that a block gave, or its name, got "):
        flow.Graph().output("y", wire)


def test_an_output_has_its_name_alone():
    graph = started()
    with pytest.raises(GraphError, match=r"output 'y': each name must be used once, .*: del graph.outputs\['y'\]"):
        graph.output("y", "x")
    del graph.outputs["y"]
    graph.output("y", "x")
    assert graph.outputs == {"y": Link("x", "output")}


def test_wires_of_another_graph_are_refused():
    graph, other = started(), started()
    with pytest.raises(GraphError, match="graph 'line': wires must be of this graph"):
        graph.output("z", other.ref("x"))
    with pytest.raises(GraphError, match="graph 'line': wires must be of this graph"):
        graph.add(flow.blocks["AddV2"](), [graph.ref("x"), other.ref("x")])


def test_a_graph_that_grows_forgets_its_plans():
    graph = started()
    for change in (
        lambda: graph.output("z", "x"),
        lambda: graph.add(flow.blocks["NoOp"](), name="nothing"),
        lambda: graph.drop(["nothing"]),
    ):
        graph.cache["plan"] = 1
        change()
        assert not graph.cache


# -- variables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "count", "message"),
    [
        ("Relu", 0, "node 'n' \\(Relu\\): input 'features' must be wired, got nothing"),
        ("Relu", 2, "node 'n' \\(Relu\\): takes 1 input \\(features\\), got 2 values"),
        ("AddV2", 1, "node 'n' \\(AddV2\\): input 'y' must be wired, got nothing"),
    ],
)
def test_a_block_is_added_with_as_many_operands_as_it_takes(block, count, message):
    graph = flow.Graph()
    with pytest.raises(GraphError, match=f"^{message}$"):
        graph.add(flow.blocks[block](), [graph.input(f"x{i}", "float32", [2]) for i in range(count)], name="n")


def test_an_optional_operand_may_be_left_out():
    graph = flow.Graph()
    x, y = graph.input("x", "float64", [2]), graph.input("y", "float64", [2])
    graph.output("loss", graph.add(flow.blocks["MeanSquaredError"](), [x, y]))
    assert flow.run(graph, x=[1.0, 2.0], y=[1.0, 4.0])["loss"] == 2.0


def test_a_variable_is_changed_by_one_node():
    graph = started()
    w = graph.variable("w", np.float32([1.0]))
    graph.add(flow.blocks["AssignAdd"](), [w, np.float32([2.0])], name="step")
    port = next(iter(graph.nodes["step"].types))
    assert graph.updates == {"w": Link("step", port)}
    with pytest.raises(GraphError, match=r"node 'again' \(AssignAdd\): .* 'w' must be changed by one node in a step"):
        graph.add(flow.blocks["AssignAdd"](), [w, np.float32([2.0])], name="again")
    graph.drop(["step"])
    assert graph.updates == {}
    graph.add(flow.blocks["AssignAdd"](), [w, np.float32([2.0])], name="again")


def test_only_a_variable_is_changed():
    graph = started()
    for given, told in ((graph.ref("x"), "'x'"), (np.float32([1.0]), "a number")):
        with pytest.raises(GraphError, match=rf"node 'assign' \(Assign\): .* must be wired to a Variable, .*{told}"):
            graph.add(flow.blocks["Assign"](), [given, np.float32([2.0])])


# -- looking ----------------------------------------------------------------------------------------------------------


def test_wires_that_are_not_there_are_told():
    graph = started()
    with pytest.raises(UnknownNameError, match=r"no output 'outputs'; did you mean 'output'\?"):
        graph.ref("x.outputs")
    with pytest.raises(UnknownNameError, match=r"node 'x' \(Placeholder\) has no output 'qqq'; it has output"):
        graph.ref("x.qqq")
    with pytest.raises(UnknownNameError, match=r"^no node or input named 'qqqqq'$"):
        graph.ref("qqqqq")
    graph.add(flow.blocks["NoOp"](), [], name="nothing")
    with pytest.raises(UnknownNameError, match=r"node 'nothing' \(NoOp\) has no outputs to wire"):
        graph.ref("nothing")


def test_a_wire_is_found_by_its_output_too():
    graph = started()
    assert graph.ref("y").wire == "x"
    graph.output("x", graph.ref("x") + 1.0)
    assert graph.ref("x").wire == "x"  # the node goes first


def test_inputs_are_what_may_be_fed_by_name():
    graph = started()
    graph.add(flow.blocks["PlaceholderWithDefault"](shape=["K"]), [np.ones(2, np.float32)], name="default")
    graph.variable("w", 1.0)
    assert {name: str(type_) for name, type_ in graph.inputs.items()} == {"x": "float32[N]", "default": "float32[K]"}
    assert list(graph.of_block("Variable")) == ["w"]


# -- being a value ----------------------------------------------------------------------------------------------------


def test_a_copy_grows_by_itself():
    graph = started()
    copied = graph.copy()
    assert copied == graph
    copied.output("z", copied.ref("x") + 1.0)
    assert copied != graph
    assert (list(graph.nodes), list(graph.outputs)) == (["x"], ["y"])
    bare = graph.bare()
    assert (bare.name, dict(bare.nodes), bare.outputs) == ("line", {}, {})


def test_graphs_are_equal_whatever_the_order_of_their_nodes():
    assert made("bcade") == made("ecbad")
    other = made("bcade")
    other.doc = "another"
    assert made("bcade") != other
    assert started() != "line"
    with pytest.raises(TypeError, match="unhashable"):
        hash(started())


def test_a_graph_is_pickled_without_its_plans():
    graph = started()
    flow.run(graph, x=[1.0])
    assert graph.cache
    again = pickle.loads(pickle.dumps(graph))
    assert again == graph and not again.cache
    assert flow.run(again, x=[2.0])["y"].tolist() == [2.0]


def test_a_graph_prints_its_nodes_in_order():
    assert str(made("bcade")).splitlines() == [
        "x  Placeholder  float32[2]",
        "b  AddN         float32[2]",
        "c  AddN         float32[2]",
        "a  AddN         float32[2]",
        "d  AddN         float32[2]",
        "y  Placeholder  float32[2]",
        "e  AddN         float32[2]",
    ]
    assert str(flow.Graph()) == ""


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (
            lambda g, x: g.add(flow.blocks.Relu, [x]),
            "a block must be added, got the class Relu; write blocks.Relu(), say",
        ),
        (lambda g, x: g.add("Relu", [x]), "a block must be added, got the text 'Relu'; write blocks.Relu(), say"),
        (
            lambda g, x: g.add(flow.blocks.Relu(), x),
            "operands of Relu must be a list, got a wire; call the block on them",
        ),
        (lambda g, x: g.output(x, "y"), "an output must have a name, got a wire; write output('y', y)"),
    ],
)
def test_slips_are_told(use, message):
    graph = flow.Graph("slips")
    with pytest.raises(GraphError) as caught:
        use(graph, graph.input("x"))
    assert str(caught.value).startswith("graph 'slips': ") and message in str(caught.value)
