"""Ranges of products and convolutions beside all their corners, and the accumulators that hold them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from ranged import codes, ends, known, output, ranged

import dataflow as flow
from blocks.kernels import product_ranges
from dataflow.core.quantized import Grid
from dataflow.core.ranges import Range

B = flow.blocks
rng = np.random.default_rng(3)


def weights(shape, bits=3, scale=0.5):
    """Weights on a grid without a zero point, and their codes."""
    most = 2 ** (bits - 1) - 1
    whole = rng.integers(-most, most + 1, shape)
    grid = Grid(np.array(scale), np.array(0), -most, most)
    return Range.of((whole * scale).astype(np.float32)).on(grid), whole


def test_a_matrix_product_reaches_its_ends_at_corners():
    w, whole = weights((4, 3))
    found = output(B["MatMul"](), codes(2, 5, ("N", 4), 0.25), w)
    corners = np.array([np.array(x) @ whole for x in product((2, 5), repeat=4)])
    np.testing.assert_array_equal(found.units.low, [corners.min(0)])
    np.testing.assert_array_equal(found.units.high, [corners.max(0)])
    np.testing.assert_allclose(found.low, [corners.min(0) * 0.125], rtol=1e-5, atol=1e-6)


def test_an_accumulator_holds_every_partial_sum():
    w, whole = weights((4, 3))
    found = output(B["MatMul"](), codes(2, 5, ("N", 4), 0.25), w).accumulator
    parts = [
        [sum(x[i] * whole[i] for i in some) if some else 0 * whole[0] for x in product((2, 5), repeat=4)]
        for some in ([i for i in range(4) if mask >> i & 1] for mask in range(16))
    ]
    np.testing.assert_array_equal(found.low, [np.min(parts, axis=(0, 1))])
    np.testing.assert_array_equal(found.high, [np.max(parts, axis=(0, 1))])
    assert (found.terms, found.step.max().item(), found.most.reshape(-1).tolist()) == (4, 0.125, [4 * 255 * 3])


@pytest.mark.parametrize("transpose", [(False, False), (True, False), (False, True), (True, True)])
def test_transposed_factors(transpose):
    a, b = np.arange(6.0).reshape(2, 3) - 2, np.arange(12.0).reshape(3, 4) - 5
    block = B["MatMul"](transpose_a=transpose[0], transpose_b=transpose[1])
    x = ranged(*((a.T if transpose[0] else a) + d for d in (-1, 1)), (3, 2) if transpose[0] else (2, 3))
    found = output(block, x, known(b.T if transpose[1] else b))
    slack = abs(b).sum(0)
    np.testing.assert_allclose(found.low, a @ b - slack, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found.high, a @ b + slack, rtol=1e-5, atol=1e-4)


def test_the_left_factor_may_be_the_known_one():
    w, whole = weights((2, 3))
    found = output(B["MatMul"](), w, codes(0, 7, (3, "N")))
    np.testing.assert_array_equal(found.units.high, np.maximum(whole, 0).sum(1, keepdims=True) * 7)


@pytest.mark.parametrize("transpose", [(False, False), (True, True)])
@pytest.mark.parametrize("known_is_right", [True, False])
def test_large_matrices_are_bounded_by_parts(monkeypatch, transpose, known_is_right):
    block = B["MatMul"](transpose_a=transpose[0], transpose_b=transpose[1])
    shape = (7, 9)
    step = np.linspace(0.25, 1, shape[known_is_right])
    turned = transpose[known_is_right]
    axis = (1 if known_is_right else 0) ^ turned
    whole = rng.integers(-3, 4, shape[::-1] if turned else shape)
    scale = Grid(step, np.zeros(len(step), np.int64), -3, 3, axis=axis)
    w = Range.of((whole * scale.spread(step, whole.shape)).astype(np.float32)).on(scale)
    sums = 7 if known_is_right else 9
    x = codes(2, 5, ("N", sums) if known_is_right != transpose[not known_is_right] else (sums, "N"), 0.25)
    factors = (x, w) if known_is_right else (w, x)
    at_once = output(block, *factors)
    monkeypatch.setattr(product_ranges, "_MOST_TERMS", 20)
    by_parts = output(block, *factors)
    assert at_once.accumulator is not None
    for one, other in (
        (at_once, by_parts),
        (at_once.units, by_parts.units),
        (at_once.accumulator, by_parts.accumulator),
    ):
        np.testing.assert_array_equal(*np.broadcast_arrays(one.low, other.low))
        np.testing.assert_array_equal(*np.broadcast_arrays(one.high, other.high))
    np.testing.assert_array_equal(*np.broadcast_arrays(at_once.accumulator.step, by_parts.accumulator.step))
    assert at_once.accumulator.terms == by_parts.accumulator.terms == sums


def test_two_ranges_have_the_ends_of_their_corners():
    found = output(B["MatMul"](), ranged(-1, 2, ("N", 3)), ranged(-3, 1, (3, 2)))
    np.testing.assert_allclose(ends(found), ([-18], [9]), rtol=1e-6)


CONVOLUTIONS = [
    ({"padding": "SAME"}, (5, 6)),
    ({"padding": "VALID"}, (5, 6)),
    ({"padding": "SAME", "strides": [1, 2, 2, 1]}, (5, 6)),
    ({"padding": "SAME", "dilations": [1, 2, 2, 1]}, (5, 6)),
    ({"padding": "SAME"}, (2, 1)),
    ({"padding": "EXPLICIT", "explicit_paddings": [0, 0, 2, 1, 0, 3, 0, 0]}, (3, 4)),
]


def extremes(block, images, w, low, high):
    """The lowest and the highest output of each channel over random corners, and over those that w points to."""
    found = []
    for toward in (w, -w):
        # the image of the input gradient's sign at each output reaches its ends, wherever it is
        made = block(images(low), w)
        for at in np.ndindex(made.shape[1:]):
            dy = np.zeros_like(made)
            dy[(0, *at)] = 1
            by_input = flow.blocks[type(block).__name__ + "BackpropInput"](**block.attrs())
            slope = by_input(np.array(images(0).shape, np.int32), toward, dy)
            reached = block(np.where(slope > 0, high, low).astype(np.float32), w)[(0, *at)]
            found.append(reached * np.eye(made.shape[-1])[at[-1]])
    return np.min(found, 0), np.max(found, 0)


@pytest.mark.parametrize("attrs, size", CONVOLUTIONS)
@pytest.mark.parametrize(
    "name, shape", [("Conv2D", (3, 3, 2, 4)), ("Conv2D", (3, 3, 1, 4)), ("DepthwiseConv2dNative", (3, 3, 2, 2))]
)
def test_convolutions_reach_their_ends_at_some_window(name, shape, attrs, size):
    """At the border too, where a window has fewer elements: the ends are those of the window that goes furthest."""
    block = B[name](**{"strides": [1, 1, 1, 1], **attrs})
    w, whole = weights(shape, scale=1.0)
    low, high = 2, 5
    found = output(block, codes(low, high, ("N", *size, 2)), w)

    def images(value):
        return np.full((1, *size, 2), value, np.float32)

    lowest, highest = extremes(block, images, whole.astype(np.float32), low, high)
    outputs = block(images(1), whole.astype(np.float32)).shape[-1]
    assert found.units.low.shape[-1] == outputs
    # extremes has zeros for the other channels, which each of them may have instead
    np.testing.assert_array_equal(np.minimum(found.units.low.reshape(-1), 0), lowest)
    np.testing.assert_array_equal(np.maximum(found.units.high.reshape(-1), 0), highest)


def test_images_of_unknown_size_may_have_any_border():
    w, _ = weights((3, 3, 2, 4))
    block = B["Conv2D"](strides=[1, 1, 1, 1], padding="SAME")
    some = output(block, codes(2, 5, (1, 5, 6, 2)), w).units
    every = output(block, codes(2, 5, ("N", None, None, 2)), w).units
    assert (every.low <= some.low).all()
    assert (every.high >= some.high).all()


def test_channels_first_are_the_same():
    w, _ = weights((3, 3, 2, 4))
    attrs = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    last = output(B["Conv2D"](**attrs), codes(2, 5, (1, 5, 6, 2)), w)
    first = output(B["Conv2D"](**attrs, data_format="NCHW"), codes(2, 5, (1, 2, 5, 6)), w)
    assert first.low.shape == (1, 4, 1, 1)
    assert ends(first) == ends(last)


def test_weights_per_channel_have_a_step_each_and_inputs_may_not():
    whole = rng.integers(-3, 4, (4, 3))
    scales = np.array([0.5, 0.25, 1.0])
    w = Range.of((whole * scales).astype(np.float32)).on(Grid(scales, np.zeros(3, np.int64), -3, 3, axis=1))
    x = ranged(0, 1, ("N", 4))
    found = output(B["MatMul"](), x.on(Grid(np.array(0.5), np.array(0), 0, 2)), w)
    assert found.accumulator.step.reshape(-1).tolist() == [0.25, 0.125, 0.5]
    several = x.on(Grid(np.array([0.5, 0.25, 0.5, 0.5]), np.zeros(4, np.int64), 0, 2, axis=1))
    assert output(B["MatMul"](), several, w).accumulator is None


def test_zero_points_are_taken_off():
    grid = Grid(np.array(0.5), np.array(100), 0, 255)
    x = ranged(-50, 77.5, ("N", 1)).on(grid)
    found = output(
        B["MatMul"](), x, Range.of(np.array([[2.0]], np.float32)).on(Grid(np.array(1.0), np.array(0), -3, 3))
    )
    assert (found.units.low.item(), found.units.high.item()) == (-200, 310)
    assert (found.accumulator.least.item(), found.accumulator.most.item()) == (-465, 465)


def test_integers_are_their_own_whole_numbers_and_may_wrap_around():
    w = known(np.full((3, 1), 2**28), np.int32)
    fits = output(B["MatMul"](), ranged(-2, 2, ("N", 3), np.int32), w)
    assert ends(fits) == ([-3 * 2**29], [3 * 2**29])
    wraps = output(B["MatMul"](), ranged(-2, 3, ("N", 3), np.int32), w)
    assert ends(wraps) == ([-(2**31)], [2**31 - 1])
    assert wraps.accumulator.high.item() == 9 * 2**28


def test_integer_blocks_take_zero_points_off_first():
    a, b = ranged(100, 140, ("N", 2), np.uint8), known([[3, 1], [-5, 2]], np.int8)
    found = output(B["IntegerMatMul"](), a, b, known(120, np.int32), known([1, 2], np.int32))
    weights = np.array([[2, -1], [-6, 0]])
    np.testing.assert_array_equal(found.high, [20 * abs(weights).sum(0)])
    assert found.high.dtype == np.int32
    assert found.accumulator.low.reshape(-1).tolist() == [-160, -20]
    turned = output(
        B["IntegerMatMul"](transpose_b=True), a, known(b.low.T, np.int8), known(120, np.int32), known([1, 2], np.int32)
    )
    assert ends(turned) == ends(found)
    unknown = output(B["IntegerMatMul"](), a, b, ranged(0, 200, (), np.int32), None)
    assert (ends(unknown), unknown.accumulator) == (([-(2**31)], [2**31 - 1]), None)


@pytest.mark.parametrize("name, shape", [("IntegerConv2D", (3, 3, 2, 4)), ("IntegerDepthwiseConv2D", (3, 3, 2, 2))])
def test_integer_convolutions_are_those_of_the_differences(name, shape):
    attrs = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    _, whole = weights(shape)
    zero = np.arange(4)
    filter = known(whole + zero.reshape(2, 2) if "Depthwise" in name else whole + zero, np.int8)
    found = output(
        B[name](**attrs), ranged(5, 12, (1, 5, 6, 2), np.uint8), filter, known(7, np.int32), known(zero, np.int32)
    )
    plain = {"IntegerConv2D": "Conv2D", "IntegerDepthwiseConv2D": "DepthwiseConv2dNative"}[name]
    grid = Grid(np.array(1.0), np.array(0), -128, 127)
    reference = output(B[plain](**attrs), ranged(-2, 5, (1, 5, 6, 2)).on(grid), known(whole).on(grid))
    np.testing.assert_array_equal(found.low, reference.units.low)
    np.testing.assert_array_equal(found.high, reference.units.high)


def test_sums_beyond_64_bits_are_exact():
    w = known(np.full((3, 1), -(2**62)), np.int64)
    found = output(B["MatMul"](), ranged(-2, 3, ("N", 3), np.int64), w).accumulator
    assert (int(found.low.item()), int(found.high.item())) == (-9 * 2**62, 6 * 2**62)


def test_float32_sums_stay_within_their_ends_whatever_the_order():
    w = (rng.standard_normal((2000, 3)) * 10).astype(np.float32)
    found = output(B["MatMul"](), ranged(-1, 1, ("N", 2000)), known(w))
    x = np.where(w[:, 0] > 0, 1, -1).astype(np.float32)
    total = np.float32(0)
    for term in x * w[:, 0]:
        total += term
    assert found.low[0, 0] <= total <= found.high[0, 0] <= total * np.float32(1.001)
