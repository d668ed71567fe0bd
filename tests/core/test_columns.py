"""Sums in columns: how many there are, what they hold, and one order whatever adds them."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.columns import COLUMNS, column_count, fold_columns, make_columns


@pytest.mark.parametrize(
    ("size", "unit", "count"),
    [
        (10, 1, 10),
        (5000, 1, 1024),
        (5000, 100, 1000),
        (300, 100, 300),
        (5000, 3000, 3000),
        (50, 60, 60),
        (1023, 2, 1022),
    ],
)
def test_columns_are_whole_units(size: int, unit: int, count: int) -> None:
    assert column_count(size, unit) == count


def in_turn(values: np.ndarray, width: int, ufunc: np.ufunc) -> np.ndarray:
    """Each value folded into its column, one after the other, as a compiled loop does."""
    columns = np.full(width, ufunc.identity, np.float64)
    for i, value in enumerate(values):
        columns[i % width] = ufunc(columns[i % width], np.float64(value))
    return columns


@pytest.mark.parametrize("size", [7, 1024, 1025, 5000])
@pytest.mark.parametrize("width", [7, 1000, COLUMNS])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply])
def test_each_value_goes_to_the_column_of_its_place(size: int, width: int, ufunc: np.ufunc) -> None:
    """Numbers of very different sizes: in another order they would give other bits."""
    if width > size:
        return
    random = np.random.default_rng(0)
    values = (random.normal(size=size) * 10.0 ** random.uniform(-12, 12, size)).astype(np.float32)
    made = make_columns(values, width, np.float64, ufunc)
    assert made.dtype == np.float64
    assert np.array_equal(made, in_turn(values, width, ufunc))


@pytest.mark.parametrize(("channels", "inner"), [(1, 1), (1, 6), (3, 1), (2, 3)])
def test_columns_of_a_channel_are_added(channels: int, inner: int) -> None:
    """Whole numbers have one sum; a sum does not depend on the sums beside it."""
    columns = np.arange(4 * 2 * 30, dtype=np.float64).reshape(4, 2, 30)
    made = fold_columns(columns, channels, inner)
    apart = columns.reshape(4, 2, -1, channels, inner)
    expected = apart.sum((2, 4))
    assert np.array_equal(made, expected[..., 0] if channels == 1 else expected)
    products = fold_columns(1 + columns % 3, channels, inner, np.multiply)
    assert np.array_equal(
        products[2, 1], (1 + apart % 3).prod((2, 4))[2, 1] if channels > 1 else (1 + apart % 3)[2, 1].prod()
    )
    odd = np.random.default_rng(1).normal(size=(4, 2, 30)) * 10.0 ** np.arange(30)
    assert np.array_equal(fold_columns(odd, channels, inner)[3, 1], fold_columns(odd[3, 1], channels, inner))


def test_sums_keep_their_dtype_and_have_no_negative_zero() -> None:
    wrapped = fold_columns(np.array([2**31 - 1, 1], np.int32))
    assert (wrapped, wrapped.dtype) == (-(2**31), np.int32)
    assert not np.signbit(fold_columns(np.array([-0.0, -0.0])))
    assert not np.signbit(fold_columns(np.array([-0.0, -0.0]), 2)).any()
