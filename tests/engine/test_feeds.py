"""Inputs, outputs and variables may have any name, even those of arguments and options."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import dataflow as flow
from dataflow import Graph, blocks
from dataflow.cli import group
from dataflow.core.block import In, Out
from dataflow.core.errors import BlockError, GraphError
from dataflow.core.kinds import Elementwise

NAMES = (
    "self", "state", "seed", "trace", "threads", "kernels", "fuse", "max_bytes", "graph", "feeds", "shapes", "named",
    "allow_pickle", "file", "args", "kwds", "name",
)  # fmt: skip
ONE = np.float32([1.0])


def doubled(name):
    graph = Graph("g")
    graph.output(name, graph.input(name, "float32", ["N"]) * 2.0)
    return graph


@pytest.mark.parametrize("name", NAMES)
def test_an_input_of_any_name_is_fed_and_planned_by_a_dict(name):
    graph = doubled(name)
    assert flow.run(graph, {name: ONE})[name].tolist() == [2.0]
    assert flow.plan(graph).run({name: ONE}, seed=3)[name].tolist() == [2.0]
    planned = flow.plan(graph, {name: [3]}, threads=1, kernels="numpy", fuse=True, max_bytes=1 << 20)
    assert len(planned.programs) == 1
    planned.at({name: [4]})
    assert len(planned.programs) == 2
    assert flow.run(graph, {name: ONE}, state=flow.State(graph), max_bytes=1 << 20)[name].tolist() == [2.0]
    assert flow.run(flow.gradient(graph, of=name, wrt=[name]), {name: ONE})[f"grad_{name}"].tolist() == [2.0]


OPTIONS = {
    "run": ("state", "max_bytes", "trace", "seed"),
    "plan.run": ("state", "seed", "trace"),
    "plan": ("threads", "kernels", "fuse", "max_bytes"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("call", OPTIONS)
def test_a_keyword_that_may_be_an_option_is_refused(call, name):
    graph = doubled(name)
    calls = {"run": lambda: flow.run(graph, **{name: ONE}), "plan.run": lambda: flow.plan(graph).run(**{name: ONE})}
    if call in calls and name not in OPTIONS[call]:
        assert calls[call]()[name].tolist() == [2.0]
    elif call == "plan" and name not in OPTIONS[call]:
        assert len(flow.plan(graph, **{name: [1]}).programs) == 1
    else:
        with pytest.raises(GraphError) as caught:
            calls[call]() if call in calls else flow.plan(graph, **{name: [1]})
        assert f"keyword '{name}' may be an option or the input of this name" in str(caught.value)
        assert f"give the inputs in a dict, {{'{name}': ...}}" in str(caught.value)


def test_options_that_are_no_inputs_of_the_graph_are_options():
    graph = doubled("x")
    assert flow.run(graph, x=ONE, max_bytes=1 << 20)["x"].tolist() == [2.0]
    assert flow.plan(graph, x=[1], threads=1).run(x=ONE, seed=1)["x"].tolist() == [2.0]
    with pytest.raises(GraphError, match="option 'state' must be a State, got a ndarray"):
        flow.run(graph, x=ONE, state=ONE)


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_of_any_name_is_kept(name):
    graph = Graph("g")
    graph.output("y", blocks["AssignAdd"]()(graph.variable(name, 1.0), 2.0))
    state = flow.State(graph)
    assert [float(flow.run(graph, state=state)["y"]) for _ in range(2)] == [3.0, 5.0]
    assert float(flow.run(graph, {name: 10.0})["y"]) == 12.0
    assert float(flow.plan(graph).run({}, seed=1)["y"]) == 3.0


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_takes_any_name(name, tmp_path):
    (tmp_path / "g.yaml").write_text(
        f"dataflow: 1\ninputs: {{{name}: 'float32[N]'}}\nnodes: {{y: {{block: Square, inputs: {{x: {name}}}}}}}\n"
        f"outputs: {{{name}: y}}\n"
    )
    np.save(tmp_path / "x.npy", np.float32([3.0]))
    fed = ["-i", f"{name}={tmp_path / 'x.npy'}"]
    for more in ([], ["--max-bytes", "1MiB"], ["--steps", "1"]):
        ran = CliRunner().invoke(group, ["run", str(tmp_path / "g.yaml"), *fed, "--json", *more])
        assert ran.exit_code == 0, ran.output
        assert json.loads(ran.stdout) == {name: [9.0]}
    assert CliRunner().invoke(group, ["run", str(tmp_path / "g.yaml"), *fed, "--plan"]).exit_code == 0


class Named(Elementwise, abstract=True):
    """A block with a port that has the name of an argument."""

    T = ("float32",)
    name = In("T", "any value")
    y = Out("T", "the same value")

    def kernel(self, name):
        return np.array(name)


def test_a_port_may_be_called_name():
    assert Named()(name=ONE).tolist() == Named()(ONE).tolist() == [1.0]
    graph = Graph("g")
    x = graph.input("x", "float32", ["N"])
    assert Named()(name=x).node == "named"
    assert Named()(x, name="other").node == "other"
    with pytest.raises(BlockError, match="Square: no input 'name'; it has x"):
        blocks["Square"]()(x, name=2.0)


def test_an_output_is_named_once():
    graph = doubled("x")
    with pytest.raises(GraphError, match="output 'x': each name must be used once, got it twice"):
        graph.output("x", "x")
    assert flow.run(graph, x=ONE)["x"].tolist() == [2.0]
    del graph.outputs["x"]
    graph.output("x", graph.ref("x"))
    assert flow.run(graph, x=ONE)["x"].tolist() == [1.0]


def test_inputs_are_given_by_name_and_once():
    graph = doubled("x")
    with pytest.raises(GraphError, match="input 'x' must be given once, got it in the dict and as a keyword"):
        flow.run(graph, {"x": ONE}, x=ONE)
    with pytest.raises(GraphError, match="inputs must be given by name in a dict, got a ndarray"):
        flow.run(graph, ONE)
    for feeds in ({1: ONE}, {"x": ONE, 1: ONE}):
        with pytest.raises(GraphError, match="inputs must be given by name in a dict, got 1 for a name"):
            flow.run(graph, feeds)
    with pytest.raises(GraphError, match="inputs must be given by name in a dict, got a int"):
        flow.plan(graph, 3)


@pytest.mark.parametrize("shape", [3, [1.5], [-1], "N", [None], None])
def test_shapes_to_plan_for_are_sizes(shape):
    with pytest.raises(GraphError, match="input 'x' must have a known shape to plan for, got"):
        flow.plan(doubled("x"), x=shape)
