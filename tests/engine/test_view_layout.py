"""The shape in which the elements of a source, in their order, broadcast to a view on it."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core.shapes import TensorType
from dataflow.engine.view_layout import source_shape_in_view


@pytest.mark.parametrize(
    "name, shape, other, seen",
    [
        ("Reshape", (4, 6), [24], (24,)),
        ("ExpandDims", (4, 6), 1, (4, 1, 6)),
        ("Transpose", (4, 6), [0, 1], (4, 6)),
        ("Transpose", (4, 6), [1, 0], None),  # in another order
        ("Transpose", (1, 6), [1, 0], (6, 1)),
        ("BroadcastTo", (6,), [4, 6], (1, 6)),
        ("BroadcastTo", (4, 1), [4, 6], (4, 1)),
        ("BroadcastTo", (5,), [4, 6], None),  # refused by the kernel
    ],
)
def test_shape_of_a_source_in_a_view(name, shape, other, seen):
    assert source_shape_in_view(blocks[name](), TensorType("float32", shape), [np.array(other)]) == seen


def test_a_part_of_the_source_has_no_shape_in_the_view():
    block, bounds = blocks["Slice"](), [np.array([0]), np.array([3])]
    assert source_shape_in_view(block, TensorType("float32", (6,)), bounds) is None
