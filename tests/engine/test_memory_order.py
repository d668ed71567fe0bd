"""Arrays in other orders of memory: elementwise work follows it, and gives the same bits in the same order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks as b
from dataflow.conformance.equality import same
from dataflow.engine.memory_order import common_order, flat_in, memory_order, strides_in

SHAPE = (61, 80, 131)
ORDERS = list(permutations(range(3)))


def lying(array, order):
    """A copy of the array with its axes in this order of memory."""
    turned = np.ascontiguousarray(array.transpose(order))
    return turned.transpose(np.argsort(order))


def values(seed, shape=SHAPE):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_the_order_of_axes_is_found_and_made(order):
    array = lying(values(0), order)
    assert memory_order(array) == order
    assert strides_in(order, SHAPE, array.dtype) == array.strides
    assert np.shares_memory(flat_in(order, array), array)
    assert flat_in(order, array).tolist() == array.transpose(order).ravel().tolist()


def test_arrays_that_leave_memory_out_or_go_backwards_have_no_order():
    array = values(0)
    assert memory_order(array[::2]) is None
    assert memory_order(array[::-1]) is None
    assert memory_order(np.broadcast_to(array[:1], SHAPE)) is None


def test_arrays_have_an_order_in_common_where_all_lie_in_it():
    plain, turned = values(0), lying(values(1), (2, 0, 1))
    assert common_order([turned, lying(plain, (2, 0, 1))]) == (2, 0, 1)
    assert common_order([turned, plain]) is None
    assert common_order([plain, plain]) is None  # nothing to do
    assert common_order([turned, lying(values(1, (80, 61, 131)), (2, 0, 1))]) is None


def chain(x, y):
    return {"a": b["Relu"]()(x * 2.0 + y), "z": b["FakeQuantWithMinMaxVars"]()(x, -1.0, 1.0)}


@pytest.mark.parametrize("kernels", ["numpy", "jit"])
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_elementwise_graphs_give_the_order_of_their_inputs_back(order, kernels):
    """Of inputs that lie alike no copy is made, so a run may hold no more than with plain ones."""
    graph = flow.Graph()
    for name, wire in chain(graph.input("x", shape=SHAPE), graph.input("y", shape=SHAPE)).items():
        graph.output(name, wire)
    x, y = values(0), values(1)
    expected = flow.plan(graph, fuse=False, threads=1, kernels="numpy").run(x=x, y=y)
    needed = flow.plan(graph, kernels=kernels).peak_bytes
    planned = flow.plan(graph, kernels=kernels, max_bytes=needed)
    for _ in range(2):
        got = planned.run(x=lying(x, order), y=lying(y, order))
        for name, value in got.items():
            assert same(value, expected[name]) and memory_order(value) == order and value.base is None
    mixed = flow.plan(graph, kernels=kernels).run(x=lying(x, order), y=y)
    assert all(same(mixed[name], value) and value.flags.c_contiguous for name, value in expected.items())


@pytest.mark.parametrize("side", [60, 70, 200])
def test_small_arrays_lie_as_their_inputs_do(side):
    """Those that are copied when fed (14,400 bytes), that are allocated anew (19,600), and whose memory is reused."""
    graph = flow.Graph()
    graph.output("y", b["Relu6"]()(graph.input("x", shape=[side, side]) * 2.0))
    x = values(0, (side, side))
    planned = flow.plan(graph, kernels="jit")
    assert same(planned.run(x=np.asfortranarray(x))["y"], planned.run(x=x)["y"])


@pytest.mark.parametrize("ends", ["read again", "beside a row", "summed", "turned"])
def test_what_needs_the_order_of_elements_gets_it(ends):
    """Readers that go by place, rows beside the elements and sums: the copy that they need is made once."""
    graph = flow.Graph()
    x = graph.input("x", shape=SHAPE)
    y = b["Relu"]()(x)
    if ends == "read again":
        graph.output("z", b["Softmax"]()(x))
    elif ends == "beside a row":
        y = y + graph.input("row", shape=[SHAPE[-1]])
    elif ends == "summed":
        graph.output("z", b["Sum"]()(y, [0, 1, 2]))
    else:
        y = b["Relu"]()(b["Transpose"]()(x, [2, 0, 1]))
    graph.output("y", y)
    feeds = {"x": values(0)} | ({"row": values(1, SHAPE[-1:])} if ends == "beside a row" else {})
    expected = flow.plan(graph, fuse=False, threads=1, kernels="numpy").run(feeds)
    for order in ORDERS:
        got = flow.plan(graph).run(feeds | {"x": lying(feeds["x"], order)})
        assert all(same(got[name], value) for name, value in expected.items())


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kernels", ["numpy", "jit"])
def test_an_input_with_fewer_dims_has_its_own_order(first, kernels, monkeypatch):
    """Though it has as many elements, one for each of the others."""
    monkeypatch.setenv("DATAFLOW_KERNELS", kernels)
    x, y = values(0, (1, 800, 900)), values(1, (800, 900))
    wanted, graph = x * 2 + y, flow.Graph()
    given = {"x": lying(x, (0, 2, 1)), "y": lying(y, (1, 0)) if first else y}
    wires = {name: graph.input(name, shape=array.shape) for name, array in given.items()}
    pair = [wires["x"] * 2.0, wires["y"]]
    graph.output("z", b["AddV2"]()(*(pair if first else pair[::-1])))
    assert same(flow.plan(graph, kernels=kernels).run(given)["z"], wanted)
    operands = [given["x"] * 2, given["y"]]
    assert same(b["AddV2"]()(*(operands if first else operands[::-1])), wanted)


@pytest.mark.parametrize("order", [(1, 0), (0, 1)], ids=str)
def test_a_block_called_on_arrays_gives_their_order_back(order):
    x, y = values(0, (700, 900)), values(1, (700, 900))
    turned = lying(x, order)
    got = b["FakeQuantWithMinMaxVars"]()(turned, -1.0, 1.0)
    assert same(got, b["FakeQuantWithMinMaxVars"]()(x, -1.0, 1.0)) and got.strides == turned.strides
    assert same(b["Multiply"]()(turned, y), x * y)
    assert same(b["AddV2"]()(turned, y[0]), x + y[0])
