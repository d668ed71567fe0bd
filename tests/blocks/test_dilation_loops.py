"""Compiled loops for gradients of dilation give the bits of NumPy's kernels."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import assert_alike, numbers

from dataflow import blocks

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("numba")]


@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize(
    ("shape", "filter", "steps", "rates", "padding"),
    [
        ((5, 7, 12, 9), (3, 2), (1, 1), (1, 1), "SAME"),
        ((5, 7, 12, 9), (2, 2), (2, 2), (1, 1), "VALID"),  # zeros keep their signs
        ((2, 9, 11, 17), (3, 3), (2, 1), (2, 3), "SAME"),
        ((9, 3, 11, 17), (2, 2), (1, 1), (5, 1), "SAME"),  # windows that lie on no pixel
        ((70, 40, 40, 8), (2, 3), (2, 2), (1, 1), "VALID"),  # images in groups
    ],
    ids=str,
)
def test_gradients(shape, filter, steps, rates, padding, awkward):
    attrs = {"strides": [1, *steps, 1], "rates": [1, *rates, 1], "padding": padding}
    x, w = numbers(shape, awkward=awkward), numbers((*filter, shape[-1]), awkward=awkward, seed=1)
    if awkward:  # of some windows no sum is above the lowest number
        x[:, :4, :4] = -np.inf
    made = blocks["Dilation2D"](**attrs)(x, w).shape
    for strange in {False, awkward}:  # one NaN would hide what else is added to an element of the filter
        dy = numbers(made, awkward=strange, seed=2)
        for by in ("Input", "Filter"):
            assert_alike(blocks[f"Dilation2DBackprop{by}"](**attrs), x, w, dy)
