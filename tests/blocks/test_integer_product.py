"""Products of integers are those of Python's integers, wrapped around, however large, cut and laid out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integers import extremes, matrix_product

import dataflow as flow
from blocks.kernels.integer_product import matmul
from blocks.kernels.integer_way import limits
from dataflow.core.thread_pool import ThreadLimit

DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
SHAPES = [
    ((3, 50), (50, 7)),
    ((1, 700), (700, 1)),
    ((70, 530), (530, 65)),
    ((4, 1, 33, 40), (5, 40, 21)),
    ((0, 4), (4, 3)),
    ((3, 0), (0, 3)),
    ((2, 3, 0), (2, 0, 4)),
    ((0, 3, 5), (5, 2)),
]
LAYOUTS = {
    "by rows": lambda a: a,
    "by columns": lambda a: np.ascontiguousarray(a.swapaxes(-1, -2)).swapaxes(-1, -2),
    "every other column": lambda a: np.repeat(a, 2, -1)[..., ::2],
    "backwards": lambda a: np.flip(np.ascontiguousarray(np.flip(a))),
}


@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_all_dtypes_and_shapes(left, right):
    for number, (a_shape, b_shape) in enumerate(SHAPES):
        a, b = extremes(left, *a_shape), extremes(right, *b_shape, seed=1)
        for dtype in (DTYPES[number], "int32", "int64"):
            wanted = matrix_product(a, b, dtype)
            found = np.full_like(wanted, 77)
            matmul(a, b, found)
            np.testing.assert_array_equal(found, wanted, err_msg=f"{a_shape} {b_shape} {dtype}")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    a, b, turned = extremes("uint8", 3, 40, 600), extremes("int8", 600, 50), LAYOUTS[layout]
    out = np.zeros((3, 50, 40), np.int32).swapaxes(1, 2)
    matmul(turned(a), turned(b), out)
    np.testing.assert_array_equal(out, matrix_product(a, b, np.int32))


@pytest.mark.parametrize("left, right", [("uint8", "int8"), ("int8", "int8"), ("int16", "int16"), ("uint16", "int8")])
@pytest.mark.parametrize("at_end", ["lowest", "highest", "mixed"])
def test_a_hundred_thousand_of_the_largest_terms(left, right, at_end):
    """No partial sum is rounded where all terms are as large as they can be, of one sign or of both."""
    k, (low, high) = 100_000, zip(limits(np.dtype(left)), limits(np.dtype(right)), strict=True)
    rows = {"lowest": [low[0]], "highest": [high[0]], "mixed": [low[0], high[0]]}[at_end]
    a = np.resize(np.array(rows, left), (2, k))
    b = np.resize(np.array([[low[1]] * 3, [high[1]] * 3, [low[1] + 1] * 3], right), (k, 3))
    for dtype in (np.int32, np.int64):
        out = np.empty((2, 3), dtype)
        matmul(a, b, out)
        np.testing.assert_array_equal(out, matrix_product(a, b, dtype))


@settings(deadline=None)
@given(st.data())
def test_zero_points_come_off_first(data):
    left, right = (data.draw(st.sampled_from(["int8", "uint8", "int16", "uint16"])) for _ in range(2))
    m, k, n = (data.draw(st.integers(0, limit)) for limit in (90, 1300, 90))
    a, b = extremes(left, m, k), extremes(right, k, n, seed=1)
    a_zero = extremes(left, seed=data.draw(st.integers(0, 9)))
    b_zero = extremes(right, *data.draw(st.sampled_from([(), (n,)])), seed=3)
    out = np.full((m, n), 5, np.int32)
    with ThreadLimit(data.draw(st.sampled_from([1, 2, 3, 8]))):
        matmul(a, b, out, a_zero, b_zero)
    wanted = (a.astype(np.int64) - a_zero) @ (b.astype(np.int64) - b_zero)
    np.testing.assert_array_equal(out, wanted.astype(np.int32))


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_any_number_of_threads(threads):
    a, b = extremes("uint8", 300, 1100), extremes("int8", 1100, 280)
    out = np.empty((300, 280), np.int32)
    with ThreadLimit(threads):
        matmul(a, b, out)
    np.testing.assert_array_equal(out, a.astype(np.int64) @ b.astype(np.int64))


@pytest.mark.parametrize("name, dtype", [("MatMul", "int32"), ("MatMul", "uint8"), ("BatchMatMulV2", "int16")])
def test_blocks_wrap_around(name, dtype):
    a, b = extremes(dtype, 130, 90), extremes(dtype, 90, 70, seed=1)
    np.testing.assert_array_equal(flow.blocks[name]()(a, b), matrix_product(a, b, dtype))
