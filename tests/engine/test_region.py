"""Regions on arrays of several tiles: the bits of a run node by node, and those of the formula."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks as b
from dataflow.conformance.equality import same
from dataflow.core import dtypes
from dataflow.engine.tiling import COMPILED, TILE

pytestmark = pytest.mark.slow

KERNELS = ["numpy", *(["jit"] if find_spec("numba") else [])]
SIZES = [TILE, TILE + 1, 600_000]


def runs(graph, **feeds):
    """The outputs of a run node by node, after every other way to run gave the same."""
    alone = flow.plan(graph, fuse=False, kernels="numpy", threads=1).run(feeds)
    for kernels in KERNELS:
        got = flow.plan(graph, kernels=kernels, threads=2).run(feeds)
        for name, value in alone.items():
            assert same(got[name], value), f"'{name}' with {kernels}: {np.sum(got[name] != value)} differ"
    return alone


def feed(shape, low=-3.0, high=3.0, dtype=np.float32):
    return np.linspace(low, high, int(np.prod(shape))).astype(dtype).reshape(shape)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("loss", ["Mean", "Sum"])
def test_gradient_of_a_loss_through_fake_quantization(loss, n):
    x = feed(n)
    graph = flow.Graph()
    quantized = b["FakeQuantWithMinMaxVars"]()(graph.input("x", shape=["N"]), np.float32(-2), np.float32(2))
    graph.output("loss", b[loss]()(quantized, [0]))
    got = runs(flow.gradient(graph, of="loss", wrt=["x"]), x=x)["grad_x"]
    sure = np.abs(np.abs(x) - 2) > 0.02  # away from the ends of the range, which is nudged
    inside = np.where(np.abs(x) < 2, np.float32(1 if loss == "Sum" else 1 / n), np.float32(0))
    assert np.array_equal(got[sure], inside[sure])


FAKE = {
    "FakeQuantWithMinMaxArgs": lambda x: b["FakeQuantWithMinMaxArgs"](min=-2, max=2)(x),
    "per channel": lambda x: b["FakeQuantWithMinMaxVarsPerChannel"]()(x, -feed(8, 1, 2), feed(8, 1, 2)),
    "QuantizeAndDequantizeV4": lambda x: b["QuantizeAndDequantizeV4"](range_given=True)(x, -2.0, 2.0),
    "V4 of slices": lambda x: b["QuantizeAndDequantizeV4"](range_given=True, axis=1)(x, -feed(8, 1, 2), feed(8, 1, 2)),
    "a chain": lambda x: b["FakeQuantWithMinMaxArgs"](min=-2, max=2)(b["Relu6"]()(x * 1.5) - 1.0),
    **{n: b[n]() for n in ("Elu", "Selu", "Softplus", "Softsign", "LeakyRelu", "Relu", "Relu6", "Tanh", "Sigmoid")},
    "Rsqrt": lambda x: b["Rsqrt"]()(x * x + 1.0),
}


@pytest.mark.parametrize("axes", [[0], [1], [0, 1]], ids=str)
@pytest.mark.parametrize("name", FAKE)
def test_gradient_of_a_mean_over_any_axes(name, axes):
    graph = flow.Graph()
    made = FAKE[name](graph.input("x", shape=["N", 8]))
    graph.output("loss", b["Sum"]()(b["Square"]()(b["Mean"]()(made, axes)), list(range(2 - len(axes)))))
    runs(flow.gradient(graph, of="loss", wrt=["x"]), x=feed((75_001, 8)))


def test_a_sum_of_one_value_is_left_to_numpy_without_a_word(caplog):
    graph = flow.Graph()
    graph.output("y", b["Relu"]()(b["AddN"]()([graph.input("x", shape=["N"])])))
    x = feed(5000)
    assert same(runs(graph, x=x)["y"], np.maximum(x, 0))
    assert not caplog.records


@pytest.mark.parametrize("n", [COMPILED - 1, 5000, 600_000])
def test_a_variadic_port_reads_values_of_a_compiled_loop(n):
    """Such values are written out, though other blocks read them within the loop."""
    graph = flow.Graph()
    a = b["Tanh"]()(graph.input("x", shape=["N"])) * 2.0
    graph.output("y", b["AddN"]()([a, b["Softplus"]()(a + 1.0)]))
    x = feed(n)
    two = np.tanh(x) * np.float32(2)
    assert same(runs(graph, x=x)["y"], two + b["Softplus"]()(two + np.float32(1)))


VIEWS = {
    "turned round": (lambda v: b["StridedSlice"]()(v, [-1], [-600_001], [-1]), lambda v: v[::-1]),
    "turned twice": (
        lambda v: b["StridedSlice"](begin_mask=1, end_mask=1)(
            b["StridedSlice"](begin_mask=1, end_mask=1)(v, [0], [0], [-1]), [0], [0], [-1]
        ),
        lambda v: v,
    ),
    "rows turned round": (
        lambda v: b["StridedSlice"](begin_mask=3, end_mask=3)(b["Reshape"]()(v, [600, 1000]), [0, 0], [0, 0], [1, -1]),
        lambda v: v.reshape(600, 1000)[:, ::-1],
    ),
    "transposed": (
        lambda v: b["Transpose"]()(b["Reshape"]()(v, [600, 1000]), [1, 0]),
        lambda v: v.reshape(600, 1000).T,
    ),
    "transposed, in a row": (
        lambda v: b["Reshape"]()(b["Transpose"]()(b["Reshape"]()(v, [600, 1000]), [1, 0]), [-1]),
        lambda v: v.reshape(600, 1000).T.reshape(-1),
    ),
    "an axis of one moved": (
        lambda v: b["Transpose"]()(b["Reshape"]()(v, [600_000, 1]), [1, 0]),
        lambda v: v.reshape(1, -1),
    ),
    "repeated": (lambda v: b["BroadcastTo"]()(v, [2, 600_000]), lambda v: np.broadcast_to(v, (2, 600_000))),
    "repeated as columns": (
        lambda v: b["BroadcastTo"]()(b["Reshape"]()(v, [600_000, 1]), [600_000, 2]),
        lambda v: np.broadcast_to(v[:, None], (600_000, 2)),
    ),
    "half of it, repeated": (
        lambda v: b["BroadcastTo"]()(b["StridedSlice"](end_mask=1)(v, [300_000], [0], [1]), [2, 300_000]),
        lambda v: np.broadcast_to(v[300_000:], (2, 300_000)),
    ),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_inside_a_region(name):
    """A region looks through a view only where that shows all elements in their order."""
    view, formula = VIEWS[name]
    graph = flow.Graph()
    made = b["Elu"]()(graph.input("x", shape=[600_000]))
    graph.output("y", b["Cast"](DstT="float64")(view(made)))
    graph.output("z", view(made) * 3.0)
    graph.output("sum", b["Sum"]()(view(made), [0]))
    x = feed(600_000)
    shown = formula(b["Elu"]()(x))
    got = runs(graph, x=x)
    assert same(got["y"], shown.astype(np.float64)) and same(got["z"], shown * np.float32(3))
    assert np.allclose(got["sum"], shown.sum(0, dtype=np.float64), rtol=1e-6, atol=0.1)


@pytest.mark.parametrize("axes", [[0], [1], [0, 1]], ids=str)
def test_sums_of_elements_that_a_view_repeats(axes):
    graph = flow.Graph()
    x = graph.input("x", shape=[1, 600_000])
    graph.output("y", b["Sum"]()(b["BroadcastTo"]()(x, [4, 600_000]), axes))
    got = runs(graph, x=feed((1, 600_000), 0, 1))["y"]
    assert np.allclose(got, np.broadcast_to(feed((1, 600_000), 0, 1), (4, 600_000)).sum(tuple(axes), np.float64))


def test_feeds_that_repeat_an_element():
    """An input may itself be a view with strides of 0."""
    graph = flow.Graph()
    x = graph.input("x", shape=[1, "N"])
    graph.output("y", b["BroadcastTo"]()(x, [2, 600_000]) * graph.input("z", shape=[2, "N"]))
    z = feed((2, 600_000))
    got = runs(graph, x=np.broadcast_to(np.float32(3), (1, 600_000)), z=z)["y"]
    assert same(got, z * np.float32(3))


def layouts(array):
    """The array in each layout that memory may have."""
    yield np.asfortranarray(array)
    yield np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1]
    yield np.repeat(array, 2, -1)[:, ::2]
    yield array.astype(array.dtype.newbyteorder())


ORDERED = {
    "Sum": ([1], "float64"),
    "Mean": ([0], "float64"),
    "Prod": ([1], "complex128"),
    "L2Loss": (None, "float64"),
    "BiasAddGrad": (None, "float64"),
    "Softmax": (None, "float32"),
    "Square": (None, "complex64"),
    "SigmoidGrad": (..., "complex64"),
    "Multiply": (..., "complex64"),
    "MatMul": (..., "float64"),
}


@pytest.mark.parametrize("shape", [(37, 37), (725, 725)], ids=str)
@pytest.mark.parametrize("name", ORDERED)
def test_the_same_bits_however_the_arrays_lie(name, shape):
    """Sums go by the order of elements, not of their memory; complex products never use FMA."""
    second, dtype = ORDERED[name]
    random = np.random.default_rng(0)
    x = random.standard_normal(shape) + (1j * random.standard_normal(shape) if dtype.startswith("c") else 0)
    x = x.astype(dtype)
    graph = flow.Graph()
    wire = graph.input("x", dtype, shape)
    graph.output("y", b[name]()(wire, *([] if second is None else [wire if second is ... else second])))
    expected = b[name]()(x, *([] if second is None else [x if second is ... else second]))
    for array in (x, *layouts(x)):
        assert same(runs(graph, x=array)["y"], expected)
    turned = flow.Graph()
    wire = b["Transpose"]()(turned.input("x", dtype, shape), [1, 0])
    turned.output("y", b[name]()(wire, *([] if second is None else [wire if second is ... else second])))
    assert same(runs(turned, x=np.ascontiguousarray(x.T))["y"], expected)


def test_copies_of_views_count_in_the_plan():
    """A sum over a transposed value works on a copy of it, and the plan knows."""
    graph = flow.Graph()
    x = graph.input("x", "float64", [300, 500])
    graph.output("y", b["Sum"]()(b["Transpose"]()(x, [1, 0]), [1]))
    graph.output("z", b["Reshape"]()(b["Transpose"]()(x, [1, 0]), [-1]) * 2.0)
    plain = flow.Graph()
    x = plain.input("x", "float64", [300, 500])
    plain.output("y", b["Sum"]()(x, [0]))
    plain.output("z", b["Reshape"]()(x, [-1]) * 2.0)
    assert flow.plan(graph).peak_bytes >= flow.plan(plain).peak_bytes + 300 * 500 * 8


@pytest.mark.parametrize("n", [5000, 600_000])
def test_errors_about_infinities_count_in_the_whole_value(n):
    """The count, and the place of the first, are those in all elements, however the block is run."""
    x = feed(n)
    x[n // 2 : n // 2 + 3] = np.nan
    x[n - 2] = -np.inf
    graph = flow.Graph()
    graph.output("y", b["CheckNumerics"](message="no")(graph.input("x", shape=["N"]) * 2.0) + 1.0)
    for fuse, kernels in ((False, "numpy"), *((True, kernels) for kernels in KERNELS)):
        with pytest.raises(
            flow.DataflowError, match=rf"NaN \(3 times\) and -Inf \(1 times\), first at \[{n // 2}\]: no"
        ):
            flow.plan(graph, fuse=fuse, kernels=kernels).run(x=x)


def test_memory_that_later_tiles_read_is_not_overwritten():
    """Working in place is wrong where every tile reads the same part of an input: here its first row."""
    graph = flow.Graph()
    x, w = graph.input("x", shape=[20_000, 64]), graph.input("w", shape=[64, 64])
    product = b["MatMul"]()(x, w)
    first = b["StridedSlice"](begin_mask=2, end_mask=2)(product, [0, 0], [1, 0], [1, 1])
    a = b["Add"]()(product, first, name="a")
    graph.output("a", b["MatMul"]()(a, w))
    graph.output("z", b["MatMul"]()(b["Multiply"]()(product, 2.0, name="z"), w))  # the last to read the product
    runs(graph, x=feed((20_000, 64)), w=feed((64, 64), -1, 1))


def test_scratch_of_a_compiled_loop_is_reused_by_values_of_its_width():
    """Truth values of one byte are read element by element, while numbers of eight would be written over those to come.

    Two sums divide the blocks into loops.
    """
    graph = flow.Graph()
    t = b["Softplus"]()(graph.input("x", "float64", ["N"]), name="a")
    clipped = b["ClipByValue"]()(t, 0.5, 0.7, name="b")
    above = b["Greater"]()(t, 0.7, name="c")
    outside = b["LogicalOr"]()(b["Less"]()(t, 0.5, name="d"), above, name="e")
    graph.output("sum", b["Sum"]()(clipped, [0], name="f"))
    graph.output("y", b["SelectV2"]()(outside, 0.0, 1.0, name="g"))
    graph.output("count", b["Sum"]()(b["SelectV2"]()(above, 1.0, 0.0, name="h"), [0], name="i"))
    graph.output("t", t)
    runs(graph, x=feed(20_000, dtype=np.float64))


@pytest.mark.filterwarnings("error")
def test_planning_through_views_gives_no_warnings():
    graph = flow.Graph()
    x, like = graph.input("x", "float32", [600_000]), graph.input("like", "float32", [])
    graph.output("y", b["SumToLike"](mean=True)(x, like))
    graph.output("z", b["BroadcastLike"](mean=True)(like, x) * x)
    memory = np.empty(600_000, np.float32)
    memory.fill(np.inf)
    memory[::2] = -np.inf
    del memory  # so that the probe may find it
    flow.plan(graph)


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
@pytest.mark.parametrize("rows", [200_001, 200_002, 262_150])
def test_sums_beside_a_row_end_within_a_tile(dtype, rows):
    """All of a tile is folded, even where it ends within a row of repeated operands."""
    graph = flow.Graph()
    dy, row = graph.input("dy", dtype, [rows, 3]), graph.input("row", dtype, [1, 3])
    made = b["FakeQuantWithMinMaxVarsGradient"]()(dy, b["BroadcastTo"]()(row, [rows, 3]), 0.0, 3.0)
    for name, wire in made._asdict().items():
        graph.output(name, wire)
    feeds = {"dy": feed((rows, 3), -1, 2), "row": np.float32([[-1, 1, 5]])}
    got = runs(graph, **{name: array.astype(dtypes.storage(dtype)) for name, array in feeds.items()})
    below = feeds["dy"].astype(dtypes.storage(dtype))[:, 0].astype(np.float64).sum()
    assert np.isclose(float(got["backprop_wrt_min"]), below, rtol=1e-3)


BACKWARDS = ["Exp", "Log", "Softplus", "Pow", "Tanh", "Sigmoid", "Elu"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", BACKWARDS)
def test_the_same_bits_backwards(name, dtype):
    """An input, or a view in the graph, whose elements lie in memory from the last to the first."""
    block, x = b[name](), feed(1001, 0.1, 3, np.float64).astype(dtype)
    operands = (x,) if len(block.signature.inputs) == 1 else (x, x)
    expected = block(*operands)
    graph = flow.Graph()
    wire = graph.input("x", dtype, [1001])
    turned = b["StridedSlice"](begin_mask=1, end_mask=1)(wire, [0], [0], [-1])
    graph.output("turned", block(*[turned] * len(operands)))
    graph.output("fed", block(*[wire] * len(operands)))
    assert same(block(*[x[::-1]] * len(operands)), expected[::-1])
    assert same(flow.run(graph, x=x)["turned"], expected[::-1])
    assert same(flow.run(graph, x=np.ascontiguousarray(x[::-1])[::-1])["fed"], expected)


@pytest.mark.parametrize("rows", [40_000, 21_844])
@pytest.mark.parametrize("channels", [False, True])
def test_partials_do_not_depend_on_what_lies_behind_a_view(rows, channels):
    """Gradients of very different sizes that cancel: partials of other tiles would give other bits."""
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
