"""Whatever fails in a run, and wherever, is said of a node and its block, or of an output."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.core import scratch
from dataflow.core.errors import GraphError, RunError
from dataflow.engine import execute, result_pool

MIB = 1 << 20


class Refusing:
    """NumPy without memory: one of its functions fails."""

    def __init__(self, function):
        self.function = function

    def __getattr__(self, name):
        return self.refuse if name == self.function else getattr(np, name)

    def refuse(self, *args, **named):
        raise MemoryError


def test_an_output_that_cannot_be_copied_is_named(monkeypatch):
    graph = flow.Graph()
    graph.output("y", graph.input("x", "float32", [3]))
    planned = flow.plan(graph)
    monkeypatch.setattr(execute, "np", Refusing("array"))
    with pytest.raises(RunError, match=r"output 'y': must have memory for float32\[3\] \(12 bytes\), got MemoryError"):
        planned.run(x=[1.0, 2.0, 3.0])
    monkeypatch.undo()
    assert planned.run(x=[1.0, 2.0, 3.0])["y"].tolist() == [1.0, 2.0, 3.0]


def test_a_buffer_that_cannot_be_had_is_named(monkeypatch):
    graph = flow.Graph()
    x = graph.input("x", "float32", [100])
    graph.output("y", blocks["Max"]()(blocks["Abs"]()(x), [0]))
    planned = flow.plan(graph)
    monkeypatch.setattr(execute, "np", Refusing("empty"))
    with pytest.raises(RunError, match=r"node 'abs' \(Abs\): must have memory for float32\[100\] \(400 bytes\)"):
        planned.run(x=np.ones(100, np.float32))


def region():
    graph = flow.Graph()
    x = graph.input("x", "float32", [MIB])
    graph.output("y", blocks["Abs"]()(x + 1.0) * 2.0)
    return graph, {"x": np.ones(MIB, np.float32)}


def test_a_region_that_cannot_have_its_output_names_the_node(monkeypatch):
    graph, feeds = region()
    planned = flow.plan(graph, kernels="numpy")
    planned.run(feeds)
    monkeypatch.setattr(result_pool, "np", Refusing("empty"))
    result_pool.results.clear()
    with pytest.raises(
        RunError, match=r"node 'multiply' \(Multiply\): must have memory for float32\[1048576\] \(4194304 bytes\)"
    ):
        planned.run(feeds)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_region_that_cannot_have_its_tiles_names_its_nodes(monkeypatch, threads):
    graph = flow.Graph()
    x = graph.input("x", "float32", [4 * MIB])
    graph.output("y", blocks["Softplus"]()(x * 3.0) - blocks["Abs"]()(x))
    planned = flow.plan(graph, kernels="numpy", threads=threads)
    feeds = {"x": np.ones(4 * MIB, np.float32)}
    right = planned.run(feeds)["y"]
    scratch._threads.__dict__.clear()
    monkeypatch.setattr(scratch, "_chunk", Refusing("empty").refuse)
    with pytest.raises(RunError, match=r"node '\w+' \(\w+\).*: must have memory for float32\[4194304\]"):
        planned.run(feeds)
    monkeypatch.undo()
    assert (planned.run(feeds)["y"] == right).all()


def test_a_total_that_cannot_be_finished_names_the_node(monkeypatch):
    graph = flow.Graph()
    x = graph.input("x", "float32", [MIB])
    graph.output("y", blocks["Mean"]()(x + 1.0, [0]))
    planned = flow.plan(graph, kernels="numpy")
    monkeypatch.setattr(blocks["Mean"], "finalize", Refusing("empty").refuse)
    with pytest.raises(RunError, match=r"node 'mean' \(Mean\): must have memory for float32\[\]"):
        planned.run(x=np.ones(MIB, np.float32))


def test_a_step_that_fails_while_a_frame_is_made_is_named(monkeypatch):
    graph = flow.Graph()
    x = graph.input("x", "float32", [3])
    graph.output("y", blocks["FakeQuantWithMinMaxVars"]()(blocks["Abs"]()(x), -1.0, 1.0) + 1.0)
    monkeypatch.setattr(blocks["FakeQuantWithMinMaxVars"], "precompute", Refusing("empty").refuse)
    with pytest.raises(
        RunError, match=r"node 'fake_quant_with_min_max_vars' \(FakeQuantWithMinMaxVars\): must have mem"
    ):
        flow.plan(graph).run(x=[1.0, 2.0, 3.0])


def test_a_constant_that_cannot_be_computed_names_its_node():
    graph = flow.Graph()
    graph.output("y", blocks["CheckNumerics"](message="weights")(graph.constant([1.0, np.inf])) + 1.0)
    with pytest.raises(
        RunError, match=r"node 'check_numerics' \(CheckNumerics\): input 'tensor' must be finite, got Inf"
    ):
        flow.run(graph)


def test_a_whole_number_that_cannot_be_computed_names_its_node():
    graph = flow.Graph()
    with pytest.raises(GraphError, match=r"node 'gather_v2' \(GatherV2\): input 'indices' must lie in \[0, 2\)"):
        blocks["GatherV2"]()(graph.constant([1, 2]), graph.constant([5]), 0)


def test_a_block_without_memory_for_its_result_says_how_much():
    with pytest.raises(
        RunError, match=r"Fill: must have memory for float32\[35184372088832\] \(140737488355328 bytes\)"
    ):
        blocks["Fill"]()([2**45], 1.0)
