"""Composite blocks in graphs: one node, until the body is written out to be differentiated or run."""

from __future__ import annotations

import numpy as np
import pytest
from composites import Fade, Moments, Noise, Swish, Total

import dataflow as flow
from dataflow import Graph, State, blocks, run
from dataflow.conformance.equality import same
from dataflow.core.errors import GradientError, GraphError
from dataflow.core.kinds import Unary
from dataflow.graph.composites import write_out
from dataflow.graph.node import Link

X = np.linspace(-2, 2, 6, dtype=np.float32).reshape(2, 3)


def moments(shape=("N", 3)):
    graph = Graph("moments")
    x = graph.input("x", "float32", shape)
    mean, rest = Moments()(x * 2.0, [0], name="m")
    graph.output("mean", mean)
    graph.output("rest", rest)
    return graph


def by_hand():
    """The same with every block written."""
    graph = Graph("moments")
    x = graph.input("x", "float32", ["N", 3]) * 2.0
    swish = x * blocks["Sigmoid"]()(x * 1.0)
    graph.output("mean", blocks["Mean"]()(swish, [0]))
    graph.output("rest", swish - blocks["Mean"](keep_dims=True)(swish, [0]))
    return graph


def test_it_is_one_node():
    assert list(moments().nodes) == ["x", "multiply", "m"]


def test_written_out_its_nodes_are_called_after_it():
    plain, moved = write_out(moments())
    assert [name for name in plain.nodes if name.startswith("m/")] == [
        "m/axis", "m/swish/multiply", "m/swish/sigmoid", "m/swish/multiply_1", "m/mean", "m/mean_1", "m/subtract",
    ]  # fmt: skip
    assert plain.outputs == {"mean": Link("m/mean", "output"), "rest": Link("m/subtract", "z")}
    assert moved[Link("m", "mean")] == Link("m/mean", "output")


def test_a_graph_without_composites_stays_as_it_is():
    graph = by_hand()
    assert write_out(graph) == (graph, {})
    assert write_out(graph)[0] is graph


def test_a_name_that_is_taken_is_left_alone():
    graph = moments()
    graph.add(blocks["Exp"](), [graph.ref("x")], name="m/mean")
    plain, _ = write_out(graph)
    assert type(plain.nodes["m/mean"].block).__name__ == "Exp"
    assert plain.outputs["mean"] == Link("m/mean_1", "output")
    assert same(run(graph, x=X)["mean"], run(by_hand(), x=X)["mean"])


@pytest.mark.parametrize("goal", ["mean", "rest"])
def test_the_gradient_is_that_of_the_blocks(goal):
    found, expected = (run(flow.gradient(graph, of=goal, wrt=["x"]), x=X)["grad_x"] for graph in (moments(), by_hand()))
    assert same(found, expected)


def test_a_gradient_keeps_the_node_and_adds_what_it_needs_of_the_body():
    graph = flow.gradient(moments(), of="mean", wrt=["x"])
    assert graph.nodes["m"] == moments().nodes["m"]
    assert {"m/swish/multiply", "m/swish/sigmoid"} <= graph.nodes.keys()
    assert "m/subtract" not in graph.nodes
    assert graph.outputs["mean"] == Link("m", "mean")
    plain, _ = write_out(graph)
    assert len([name for name in plain.nodes if name.endswith("sigmoid")]) == 1, "written out once"


def test_gradients_of_gradients():
    graph = Graph()
    x = graph.input("x", "float64", [])
    graph.output("f", Swish()(Swish()(x)))
    first = flow.gradient(graph, of="f", wrt=["x"])
    again = first.copy()
    again.outputs = {"slope": first.outputs["grad_x"]}
    twice = flow.gradient(again, of="slope", wrt=["x"])
    at, step = np.float64(0.7), 1e-5
    slope = (run(first, x=at + step)["grad_x"] - run(first, x=at - step)["grad_x"]) / (2 * step)
    np.testing.assert_allclose(run(twice, x=at)["grad_x"], slope, rtol=1e-8)


def test_the_gradient_by_the_output_of_a_composite():
    graph = Graph()
    x = graph.input("x", "float32", [3])
    y = Swish()(x, name="s")
    graph.output("f", y * y)
    found = run(flow.gradient(graph, of="f", wrt=["s"]), x=[1.0, 2.0, 3.0])["grad_s"]
    assert same(found, 2 * run(flow.gradient(graph, of="s", wrt=["x"]), x=[1.0, 2.0, 3.0])["s"])


def test_a_gradient_goes_by_the_numbers_that_were_drawn():
    graph = Graph()
    x = graph.input("x", "float32", [1000])
    graph.output("y", Noise()(x, name="noise"))
    graph.output("again", Noise()(x, name="other"))
    backward = flow.gradient(graph, of="y", wrt=["x"])
    backward.outputs["again"] = graph.outputs["again"]
    found = run(backward, x=np.ones(1000, np.float32), seed=3)
    assert same(found["y"], found["grad_x"])
    assert not same(found["y"], found["again"]), "another node draws other numbers"


def test_a_composite_with_a_rule_of_its_own_stays_a_node_in_the_body_of_another():
    class Own(Noise, abstract=True):
        def grad(self, x, y, dy):
            return dy * 5.0

    class Outer(Swish, abstract=True):
        pure = False

        def body(self, x):
            return Own()(Swish()(x)) + Noise()(x)

    graph = Graph()
    x = graph.input("x", "float32", [1000])
    graph.output("y", Outer()(x, name="o"))
    backward = flow.gradient(graph, of="y", wrt=["x"])
    assert {"o/own", "o/swish/sigmoid", "o/noise/dropout"} <= backward.nodes.keys()
    drawn = sorted(name for name in write_out(backward)[0].nodes if "dropout" in name and "grad" not in name)
    assert drawn == ["o/noise/dropout", "o/noise/dropout_1", "o/own/dropout", "o/own/dropout_1"], "each once"
    ones = np.ones(1000, np.float32)
    slope = run(flow.gradient(swished(), of="y", wrt=["x"]), x=ones)["grad_x"] * np.float32(5)
    noise = run(noised(), x=ones)["y"]
    np.testing.assert_allclose(run(backward, x=ones)["grad_x"], slope + noise, rtol=1e-6)


def swished():
    graph = Graph()
    graph.output("y", Swish()(graph.input("x", "float32", [1000])))
    return graph


def noised():
    """Noise of the same numbers as that of node o."""
    graph = Graph()
    graph.output("y", Noise()(graph.input("x", "float32", [1000]), name="o/noise"))
    return graph


def test_a_variadic_input_of_numbers_and_wires():
    graph = Graph()
    x = graph.input("x", "float32", [2])
    graph.output("y", Total()([x, [1.0, 2.0], x], name="t"))
    assert run(flow.gradient(graph, of="y", wrt=["x"]), x=[1.0, 1.0])["grad_x"].tolist() == [2.0, 2.0]
    assert run(graph, x=[1.0, 1.0])["y"].tolist() == [3.0, 4.0]


def test_a_composite_changes_a_variable():
    graph = Graph()
    w = graph.variable("w", [1.0, 2.0])
    graph.output("next", Fade()(w, 0.5, name="fade"))
    state = State(graph)
    assert [run(graph, state=state)["next"].tolist() for _ in range(2)] == [[0.5, 1.0], [0.25, 0.5]]
    with pytest.raises(GraphError, match=r"node 'fade_1' \(Fade\): input 'var': 'w' must be changed by one node"):
        Fade()(w, 0.5, name="fade_1")


def test_blocks_of_a_body_that_have_no_gradient_are_named_with_the_path():
    class Stuck(Unary, abstract=True):
        ufunc = np.exp

    class Held(Swish, abstract=True):
        def body(self, x):
            return x * Stuck()(x)

    graph = Graph()
    graph.output("y", Held()(graph.input("x", "float32", [2]), name="f"))
    with pytest.raises(GradientError, match=r"node 'f/stuck' \(Stuck\): must have a gradient .* x -> f/stuck"):
        flow.gradient(graph, of="y", wrt=["x"])


def test_an_error_of_the_run_names_both_nodes():
    graph = Graph()
    x = graph.input("x", "float32", [None])
    graph.output("y", Total()([x, graph.input("z", "float32", [None])], name="t"))
    with pytest.raises(flow.DataflowError, match="node 't/add_n'"):
        run(graph, x=[1.0], z=[1.0, 2.0])
