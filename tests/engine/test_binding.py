"""Binding in plans: each step once for an execution, over memory that all of them share, with the bits of the block."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.core.block import Block, In, Out
from dataflow.core.errors import GraphError
from dataflow.core.kinds import Opaque
from dataflow.core.random import Key
from dataflow.core.workspace import Workspace, counted
from dataflow.engine.binding import bound_types, operand_types
from dataflow.engine.execute import Execution
from dataflow.engine.plan import Plan

RANDOM = np.random.default_rng(3)
IMAGES, FILTER = RANDOM.random((3, 9, 7, 4), np.float32), RANDOM.random((3, 3, 4, 4), np.float32)


def conv() -> Block:
    made: Block = blocks["Conv2D"](strides=[1, 1, 1, 1], padding="SAME")
    return made


def chain(length: int, shape: Any = (3, 9, 7, 4)) -> Plan:
    graph = flow.Graph()
    x, w = graph.input("x", "float32", shape), graph.input("w", "float32", FILTER.shape)
    for _ in range(length):
        x = conv()(x, w)
    graph.output("y", x)
    return flow.plan(graph, threads=1)


def test_a_step_is_bound_once(monkeypatch: pytest.MonkeyPatch) -> None:
    block, bound = type(conv()), []
    bind = block.bind

    def counting(self: Block, memory: Any, *types: Any) -> Any:
        bound.append(memory.space is not None)
        return bind(self, memory, *types)

    monkeypatch.setattr(block, "bind", counting)
    planned = chain(3)
    for _ in range(4):
        planned.run(x=IMAGES, w=FILTER)
    assert (bound.count(False), bound.count(True)) == (3, 3)  # counted for the plan, then bound


def test_steps_share_memory_and_go_by_nothing_left_there() -> None:
    program = chain(2).at()
    one = counted(conv(), operand_types(program.steps[0].reads, program.types, program.constants))
    assert program.bound_bytes == one.nbytes
    wanted = conv()(conv()(IMAGES, FILTER), FILTER)
    execution = Execution(program)
    for rubbish in (0xFF, 0x01):
        execution.bound.space.fill(rubbish)
        made = execution.run({"x": IMAGES, "w": FILTER})["y"]
        assert made.tobytes() == wanted.tobytes()


def test_what_is_bound_counts_as_held() -> None:
    graph, none = chain(1).graph, flow.Graph()
    one = flow.plan(graph, threads=1).at()
    none.output("y", none.input("x", "float32", (3, 9, 7, 4)) + 1.0)
    assert one.bound_bytes > 0
    assert one.peak_bytes >= flow.plan(none).at().peak_bytes + one.bound_bytes
    with pytest.raises(GraphError, match="must hold at most"):
        flow.plan(graph, max_bytes=one.peak_bytes - 1, threads=1)
    assert flow.plan(graph, max_bytes=one.peak_bytes, threads=1).run(x=IMAGES, w=FILTER)["y"].shape == IMAGES.shape


def test_a_step_of_unknown_shape_is_not_bound() -> None:
    graph = flow.Graph()
    x, w = graph.input("x", "float32", (3, 9, 7, 4)), graph.input("w", "float32", FILTER.shape)
    graph.output("y", conv()(blocks["Reshape"]()(x, graph.input("shape", "int32", (4,))), w))
    planned = flow.plan(graph)
    program = planned.at()
    assert all(bound_types(step, program.types, program.constants) is None for step in program.steps)
    made = planned.run(x=IMAGES, w=FILTER, shape=[3, 7, 9, 4])["y"]
    assert made.tobytes() == conv()(IMAGES.reshape(3, 7, 9, 4), FILTER).tobytes()


class Scattered(Opaque, abstract=True):
    """Numbers by a key beside ``x``, and how many there are: two outputs of a block that binds."""

    x = In("float32", "values")
    y = Out("float32", "values and numbers")
    count = Out("int64", "how many", shape=())
    pure, draws = False, True

    def shape_of(self, x: Any) -> Any:
        return x.shape

    def bind(self, memory: Workspace, x: Any) -> Any:
        """The kernel, which draws in memory that it is bound to."""
        drawn = memory.array(x.sizes[0], np.float32)

        def kernel(x: Any, out: Any = None, key: Key | None = None) -> Any:
            (key or Key()).generator().random(out=drawn, dtype=np.float32)
            return np.add(x, drawn, out), np.array(len(drawn))

        return kernel


def test_kernels_that_draw_are_bound_and_get_the_key_of_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all arrays are the same in every run, and where the first output is the caller's own."""
    calls = []
    monkeypatch.setattr("dataflow.core.workspace.call", lambda *_, **__: calls.append(1))  # what is not bound
    for size in (6, 1 << 15):
        graph, x = flow.Graph(), RANDOM.random(size, np.float32)
        y, count = graph.add(Scattered(), [graph.input("x", "float32", [size])], name="noise")
        graph.output("y", y)
        graph.output("count", count)
        planned = flow.plan(graph, threads=1)
        for seed in (0, 5, 0):
            made = planned.run(x=x, seed=seed)
            wanted = x + Key(seed, "noise").generator().random(size, np.float32)
            assert made["y"].tobytes() == wanted.tobytes()
            assert made["count"] == size
    assert not calls
