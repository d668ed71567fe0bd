"""Compiled loops of depthwise convolution and its gradients give the bits of NumPy's kernels."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import assert_alike, numbers

from blocks.kernels.depthwise_loops import pays
from blocks.kernels.im2col import Geometry
from blocks.kernels.window_loops import SMALL
from blocks.kernels.windows import span
from dataflow import blocks
from dataflow.core.workspace import Workspace

MARGINS = {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 2, 3, 0, 0, 0]}
WIDE = {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 4, 3, 0, 3, 0, 0]}  # windows that lie on zeros alone


@pytest.mark.slow
@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("awkward", [False, True])
@pytest.mark.parametrize(
    ("shape", "filter", "attrs"),
    [
        ((9, 9, 12, 5), (3, 3), {"padding": "SAME"}),
        ((5, 8, 11, 17), (3, 3), {"padding": "VALID"}),  # rows in pairs, and one left
        ((2, 12, 13, 32), (3, 3), {"strides": [1, 2, 1, 1], "padding": "SAME"}),
        ((2, 12, 13, 32), (3, 3), {"strides": [1, 2, 3, 1], "padding": "SAME"}),
        ((5, 9, 12, 8), (2, 5), {"strides": [1, 1, 2, 1], **MARGINS}),
        ((5, 9, 12, 8), (3, 3), WIDE),
        ((5, 11, 12, 8), (3, 3), {"dilations": [1, 2, 3, 1], **MARGINS}),
        ((5, 11, 12, 8), (1, 1), {"strides": [1, 3, 2, 1], "padding": "VALID"}),  # pixels that no window meets
        ((4, 9, 40, 8), (5, 4), {"padding": "SAME"}),  # rows in parts
        ((70, 40, 40, 8), (3, 2), {"padding": "SAME"}),  # images in groups
    ],
    ids=str,
)
def test_floats(shape, filter, attrs, awkward):
    """Of filters with NaN or infinity, also where windows reach over the border."""
    x, w = numbers(shape, awkward=awkward), numbers((*filter, shape[-1], 1), awkward=awkward, seed=1)
    forward, by_input, by_filter = (
        blocks[f"DepthwiseConv2dNative{name}"](**{"strides": [1, 1, 1, 1], **attrs})
        for name in ("", "BackpropInput", "BackpropFilter")
    )
    dy = numbers(forward(x, w).shape, awkward=awkward, seed=2)
    assert_alike(forward, x, w)
    assert_alike(by_input, np.int32(x.shape), w, dy)
    assert_alike(by_filter, x, np.int32(w.shape), dy)


def test_which_are_compiled():
    """Not few elements, short runs, several outputs of a channel, or one channel, which NumPy adds in another order."""
    window, apart = span(16, 3, 1, 1, "SAME"), span(16, 3, 2, 1, "SAME")

    def compiled(images=9, channels=8, outputs=1, across=window, dtype="float32", channels_last=True):
        shape, filter = (images, 16, 16, channels), (3, 3, channels, outputs)
        return pays(Workspace(compiled=True), Geometry(shape, filter, (window, across), np.dtype(dtype), channels_last))

    assert compiled() and compiled(channels=2) and compiled(dtype="float64") and compiled(across=apart)
    assert not compiled(images=SMALL // 16**2 // 8) and not compiled(images=90, channels=7, across=apart)
    assert not compiled(outputs=2) and not compiled(images=90, channels=1) and not compiled(dtype="float16")
    assert not compiled(channels_last=False)
