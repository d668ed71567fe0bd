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
from dataflow.conformance.equality import same
from dataflow.core.errors import DataflowError, GraphError
from dataflow.engine import eager, render_numba
from dataflow.engine.result_pool import results

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
    monkeypatch.setattr(render_numba, "fused", lambda *_: None)
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


@pytest.mark.parametrize("port", ["min", "max"])
def test_what_is_folded_together_is_finished_together(port):
    """Also where only one of the results is read, and the other depends on it."""
    graph = flow.Graph()
    graph.output("y", getattr(b["MinMaxObserver"](symmetric=True)(graph.input("x", shape=["N"])), port))
    got = flow.plan(graph).run(x=np.linspace(-3, 2, 600_000).astype(np.float32))["y"]
    assert got == {"min": -3, "max": 3}[port]


def test_sums_do_not_depend_on_the_buffers_of_the_caller():
    """NumPy converts and adds in chunks, as long as who calls it has asked for."""
    random = np.random.default_rng(0)
    values = random.normal(size=1_000_000) * 10.0 ** random.uniform(-12, 12, 1_000_000)
    x = np.concatenate([values, -random.permutation(values)]).astype(np.float32)
    graph = flow.Graph()
    graph.output("y", b["Sum"]()(graph.input("x", shape=["N"]), [0]))
    expected, usual = flow.run(graph, x=x)["y"], np.getbufsize()
    try:
        np.setbufsize(64)
        for threads in (1, 3):
            assert same(flow.plan(graph, threads=threads).run(x=x)["y"], expected)
        assert same(b["Sum"]()(x, [0]), expected)
        assert np.getbufsize() == 64
    finally:
        np.setbufsize(usual)


def test_what_is_traced_stays_as_it_was():
    """Memory is used again by later steps, and an error of who traces is nobody else's."""
    graph = flow.Graph()
    x = graph.input("x", shape=[100_000])
    first = b["Exp"]()(x, name="first")
    graph.output("y", b["Exp"]()(b["Neg"]()(first, name="second"), name="third"))
    seen = {}
    flow.run(graph, x=ones(100_000, np.float32), trace=lambda node, _, made: seen.setdefault(node, made[0]))
    e = np.exp(np.float32(1))
    assert (seen["first"][0], seen["second"][0]) == (e, -e)

    def fail(*_):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        flow.run(graph, x=ones(100_000, np.float32), trace=fail)
    assert same(flow.run(graph, x=ones(100_000, np.float32))["y"], np.exp(-ones(100_000, np.float32) * e))


def test_digits_that_are_cut_off_leave_nan():
    """Also NaN that is told from an infinity by the last digit alone."""
    x = np.array([0x7F800001, 0xFF800010, 0x7FC00000, 0x7F800000], np.uint32).view(np.float32)
    for dtype in ("bfloat16", "float16"):
        made = b["Cast"](DstT=dtype, Truncate=True)(x).astype(np.float32)
        assert np.isnan(made[:3]).all() and made[3] == np.inf
    wide = np.array([0x7FF0000000000001], np.uint64).view(np.float64)
    assert np.isnan(b["Cast"](DstT="float32", Truncate=True)(wide)).all()


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda a: a.astype(">f4"), lambda a: a[::-1]], ids=["F", ">", "-"]
)
def test_copies_of_inputs_are_held_to_the_limit(change):
    graph = flow.Graph()
    x = graph.input("x", shape=[2000, 2000])
    graph.output("y", b["Sum"]()((x + 1.0) * x, [0, 1]))
    plan = flow.plan(graph, kernels="numpy", threads=1, max_bytes=8_000_000)
    plain = ones((2000, 2000), np.float32)
    expected = plan.run(x=plain)["y"]
    with pytest.raises(GraphError, match=r"must hold at most 8000000 bytes, got .* for copies of inputs"):
        plan.run(x=change(plain))
    assert same(flow.plan(graph).run(x=change(plain))["y"], expected)


WRONG_BYTES = [{"max_bytes": value} for value in (float("nan"), "1MB", -1, 1.5)]
WRONG_KINDS = [*({"threads": value} for value in ([1], 1.5, True)), {"fuse": "no"}, {"fuse": 0}]


@pytest.mark.parametrize("options", [*WRONG_BYTES, *WRONG_KINDS], ids=str)
def test_options_of_another_kind_are_refused(options):
    graph = flow.Graph()
    graph.output("y", b["Exp"]()(graph.input("x", shape=[3])))
    with pytest.raises(DataflowError, match=f"setting '{next(iter(options))}' must be"):
        flow.plan(graph, **options)


@pytest.mark.parametrize("options", [{"seed": 1.5}, {"seed": "a"}, {"seed": True}, {"trace": 5}], ids=str)
def test_options_of_a_run_of_another_kind_are_refused(options):
    graph = flow.Graph()
    graph.output("y", b["Exp"]()(graph.input("x", shape=[3])))
    with pytest.raises(GraphError, match=f"option '{next(iter(options))}' must be"):
        flow.run(graph, x=[1.0, 2.0, 3.0], **options)


def test_views_hold_nothing_once_they_are_not_needed():
    """What a step made anew is let go with the last view on it."""
    graph = flow.Graph()
    x = graph.input("x", shape=[1000, 300])
    for i in range(10):
        turned = b["StridedSlice"](begin_mask=3, end_mask=3)(x, [i, 0], [0, 0], [-1, 1])
        graph.output(f"y{i}", b["Max"]()(b["Reshape"]()(turned, [300, 1000]), [1]))
    plan = flow.plan(graph, kernels="numpy", threads=1)
    x = ones((1000, 300), np.float32)
    tracemalloc.start()
    plan.run(x=x)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held <= plan.peak_bytes * 1.1


def test_results_are_rounded_as_quietly_as_they_are_computed():
    block = b["FakeQuantWithMinMaxVarsGradient"](num_bits=2)
    with np.errstate(all="raise"):
        made = block(np.full(8, 3e38, np.float32), np.full(8, -1, np.float32), np.float32(0), np.float32(3))
    assert made.backprop_wrt_min == np.inf
