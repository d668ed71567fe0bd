"""Sums by index: in one order, rounded once, however many rows there are to add to."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from dataflow import blocks
from dataflow.core import dtypes


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int32", "uint8", "complex64"])
@pytest.mark.parametrize("size, count", [(1, 200), (40, 100), (3000, 40), (500, 300_000)])
@pytest.mark.parametrize("width", [1, 3])
def test_sums_are_taken_in_order(dtype: str, size: int, count: int, width: int):
    random = np.random.default_rng(size)
    stored = getattr(ml_dtypes, dtype) if dtype == "bfloat16" else np.dtype(dtype)
    tensor = (random.normal(size=(size, width)) * 50).astype(stored)
    updates = (random.normal(size=(count, width)) * 50).astype(stored)
    index = random.integers(0, size, count)
    exact = dtypes.accumulate(np.dtype(stored))
    sums, wide = {}, updates.astype(exact)
    with np.errstate(all="ignore"):
        for place, row in zip(index, wide, strict=True):
            sums[place] = sums[place] + row if place in sums else row
        wanted = tensor.copy()
        for place, total in sums.items():
            wanted[place] = (tensor[place].astype(exact) + total).astype(stored)
    assert blocks["TensorScatterAdd"]()(tensor, index[:, None], updates).tobytes() == wanted.tobytes()
    given = blocks["GatherGrad"]()(updates, index, 0, tensor)
    slopes = np.zeros_like(tensor)
    for place, total in sums.items():
        slopes[place] = total.astype(stored)
    assert np.array_equal(np.asarray(given), slopes)


def test_zeros_keep_their_sign_where_nothing_is_added():
    for size in (3, 100):
        zeros = np.full(size, -0.0, np.float32)
        made = blocks["TensorScatterAdd"]()(zeros, [[0], [1], [0]], [0.0, -0.0, 0.0])
        assert np.array_equal(np.signbit(made), [False] + [True] * (size - 1))
