"""The training step as a graph: an optimizer's ports are wired by their roles, whatever their names."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.block import In, Out
from dataflow.core.errors import GraphError
from dataflow.core.kinds import Update
from dataflow.core.roles import Gradient, LearningRate, PowerOf, Setting, Slot, StepNumber, Variable
from dataflow.training.step_graph import expand


class Walk(Update, abstract=True):
    """An optimizer none of whose ports bears a usual name."""

    T = ("float32",)
    speed = In("T", "rate", shape=(), role=LearningRate(0.25))
    slope = In("T", "gradient", role=Gradient())
    weight = In("T", "variable", role=Variable())
    pace = In("T", "kept", role=Slot(2.0))
    fading = In("T", "set by the user", shape=(), role=Setting())
    faded = In("T", "to the power of the step", shape=(), role=PowerOf(base="fading"))
    count = In("int64", "step", shape=(), role=StepNumber())
    moved = Out("T", "next")
    paced = Out("T", "next pace")
    assigns = {"weight": "moved", "pace": "paced"}

    def kernel(self, speed, slope, weight, pace, fading, faded, count):
        return weight - speed * slope, pace * fading


@pytest.fixture
def graph(monkeypatch):
    monkeypatch.setitem(flow.blocks._blocks, "Walk", Walk)
    made = flow.Graph("g")
    w = made.variable("w", np.float32([1.0, 2.0]))
    made.output("loss", flow.blocks["Sum"]()(flow.blocks["Square"]()(w), [0]))
    made.sections["train"] = {"minimize": "loss", "optimizer": {"block": "Walk", "inputs": {"fading": 0.5}}}
    return made


def test_ports_are_wired_by_role(graph):
    step = expand(graph)
    inputs = step.nodes["train/w/apply"].inputs
    assert (inputs["speed"].value, inputs["fading"].value) == (0.25, 0.5)
    nodes = {port: inputs[port].node for port in ("weight", "slope", "pace", "faded", "count")}
    assert nodes == {
        "weight": "w",
        "slope": nodes["slope"],  # whichever block of the reverse pass
        "pace": "train/w/pace",
        "faded": "train/faded_assign",
        "count": "train/next_step",
    }
    assert nodes["slope"].startswith("grad/")
    state = flow.State(step)
    for _ in range(2):
        flow.run(step, state=state)
    assert state.variables["w"].tolist() == [0.25, 0.5]
    assert state.variables["train/w/pace"].tolist() == [0.5, 0.5]
    assert state.variables["train/faded"] == 0.25


@pytest.mark.parametrize(
    "inputs, message",
    [
        ({}, "graph 'g': train: optimizer Walk: input 'fading' must be given, got nothing"),
        ({"slope": 1.0}, "graph 'g': train: optimizer Walk has no input 'slope' to set; did you mean 'speed'?"),
        (
            {"xyzzy": 1.0},
            "graph 'g': train: optimizer Walk has no input 'xyzzy' to set; it has speed, fading, faded and count",
        ),
        ({"pace": 1.0}, "graph 'g': train: optimizer Walk has no input 'pace' to set; "),
    ],
)
def test_what_users_may_set(graph, inputs, message):
    graph.sections["train"]["optimizer"]["inputs"] = inputs
    with pytest.raises(GraphError) as caught:
        expand(graph)
    assert str(caught.value).startswith(message)


def test_a_schedule_gives_the_learning_rate(graph):
    attrs = {"initial_learning_rate": 0.5, "decay_steps": 10}
    graph.sections["train"]["schedule"] = {"block": "CosineDecay", "attrs": attrs}
    inputs = expand(graph).nodes["train/w/apply"].inputs
    assert inputs["speed"].node == "train/learning_rate"


def test_outputs_of_optimizers_follow_from_their_inputs():
    adam = flow.blocks["ApplyAdam"]
    assert adam.assigns == {"var": "out", "m": "m_out", "v": "v_out"}
    assert [port.doc for port in adam.signature.outputs.values()] == [
        "the variable's next value",
        "next value of `m`",
        "next value of `v`",
    ]


def test_weight_decay_is_a_setting_of_the_optimizer():
    graph = flow.Graph("g")
    w = graph.variable("w", np.float64([1.0, -2.0, 3.0]))
    graph.output("loss", flow.blocks["Sum"]()(flow.blocks["Square"]()(w), [0]))
    settings = {"lr": 0.1, "weight_decay": 0.5}
    graph.sections["train"] = {"minimize": "loss", "optimizer": {"block": "ApplyAdamW", "inputs": settings}}
    step = expand(graph)
    assert "train/w/apply" in step.nodes
    assert "train/w/weight_decay" not in step.nodes
    state = flow.State(step)
    value, m, v = np.array([1.0, -2.0, 3.0]), np.zeros(3), np.zeros(3)
    for count in (1, 2, 3):
        flow.run(step, state=state)
        slope = 2 * value
        m, v = m + (slope - m) * 0.1, v + (slope**2 - v) * 0.001
        rate = 0.1 * np.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        value = value - value * 0.5 * 0.1 - rate * m / (np.sqrt(v) + 1e-7)
        np.testing.assert_allclose(state["w"], value, rtol=1e-12)
