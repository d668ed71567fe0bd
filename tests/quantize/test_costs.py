"""Costs of layers, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import images, quantized, residual

import dataflow as flow
from dataflow.quantize.costs import FLOAT, costs
from dataflow.quantize.model import Model

B = flow.blocks


def test_layers_of_images_are_counted_by_hand() -> None:
    found = {cost.node: cost for cost in costs(Model.of(images()))}
    assert {name: cost.macs for name, cost in found.items()} == {
        "first": 8 * 8 * 8 * 27,
        "deep": 8 * 8 * 16 * 9,
        "point": 4 * 4 * 12 * 16,
        "other": 4 * 4 * 4 * 16,
        "last": 16 * 5,
    }
    assert found["deep"].weights == 3 * 3 * 8 * 2
    assert found["first"].bytes == 27 * 8 * 4
    assert (found["first"].weight_bits, found["first"].value_bits) == (FLOAT, FLOAT)


def test_widths_are_those_of_the_quantizers() -> None:
    graph = residual()
    x = np.random.default_rng(1).standard_normal((20, 8)).astype(np.float32)
    model = quantized(graph, 3, x, activations={"bits": 5}, overrides={"last": {"weights": {"bits": 1}}})
    found = {cost.node: cost for cost in costs(model)}
    assert (found["inner"].weight_bits, found["inner"].value_bits) == (3, 5)
    assert found["inner"].bops == 16 * 16 * 15
    assert found["inner"].bytes == 16 * 16 * 3 // 8
    assert found["last"].weight_bits == 1
    assert found["last"].bytes == 6


def test_values_keep_their_width_through_what_moves_them() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", 2, 2])
    rounded = B["FakeQuantWithMinMaxArgs"](num_bits=6)(x)
    graph.output("y", B["MatMul"]()(B["Reshape"]()(rounded, [-1, 4]), graph.variable("w", np.ones((4, 3), np.float32))))
    (cost,) = costs(Model.of(graph))
    assert (cost.value_bits, cost.weight_bits, cost.macs) == (6, FLOAT, 12)


@pytest.mark.parametrize("turned", [False, True])
def test_products_of_values_have_no_weights(turned: bool) -> None:
    graph = flow.Graph("g")
    x, y = graph.input("x", "float32", ["N", 3, 4]), graph.input("y", "float32", ["N", *((5, 4) if turned else (4, 5))])
    graph.output("z", B["BatchMatMulV2"](adj_y=turned)(x, y))
    (cost,) = costs(Model.of(graph))
    assert (cost.weights, cost.bytes) == (0, 0)


def test_what_is_not_known_is_not_counted() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N", "H", "W", 3])
    conv = B["Conv2D"](strides=[1, 1, 1, 1], padding="SAME")
    graph.output("y", conv(x, graph.variable("w", np.ones((3, 3, 3, 2), np.float32))))
    (cost,) = costs(Model.of(graph))
    assert (cost.macs, cost.bops, cost.weights) == (None, None, 54)
