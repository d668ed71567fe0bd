"""Optimizers: what a plan makes of their bodies, and numbers that they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import BlockError, RunError
from dataflow.graph.node import Link

ADAM = {"beta1_power": 0.9, "beta2_power": 0.999, "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}


def stepped(block: str, settings: dict[str, Any], *sizes: int, known: bool = False) -> flow.Graph:
    """A graph in which variables of these sizes are changed; the settings are known, or in variables of their own."""
    graph, kind = flow.Graph("step"), flow.blocks[block]
    numbers = {
        name: np.asarray(value, np.int64 if name == "global_step" else np.float32) for name, value in settings.items()
    }
    given = numbers if known else {name: graph.variable(name, number) for name, number in numbers.items()}
    for i, size in enumerate(sizes):
        ports = [port for port in kind.signature.inputs if port not in given]
        values = {port: graph.variable(f"{port}{i}", np.linspace(1, 2, size, dtype=np.float32)) for port in ports}
        kind()(**given, **values, name=f"apply{i}")
        graph.output(f"next{i}", graph.ref(f"apply{i}"))
    return graph


def steps(graph: flow.Graph) -> list[tuple[str, tuple[int, ...]]]:
    """The blocks that a plan runs, variables aside, each with the shape of what it gives."""
    program = flow.plan(graph).at()
    made = [(type(step.block).__name__, program.types[step.writes[0]].sizes) for step in program.steps]
    return [(block, shape) for block, shape in made if block != "Variable"]


def test_what_settings_alone_decide_is_computed_once_for_all_variables():
    made = steps(stepped("ApplyAdam", ADAM, 3, 4))
    scalars = [block for block, shape in made if shape == ()]
    assert sorted(scalars) == ["Multiply", "RealDiv", "Sqrt", *["Subtract"] * 4]  # 1 - beta and 1 - beta ** t
    assert [block for block, shape in made if shape == (3,)] == [block for block, shape in made if shape == (4,)]


@pytest.mark.parametrize(
    ("block", "known", "left_out"),
    [
        ("ApplyProximalGradientDescent", {"alpha": 0.1, "l1": 0.0, "l2": 0.5}, {"Sign", "Relu", "SelectV2"}),
        ("ApplyProximalAdagrad", {"lr": 0.1, "l1": 0.0, "l2": 0.5}, {"Sign", "Relu", "SelectV2", "Checked"}),
        ("ApplyAdagradDA", {"lr": 0.1, "l1": 0.0, "l2": 0.5, "global_step": 3}, {"Sign", "Relu", "SelectV2"}),
        ("ApplyFtrl", {"lr": 0.1, "l1": 0.5, "l2": 0.5, "lr_power": -0.5}, {"Pow"}),
        ("ApplyFtrl", {"lr": 0.1, "l1": 0.5, "l2": 0.5, "lr_power": -0.25}, {"Sqrt"}),
    ],
)
def test_a_plan_that_knows_the_settings_leaves_out_what_they_do_not_ask_for(block, known, left_out):
    asked, told = (stepped(block, known, 5, known=known_to_plan) for known_to_plan in (False, True))
    assert left_out <= {name for name, _ in steps(asked)}
    assert left_out.isdisjoint(name for name, _ in steps(told))
    assert flow.run(told)["next0"].tobytes() == flow.run(asked)["next0"].tobytes()


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ((0.0, 0.1, 0.1), "input 'lr' must be above 0, got 0.0"),
        ((np.nan, 0.1, 0.1), "input 'lr' must be above 0, got nan"),
        ((0.1, -0.5, 0.1), "input 'l1' must be 0 or more, got -0.5"),
        ((0.1, 0.1, -0.5), "input 'l2' must be 0 or more, got -0.5"),
    ],
)
def test_numbers_that_proximal_adagrad_refuses(settings, refused):
    values = np.ones(3, np.float32)
    with pytest.raises(BlockError, match=f"^ApplyProximalAdagrad: {re.escape(refused)}$"):
        flow.blocks["ApplyProximalAdagrad"]()(values, values, *settings, values)
    numbers = dict(zip(("lr", "l1", "l2"), settings, strict=True))
    for known in (True, False):  # to the plan, which then runs no more than it needs of the body
        for output in ("out", "accum_out"):
            graph = stepped("ApplyProximalAdagrad", numbers, 3, known=known)
            graph.outputs = {"y": Link("apply0", output)}
            with pytest.raises(RunError, match=rf"^node 'apply0' \(ApplyProximalAdagrad\): {re.escape(refused)}$"):
                flow.run(graph)
    with pytest.raises(BlockError, match=f"^ApplyProximalAdagrad: {re.escape(refused)}$"):
        flow.blocks["ApplyProximalAdagrad"]()(*[np.ones(9000, np.float32)] * 2, *settings, np.ones(9000, np.float32))
