"""Compiled folds along the last or a middle axis: the bits of NumPy's, or none where it is as fast."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.conformance.equality import same
from dataflow.core.folding_loops import SMALL, bind_columns, bind_loop

FLOAT, WIDE, BOOL = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.bool_)


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("dtype", [FLOAT, WIDE], ids=str)
@pytest.mark.parametrize(
    ("ufunc", "shape", "axes"),
    [
        (np.add, (90, 100, 7), (1,)),
        (np.add, (3, 1, 40, 50, 9), (2, 3)),
        (np.add, (700, 7), (1,)),
        (np.add, (131, 1, 25, 5), (2, 3)),
        (np.add, (7, 3001), (1,)),
        (np.add, (3, 20_003), (1,)),  # more than a buffer
        (np.multiply, (90, 100, 7), (1,)),
        (np.multiply, (603, 100), (1,)),
        (np.multiply, (100, 9, 1, 11), (1, 3)),
    ],
    ids=str,
)
def test_numbers_are_folded_in_the_order_of_numpy(ufunc, shape, axes, dtype) -> None:
    """Of very different sizes: in another order they would give other bits."""
    random = np.random.default_rng(0)
    many = 10.0 ** random.uniform(-12, 12, shape) if ufunc is np.add else 1.0
    x = (random.normal(size=shape) * many).astype(dtype)
    fold = bind_loop(ufunc, shape, axes, dtype, WIDE, 128)
    assert fold is not None
    expected = ufunc.reduce(x, axes, np.float64)
    made = fold(x)
    assert made.dtype == np.float64 and np.array_equal(made.reshape(expected.shape), expected)


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("dtype", [FLOAT, WIDE], ids=str)
@pytest.mark.parametrize("ufunc", [np.maximum, np.minimum])
@pytest.mark.parametrize("shape", [(700, 7), (131, 125), (9, 500), (90, 100, 7)], ids=str)
def test_the_largest_and_the_smallest(shape, ufunc, dtype) -> None:
    """Also where elements are NaN or infinite, and zeros of both signs are equal: the last bit is NumPy's choice."""
    random = np.random.default_rng(0)
    fold = bind_loop(ufunc, shape, (1,), dtype, dtype, 128)
    assert fold is not None
    x = random.normal(size=shape).astype(dtype)
    assert same(fold(x), ufunc.reduce(x, 1))
    for special in (np.nan, np.inf, -np.inf, np.finfo(dtype).smallest_subnormal):
        some = np.where(random.random(shape) < 0.01, special, x).astype(dtype)
        assert same(fold(some), ufunc.reduce(some, 1))
    zeros = np.where(random.random(shape) < 0.5, -0.0, 0.0).astype(dtype)
    for most in (zeros, np.where(random.random(shape) < 0.3, zeros, -abs(x)), np.where(zeros == 0, abs(zeros), x)):
        assert same(fold(most), ufunc.reduce(most, 1))


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("ufunc", [np.add, np.multiply])
@pytest.mark.parametrize("size", [5 * 1000, 6 * 1000 + 7])
def test_columns(size, ufunc) -> None:
    """Every thousandth value is folded, in their order, though two are taken at a time."""
    random = np.random.default_rng(0)
    x = (random.normal(size=size) * (10.0 ** random.uniform(-12, 12, size) if ufunc is np.add else 1)).astype(FLOAT)
    fold = bind_columns(size, 1000, FLOAT, ufunc)
    assert fold is not None
    assert same(fold(x), np.array([ufunc.reduce(x[i::1000], 0, WIDE) for i in range(1000)]))


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("ufunc", [np.logical_or, np.logical_and])
def test_truth_values(ufunc) -> None:
    x = np.random.default_rng(0).random((700, 9)) < (0.1 if ufunc is np.logical_or else 0.9)
    fold = bind_loop(ufunc, x.shape, (1,), BOOL, BOOL, 128)
    assert fold is not None
    made = fold(x)
    assert made.dtype == np.bool_ and np.array_equal(made, ufunc.reduce(x, 1)) and 0 < made.sum() < 700


@pytest.mark.parametrize(
    ("ufunc", "shape", "axes", "given", "made"),
    [
        (np.add, (SMALL // 100, 100, 1), (1,), FLOAT, WIDE),  # too few
        (np.add, (90, 10, 10, 9), (0, 2), FLOAT, WIDE),  # no neighbours
        (np.multiply, (900, 128), (1,), FLOAT, WIDE),  # many are multiplied in columns
        (np.maximum, (9, 512), (1,), FLOAT, FLOAT),  # NumPy is as fast
        (np.maximum, (90, 100, 7), (1,), np.dtype(np.int32), np.dtype(np.int32)),
        (np.add, (90, 100, 7), (1,), np.dtype(np.int32), np.dtype(np.int32)),
        (np.add, (9000, 7), (), FLOAT, WIDE),
    ],
)
def test_others_are_left_to_numpy(ufunc, shape, axes, given, made) -> None:
    assert bind_loop(ufunc, shape, axes, given, made, 128) is None
