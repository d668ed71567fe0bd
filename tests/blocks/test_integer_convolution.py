"""Convolutions of integers are those of exact integers, wrapped around, however large, cut and laid out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integers import convolution, extremes

import dataflow as flow
from blocks.kernels import integer_convolution
from blocks.kernels.windows import span
from dataflow.core.thread_pool import ThreadLimit

pytestmark = pytest.mark.usefixtures("slab")


CODES = ("int8", "uint8", "int16", "uint16")


def spans(sizes, kernel, stride, dilation, padding):
    return tuple(span(n, k, stride, dilation, padding) for n, k in zip(sizes, kernel, strict=True))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_window_groups_layout_zero_points_and_threads(data):
    def draw(*choices):
        return data.draw(st.sampled_from(choices))

    sizes, kernel = (draw(3, 7, 12), draw(4, 9)), (draw(1, 2, 3), draw(1, 3))
    over = spans(sizes, kernel, draw(1, 2), draw(1, 2), draw("SAME", (1, 2)))
    groups, depth, outputs, batch = draw(1, 1, 3), draw(1, 5, 70), draw(1, 4), draw(0, 1, 3)
    left, right = draw(*CODES), draw(*CODES)
    x, weights = extremes(left, batch, *sizes, groups * depth), extremes(right, *kernel, depth, groups * outputs)
    zero, zeros = extremes(left, seed=draw(1, 2, 3)), extremes(right, *draw((), (groups * outputs,)), seed=5)
    wanted = convolution(x.astype(np.int64) - zero, weights.astype(np.int64) - zeros, over, groups)
    out = np.full(wanted.shape, 3, draw(np.int32, np.int64))
    if draw(True, False):  # channels first, and not their own memory
        out = np.moveaxis(np.moveaxis(out, -1, 1).copy(), 1, -1)
        x = np.moveaxis(np.moveaxis(x, -1, 1).copy(), 1, -1)
    with ThreadLimit(draw(1, 2, 8)):
        integer_convolution.convolve(x, weights, over, out, (zero, zeros))
    np.testing.assert_array_equal(out, wanted.astype(out.dtype))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_channels_by_themselves(data):
    def draw(*choices):
        return data.draw(st.sampled_from(choices))

    sizes, kernel = (draw(3, 7, 20), draw(4, 9)), (draw(1, 3, 17), draw(1, 3, 16))
    over = spans(sizes, kernel, draw(1, 2), 1, "SAME")
    channels, each, batch = draw(1, 5), draw(1, 2), draw(0, 1, 3)
    left, right = draw(*CODES), draw(*CODES)
    x, weights = extremes(left, batch, *sizes, channels), extremes(right, *kernel, channels, each)
    zero, zeros = extremes(left, seed=draw(1, 2, 3)), extremes(right, *draw((), (channels * each,)), seed=5)
    shifted = weights.astype(np.int64) - (zeros.reshape(channels, each) if zeros.size > 1 else zeros)
    wanted = convolution(x.astype(np.int64) - zero, shifted, over, groups=0)
    out = np.full(wanted.shape, 3, draw(np.int32, np.int64))
    if draw(True, False):
        out = np.moveaxis(np.moveaxis(out, -1, 1).copy(), 1, -1)
        x = np.moveaxis(np.moveaxis(x, -1, 1).copy(), 1, -1)
    integer_convolution.depthwise(x, weights, over, out, (zero, zeros))
    np.testing.assert_array_equal(out, wanted.astype(out.dtype))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint16"])
def test_many_of_the_largest_terms(dtype):
    """A window of 9,000 elements that are all as large as they can be: in panels, where one product would round."""
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    over = spans((3, 3), (3, 3), 1, 1, "SAME")
    for value, weight in product((low, high), repeat=2):
        x, weights = np.full((1, 3, 3, 1000), value, dtype), np.full((3, 3, 1000, 2), weight, dtype)
        weights[::2, 0, ::3] = low
        out = np.empty((1, 3, 3, 2), np.int64)
        integer_convolution.convolve(x, weights, over, out)
        np.testing.assert_array_equal(out, convolution(x, weights, over))


@pytest.mark.parametrize("attrs", [{}, {"strides": [1, 2, 2, 1]}, {"data_format": "NCHW"}])
@pytest.mark.parametrize("shape, filter", [((3, 9, 8, 6), (3, 2, 6, 4)), ((2, 9, 8, 6), (3, 3, 2, 9))])
def test_int32_wraps_around(attrs, shape, filter):
    x, weights = extremes("int32", *shape), extremes("int32", *filter)
    stride = attrs.get("strides", [1, 1])[1]
    over = spans(shape[1:3], filter[:2], stride, 1, "SAME")
    wanted = convolution(x, weights, over, shape[-1] // filter[-2]).astype(np.int32)
    is_first = "data_format" in attrs
    given = np.ascontiguousarray(np.moveaxis(x, -1, 1)) if is_first else x
    found = flow.blocks["Conv2D"](**{"strides": [1, 1, 1, 1], "padding": "SAME"} | attrs)(given, weights)
    np.testing.assert_array_equal(np.moveaxis(found, 1, -1) if is_first else found, wanted)
