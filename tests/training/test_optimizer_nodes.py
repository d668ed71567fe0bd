"""The nodes of optimizers: which variables are trained, and what several of them share."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.training.optimizer_nodes import (
    OptimizerNodes,
    constant_rate,
    is_frozen,
    rate_port,
    scheduled,
    settable,
    trained,
)
from dataflow.training.train_section import Optimizer, Schedule, Train


@pytest.fixture
def graph():
    made = flow.Graph("g")
    a, b = made.variable("a/w", np.float32([1.0])), made.variable("b", np.float64([1.0, 2.0]))
    made.variable("count", 0)
    made.variable("kept", 1.0, trainable=False)
    made.output("loss", flow.blocks["Sum"]()(a * flow.blocks["Cast"](DstT="float32")(b), [0]))
    return made


def test_which_blocks_are_optimizers_and_schedules():
    named = {name for name, block in flow.blocks.items() if Schedule.may_be(block)}
    assert named == {"CosineDecay", "ExponentialDecay", "PolynomialDecay", "StepDecay"}
    assert Optimizer.may_be(flow.blocks["ApplyAdam"]) and not Optimizer.may_be(flow.blocks["AssignSub"])
    assert set(settable(flow.blocks["ApplyMomentum"])) == {"lr", "momentum"}
    assert rate_port(flow.blocks["ApplyGradientDescent"]).name == "alpha"


def test_trainable_variables_are_trained_unless_frozen(graph):
    optimizer = {"block": "ApplyMomentum"}
    assert trained(graph, Train(minimize="loss", optimizer=optimizer)) == ["a/w", "b"]
    assert trained(graph, Train(minimize="loss", optimizer=optimizer, variables=["b"])) == ["b"]
    frozen = {**optimizer, "overrides": [{"variables": "a/*", "frozen": True}]}
    assert trained(graph, Train(minimize="loss", optimizer=frozen)) == ["b"]


def test_the_last_override_that_fits_holds():
    overrides = [{"variables": "*", "frozen": True}, {"variables": ["b", "c*"]}]
    optimizer = Optimizer(block="ApplyMomentum", overrides=overrides)
    assert [is_frozen(optimizer, name) for name in ("a", "b", "cat", "B")] == [True, False, False, True]


@pytest.mark.parametrize("inputs, rate", [({"lr": 0.5}, 0.5), ({"lr": 1}, 1.0), ({"lr": "wire"}, None)])
def test_the_rate_where_it_is_a_number(inputs, rate):
    assert constant_rate(Optimizer(block="ApplyMomentum", inputs=inputs)) == rate


def test_the_rate_is_by_default_that_of_the_block():
    default = rate_port(flow.blocks["ApplyMomentum"]).role.default
    assert constant_rate(Optimizer(block="ApplyMomentum")) == default > 0


def test_the_rate_where_it_is_a_wire(graph):
    graph.constant(0.25, "float32", name="speed")
    nodes = OptimizerNodes(graph, Optimizer(block="ApplyMomentum", inputs={"lr": "speed"}), None, 1)
    assert nodes.rate().wire == "speed"
    assert OptimizerNodes(graph, Optimizer(block="ApplyMomentum"), None, 1).rate() is None


def test_variables_of_one_dtype_and_base_share_powers(graph):
    optimizer = Optimizer(block="ApplyAdam", overrides=[{"variables": "b", "inputs": {"beta2": 0.5}}])
    nodes = OptimizerNodes(graph, optimizer, None, 1)
    other = graph.variable("c", np.float64([3.0]))
    for name in ("a/w", "b", other.node):
        nodes.add(name, graph.ref(name))
    powers = {name: graph.nodes[f"train/{name}/apply"].inputs["beta2_power"].node for name in ("a/w", "b", "c")}
    assert powers == {
        "a/w": "train/beta2_power_assign",
        "b": "train/beta2_power_float64_assign",
        "c": "train/beta2_power_float64_2_assign",
    }
    shared = {name: graph.nodes[f"train/{name}/apply"].inputs["beta1_power"].node for name in ("b", "c")}
    assert len({*shared.values()}) == 1


def test_a_schedule_ends_with_the_steps():
    def decay(steps, **attrs):
        attrs = {"initial_learning_rate": 0.1, "decay_steps": "end", **attrs}
        return scheduled(Schedule(block="CosineDecay", attrs=attrs), steps).decay_steps

    assert (decay(100), decay(100, warmup_steps=30), decay(1, warmup_steps=3), decay(9, decay_steps=4)) == (
        100,
        70,
        1,
        4,
    )


def test_slots_need_a_known_shape():
    graph = flow.Graph("g")
    graph.add(flow.blocks["Variable"](dtype="float32", shape=[None]), [graph.input("x", "float32", [None])], name="v")
    with pytest.raises(GraphError, match=r"variable 'v' must have a known shape, got float32\[\?\]"):
        OptimizerNodes(graph, Optimizer(block="ApplyMomentum"), None, 1).add("v", graph.ref("v"))
