"""Wires of lowered graphs that are read as integers and as real numbers."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import inputs, quantized

import dataflow as flow
from dataflow.quantize.lower import lower

B = flow.blocks


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_real_numbers_have_the_dtype_that_they_had(dtype: str) -> None:
    graph = flow.Graph("other")
    x = graph.input("x", dtype, ["N", 8])
    product = B["MatMul"]()(x, graph.variable("w", np.eye(8).astype(dtype), dtype=dtype), name="product")
    graph.output("y", B["Tanh"]()(product) + x)
    rows = np.random.default_rng(4).standard_normal((3, 8)).astype(dtype)
    model = quantized(graph, 8, rows)
    after, before = (flow.run(each, x=rows)["y"] for each in (lower(model).model.baked(), model.baked()))
    assert after.dtype == before.dtype == dtype
    np.testing.assert_allclose(after, before, atol=1e-2)


@pytest.mark.parametrize("reals_first", [False, True])
def test_weights_that_real_numbers_read_too_are_there_as_both(reals_first: bool) -> None:
    graph = flow.Graph("both")
    x = graph.input("x", "float32", ["N", 8])
    rounded = B["FakeQuantSymmetric"]()(graph.variable("w", np.eye(8, dtype=np.float32)), 2.0, name="w_q")
    if reals_first:
        graph.output("reals", B["Square"]()(rounded, name="squares"))
    graph.output("y", B["MatMul"]()(x, rounded, name="product"))
    if not reals_first:
        graph.output("reals", B["Square"]()(rounded, name="squares"))
    graph.output("w", rounded)
    rows = inputs(graph)
    model = quantized(graph, 8, rows)
    lowered = lower(model).model
    assert type(lowered.graph.nodes["product"].block).__name__ == "IntegerMatMul"
    after, before = (flow.run(each.baked(), x=rows) for each in (lowered, model))
    for name in ("y", "reals", "w"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-5, atol=1e-5)


def test_integers_become_real_numbers_once_however_many_read_them() -> None:
    graph = flow.Graph("readers")
    x = graph.input("x", "float32", ["N", 8])
    product = B["MatMul"]()(x, graph.variable("w", np.eye(8, dtype=np.float32)), name="product")
    graph.output("tanh", B["Tanh"]()(product))
    graph.output("twice", product + product)
    graph.output("product", product)
    lowered = lower(quantized(graph, 8, inputs(graph))).model.graph
    (reader,) = [node for node in lowered.nodes.values() if "product" in node.sources]
    assert type(reader.block).__name__ == "DequantizeLinear"
    assert [name for name, node in lowered.nodes.items() if reader.name in node.sources] == ["tanh", "add_v2"]
    assert lowered.outputs["product"].node == reader.name
