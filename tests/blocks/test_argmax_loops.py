"""Compiled loops over the largest elements of windows give the bits of NumPy's kernels."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import assert_alike, numbers

from blocks.kernels.argmax_loops import SMALL, bind_windows
from blocks.kernels.windows import span
from dataflow import blocks
from dataflow.core.workspace import Workspace

CASES = [
    ((5, 7, 12, 9), (2, 2), (2, 2), "SAME"),
    ((5, 7, 12, 9), (3, 2), (1, 1), "VALID"),
    ((2, 9, 11, 17), (3, 3), (2, 1), "SAME"),
    ((2, 9, 11, 17), (2, 2), (3, 3), "SAME"),
]


@pytest.mark.slow
@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize("name", ["MaxPool", "MaxPool3D"])
@pytest.mark.parametrize(("shape", "window", "steps", "padding"), CASES, ids=str)
def test_gradients(shape, window, steps, padding, name, awkward):
    """Half of the numbers are zeros, so that many windows have equal ones; NaN is first in some."""
    if name.endswith("3D"):
        shape, window, steps = (*shape[:1], 4, *shape[1:]), (2, *window), (1, *steps)
    attrs = {"ksize": [1, *window, 1], "strides": [1, *steps, 1], "padding": padding}
    x, dx = numbers(shape, awkward=awkward), numbers(shape, awkward=awkward, seed=1)
    y = blocks[name](**attrs)(x)
    assert_alike(blocks[f"{name}Grad"](**attrs), x, y, numbers(y.shape, awkward=awkward, seed=2))
    assert_alike(blocks[f"{name}GradGrad"](**attrs), x, y, dx)


@pytest.mark.slow
@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("shape", "window", "steps", "padding"), CASES, ids=str)
def test_indices(shape, window, steps, padding, whole, awkward):
    attrs = {"ksize": [1, *window, 1], "strides": [1, *steps, 1], "padding": padding}
    assert_alike(blocks["MaxPoolWithArgmax"](**attrs, include_batch_in_index=whole), numbers(shape, awkward=awkward))


def test_which_are_compiled():
    """Not few elements or channels, and none where channels come first."""
    pair, float32 = span(8, 2, 2, 1, "VALID"), np.dtype(np.float32)

    def compiled(*shape, first=1, dtype=float32):
        slides = ((first, pair), (first + 1, pair))
        return bind_windows(Workspace(compiled=True), shape, slides, dtype) is not None

    assert compiled(9, 8, 8, 16) and compiled(9, 8, 8, 16, dtype=np.dtype(np.float64))
    assert not compiled(SMALL // 512, 8, 8, 8) and not compiled(90, 8, 8, 7) and not compiled(9, 16, 8, 8, first=2)
    assert not compiled(9, 8, 8, 16, dtype=np.dtype(np.int32))
