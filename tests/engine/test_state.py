"""State: a step reads the old values of variables, and at its end changes all of them or none."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.core.errors import GraphError, GraphFileError, RunError


def counter():
    graph = flow.Graph("counter")
    n = graph.variable("n", np.float32(1))
    graph.output("n", n)
    graph.output("next", blocks["AssignAdd"]()(n, 2.0))
    return graph


def test_a_step_reads_the_old_value_and_leaves_the_new_one():
    graph, state = counter(), flow.State(counter())
    assert [tuple(map(float, flow.run(graph, state=state).values())) for _ in range(3)] == [(1, 3), (3, 5), (5, 7)]
    assert (state.step, float(state.variables["n"])) == (3, 7)


def test_without_a_state_variables_have_their_first_values():
    graph = counter()
    assert [float(flow.run(graph)["n"]) for _ in range(2)] == [1, 1]
    assert float(flow.run(graph, n=np.float32(5))["next"]) == 7


def test_all_reads_of_a_step_see_the_same_value():
    graph = flow.Graph("swap")
    a, b = graph.variable("a", np.float32(1)), graph.variable("b", np.float32(2))
    blocks["Assign"]()(a, b)
    blocks["Assign"]()(b, a)
    state = flow.State(graph)
    flow.run(graph, state=state)
    assert {name: float(value) for name, value in state.variables.items()} == {"a": 2, "b": 1}


def test_a_step_that_fails_changes_nothing():
    graph = flow.Graph("fails")
    a, x = graph.variable("a", np.float32(1)), graph.input("x", "float32", [2])
    blocks["AssignAdd"]()(a, 1.0)
    graph.output("checked", blocks["CheckNumerics"](message="x")(x))
    state = flow.State(graph)
    with pytest.raises(RunError):
        flow.run(graph, state=state, x=[1.0, np.nan])
    assert (state.step, float(state.variables["a"])) == (0, 1)


def test_a_variable_is_changed_once_in_a_step():
    graph = counter()
    with pytest.raises(GraphError, match="input 'ref': 'n' must be changed by one node in a step, got two"):
        blocks["Assign"]()(graph.ref("n"), 0.0)


def test_only_variables_can_be_changed(tmp_path):
    graph = flow.Graph("wrong")
    x = graph.input("x", "float32", [])
    for ref, got in ((x, "'x'"), (x + 1.0, "'add_v2'")):
        with pytest.raises(GraphError, match=f"input 'ref' must be wired to a Variable, which it changes, got {got}"):
            blocks["Assign"]()(ref, 0.0)
    path = tmp_path / "wrong.yaml"
    path.write_text("dataflow: 1\ninputs: {x: float32}\nnodes:\n  a: {block: Assign, inputs: {ref: x, value: 1.0}}\n")
    with pytest.raises(GraphFileError) as caught:
        flow.load(path)
    assert (caught.value.problems[0].line, caught.value.problems[0].column) == (4, 36)


@pytest.mark.parametrize(
    "initializer, shape, low, high, deviation",
    [
        ("zeros", [50], 0, 0, 0),
        ("ones", [50], 1, 1, 0),
        ("truncated_normal", [100, 100], -0.1, 0.1, 0.05 * 0.8796),
        ("random_uniform", [100, 100], -0.05, 0.05, 0.05 / 3**0.5),
        ("glorot_uniform", [200, 100], -(0.02**0.5), 0.02**0.5, (2 / 300) ** 0.5),
        ("glorot_normal", [200, 100], -0.19, 0.19, (2 / 300) ** 0.5),
        ("he_normal", [3, 3, 20, 30], -0.24, 0.24, (2 / 180) ** 0.5),
        ("he_uniform", [3, 3, 20, 30], -((6 / 180) ** 0.5), (6 / 180) ** 0.5, (2 / 180) ** 0.5),
    ],
)
def test_initializers(initializer, shape, low, high, deviation):
    graph = flow.Graph("made")
    graph.output("w", graph.variable("w", initializer=initializer, shape=shape, dtype="float32"))
    value = flow.State(graph).variables["w"]
    assert (list(value.shape), value.dtype) == (shape, np.float32)
    assert low - 1e-6 <= value.min() and value.max() <= high + 1e-6
    np.testing.assert_allclose(value.std(), deviation, rtol=0.03, atol=1e-9)


def test_random_values_follow_seed_and_name_alone():
    def made(seed, names):
        graph = flow.Graph("made")
        for name in names:
            graph.variable(name, initializer="he_normal", shape=[3], dtype="float32")
        return flow.State(graph, seed).variables

    first = made(0, ["a", "b"])
    again = made(0, ["b", "c", "a"])
    assert all((first[name] == again[name]).all() for name in "ab")
    assert (first["a"] != first["b"]).all() and (made(1, ["a"])["a"] != first["a"]).all()


def test_given_values_replace_initial_ones():
    graph = counter()
    state = flow.State(graph, values={"n": np.float32(9)})
    assert float(flow.run(graph, state=state)["next"]) == 11
    with pytest.raises(GraphError, match="has no variable 'm'; it has n"):
        flow.State(graph, values={"m": 1})
    with pytest.raises(GraphError, match=r"variable 'n' must have shape \[\], got \[2\]"):
        flow.State(graph, values={"n": np.float32([1, 2])})


def test_states_and_plans_of_steps_can_be_pickled():
    graph, state = counter(), flow.State(counter())
    flow.run(graph, state=state)
    again = pickle.loads(pickle.dumps(state))
    assert [float(flow.run(graph, state=s)["next"]) for s in (state, again)] == [5, 5]


def test_a_state_is_a_mapping_of_its_variables():
    graph = counter()
    state = flow.State(graph)
    assert list(state) == ["n"] and len(state) == 1 and "m" not in state
    assert state["n"] is state.variables["n"]
    flow.run(graph, state=state)
    assert {name: float(value) for name, value in state.items()} == {"n": 3}
    assert state == state and state != flow.State(graph) and len({state, flow.State(graph)}) == 2
    assert float(flow.run(graph, state)["next"]) == 5  # its variables are fed, as any mapping's are
