"""Executing a program: errors name the node or output, results do not depend on the caller's NumPy settings."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.conformance.equality import same
from dataflow.core import scratch
from dataflow.core.errors import RunError
from dataflow.engine import execute, result_pool

MIB = 1 << 20


class Refusing:
    """NumPy without memory: one of its functions raises MemoryError."""

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


def test_a_buffer_without_memory_names_the_node(monkeypatch):
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


def test_a_region_without_memory_for_its_output_names_the_node(monkeypatch):
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
def test_a_region_without_scratch_names_its_nodes(monkeypatch, threads):
    graph = flow.Graph()
    x = graph.input("x", "float32", [4 * MIB])
    graph.output("y", blocks["Softplus"]()(x * 3.0) - blocks["Abs"]()(x))
    planned = flow.plan(graph, kernels="numpy", threads=threads)
    feeds = {"x": np.ones(4 * MIB, np.float32)}
    right = planned.run(feeds)["y"]
    scratch._threads.__dict__.clear()
    monkeypatch.setattr(scratch, "aligned", Refusing("empty").refuse)
    with pytest.raises(RunError, match=r"node '\w+' \(\w+\).*: must have memory for float32\[4194304\]"):
        planned.run(feeds)
    monkeypatch.undo()
    assert (planned.run(feeds)["y"] == right).all()


def test_a_total_that_cannot_be_finalized_names_the_node(monkeypatch):
    graph = flow.Graph()
    x = graph.input("x", "float32", [MIB])
    graph.output("y", blocks["Mean"]()(x + 1.0, [0]))
    planned = flow.plan(graph, kernels="numpy")
    monkeypatch.setattr(blocks["Mean"], "finalize", Refusing("empty").refuse)
    with pytest.raises(RunError, match=r"node 'mean' \(Mean\): must have memory for float32\[\]"):
        planned.run(x=np.ones(MIB, np.float32))


def test_a_step_that_fails_while_calls_are_bound_is_named(monkeypatch):
    graph = flow.Graph()
    x = graph.input("x", "float32", [3])
    graph.output("y", blocks["FakeQuantWithMinMaxVars"]()(blocks["Abs"]()(x), -1.0, 1.0) + 1.0)
    monkeypatch.setattr(blocks["FakeQuantWithMinMaxVars"], "precompute", Refusing("empty").refuse)
    with pytest.raises(
        RunError, match=r"node 'fake_quant_with_min_max_vars' \(FakeQuantWithMinMaxVars\): must have mem"
    ):
        flow.plan(graph).run(x=[1.0, 2.0, 3.0])


def test_sums_do_not_depend_on_the_buffers_of_the_caller():
    """NumPy sums in chunks as long as its buffer, whose size the caller can set."""
    random = np.random.default_rng(0)
    values = random.normal(size=1_000_000) * 10.0 ** random.uniform(-12, 12, 1_000_000)
    x = np.concatenate([values, -random.permutation(values)]).astype(np.float32)
    graph = flow.Graph()
    graph.output("y", blocks["Sum"]()(graph.input("x", shape=["N"]), [0]))
    expected, before = flow.run(graph, x=x)["y"], np.getbufsize()
    try:
        np.setbufsize(64)
        for threads in (1, 3):
            assert same(flow.plan(graph, threads=threads).run(x=x)["y"], expected)
        assert same(blocks["Sum"]()(x, [0]), expected)
        assert np.getbufsize() == 64
    finally:
        np.setbufsize(before)


def test_a_trace_sees_values_as_they_are_made_and_its_errors_pass_through():
    """Later steps reuse the memory; an error of the tracing function is no error of a node."""
    graph = flow.Graph()
    x = graph.input("x", shape=[100_000])
    first = blocks["Exp"]()(x, name="first")
    graph.output("y", blocks["Exp"]()(blocks["Neg"]()(first, name="second"), name="third"))
    seen = {}
    flow.plan(graph, fuse=False).run(
        x=np.ones(100_000, np.float32),
        trace=lambda event: seen.update({event.node: [*map(np.max, event.values.values())]}),
    )
    e = np.exp(np.float32(1))
    assert (seen["first"], seen["second"]) == ([e], [-e])

    def fail(*_):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        flow.run(graph, x=np.ones(100_000, np.float32), trace=fail)
    assert same(flow.run(graph, x=np.ones(100_000, np.float32))["y"], np.exp(-np.ones(100_000, np.float32) * e))
