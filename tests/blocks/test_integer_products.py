"""The integer products of lowered graphs: blocks, their zero points, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from integers import convolution, extremes, matrix_product

import dataflow as flow
from blocks.kernels.windows import span
from dataflow.core.errors import BlockError

ONES = {"strides": [1, 1, 1, 1], "padding": "SAME"}
PAIRS = [("uint8", "int8"), ("int8", "int8"), ("int8", "uint8"), ("uint16", "int16"), ("int16", "uint8")]


@pytest.mark.parametrize("left, right", PAIRS)
@pytest.mark.parametrize("out_type", ["int32", "int64"])
@pytest.mark.parametrize("turned", [(), ("transpose_a",), ("transpose_b",), ("transpose_a", "transpose_b")])
def test_matrices(left, right, out_type, turned):
    a, b, columns = extremes(left, 2, 9, 530), extremes(right, 530, 7), extremes(right, 7, seed=4)
    zero = int(np.iinfo(left).max)
    wanted = matrix_product(a.astype(np.int64) - zero, b.astype(np.int64) - columns, out_type)
    given = [
        np.ascontiguousarray(x.swapaxes(-1, -2)) if name in turned else x
        for name, x in (("transpose_a", a), ("transpose_b", b))
    ]
    block = flow.blocks["IntegerMatMul"](out_type=out_type, **dict.fromkeys(turned, True))
    found = block(*given, zero, columns.astype(np.int32))
    assert found.dtype == out_type
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("left, right", PAIRS)
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("depthwise", [True, False])
def test_padding_stands_for_0(left, right, layout, depthwise):
    x, w = extremes(left, 2, 6, 5, 4), extremes(right, 3, 3, 4, 2)
    zeros, zero = extremes(right, 8 if depthwise else 2, seed=4), int(np.iinfo(left).min)
    over = tuple(span(n, 3, 2, 1, "SAME") for n in (6, 5))
    shifted = w.astype(np.int64) - (zeros.reshape(4, 2) if depthwise else zeros)
    wanted = convolution(x.astype(np.int64) - zero, shifted, over, 0 if depthwise else 1)
    name = "IntegerDepthwiseConv2D" if depthwise else "IntegerConv2D"
    strides = [1, 2, 2, 1] if layout == "NHWC" else [1, 1, 2, 2]
    block = flow.blocks[name](strides=strides, padding="SAME", data_format=layout)
    found = block(x if layout == "NHWC" else np.moveaxis(x, -1, 1), w, zero, zeros.astype(np.int32))
    found = found if layout == "NHWC" else np.moveaxis(found, 1, -1)
    np.testing.assert_array_equal(found, wanted.astype(np.int32))


def test_without_zero_points_it_is_the_product_of_the_codes():
    a, b = extremes("uint8", 5, 40), extremes("int8", 40, 3)
    wanted = flow.blocks["MatMul"]()(a.astype(np.int32), b.astype(np.int32))
    np.testing.assert_array_equal(flow.blocks["IntegerMatMul"]()(a, b), wanted)
    x, w = extremes("uint8", 2, 5, 6, 4), extremes("int8", 3, 2, 2, 6)
    wanted = flow.blocks["Conv2D"](**ONES)(x.astype(np.int32), w.astype(np.int32))
    np.testing.assert_array_equal(flow.blocks["IntegerConv2D"](**ONES)(x, w), wanted)


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("depthwise", [True, False])
def test_a_graph_has_the_same_bits_for_any_number_of_threads(threads, depthwise):
    x, w = extremes("uint8", 9, 20, 20, 32), extremes("int8", 3, 3, 32, 2 if depthwise else 40)
    block = flow.blocks["IntegerDepthwiseConv2D" if depthwise else "IntegerConv2D"](**ONES)
    graph = flow.Graph("integers")
    graph.output("y", block(graph.input("x", "uint8", x.shape), graph.input("w", "int8", w.shape), 7, -3))
    found = flow.plan(graph, threads=threads).run({"x": x, "w": w})["y"]
    over = tuple(span(20, 3, 1, 1, "SAME") for _ in range(2))
    wanted = convolution(x.astype(np.int64) - 7, w.astype(np.int64) + 3, over, 0 if depthwise else 1)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "name, attrs, inputs, message",
    [
        ("IntegerMatMul", {}, ((2, 3), (3, 4), 300), "input 'a_zero_point' must be a code of uint8, 0 to 255, got 300"),
        ("IntegerMatMul", {}, ((2, 3), (3, 4), 0, [0, 0, 0, -129]), "'b_zero_point' must be a code of int8, -128 to"),
        ("IntegerMatMul", {}, ((2, 3), (3, 4), [1, 2]), r"'a_zero_point' must be one number, got shape \[2\]"),
        ("IntegerMatMul", {}, ((2, 3), (3, 4), 0, [1, 2]), "'b_zero_point' must have size 4, one per output channel"),
        (
            "IntegerConv2D",
            ONES,
            ((1, 4, 4, 2), (1, 1, 2, 3), 0, [[1]]),
            "must be one number, or one per output channel",
        ),
        (
            "IntegerDepthwiseConv2D",
            ONES,
            ((1, 4, 4, 2), (1, 1, 2, 3), 0, [1, 2, 3]),
            "must have size 6, one per output",
        ),
    ],
)
def test_zero_points_that_do_not_fit(name, attrs, inputs, message):
    left, right, *zeros = inputs
    arrays = [np.zeros(left, np.uint8), np.zeros(right, np.int8)]
    with pytest.raises(BlockError, match=message):
        flow.blocks[name](**attrs)(*arrays, *[np.array(zero, np.int32) for zero in zeros])
