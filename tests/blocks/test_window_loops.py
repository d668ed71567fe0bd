"""Compiled loops over windows give the bits of NumPy's kernels, whatever the window, its padding and the values."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from compiled import assert_alike, numbers

from blocks.kernels.sliding_windows import in_bands
from blocks.kernels.window_loops import SMALL, bind_loop
from blocks.kernels.windows import span
from dataflow import blocks
from dataflow.core.workspace import Workspace

FLOAT = np.dtype(np.float32)


@pytest.mark.slow
@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("name", ["AvgPool", "MaxPool", "AvgPool3D", "MaxPool3D"])
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize(
    ("shape", "window", "steps", "padding"),
    [
        ((9, 7, 12, 1), (3, 2), (2, 1), "SAME"),
        ((11, 9, 9, 5), (2, 3), (1, 1), "SAME"),
        ((11, 9, 9, 5), (4, 5), (3, 1), "VALID"),
        ((3, 9, 11, 17), (3, 3), (2, 3), "SAME"),
        ((3, 9, 11, 17), (2, 2), (3, 3), "SAME"),  # elements between windows
        ((2, 9, 16, 32), (1, 7), (1, 2), "VALID"),
        ((2, 9, 16, 32), (7, 1), (2, 1), "SAME"),
        ((1, 290, 300, 7), (3, 3), (2, 1), "SAME"),  # an image that is divided
    ],
    ids=str,
)
def test_pools(name, awkward, shape, window, steps, padding):
    if name.endswith("3D"):
        shape, window, steps = (*shape[:1], 4, *shape[1:]), (2, *window), (1, *steps)
        shape = shape if prod(shape) < 1 << 19 else (*shape[:2], 30, *shape[3:])
    attrs = {"ksize": [1, *window, 1], "strides": [1, *steps, 1], "padding": padding}
    assert_alike(blocks[name](**attrs), numbers(shape, awkward=awkward))


@pytest.mark.slow
@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize(
    ("shape", "window", "steps", "padding"),
    [
        ((11, 9, 9, 5), (2, 3), (1, 1), "SAME"),
        ((3, 9, 11, 17), (3, 3), (2, 1), "SAME"),
        ((3, 9, 11, 17), (5, 4), (2, 3), "VALID"),
        ((3, 10, 12, 17), (2, 2), (2, 2), "VALID"),  # zeros keep their signs
        ((3, 9, 11, 17), (2, 2), (3, 3), "SAME"),  # elements between windows
        ((70, 40, 40, 8), (3, 2), (1, 2), "SAME"),  # images in groups
    ],
    ids=str,
)
def test_gradients_of_means(shape, window, steps, padding, layout, awkward):
    attrs = {"ksize": [1, *window, 1], "strides": [1, *steps, 1]}
    if layout == "NCHW":
        shape = shape[0], shape[3], *shape[1:3]
        attrs = {"ksize": [1, 1, *window], "strides": [1, 1, *steps], "data_format": layout}
    y = blocks["AvgPool"](**attrs, padding=padding)(np.zeros(shape, np.float32))
    dy = numbers(y.shape, awkward=awkward)
    assert_alike(blocks["AvgPoolGrad"](**attrs, padding=padding), np.int32(shape), dy)


@pytest.mark.slow
@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "uint8"])
def test_dtypes(dtype):
    attrs = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 1, 1], "padding": "SAME"}
    if dtype == "uint8":
        ends = np.float32(0), np.float32(1)
        assert_alike(blocks["QuantizedAvgPool"](**attrs), numbers((5, 9, 11, 17), dtype), *ends)
    else:
        assert_alike(blocks["AvgPool"](**attrs), numbers((5, 9, 11, 17)).astype(dtype))


def test_which_pools_are_compiled():
    """Few elements are not, nor are rows that fall apart into short runs."""
    pair, single = span(8, 2, 2, 1, "VALID"), span(8, 1, 1, 1, "VALID")

    def compiled(images, channels, over=((1, pair), (2, pair))):
        bands = in_bands((images, 8, 8, channels), over)
        return bind_loop(Workspace(compiled=True), bands, FLOAT, 0.0) is not None

    assert compiled(9, 8) and compiled(9, 32, ((1, pair), (2, single)))
    assert not compiled(SMALL // 512, 8) and not compiled(90, 7) and not compiled(9, 8, ((1, single), (2, single)))
