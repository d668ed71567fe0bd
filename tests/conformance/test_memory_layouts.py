"""The check of memory layouts lays arrays out as it says, and finds a kernel that goes by strides or writes."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from made_blocks import DOC, Made, double, made, told

from dataflow import blocks
from dataflow.conformance.equality import same
from dataflow.conformance.memory_layouts import LAYOUTS, any_layout

ARRAYS = {
    "scalar": np.float32(1.5),
    "row": np.arange(3, dtype=np.int32),
    "rows": np.arange(6.0).reshape(2, 3),
    "empty": np.zeros((0, 3), np.float32),
    "deep": np.arange(24, dtype=np.int8).reshape(2, 3, 4),
    "bfloat16": np.array([[1.5, 2.0]], ml_dtypes.bfloat16),
    "complex": np.complex64([[1j, 2]]),
    "bool": np.array([True, False]),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_layout_has_the_same_values(layout, name):
    before = np.array(ARRAYS[name])
    laid = LAYOUTS[layout](before.copy())
    assert same(laid.astype(before.dtype), before)


def test_the_layouts_are_what_they_are_called():
    laid = {layout: change(np.arange(6.0).reshape(2, 3)) for layout, change in LAYOUTS.items()}
    assert laid["big-endian"].dtype.byteorder == ">"
    assert laid["transposed"].flags.f_contiguous and not laid["transposed"].flags.c_contiguous
    assert all(step < 0 for step in laid["reversed"].strides)
    assert laid["every second of"].strides == (48, 16)
    assert not laid["misaligned"].flags.aligned
    assert not laid["read-only"].flags.writeable


@pytest.mark.parametrize(
    "block", [Made, blocks["Sum"], blocks["MatMul"], blocks["AddN"]], ids=lambda block: block.__name__
)
def test_a_right_block_passes(block):
    any_layout(block)


def by_strides(self, x, out=None):
    return double(self, np.lib.stride_tricks.as_strided(x, x.shape, np.empty(x.shape, x.dtype).strides), out)


def counts(self, x, out=None):
    out = double(self, x, out)
    x += x.dtype.type(1)
    return out


def in_memory_order(self, x, out=None):
    """A sum of floats in the order of memory, which rounds otherwise in another order."""
    total = np.float32(0)
    for value in x.ravel(order="K"):
        total = np.float32(total + np.float32(value))
    return np.add(double(self, x), (total * 0 + total).astype(x.dtype) * x.dtype.type(0.5), out=out)


ROWS = DOC.replace("[1.0, 2.5]", "[[1.0, 2.5], [0.1, 3.0]]")
WRONG = [
    (by_strides, DOC, "must give the same for every second of inputs, got something else for Made()(float32[2])"),
    (counts, DOC, "must leave transposed inputs as they are"),
    (in_memory_order, ROWS, "must give the same for transposed inputs, got something else for Made()(float32["),
]


@pytest.mark.parametrize(("kernel", "doc", "text"), WRONG, ids=[kernel.__name__ for kernel, *_ in WRONG])
def test_a_wrong_block_does_not(kernel, doc, text):
    assert text in told(any_layout, made(kernel=kernel, __doc__=doc))


def test_what_rounds_is_looked_at_in_large():
    """The documented arrays are too small to show in which order a kernel adds up."""
    seen = []
    any_layout(made(kernel=lambda self, x, out=None: (seen.append(x.size), double(self, x, out))[1]))
    assert max(seen) >= 16
