"""What a reader of the code once found wrong: shapes, memory, threads, names and equality at their edges."""

from __future__ import annotations

import os
import signal
import sys
import threading
import tracemalloc
from importlib.util import find_spec

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks as b
from dataflow import eager, loops
from dataflow.conformance.equality import same
from dataflow.errors import GraphError
from dataflow.pool import results

ones = np.ones


@pytest.mark.skipif(find_spec("numba") is None, reason="needs Numba, which refuses a loop here")
def test_loops_that_cannot_be_compiled_have_memory_for_what_lies_between(monkeypatch):
    graph = flow.Graph()
    x = graph.input("x", shape=[20_000])
    first, second = x + 1.0, x * x
    third = first - second
    graph.output("y", (first * third + second) * first + third * second)
    feed = np.linspace(-1, 1, 20_000).astype(np.float32)
    expected = flow.plan(graph, kernels="numpy").run(x=feed)["y"]
    monkeypatch.setattr(loops, "fused", lambda *_: None)
    assert same(flow.plan(graph, kernels="jit").run(x=feed)["y"], expected)


def test_one_block_may_be_called_by_many_threads_on_many_shapes(monkeypatch):
    monkeypatch.setattr(eager, "_MOST", 1)
    block, failures = b["Square"](), []

    def call(start):
        try:
            for size in range(start, start + 300):
                assert block(ones(size, np.float32)).shape == (size,)
        except Exception as error:
            failures.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    callers = [threading.Thread(target=call, args=(4096 + i,)) for i in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    sys.setswitchinterval(before)
    assert not failures


@pytest.mark.parametrize("wire", [np.ones(3), 3.0, None, [1]], ids=str)
def test_an_output_must_be_a_wire(wire):
    with pytest.raises(GraphError, match="a wire must be one that a block gave, or its name, got a"):
        flow.Graph().output("y", wire)


@pytest.mark.parametrize("n", [5, 20_000, 600_000])
@pytest.mark.parametrize("name", ["Maximum", "Minimum", "Add", "Pow", "SquaredDifference", "Mod"])
def test_a_number_of_more_dims_gives_the_result_as_many(name, n):
    assert b[name]()(ones(n, np.float32), ones((1, 1), np.float32)).shape == (1, n)
    assert b[name]()(ones((1, 1), np.float32), ones(n, np.float32)).shape == (1, n)


@pytest.mark.parametrize("rows", [40_000, 21_844])
@pytest.mark.parametrize("channels", [False, True])
def test_sums_are_cut_alike_whatever_lies_behind_a_view(rows, channels):
    """Gradients of very different sizes that cancel: another place to cut would show."""
    random = np.random.default_rng(1)
    half = random.normal(size=(rows // 2, 24)) * 10.0 ** random.uniform(-15, 15, size=(rows // 2, 24))
    dy = np.stack([random.permutation(column) for column in np.concatenate([half, -half]).T], 1).astype(np.float32)
    x = np.linspace(-3, 6, 24).astype(np.float32)
    name = "FakeQuantWithMinMaxVarsPerChannelGradient" if channels else "FakeQuantWithMinMaxVarsGradient"
    block, low, high = (
        b[name](),
        np.zeros(24 if channels else (), np.float32),
        np.full(24 if channels else (), np.float32(3)),
    )
    graph = flow.Graph()
    repeated = b["BroadcastTo"]()(graph.input("x", shape=[24]), [rows, 24])
    for port, wire in block(graph.input("dy", shape=[rows, 24]), repeated, low, high)._asdict().items():
        graph.output(port, wire)
    expected = block(dy, np.ascontiguousarray(np.broadcast_to(x, (rows, 24))), low, high)._asdict()
    for fuse in (True, False):
        got = flow.plan(graph, fuse=fuse, kernels="numpy").run(x=x, dy=dy)
        assert all(same(got[port], value) for port, value in expected.items())


def test_sums_and_shares_that_stand_for_views_count_as_memory():
    n = 1_000_000
    graph = flow.Graph()
    x, like = graph.input("x", shape=[n, 2]), graph.input("like", shape=[n, 1])
    graph.output("y", b["Sum"]()(b["Exp"]()(b["SumToLike"]()(b["Exp"]()(x), like)), [0, 1]))
    graph.output("z", b["Sum"]()(b["Exp"]()(b["BroadcastLike"](mean=True)(like * 2.0, x)), [0, 1]))
    feeds = {"x": np.zeros((n, 2), np.float32), "like": np.zeros((n, 1), np.float32)}
    flow.plan(graph, kernels="numpy", threads=1).run(feeds)  # what threads borrow is there
    plan = flow.plan(graph, kernels="numpy", threads=1)
    tracemalloc.start()
    plan.run(feeds)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held <= plan.peak_bytes * 1.01


def test_complex_constants_differ_in_either_part():
    """NaN in the imaginary part says nothing of the real one."""
    graph = flow.Graph()
    z = graph.input("z", "complex64", [1])
    for name, real in (("one", 1), ("two", 2)):
        graph.output(name, b["Add"]()(z, graph.constant(np.array([complex(real, np.nan)], np.complex64))))
    got = flow.run(graph, z=np.zeros(1, np.complex64))
    assert (got["one"].real, got["two"].real) == (1, 2)
    assert not same(got["one"], got["two"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_process_may_run_whatever_its_parent_was_doing():
    with results.lock:  # as another thread holds it while it looks for memory
        child = os.fork()
        if not child:
            signal.alarm(20)
            b["Square"]()(ones(600_000, np.float32))
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
