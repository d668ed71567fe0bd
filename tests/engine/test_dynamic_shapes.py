"""Shapes that only the run decides: bytes are counted before they are taken, and what cannot be is refused.

Sizes are computed in Python integers, so no size is too large to be told.
"""

from __future__ import annotations

import sys
import tracemalloc

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.core import scratch
from dataflow.core.block import In, Out
from dataflow.core.errors import BlockError, GraphError, RunError
from dataflow.core.kinds import Opaque
from dataflow.engine import result_pool

MIB = 1 << 20
IMAGE = np.ones((1, 40, 50, 3), np.float32)


def sizes(*numbers):
    return np.array(numbers, np.int32)


BORDERS = sizes(500, 500, 1000, 500).reshape(2, 2)
FED = {  # blocks with an output whose size is an input: attrs, arrays, and the position of that input
    "Fill": ({}, [sizes(3_000_000), np.float32(1)], 0),
    "BroadcastTo": ({}, [np.ones((1000, 1), np.float32), sizes(1000, 3000)], 1),
    "Tile": ({}, [np.ones((100, 100), np.float32), sizes(10, 30)], 1),
    "Pad": ({}, [np.ones((100, 100), np.float32), BORDERS], 1),
    "OneHot": ({}, [np.arange(1000, dtype=np.int32), np.int32(3000), np.float32(1), np.float32(0)], 1),
    "ResizeBilinear": ({}, [IMAGE, sizes(1000, 1000)], 1),
    "ResizeBicubic": ({}, [IMAGE, sizes(1000, 1000)], 1),
    "ResizeNearestNeighbor": ({}, [IMAGE, sizes(1000, 1000)], 1),
    "MirrorPad": ({"mode": "SYMMETRIC"}, [np.ones((1000, 1000), np.float32), sizes(9, 9, 500, 500).reshape(2, 2)], 1),
    "RandomNormal": ({"dtype": "float32"}, [sizes(3_000_000)], 0),
    "Multinomial": ({}, [np.ones((10, 10), np.float32), np.int32(200_000)], 1),
    "SparseToDense": ({}, [sizes(1, 5), sizes(3_000_000), np.float32(1), np.float32(0)], 1),
    "Conv2DBackpropInput": (
        {"strides": [1, 1, 1, 1], "padding": "SAME"},
        [sizes(1, 300, 300, 8), np.ones((3, 3, 8, 4), np.float32), np.ones((1, 300, 300, 4), np.float32)],
        0,
    ),
}


def fed(name, attrs, arrays, place, known=False):
    """A graph of one block, and its feeds; the input at the position ``known`` is a constant instead."""
    graph, operands, feeds = flow.Graph(name), [], {}
    for i, array in enumerate(map(np.asarray, arrays)):
        if known and i == place:
            operands.append(graph.constant(array))
            continue
        operands.append(graph.input(f"x{i}", array.dtype.name, array.shape))
        feeds[f"x{i}"] = array
    graph.output("y", blocks[name](**attrs)(*operands))
    return graph, feeds


def peak_of(run):
    """What a call returns or raises, and the peak of its memory in bytes."""
    result_pool.results.clear()
    scratch._threads.__dict__.clear()
    tracemalloc.start()
    try:
        made = run()
    except Exception as error:
        made = error
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return made, peak


@pytest.mark.parametrize("name", FED)
def test_a_fed_shape_beyond_the_limit_is_refused_before_memory_is_taken(name):
    graph, feeds = fed(name, *FED[name])
    least = flow.plan(graph, threads=1, kernels="numpy").run(feeds)["y"].nbytes
    planned = flow.plan(graph, threads=1, kernels="numpy", max_bytes=least - 1)
    error, peak = peak_of(lambda: planned.run(feeds))
    assert isinstance(error, RunError)
    where = "output 'y'" if name == "BroadcastTo" else rf"node '{graph.outputs['y'].node}' ({name})"
    assert str(error).startswith(f"{where}: a run must hold at most {least - 1} bytes, got ")
    assert str(least) in str(error)
    assert peak < MIB / 2


@pytest.mark.parametrize("name", FED)
def test_fed_shapes_take_as_much_memory_as_known_ones(name):
    graph, feeds = fed(name, *FED[name])
    known, rest = fed(name, *FED[name], known=True)
    needed = flow.plan(known, threads=1, kernels="numpy").at(**{n: a.shape for n, a in rest.items()}).peak_bytes
    planned = flow.plan(graph, threads=1, kernels="numpy", max_bytes=needed + MIB // 8)
    planned.at(**{n: a.shape for n, a in feeds.items()})
    made, peak = peak_of(lambda: planned.run(feeds))
    assert not isinstance(made, Exception), made
    assert peak <= 1.05 * needed + MIB // 8
    with pytest.raises(RunError, match=f"must hold at most {needed - MIB // 8} bytes"):
        flow.plan(graph, threads=1, kernels="numpy", max_bytes=needed - MIB // 8).run(feeds)


def test_values_that_were_released_no_longer_count():
    graph = flow.Graph()
    x = blocks["Fill"]()(graph.input("size", "int32", [1]), 1.0)
    for _ in range(10):
        x = blocks["Abs"]()(x + 1.0)
    graph.output("y", x)
    feeds = {"size": sizes(MIB)}
    assert flow.plan(graph, max_bytes=8 * MIB + 1000).run(feeds)["y"][0] == 11.0
    with pytest.raises(RunError, match=r"node 'add_v2' \(AddV2\): a run must hold at most 8388000 bytes, got 419"):
        flow.plan(graph, max_bytes=8388000).run(feeds)


def test_a_view_that_has_to_be_copied_counts():
    graph = flow.Graph()
    wide = blocks["BroadcastTo"]()(graph.input("x", "float32", []), graph.input("size", "int32", [2]))
    row = blocks["Reshape"]()(wide, [-1])
    graph.output("y", blocks["Max"]()(row, [0]))
    feeds = {"x": np.float32(1), "size": sizes(1024, 1024)}
    assert flow.plan(graph, max_bytes=5 * MIB).run(feeds)["y"] == 1.0
    with pytest.raises(RunError, match=r"node 'reshape' \(Reshape\): a run must hold at most 3145728 bytes, got"):
        flow.plan(graph, max_bytes=3 * MIB).run(feeds)


def test_a_plan_says_that_it_does_not_know_all_sizes():
    graph, feeds = fed("Fill", *FED["Fill"])
    planned = flow.plan(graph)
    planned.at(**{n: a.shape for n, a in feeds.items()})
    assert str(planned).endswith("held at most, and values of shapes that the run decides")
    known, _ = fed("Fill", *FED["Fill"], known=True)
    assert str(flow.plan(known)).endswith("held at most")


IMPOSSIBLE = {
    "large": ([2**31 - 1, 2**31 - 1], f"must take at most {sys.maxsize} bytes, got {4 * (2**31 - 1) ** 2} for float32"),
    "empty": ([0, 2**62], f"must take at most {sys.maxsize} bytes, got {2**64} for float32"),
    "dims": ([1] * 65, "must have at most 64 dims, got 65"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_impossible_arrays_are_refused_when_they_are_typed(case):
    shape, text = IMPOSSIBLE[case]
    graph = flow.Graph()
    with pytest.raises(GraphError) as caught:
        blocks["Fill"]()(graph.constant(shape), 1.0)
    assert str(caught.value).startswith(f"node 'fill' (Fill): output 'output' {text}")
    with pytest.raises(BlockError) as caught:
        blocks["Fill"]()(np.array(shape), 1.0)
    assert str(caught.value).startswith(f"Fill: output 'output' {text}")
    with pytest.raises(GraphError) as caught:
        graph.input("x", "float32", shape)
    assert str(caught.value).startswith(f"node 'x' (Placeholder): output 'output' {text}")


def test_the_rank_is_limited_to_that_of_numpy():
    graph = flow.Graph()
    x = graph.constant(1.0)
    for _ in range(64):
        x = blocks["Stack"]()([x])
    graph.output("y", x)
    assert flow.run(graph)["y"].ndim == 64
    with pytest.raises(
        GraphError, match=r"node 'stack_64' \(Stack\): output 'output' must have at most 64 dims, got 65"
    ):
        blocks["Stack"]()([x])
    with pytest.raises(BlockError, match="ExpandDims: output 'output' must have at most 64 dims"):
        blocks["ExpandDims"]()(np.ones((1,) * 64, np.float32), 0)


def test_shapes_of_inputs_are_refused_too():
    graph = flow.Graph()
    graph.output("y", graph.input("x", "float32", ["N"]))
    with pytest.raises(GraphError, match=f"input 'x' must take at most {sys.maxsize} bytes, got {2**64} for"):
        flow.plan(graph, x=[2**62])


def test_sizes_that_are_fed_are_python_integers():
    graph, feeds = fed("Fill", {}, [np.array([2**31] * 3), np.float32(1)], 0)
    with pytest.raises(RunError, match=f"got {4 * 2**93} for float32"):
        flow.run(graph, feeds)


def test_too_many_outputs_are_refused_before_there_is_a_port_for_each():
    for name, attrs in (("Split", {"num_split": 2**40}), ("SplitV", {"num_split": 2**31}), ("Unstack", {"num": 2**31})):
        with pytest.raises(BlockError, match=r"must be between [01] and 65536, got"):
            blocks[name](**attrs)


class Positive(Opaque, abstract=True):
    """The values above 0: no shape tells how many these are."""

    x = In("float32", "values")
    y = Out("float32", "those above 0")

    def shape_of(self, x):
        return (None,)

    def kernel(self, x):
        return x[x > 0]


def test_sizes_that_values_decide_are_counted_once_known():
    graph = flow.Graph()
    graph.output("y", Positive()(graph.input("x", "float32", [10_000])))
    feeds = {"x": np.ones(10_000, np.float32)}
    assert flow.plan(graph, max_bytes=40_000).run(feeds)["y"].shape == (10_000,)
    with pytest.raises(RunError, match=r"node 'positive' \(Positive\): a run must hold at most 30000 bytes, got 0"):
        flow.plan(graph, max_bytes=30_000).run(feeds)


@pytest.mark.parametrize(
    ("name", "arrays", "place"),
    [
        ("Mean", [np.float32([[1, 2], [3, 6]]), sizes(1)], 1),
        ("ProdGrad", [np.float32([[2, 0], [5, 3]]), np.int32(0), np.float32([1, 2])], 1),
        ("GatherGrad", [np.float32([1, 2, 4]), sizes(1, 0, 1), np.int32(0), np.zeros(3, np.float32)], 2),
    ],
    ids=["Mean", "ProdGrad", "GatherGrad"],
)
def test_an_axis_that_is_fed_gives_the_same_as_one_that_is_known(name, arrays, place):
    graph, feeds = fed(name, {}, arrays, place)
    (made,) = flow.run(graph, feeds).values()
    assert made.tobytes() == blocks[name]()(*arrays).tobytes()
