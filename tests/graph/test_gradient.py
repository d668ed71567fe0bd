"""The reverse pass: rules put together right, for every way a wire may be used."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from dataflow import Graph, blocks, gradient, run
from dataflow.core.block import In, Out
from dataflow.core.errors import GradientError, UnknownNameError
from dataflow.core.kinds import Unary


def graph_of(build, **shapes):
    """A graph of float64 inputs with these shapes and the output ``f`` that ``build`` makes of them."""
    graph = Graph("test")
    wires = [graph.input(name, "float64", shape) for name, shape in shapes.items()]
    graph.output("f", build(*wires))
    return graph


def gradients(graph, feeds, wrt=None):
    names = list(wrt or feeds)
    results = run(gradient(graph, of="f", wrt=names), feeds)
    return [results[f"grad_{name}"] for name in names]


def test_powers_of_a_wire_used_three_times():
    graph = graph_of(lambda x: x * x * x, x=[2])
    assert gradients(graph, {"x": [2.0, -3.0]})[0].tolist() == [12.0, 27.0]


def test_higher_derivatives():
    graph = graph_of(lambda x: x * x * x * x, x=[])
    for expected in (32.0, 48.0, 48.0, 24.0, 0.0):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph.outputs = {"f": graph.outputs.popitem()[1]}
            graph = gradient(graph, of="f", wrt=["x"])
        assert run(graph, x=2.0)["grad_x"] == expected


def test_second_derivative_through_a_broadcast():
    graph = graph_of(lambda x, w: blocks["Tanh"]()(x * w), x=["N", 3], w=[3])
    first = gradient(graph, of="f", wrt=["w"])
    second = gradient(first, of="grad_w", wrt=["x"])
    x, w = np.random.default_rng(0).normal(size=(2, 4, 3))
    t = np.tanh(x * w[0])
    expected = (1 - t * t) * (1 - 2 * x * w[0] * t)
    np.testing.assert_allclose(run(second, x=x, w=w[0])["grad_x"], expected, rtol=1e-12)


SHAPES = [
    ((3,), ()),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((1,), (2, 2)),
    ((), (1, 1)),
    ((2, 1, 3), (4, 1)),
    ((0, 3), (3,)),
]


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize(("a", "b"), SHAPES, ids=str)
def test_broadcasting_is_undone(a, b, known):
    random = np.random.default_rng(0)
    x, y = random.normal(size=a), random.normal(size=b)
    shapes = (a, b) if known else ((None,) * len(a), (None,) * len(b))
    dx, dy = gradients(graph_of(lambda x, y: x * y - y, x=shapes[0], y=shapes[1]), {"x": x, "y": y})
    ones = np.ones(np.broadcast_shapes(a, b))
    assert (dx.shape, dy.shape) == (a, b)
    np.testing.assert_allclose(dx, summed(ones * y, a), rtol=1e-12)
    np.testing.assert_allclose(dy, summed(ones * (x - 1), b), rtol=1e-12)


def summed(array, shape):
    """The array summed over what broadcasting repeated to make it of this shape."""
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    return array.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)


def test_unknown_rank_too():
    graph = graph_of(lambda x, y: x * y, x=None, y=None)
    dx, dy = gradients(graph, {"x": np.ones((2, 3)), "y": np.arange(3.0)})
    assert dx.tolist() == [[0.0, 1.0, 2.0]] * 2
    assert dy.tolist() == [2.0] * 3


def test_gradients_by_inner_wires_and_by_the_target_itself():
    graph = Graph()
    x = graph.input("x", "float64", [2])
    inner = graph.add(blocks["Square"](), [x], name="inner")
    graph.output("y", inner * 3)
    results = run(gradient(graph, of="y", wrt=["inner", "y"]), x=[1.0, 2.0])
    assert list(results) == ["y", "grad_inner", "grad_y"]
    assert results["grad_inner"].tolist() == [3.0, 3.0]
    assert results["grad_y"].tolist() == [1.0, 1.0]


def test_one_source_on_the_way_to_another():
    graph = Graph()
    x = graph.input("x", "float64", [])
    inner = graph.add(blocks["Square"](), [x], name="inner")
    graph.output("y", inner * x)
    results = run(gradient(graph, of="y", wrt=["x", "inner"]), x=3.0)
    assert (results["grad_x"], results["grad_inner"]) == (27.0, 3.0)


def test_variadic_ports():
    graph = graph_of(lambda x, y: blocks["Concat"]()([x, y * 2, x], 0), x=[2], y=[1])
    dx, dy = gradients(graph, {"x": [1.0, 2.0], "y": [3.0]})
    assert (dx.tolist(), dy.tolist()) == ([2.0, 2.0], [2.0])


def test_literals_on_ports_take_no_gradient():
    graph = graph_of(lambda x: 2.0 / x + np.array([1.0, 2.0]) * x, x=[2])
    np.testing.assert_allclose(gradients(graph, {"x": [1.0, 2.0]})[0], [-1.0, 1.5])


def test_only_one_of_several_outputs_is_used():
    graph = Graph()
    x, low = graph.input("x", "float32", [3]), graph.input("low", "float32", [])
    split = blocks["FakeQuantWithMinMaxVarsGradient"]()
    graph.output("y", blocks["Multiply"]()(split(x, x, low, 1.0)[0], x))
    # the block lets no gradient flow, so that the other factor is all there is
    result = run(gradient(graph, of="y", wrt=["x"]), x=[0.5, 0.25, 3.0], low=-1.0)
    assert result["grad_x"].tolist() == [0.5, 0.25, 0.0]


def test_nothing_flows_through_stop_gradient():
    graph = graph_of(lambda x: x * blocks["StopGradient"]()(x), x=[2])
    assert gradients(graph, {"x": [2.0, 5.0]})[0].tolist() == [2.0, 5.0]


@pytest.mark.parametrize("way", ["StopGradient", "nothing"])
def test_a_gradient_that_cannot_come_is_zero_and_warned_about(way):
    graph = Graph()
    x, other = graph.input("x", "float64", ["N"]), graph.input("other", "float64", ["N"])
    graph.output("y", blocks["StopGradient"]()(other) + x if way == "StopGradient" else x + x)
    with pytest.warns(UserWarning, match="gradient: 'y' does not depend on 'other'; its gradient is zero"):
        backward = gradient(graph, of="y", wrt=["x", "other"])
    assert run(backward, x=[1.0, 2.0], other=[7.0, 8.0])["grad_other"].tolist() == [0.0, 0.0]


def test_those_that_it_does_not_depend_on_are_told_at_once():
    graph = Graph()
    x, a, b = (graph.input(name, "float64", ["N"]) for name in "xab")
    graph.output("y", x + x)
    graph.output("z", a + b)
    with pytest.warns(UserWarning) as told:
        gradient(graph, of="y", wrt=["a", "x", "b"])
    assert [str(each.message) for each in told] == [
        "gradient: 'y' does not depend on 'a' and 'b'; their gradients are zero"
    ]


class NoRule(Unary, abstract=True):
    """A block that says nothing about its gradient."""

    x = In("T", "values")
    y = Out("T", "the values")
    ufunc = np.positive


def test_a_block_without_a_rule_is_named_with_the_way_to_it():
    graph = Graph()
    x = graph.input("x", "float64", [2])
    inner = graph.add(blocks["Square"](), [x], name="inner")
    missing = graph.add(NoRule(), [inner], name="missing")
    graph.output("y", missing + 1)
    with pytest.raises(GradientError) as caught:
        gradient(graph, of="y", wrt=["x"])
    assert "node 'missing' (NoRule)" in str(caught.value)
    assert "x -> inner -> missing" in str(caught.value)
    assert "StopGradient" in str(caught.value)


def test_a_block_without_a_rule_beside_the_way_does_not_matter():
    graph = Graph()
    x, z = graph.input("x", "float64", [2]), graph.input("z", "float64", [2])
    graph.output("f", x * graph.add(NoRule(), [z]))
    assert gradients(graph, {"x": [1.0, 1.0], "z": [3.0, 4.0]}, ["x"])[0].tolist() == [3.0, 4.0]


def test_wrong_questions():
    graph = Graph()
    n = graph.input("n", "int32", [2])
    graph.output("y", blocks["Cast"](DstT="float32")(n))
    graph.output("n2", n + n)
    with pytest.raises(GradientError, match="'n' must be of floating dtype, got int32"):
        gradient(graph, of="y", wrt=["n"])
    with pytest.raises(GradientError, match="'n2' must be of floating dtype"):
        gradient(graph, of="n2", wrt=["y"])
    with pytest.raises(UnknownNameError, match="no node or input named 'yy'; did you mean 'y'"):
        gradient(graph, of="yy", wrt=["y"])


def test_an_output_goes_before_a_node_of_that_name():
    graph = Graph()
    x = graph.input("x", "float64", [])
    graph.output("x", x * x)
    assert run(gradient(graph, of="x", wrt=["x"]), x=3.0) == {"x": 9.0, "grad_x": 6.0}


def test_the_graph_itself_does_not_change():
    graph = graph_of(lambda x: x * x, x=[2])
    before = graph.copy()
    backward = gradient(graph, of="f", wrt="x")
    assert graph == before
    assert list(backward.outputs) == ["f", "grad_x"]
    added = [name for name in backward.nodes if name not in graph.nodes]
    assert added
    assert all(name.startswith("grad/") for name in added)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_gradients_keep_the_dtype(dtype):
    graph = Graph()
    x = graph.input("x", dtype, [2])
    graph.output("y", blocks["Mean"]()(blocks["Sigmoid"]()(x * 3 - 0.5) / 2, 0))
    backward = gradient(graph, of="y", wrt=["x"])
    assert backward.deref(backward.outputs["grad_x"]).dtype == dtype
    assert run(backward, x=[1.0, 2.0])["grad_x"].dtype == graph.ref("x").type.dtype


def test_no_output_is_replaced_by_a_gradient():
    graph = graph_of(lambda x, w: x * w, x=[2], w=[2])
    graph.output("grad_w", graph.ref("x"))
    with pytest.raises(GradientError, match="'grad_w' must be free for the gradient by 'w', got an output of graph"):
        gradient(graph, of="f", wrt=["x", "w"])
    assert run(gradient(graph, of="f", wrt=["x"]), x=[1.0, 2.0], w=[3.0, 4.0])["grad_x"].tolist() == [3.0, 4.0]
    first = gradient(graph_of(lambda x: x * x, x=[]), of="f", wrt=["x"])
    with pytest.raises(GradientError, match="'grad_x' must be free"):
        gradient(first, of="grad_x", wrt=["x"])


def test_wires_may_be_given_themselves():
    graph = graph_of(lambda x: x * x, x=[2])
    by_name = gradient(graph, of="f", wrt=["x"])
    by_wire = gradient(graph, of=graph.ref("f"), wrt=graph.ref("x"))
    assert [*by_wire.outputs] == ["multiply", "grad_x"] and by_wire.nodes == by_name.nodes
    with pytest.raises(GradientError, match="'of' and 'wrt' must be wires or their names, got an int; write of='loss'"):
        gradient(graph, of=3, wrt=["x"])


def test_what_is_about_other_outputs_is_left_out():
    graph = Graph("small")
    x = graph.input("x", "float32", [])
    graph.output("y", x * x)
    graph.sections = {"data": {"rows": {}}, "train": {"minimize": "y", "metrics": ["y"]}}
    found = gradient(graph, of="y", wrt="x")
    assert found.sections == {"data": {"rows": {}}}
    assert list(graph.sections) == ["data", "train"]
