"""Compiled loops that resize images give the bits of NumPy's passes."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import assert_alike, numbers

from blocks.kernels import resample_loops
from dataflow import blocks

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("numba")]

SIZES = [
    ((3, 9, 14, 5), (20, 31)),
    ((3, 40, 30, 3), (13, 15)),  # lines that no row is made of
    ((7, 1, 17, 8), (30, 5)),
    ((7, 33, 1, 1), (5, 40)),
    ((2, 12, 13, 9), (12, 13)),
]
WAYS = [{}, {"align_corners": True}, {"half_pixel_centers": True}]


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize(("shape", "size"), SIZES, ids=str)
def test_floats(shape, size, awkward, way):
    x = numbers(shape, awkward=awkward)
    for name in ("ResizeBilinear", "ResizeBicubic"):
        assert_alike(blocks[name](**way), x, np.int32(size))


@pytest.mark.parametrize("dtype", ["uint8", "float16"])
def test_other_pixels(dtype):
    shape, size = SIZES[0]
    assert_alike(blocks["ResizeBilinear"](), numbers(shape, dtype), np.int32(size))


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "int32"])
@pytest.mark.parametrize(("shape", "size"), SIZES[:3], ids=str)
def test_quantized_pixels(shape, size, dtype, way):
    """From end to end of their dtype, so that differences wrap around where they do in NumPy."""
    ends = np.iinfo(dtype)
    x = np.random.default_rng(0).integers(ends.min, ends.max, shape, dtype, endpoint=True)
    x[x % 7 == 0], x[x % 7 == 1] = ends.min, ends.max
    assert_alike(blocks["QuantizedResizeBilinear"](**way), x, np.int32(size), np.float32(0), np.float32(1))


def test_images_in_several_calls(monkeypatch):
    shape, size = SIZES[0]
    monkeypatch.setattr(resample_loops, "LONG", 2 * size[0] * size[1] * shape[3])
    assert_alike(blocks["ResizeBicubic"](), numbers(shape), np.int32(size))
