"""Where NaN and infinities come from."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.training.non_finite import Draft, origin


def told(build, **feeds):
    """What is said of a graph that one input is fed to."""
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N"])
    graph.output("y", build(graph, x))
    state = flow.State(graph)
    before = dict(state.variables)
    found = origin(graph, {name: np.float32(value) for name, value in feeds.items()}, state)
    assert state.step == 0 and all(state.variables[name] is value for name, value in before.items())
    return found


B = flow.blocks


def test_the_first_node_is_named_whatever_hides_it_later():
    def build(graph, x):
        logs = graph.add(B["Log"](), [x], name="logs")
        kept = B["Maximum"]()(logs, -5.0)
        return B["Sum"]()(kept, [0])

    assert told(build, x=[1.0, 0.0, 2.0]) == "node 'logs' (Log): inf in 1 of 3"


def test_the_first_infinity_and_the_first_nan_are_told():
    def build(graph, x):
        powers = graph.add(B["Exp"](), [x], name="powers")
        return graph.add(B["Sub"](), [powers, powers], name="gone")

    assert told(build, x=[100.0, 1.0]) == (
        "node 'powers' (Exp): inf in 1 of 2; then in node 'gone' (Subtract): NaN in 1 of 2"
    )


def test_inputs_and_variables_are_looked_at_before_nodes():
    assert told(lambda graph, x: B["Exp"]()(x), x=[np.nan, np.inf]) == "input 'x': NaN in 1 and inf in 1 of 2"
    assert told(lambda graph, x: x + graph.variable("v", np.inf), x=[1.0]) == "variable 'v': inf in 1 of 1"


def test_constants_are_meant():
    def build(graph, x):
        mask = graph.constant([-np.inf, 0.0])
        return B["Log"]()(B["Minimum"]()(B["Maximum"]()(x, mask), 0.0))

    assert told(build, x=[1.0, -1.0]) == "node 'log' (Log): inf in 2 of 2"


def test_random_numbers_are_those_of_the_step():
    def build(graph, x):
        noise = graph.add(B["Dropout"](), [x, 0.5], name="noise").output
        return graph.add(B["Log"](), [noise], name="logs")

    graph = flow.Graph("g")
    graph.output("y", build(graph, graph.input("x", "float32", ["N"])))
    state, x = flow.State(graph, seed=3), np.ones(40, np.float32)
    for step in range(4):
        state.step = step
        wanted = int(np.isinf(flow.plan(graph).run({"x": x}, state=Draft(state))["y"]).sum())
        assert origin(graph, {"x": x}, state) == f"node 'logs' (Log): inf in {wanted} of 40"


def test_finite_steps_have_no_origin():
    assert told(lambda graph, x: x + 1.0, x=[1.0]) == "no node when the step was done once more"


def test_a_draft_leaves_the_state_alone():
    graph = flow.Graph("g")
    graph.output("n", B["AssignAdd"]()(graph.variable("n", 1.0), 1.0))
    state = flow.State(graph)
    draft = Draft(state)
    assert flow.run(graph, state=draft)["n"] == 2.0
    assert (state["n"], state.step, draft.changed["n"]) == (1.0, 0, 2.0)
    state.commit(draft.changed)
    assert (state["n"], state.step) == (2.0, 1)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64", "complex64"])
def test_all_floating_dtypes_are_looked_at(dtype):
    graph = flow.Graph("g")
    x = graph.input("x", dtype, [2])
    graph.output("y", graph.add(B["RealDiv"](), [x, x], name="quotient"))
    import ml_dtypes

    value = np.zeros(2, ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    assert origin(graph, {"x": value}, flow.State(graph)) == "node 'quotient' (RealDiv): NaN in 2 of 2"
