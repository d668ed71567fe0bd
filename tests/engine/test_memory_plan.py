"""The memory plan: the peak is known before a run, and limited; buffers are reused."""

from __future__ import annotations

import tracemalloc

import numpy as np
import places
import pytest
import threadpoolctl  # noqa: F401 - the first large product imports it, which is no memory of that run

import dataflow as flow
from dataflow import State, blocks
from dataflow.conformance.equality import same
from dataflow.core import scratch, thread_pool
from dataflow.core.errors import GraphError, RunError
from dataflow.engine.memory_plan import FreeList, in_place_input, last_uses
from dataflow.engine.plan import Plan
from dataflow.engine.result_pool import results
from dataflow.engine.settings import Settings
from dataflow.engine.steps import Step, Storage
from dataflow.training.data import load_data
from dataflow.training.step_graph import expand

GRAPHS = places.GRAPHS
SIZE = 1 << 20
OVERHEAD = 1 << 16  # bytes of Python objects, whatever the size of the arrays


def measured(planned, feeds, state=None):
    """The peak of a first run, which allocates its buffers, in bytes."""
    results.clear()
    scratch._threads.__dict__.clear()
    thread_pool._pool.cache_clear()  # other threads have borrowed nothing before either
    shapes = {name: array.shape for name, array in feeds.items()}
    planned.at(**shapes)
    tracemalloc.start()
    planned.run(feeds, state=state)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def of_block(name, *shapes, **attrs):
    graph, feeds = flow.Graph(name), {}
    random = np.random.default_rng(0)
    for i, shape in enumerate(shapes):
        ends = np.full(shape, (-1, 1)[i % 2], np.float32)
        feeds[f"x{i}"] = random.normal(size=shape).astype(np.float32) if np.prod(shape) > 100 else ends
        graph.input(f"x{i}", "float32", shape)
    made = flow.blocks[name](**attrs)(*(graph.ref(f"x{i}") for i in range(len(shapes))))
    for i, ref in enumerate(made if isinstance(made, tuple) else (made,)):
        graph.output(f"y{i}", ref)
    return graph, feeds


CASES = {
    "forward": ("FakeQuantWithMinMaxVars", (SIZE,), (), ()),
    "gradient": ("FakeQuantWithMinMaxVarsGradient", (SIZE,), (SIZE,), (), ()),
    "channels": ("FakeQuantWithMinMaxVarsPerChannelGradient", (SIZE // 64, 64), (SIZE // 64, 64), (64,), (64,)),
    "product": ("MatMul", (1000, 500), (500, 1000)),
    "softmax": ("Softmax", (1024, 1024)),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_peak_of_a_block_is_known(case, threads):
    graph, feeds = of_block(*case)
    planned = flow.plan(graph, threads=threads, kernels="numpy")
    peak = measured(planned, feeds)
    assert planned.peak_bytes >= 0.95 * peak - OVERHEAD
    if threads == 1:  # a second thread may start too late to take anything
        assert planned.peak_bytes <= 1.05 * peak + OVERHEAD


@pytest.mark.parametrize("fuse", [True, False])
def test_the_peak_of_a_chain_is_known(fuse):
    graph = flow.Graph()
    x = graph.input("x", "float32", [SIZE])
    for _ in range(5):
        x = flow.blocks["Abs"]()(x * 2.0 - 1.0)
    graph.output("y", x + 1.0)
    planned = flow.plan(graph, threads=1, kernels="numpy", fuse=fuse)
    peak = measured(planned, {"x": np.ones(SIZE, np.float32)})
    assert 0.95 * peak <= planned.peak_bytes <= 1.05 * peak
    assert planned.peak_bytes < 1.1 * 4 * SIZE


def taken_over(*outputs, kernels="numpy", size=5000):
    """What each value without a buffer takes the memory of, and the peak in arrays; outputs are functions of x, y."""
    graph = flow.Graph()
    x, y = (graph.input(name, "float32", [size]) for name in "xy")
    wires = {}
    for name, output in zip(("a", "b"), outputs, strict=False):
        graph.output(name, output(x, y, wires))
    planned = flow.plan(graph, threads=1, kernels=kernels)
    program = planned.at()
    feeds = {name: np.linspace(1, 2, size, dtype=np.float32) * scale for name, scale in (("x", 1), ("y", 3))}
    plain = flow.plan(graph, threads=1, fuse=False, watch="all").run(feeds)  # all values are kept
    for _ in range(2):
        assert all(same(value, plain[name]) for name, value in planned.run(feeds).items())
    writers = {slot: step.node for step in program.steps for slot in step.writes}
    found = {writers[slot]: writers[taken] for slot, taken in program.taken_over.items()}
    return found, program.peak_bytes / (4 * size)


def test_the_array_of_an_output_is_used_from_the_start():
    found, arrays = taken_over(lambda x, y, _: (x * y - x) / y)
    assert found == {"real_div": "subtract", "subtract": "multiply"}
    assert arrays == 1


def test_each_output_takes_over_a_value_of_its_own():
    found, arrays = taken_over(lambda x, y, _: (x * y) - (x + y), lambda x, y, _: (x / y) + (x - y) * 2.0)
    assert sorted(found.values()) == sorted({*found.values()})
    assert arrays == 3
    shared = lambda x, y, wires: wires.setdefault("sum", x + y)  # noqa: E731
    found, arrays = taken_over(lambda *a: shared(*a) * 2.0, lambda *a: shared(*a) * 3.0)
    assert list(found.values()) == ["add_v2"]  # by the last reader alone
    assert arrays == 2


def test_outputs_inputs_and_what_a_view_shows_later_are_not_taken_over():
    shared = lambda x, y, wires: wires.setdefault("sum", x + y)  # noqa: E731
    assert taken_over(shared, lambda *a: shared(*a) * 2.0) == ({}, 2)
    assert taken_over(lambda x, y, _: x * 2.0) == ({}, 1)
    seen = lambda x, y, _: blocks["Reshape"]()(s := x + y, [-1, 1]) * (s * 2.0)[0:1]  # noqa: E731
    assert "multiply" not in taken_over(seen)[0]


@pytest.mark.parametrize("kernels", ["numpy", pytest.param("jit", marks=pytest.mark.slow)])
def test_regions_take_over_what_was_made_before_them(kernels):
    size, graph = 640_000, flow.Graph()
    x = graph.input("x", "float32", [800, 800])
    graph.output("y", blocks["Relu"]()(x @ x) * 2.0 - x)
    planned = flow.plan(graph, threads=1, kernels=kernels)
    program, feeds = planned.at(), {"x": np.random.default_rng(0).normal(size=(800, 800)).astype(np.float32)}
    (over,) = program.taken_over
    assert program.taken_over[over] == next(step for step in program.steps if step.node == "mat_mul").writes[0]
    assert program.peak_bytes < 1.1 * 4 * size
    alone = flow.plan(graph, threads=1, fuse=False, watch="all").run(feeds)["y"]
    assert all(same(planned.run(feeds)["y"], alone) for _ in range(2))


VIEWS = {
    "reshaped after a transpose": (lambda x: blocks["Reshape"]()(blocks["Transpose"]()(x, [1, 0]), [-1]), (1000, 1000)),
    "reshaped after a broadcast": (
        lambda x: blocks["Reshape"]()(blocks["BroadcastTo"]()(x, [999, 999]), [-1]),
        (999, 1),
    ),
    "reshaped after a slice": (
        lambda x: blocks["Reshape"]()(blocks["StridedSlice"]()(x, [0, 0], [1000, 900], [1, 1]), [-1]),
        (1000, 1000),
    ),
    "transposed": (lambda x: blocks["Abs"]()(blocks["Transpose"]()(x, [1, 0])) * 2.0, (1000, 1000)),
    "transposed in the middle": (
        lambda x: blocks["Abs"]()(blocks["Transpose"]()(blocks["Abs"]()(x), [1, 0])),
        (990, 990),
    ),
    "reversed": (
        lambda x: blocks["Abs"]()(
            blocks["StridedSlice"](begin_mask=3, end_mask=3)(x, [0, 0], [0, 0], [-1, 1]),
        ),
        (1000, 1000),
    ),
}


@pytest.mark.parametrize("case", VIEWS)
def test_copies_of_scattered_views_are_counted(case):
    make, shape = VIEWS[case]
    graph = flow.Graph()
    seen = make(graph.input("x", "float32", shape))
    graph.output("y", seen if "reshaped" not in case else blocks["Max"]()(seen, [0]))
    planned = flow.plan(graph, threads=1, kernels="numpy")
    peak = measured(planned, {"x": np.ones(shape, np.float32)})
    assert 0.95 * peak <= planned.peak_bytes <= 1.05 * peak + OVERHEAD


def test_workspace_is_not_asked_for_where_the_result_is_too_large(monkeypatch):
    graph = flow.Graph()
    graph.output("y", blocks["ResizeBilinear"]()(graph.input("x", "float32", [1, 1, 1, 1]), [2**31 - 1, 1]))
    monkeypatch.setattr(blocks["ResizeBilinear"], "bind", refuse)
    with pytest.raises(GraphError, match=r"must hold at most 1000 bytes, got 85899345\d\d for"):
        flow.plan(graph, max_bytes=1000)
    with pytest.raises(
        RunError, match=r"node 'resize_bilinear' \(ResizeBilinear\): must have memory for float32\[1, 2147"
    ):
        flow.plan(graph)


def refuse(self, *types):
    raise MemoryError


def test_a_run_that_would_hold_too_much_is_refused_before_it_starts():
    graph = flow.Graph("wide")
    x = graph.input("x", "float32", ["N"])
    graph.output("y", x + 1.0)
    planned = flow.plan(graph, max_bytes=1000)
    assert planned.run(x=[1.0])["y"].tolist() == [2.0]
    text = r"graph 'wide': a run must hold at most 1000 bytes, got 4000000000 for x\[1000000000\], "
    text += r"of which node 'add_v2' \(AddV2\) makes 4000000000 \(float32\[1000000000\]\); give smaller inputs"
    with pytest.raises(GraphError, match=text):
        planned.at(x=[10**9])
    with pytest.raises(GraphError, match="must hold at most 100 bytes, got 1200"):
        flow.run(graph, x=np.ones(100, np.float32), max_bytes=100)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_peak_of_a_training_step_is_known(name):
    graph = flow.load(GRAPHS / "digits" / f"{name}.yaml", **({"training": True} if name == "cnn" else {}))
    step = expand(graph)
    feeds = {input: array[:256] for input, array in load_data(graph, None).items()}
    planned = Plan(step, steps=True, settings=Settings.of(threads=1, kernels="numpy"))
    peak = measured(planned, feeds, State(step))
    assert 0.95 * peak - 8 * OVERHEAD <= planned.peak_bytes <= 1.05 * peak + OVERHEAD


def test_sums_and_shares_that_stand_for_views_count_as_memory():
    n = 1_000_000
    graph = flow.Graph()
    x, like = graph.input("x", shape=[n, 2]), graph.input("like", shape=[n, 1])
    graph.output("y", blocks["Sum"]()(blocks["Exp"]()(blocks["SumToLike"]()(blocks["Exp"]()(x), like)), [0, 1]))
    graph.output("z", blocks["Sum"]()(blocks["Exp"]()(blocks["BroadcastLike"](mean=True)(like * 2.0, x)), [0, 1]))
    feeds = {"x": np.zeros((n, 2), np.float32), "like": np.zeros((n, 1), np.float32)}
    flow.plan(graph, kernels="numpy", threads=1).run(feeds)  # scratch is borrowed before
    plan = flow.plan(graph, kernels="numpy", threads=1)
    tracemalloc.start()
    plan.run(feeds)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held <= plan.peak_bytes * 1.01


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda a: a.astype(">f4"), lambda a: a[::-1]], ids=["F", ">", "-"]
)
def test_copies_of_inputs_are_counted(change):
    graph = flow.Graph()
    x = graph.input("x", shape=[2000, 2000])
    graph.output("y", blocks["Sum"]()((x + 1.0) * x, [0, 1]))
    plan = flow.plan(graph, kernels="numpy", threads=1, max_bytes=8_000_000)
    straight = np.ones((2000, 2000), np.float32)
    expected = plan.run(x=straight)["y"]
    with pytest.raises(GraphError, match=r"must hold at most 8000000 bytes, got .* for copies of inputs"):
        plan.run(x=change(straight))
    assert same(flow.plan(graph).run(x=change(straight))["y"], expected)


def test_a_free_list_gives_the_smallest_buffer_that_does():
    free = FreeList()
    small, large = free.take(10), free.take(100)
    free.give_back(large)
    free.give_back(small)
    assert free.take(5) == small
    assert free.take(200) == large
    assert free.sizes == [10, 200]  # the largest one grew
    assert free.take(1) == 2


def test_a_view_uses_the_value_whose_memory_it_shows():
    assert last_uses([[0], [1], [2]], roots={1: 0}, outputs=[2]) == {0: 1, 2: 3}


@pytest.mark.parametrize(
    "name, reads, free, roots, taken",
    [
        ("AddV2", (0, 1), {0, 1}, {}, 0),
        ("AddV2", (0, 1), {1}, {}, 1),
        ("AddV2", (0, 1), set(), {}, None),  # both are read later
        ("AddV2", (0, 0), {0}, {}, 0),  # a ufunc reads an element before it writes it
        ("AddV2", (0, 1), {0}, {1: 0}, None),  # a view shows the same elements, maybe at other places
        ("FakeQuantWithMinMaxVarsGradient", (0, 0, 1, 2), {0}, {}, None),  # not a ufunc
        ("MatMul", (0, 1), {0, 1}, {}, None),  # the block reuses no input
    ],
)
def test_the_input_whose_memory_an_output_takes(name, reads, free, roots, taken):
    step = Step("node", blocks[name](), reads, (9,), Storage.OUT)
    assert in_place_input(step, np.dtype(np.float32), free, roots) == taken
