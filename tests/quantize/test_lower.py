"""Lowering: the codes of quantized graphs, computed with integers, and reasons where that is not done."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import images, inputs, quantized, real_parts, residual

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.forms import Form
from dataflow.quantize.lower import Lowered, lower
from dataflow.quantize.model import Model

B = flow.blocks


def _wires(model: Model, names: list[str], x: Array) -> dict[str, Array]:
    graph = model.baked().copy()
    graph.outputs = {name: Link(name, next(iter(graph.nodes[name].types))) for name in names}
    return dict(flow.run(graph, x=x))


def _differences(model: Model, lowered: Lowered, x: Array) -> dict[str, Array]:
    """How many steps the codes of each quantizer of values are apart in the two graphs."""
    forms = {name: form for name, form in lowered.forms.items() if form.grid is not None and name in model.graph.nodes}
    real, whole = _wires(model, [*forms], x), _wires(lowered.model, [*forms], x)
    return {name: _codes(form, real[name]) - whole[name].astype(np.int64) for name, form in forms.items()}


def _codes(form: Form, values: Array) -> Array:
    assert form.grid is not None
    return form.grid.codes(values)


@pytest.mark.parametrize("bits", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("net", [residual, images])
def test_codes_are_those_of_the_quantized_graph(net: object, bits: int) -> None:
    for seed in range(3):
        graph: Graph = net(seed)  # type: ignore[operator]
        x = inputs(graph)
        model = quantized(graph, bits, x)
        apart = _differences(model, lower(model), x)
        assert len(apart) >= 5
        for name, steps in apart.items():
            assert np.abs(steps).max() <= 1, name
            assert np.mean(steps == 0) >= 0.999, name


@pytest.mark.parametrize("net", [residual, images])
def test_only_integers_lie_between_the_first_quantizer_and_the_last_layer(net: object) -> None:
    graph: Graph = net()  # type: ignore[operator]
    lowered = lower(quantized(graph, 8, inputs(graph))).model
    real = [n for n, node in lowered.graph.nodes.items() if next(iter(node.types.values())).dtype == "float32"]
    assert set(real) <= {"x", "x/min", "x/max", "last_sum/values"}
    assert not [note for note in lowered.notes if "real numbers" in note]
    assert lowered.graph.ref("y").type.dtype == "float32"


def test_outputs_are_near_those_of_the_quantized_graph() -> None:
    graph = images()
    x = inputs(graph)
    model = quantized(graph, 8, x)
    before, after = flow.run(model.baked(), x=x)["y"], flow.run(lower(model).model.baked(), x=x)["y"]
    assert np.abs(before - after).max() < 0.01 * np.abs(before).max()


def test_the_ceiling_of_relu6_is_that_of_its_codes() -> None:
    graph = images()
    x = inputs(graph) * 20
    model = quantized(graph, 8, x)
    apart = _differences(model, lower(model), x)
    assert np.abs(apart["first_relu_q"]).max() <= 1
    assert flow.run(model.baked(), x=x)["y"].dtype == np.float32


def test_a_wire_on_the_grid_of_its_quantizer_stays_as_it_is() -> None:
    graph = images()
    lowered = lower(quantized(graph, 8, inputs(graph)))
    kinds = {name: type(node.block).__name__ for name, node in lowered.model.graph.nodes.items()}
    assert kinds["joined_q"] == "Identity"
    assert kinds["joined"] == "ConcatV2" or kinds["joined"] == "Concat"
    assert kinds["joined/values_0"] == kinds["joined/values_1"] == "FixedPointRequantize"


@pytest.mark.parametrize("rounding", ["half_even", "half_away", "floor", "tflite_single", "tflite_double"])
def test_sums_are_rounded_as_asked(rounding: str) -> None:
    graph = residual()
    made = lower(quantized(graph, 8, inputs(graph)), rounding)
    used = {
        n.block.rounding for n in made.model.graph.nodes.values() if type(n.block).__name__ == "FixedPointRequantize"
    }  # type: ignore[attr-defined]
    assert used == {rounding}


def test_multipliers_may_be_powers_of_two() -> None:
    graph = residual()
    made = lower(quantized(graph, 8, inputs(graph)), power_of_two=True).model
    for name in ("inner_relu_q", "joined_q"):
        multiplier = made.graph.nodes[name].inputs["multiplier"].value  # type: ignore[union-attr]
        assert np.all(np.log2(multiplier) % 1 == 0)


def test_steps_that_were_learned_are_lowered_too() -> None:
    graph = residual()
    x = inputs(graph)
    model = quantized(graph, 4, x, learn="lsq")
    apart = _differences(model, lower(model), x)
    assert all(np.abs(steps).max() <= 1 for steps in apart.values())


def test_sums_that_int32_might_not_hold_are_int64() -> None:
    graph = flow.Graph("wide")
    x = graph.input("x", "float32", ["N", 40000])
    graph.output("y", B["MatMul"]()(x, graph.variable("w", np.ones((40000, 2), np.float32)), name="product"))
    rows = np.ones((2, 40000), np.float32)
    lowered = lower(quantized(graph, 16, rows)).model
    assert lowered.graph.ref("product").type.dtype == "int64"
    assert lower(quantized(graph, 8, rows)).model.graph.ref("product").type.dtype == "int32"


def test_training_goes_and_the_rounding_is_kept_in_the_recipe() -> None:
    graph = residual()
    graph.sections = {"train": {"epochs": 1}, "quantization": {"weights": {"bits": 8}}}
    made = lower(quantized(graph, 8, inputs(graph)), "floor").model.graph
    assert made.sections == {"quantization": {"weights": {"bits": 8}, "rounding": "floor"}}


def test_products_of_two_values_are_lowered_with_both_zero_points() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 4, 8])
    graph.output("y", B["BatchMatMulV2"](adj_y=True)(x, x, name="scores"))
    rows = np.random.default_rng(9).standard_normal((20, 4, 8)).astype(np.float32)
    assert real_parts(graph, rows) == []
    node = lower(quantized(graph, 8, rows)).model.graph.nodes["scores"]
    assert type(node.block).__name__ == "IntegerMatMul"
    assert node.inputs["a_zero_point"] is not None
    assert node.inputs["b_zero_point"] is not None


def test_padding_of_codes_is_with_the_code_of_zero() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 8])
    wide = B["Pad"]()(B["FakeQuantWithMinMaxArgs"](min=-3.0, max=2.0)(x, name="x_q"), [[0, 0], [1, 1]], name="wide")
    product = B["MatMul"]()(wide, graph.variable("w", np.ones((10, 2), np.float32)), name="product")
    graph.output("y", product)
    rows = inputs(graph)
    model = quantized(graph, 8, rows)
    np.testing.assert_allclose(
        flow.run(lower(model).model.baked(), x=rows)["y"], flow.run(model.baked(), x=rows)["y"], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("bits", [8, 16])
def test_products_of_activations_are_added_up_where_they_fit(bits: int) -> None:
    graph = flow.Graph("gram")
    x = graph.input("x", "float32", ["N", 16, 64])
    graph.output("y", B["BatchMatMulV2"](adj_y=True)(x, x, name="product"))
    rows = np.random.default_rng(3).standard_normal((2, 16, 64)).astype(np.float32) + np.float32(3)
    model = quantized(graph, bits, rows)
    made = lower(model).model
    assert made.graph.ref("product").type.dtype == ("int32" if bits == 8 else "int64")
    np.testing.assert_allclose(flow.run(made.baked(), x=rows)["y"], flow.run(model.baked(), x=rows)["y"], rtol=1e-5)


def _biased(bias: float) -> tuple[Graph, Array]:
    """A layer whose sums have steps of 1 / (255 * 127), all of one sign."""
    graph = flow.Graph("biased")
    x = graph.input("x", "float32", ["N", 64])
    product = B["MatMul"]()(x, graph.variable("w", np.ones((64, 2), np.float32)), name="product")
    graph.output("y", B["BiasAdd"]()(product, graph.variable("b", np.full(2, bias, np.float32)), name="sum"))
    return graph, np.repeat(np.float32([[0], [1]]), 64, 1)


@pytest.mark.parametrize(
    ("codes", "dtype", "is_rounded"), [(1000, "int32", True), (2**31 - 1000, "int64", True), (2**33, "int64", False)]
)
def test_sums_with_a_large_bias_do_not_wrap_around(codes: int, dtype: str, is_rounded: bool) -> None:
    graph, rows = _biased(codes / (255 * 127))
    model = quantized(graph, 8, rows, weights={"bits": 8, "range": "min_max"})
    note = "sum: its bias stays as it is, beyond 32 bits in steps of its sums"
    assert ("b_q" in model.graph.nodes) == is_rounded == (note not in model.notes)
    lowered = lower(model).model
    assert lowered.graph.ref("product").type.dtype == "int32"
    assert lowered.graph.ref("sum").type.dtype == dtype
    bias = codes / (255 * 127)
    for made in (model, lowered):
        np.testing.assert_allclose(flow.run(made.baked(), x=rows)["y"][:, 0], [bias, bias + 64], rtol=1e-6)


def test_signs_of_sums_are_never_zero() -> None:
    rng = np.random.default_rng(6)
    rows, first, last = (rng.choice([-1, 1], size).astype(np.float32) for size in ((60, 8), (8, 16), (16, 4)))
    graph = flow.Graph("signs")
    product = B["MatMul"]()(graph.input("x", "float32", ["N", 8]), graph.variable("w", first), name="first")
    graph.output("y", B["MatMul"]()(product, graph.variable("v", last), name="last"))
    model = quantized(graph, 8, rows, weights={"bits": 1}, activations={"bits": 1, "symmetric": True})
    lowered = lower(model)
    sums = _wires(lowered.model, ["first"], rows)["first"]
    assert np.count_nonzero(sums == 0) > 100
    assert not any(steps.any() for steps in _differences(model, lowered, rows).values())
    assert {*np.unique(_wires(lowered.model, ["first_q"], rows)["first_q"])} == {-1, 1}


def test_one_channel_has_the_scale_of_all_values() -> None:
    graph = flow.Graph("one")
    x = graph.input("x", "float32", ["N", 4, 3, 2])
    conv = B["Conv2D"](strides=[1, 1, 1, 1], padding="SAME")(x, graph.variable("w", np.ones((1, 1, 2, 1), np.float32)))
    flat = B["Reshape"]()(conv, [-1, 12], name="flat")
    graph.output("y", B["MatMul"]()(flat, graph.variable("v", np.ones((12, 2), np.float32)), name="last"))
    rows = np.random.default_rng(0).random((5, 4, 3, 2)).astype(np.float32)
    model = quantized(graph, 8, rows)
    made, wanted = (flow.run(each.baked(), x=rows)["y"] for each in (lower(model).model, model))
    np.testing.assert_allclose(made, wanted, rtol=0.02)


def test_a_sum_of_values_with_ends_by_channel_and_others_is_lowered() -> None:
    rng = np.random.default_rng(2)
    graph = flow.Graph("sums")
    x = graph.input("x", "float32", ["N", 8])
    parts = [
        B["MatMul"]()(x, graph.variable(f"w{i}", rng.standard_normal((8, 8)).astype(np.float32)), name=f"p{i}")
        for i in (0, 1)
    ]
    total = B["AddN"]()([*parts, x], name="total")
    graph.output("y", B["MatMul"]()(total, graph.variable("v", np.eye(8, dtype=np.float32)), name="last"))
    assert real_parts(graph, inputs(graph)) == []
