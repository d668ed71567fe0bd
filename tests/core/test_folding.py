"""Folds over axes: the same values as NumPy's own, in an order that tiles do not change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dataflow.core.folding import bind_fold, bind_fold_last, fold_rows


@pytest.mark.parametrize("width", [1, 2, 3, 511, 512, 513, 1024, 3000])
@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_folded_rows_are_their_sum(count: int, width: int) -> None:
    """Whole numbers have one sum, however rows are joined; numbers of many sizes are near it in float64."""
    rows = np.arange(count * width, dtype=np.int64).reshape(count, width) % 1000
    assert np.array_equal(fold_rows(np.add, rows, np.dtype(np.int64)), rows.sum(0) if width > 1 else rows.sum())
    assert np.array_equal(fold_rows(np.maximum, rows, rows.dtype), rows.max(0) if width > 1 else rows.max())
    narrow = rows.astype(np.float32)
    folded = fold_rows(np.add, narrow, np.dtype(np.float64))
    assert folded.dtype == np.float64 and np.array_equal(folded, rows.sum(0) if width > 1 else rows.sum())


def test_a_vector_is_one_row() -> None:
    assert fold_rows(np.add, np.float32([1, 2, 3]), np.dtype(np.float64)) == 6.0


@pytest.mark.parametrize(
    "shape", [(127,), (128,), (129,), (2047,), (2048,), (70_001,), (3, 5000), (2, 3, 200)], ids=str
)
@pytest.mark.parametrize("dtype", ["float32", "int32", "complex64"])
def test_products_along_the_last_axis_are_those_of_the_elements(shape: tuple[int, ...], dtype: str) -> None:
    """Beside their neighbours or not: as near to the true one as products one after the other."""
    random = np.random.default_rng(sum(shape))
    x = (1 + random.normal(size=shape) * 1e-3).astype(dtype) if dtype != "int32" else random.integers(-3, 4, shape)
    wide = np.dtype({"float32": np.float64, "int32": np.int32, "complex64": np.complex128}[dtype])
    made, plain = (
        bind_fold_last(np.multiply, shape, wide)(x.astype(dtype)),
        np.multiply.reduce(x.astype(dtype), -1, wide),
    )
    assert made.dtype == wide and np.shape(made) == shape[:-1]
    if dtype == "int32":
        assert np.array_equal(made, plain)  # these wrap around
    else:
        assert np.allclose(made, plain, rtol=1e-11, atol=0)


@pytest.mark.parametrize("keep_dims", [False, True])
@pytest.mark.parametrize("axes", [(), (0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("shape", [(2, 3, 4), (5, 1, 3), (1, 1, 1), (0, 3, 2), (3, 200, 1)], ids=str)
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.logical_or, np.logical_and])
def test_any_axes_are_folded(ufunc: np.ufunc, shape: Any, axes: Any, keep_dims: bool) -> None:
    """Whole numbers, which wrap around, have one fold; the dims that are left are those of NumPy."""
    x = np.random.default_rng(3).integers(-9, 9, shape)
    dtype = np.dtype(np.int64 if ufunc in (np.add, np.multiply) else bool)
    made = bind_fold(ufunc, shape, axes, dtype, keep_dims)(x)
    wanted = ufunc.reduce(x, axes, dtype, keepdims=keep_dims)
    assert np.shape(made) == np.shape(wanted) and made.dtype == dtype and np.array_equal(made, wanted)


@pytest.mark.parametrize("width", [2, 3, 4, 6, 7, 8, 12, 100])
@pytest.mark.parametrize("ufunc", [np.logical_or, np.logical_and])
def test_truth_values_of_rows(ufunc: np.ufunc, width: int) -> None:
    """By words of several values, where one may be unlike all others."""
    x = np.eye(width, dtype=bool)
    for each in (x, ~x, np.zeros_like(x), ~np.zeros_like(x)):
        assert np.array_equal(bind_fold(ufunc, each.shape, (1,), np.dtype(bool))(each), ufunc.reduce(each, 1))


def test_an_empty_fold_is_what_it_is_said_to_be() -> None:
    fold = bind_fold(np.maximum, (2, 0), (1,), np.dtype(np.float32), empty=-np.inf)
    assert fold(np.empty((2, 0), np.float32)).tolist() == [-np.inf, -np.inf]


@pytest.mark.parametrize(("shape", "axes"), [((700, 3), (0,)), ((3000,), (0,)), ((9, 4, 5), (0, 1))])
def test_folds_of_rows_are_those_of_their_parts_joined(shape: Any, axes: Any) -> None:
    """A tile that is all of the array is folded as the array is: to the bit, for sums that are rounded."""
    x = np.random.default_rng(5).normal(size=shape) * 10.0 ** np.random.default_rng(6).integers(-9, 9, shape)
    folded = bind_fold(np.add, shape, axes, np.dtype(np.float64))(x)
    rows = x.reshape(-1, int(np.prod(shape[len(axes) :])))
    assert np.array_equal(folded, np.reshape(fold_rows(np.add, rows, x.dtype), np.shape(folded)))
    assert np.allclose(folded, x.astype(np.longdouble).sum(axes).astype(float), rtol=1e-12)
