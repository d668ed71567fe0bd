"""Programs: their steps in order, and the bytes that each stage moves."""

from __future__ import annotations

import numpy as np

from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.engine.plan import plan
from dataflow.engine.program import Program
from dataflow.engine.stages import Parallel
from dataflow.engine.steps import Step, Storage
from dataflow.graph.graph import Graph

TYPES = (
    TensorType("float32", (10,)),
    TensorType("float64", (10,)),
    TensorType("float32", ("N",)),
    TensorType("int8", (0, 5)),
)


def program(*stages: Step | Parallel) -> Program:
    return Program(TYPES, stages, {"x": 0}, {}, {"y": 1}, {1: 0}, (80, 16), frozenset(), 96)


def step(reads: tuple[int | tuple[int, ...] | None, ...], *writes: int, storage: Storage = Storage.OUT) -> Step:
    return Step("n", blocks["AddN"](), reads, writes, storage)


def test_bytes_that_a_step_moves() -> None:
    for given, moved in (
        (step((0,), 1), (40, 80)),
        (step((0, 0), 0), (40, 40)),  # the same array twice is one
        (step(((0, 1), None), 0), (120, 40)),
        (step((0, 2), 2), (40, 0)),  # a size that the run decides is not counted
        (step((3,), 3), (0, 0)),
        (step((0,), 1, storage=Storage.VIEW), (0, 0)),
        (step((0,)), (0, 0)),  # nothing is written
    ):
        assert program(given).bytes_moved(given) == moved


def test_bytes_that_several_steps_move() -> None:
    both = Parallel((step((0,), 1), step((0, 1), 0)), 2)
    assert program(both).bytes_moved(both) == (120, 120)


def test_steps_of_all_stages_are_in_order() -> None:
    first, second, third = step((0,), 1), step((1,), 0), step((0,), 3)
    made = program(first, Parallel((second, third), 2))
    assert made.steps == (first, second, third)
    assert made.buffer_bytes == 96


def test_a_plan_has_a_program() -> None:
    graph = Graph()
    graph.output("y", graph.input("x", "float32", ["N"]) * np.float32(2))
    made = plan(graph).at(x=[5])
    assert made.feeds.keys() == {"x"} and made.outputs.keys() == {"y"}
    assert made.types[made.outputs["y"]] == TensorType("float32", (5,))
    assert [constant.tolist() for constant in made.constants.values()] == [2.0]
    assert str(made).splitlines()[0].startswith("multiply  Multiply(x, 2.0)  float32[5]")
