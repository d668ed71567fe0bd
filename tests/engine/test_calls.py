"""Calls: what they read is released when nothing else will read it, and what is fixed is bound once."""

from __future__ import annotations

import tracemalloc

import numpy as np

import dataflow as flow
from dataflow import blocks
from dataflow.core.block import In, Out
from dataflow.core.kinds import Opaque
from dataflow.engine.execute import Execution

MIB = 1 << 20


def test_a_value_is_released_with_the_last_view_on_it():
    graph = flow.Graph()
    x = graph.input("x", shape=[1000, 300])
    for i in range(10):
        turned = blocks["StridedSlice"](begin_mask=3, end_mask=3)(x, [i, 0], [0, 0], [-1, 1])
        graph.output(f"y{i}", blocks["Max"]()(blocks["Reshape"]()(turned, [300, 1000]), [1]))
    plan = flow.plan(graph, kernels="numpy", threads=1)
    x = np.ones((1000, 300), np.float32)
    tracemalloc.start()
    plan.run(x=x)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held <= plan.peak_bytes * 1.1


class Copied(Opaque, abstract=True):
    """The same values in memory of their own."""

    x = In("float32", "values")
    y = Out("float32", "values")

    def shape_of(self, x):
        return x.shape

    def kernel(self, x):
        return x.copy()


def test_a_value_is_released_by_the_ufunc_that_reads_it_last():
    graph = flow.Graph()
    value = graph.input("x", shape=[1000, 300])
    for _ in range(10):
        value = -Copied()(value)
    graph.output("y", blocks["Max"]()(value, [0, 1]))
    plan = flow.plan(graph, kernels="numpy", threads=1)
    x = np.full((1000, 300), 3, np.float32)
    tracemalloc.start()
    outputs = plan.run(x=x)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outputs["y"] == 3
    assert held <= plan.peak_bytes * 1.1


def test_a_view_of_a_constant_is_made_once_and_one_of_what_is_lent_in_each_run():
    graph = flow.Graph()
    x = graph.input("x", "float32", [300, 400])
    w = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    graph.output("t", blocks["Transpose"]()(x, [1, 0]))
    graph.output("p", blocks["MatMul"]()(blocks["Reshape"]()(w, [3, 2]), blocks["Reshape"]()(x, [2, -1])))
    execution = Execution(flow.plan(graph).at())
    for seed in range(2):
        given = np.random.default_rng(seed).standard_normal((300, 400)).astype(np.float32)
        made = execution.run({"x": given})
        assert made["t"].tobytes() == given.T.tobytes()
        wanted = blocks["MatMul"]()(np.arange(6.0, dtype=np.float32).reshape(3, 2), given.reshape(2, -1))
        assert made["p"].tobytes() == wanted.tobytes()
        lent = [slot for slot in execution.program.feeds.values() if slot not in execution.fixed]
        assert lent and all(execution.values[slot] is None for slot in execution.transient)


def test_steps_draw_by_the_seed_and_the_number_of_the_step():
    graph = flow.Graph()
    graph.output("y", blocks["RandomUniform"](dtype="float32")(graph.constant([1000])))
    execution = Execution(flow.plan(graph).at())
    drawn = {(seed, step): execution.run({}, None, seed, step)["y"].tobytes() for seed in (0, 1) for step in (0, 1)}
    assert len(set(drawn.values())) == 4
    assert execution.run({}, None, 1, 0)["y"].tobytes() == drawn[1, 0]
