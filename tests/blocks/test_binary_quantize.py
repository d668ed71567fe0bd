"""BinaryQuantize: signs, what they are worth, and the gradient where they do not change."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.core import dtypes
from dataflow.core.errors import BlockError

X = np.random.default_rng(3).normal(size=(6, 10, 4)).astype(np.float32)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("dtype", dtypes.floating)
def test_what_comes_out_lies_on_the_grid(axis, dtype):
    x = X.astype(dtypes.storage(dtype))
    block = blocks["BinaryQuantize"](axis=axis)
    y, grid = block(x), block.grid(x)
    np.testing.assert_array_equal(grid.codes(y), np.where(x >= 0, 1, -1))
    np.testing.assert_array_equal(grid.values(grid.codes(y), dtype), y)
    assert grid.scale.shape == (() if axis is None else (x.shape[axis],))


def test_the_mean_is_the_best_scale():
    sign = np.where(X >= 0, 1.0, -1.0)
    scale = np.abs(blocks["BinaryQuantize"]()(X)).max().astype(np.float64)
    error = ((X - scale * sign) ** 2).sum()
    for other in (scale * 0.999, scale * 1.001):
        assert ((X - other * sign) ** 2).sum() > error
    assert np.unique(blocks["BinaryQuantize"](scale="one")(X)).tolist() == [-1.0, 1.0]


def test_zeros_and_what_is_no_number():
    x = np.float32([0.0, -0.0, np.nan, -3.0])
    assert str(blocks["BinaryQuantize"](scale="one")(x).tolist()) == "[1.0, 1.0, nan, -1.0]"
    rows = blocks["BinaryQuantize"](axis=0)(np.float32([[1.0, np.nan], [2.0, -4.0]]))
    assert np.isnan(rows[0]).all()
    assert rows[1].tolist() == [3.0, -3.0]


def test_a_binary_weight_trains():
    graph = flow.Graph("g")
    w = graph.input("w", "float32", [4])
    error = blocks["BinaryQuantize"](scale="one")(w) - np.float32([1, -1, 1, -1])
    graph.output("loss", blocks["Sum"]()(error * error, 0))
    slopes = flow.gradient(graph, of="loss", wrt=["w"])
    weights = np.float32([-0.3, 0.2, 0.4, 1.5])
    for _ in range(5):
        weights = weights - np.float32(0.1) * flow.run(slopes, {"w": weights})["grad_w"]
    assert np.sign(weights[:3]).tolist() == [1.0, -1.0, 1.0]
    assert weights[3] == 1.5  # beyond 1 the gradient is cut off


def test_an_axis_without_a_scale_is_refused():
    with pytest.raises(BlockError, match="attr 'axis' must be left out where attr 'scale' is one, got 0"):
        blocks["BinaryQuantize"](scale="one", axis=0)
    with pytest.raises(BlockError, match=r"attr 'axis' must lie in \[-1, 1\) for 'x' of rank 1, got 1"):
        blocks["BinaryQuantize"](axis=1)([1.0])
