"""AllFinite: no NaN and no infinity is missed, and no large number is taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core import dtypes

DTYPES = (*dtypes.floating, *dtypes.complexes)


def finite(*values):
    found = blocks["AllFinite"]()(list(values))
    assert found.dtype == bool and found.shape == ()
    return bool(found)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("size", [1, 7, 70_001, 600_007])
def test_one_is_found_wherever_it_is(dtype, wrong, size):
    for place in {0, size // 2, size - 1}:
        value = np.zeros(size, dtypes.storage(dtype))
        assert finite(value)
        value[place] = wrong
        assert not finite(value)
        assert not finite(np.ones((2, 3), value.dtype), value) and not finite(value, np.ones(1, value.dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_largest_numbers_are_finite(dtype):
    storage = dtypes.storage(dtype)
    real = storage if storage.kind != "c" else np.zeros(0, storage).real.dtype
    largest = np.nextafter(np.array(np.inf, real), np.array(0, real)).astype(storage)
    assert finite(np.full(1000, largest)) and finite(np.full((10, 10), -largest))
    assert not finite(np.append(np.full(1000, largest), np.array(np.nan, storage)))


def test_an_imaginary_part_counts():
    assert not finite(np.array([1 + 1j * np.inf, 0], np.complex64))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_layouts(dtype):
    base = np.zeros((6, 8), dtype)
    base[1, 1] = np.nan
    assert finite(base[::2, ::2]) and not finite(base[1::2, 1::2]) and not finite(base.T) and finite(base[2:, :].T)


@pytest.mark.parametrize("dtype", ["float32", "float16", "complex64"])
def test_large_layouts(dtype):
    base = np.zeros((2, 3, 300_000), dtype)
    base[1, 2, 299_999] = np.inf
    for value in (base.T, base[::-1], base[:, ::2, 1::2], np.broadcast_to(base[1, 2], (2, 300_000))):
        assert not finite(value)
    assert finite(base[:1].T) and finite(base[:, :, ::2]) and finite(np.broadcast_to(base[0, 0], (2, 300_000)))


def test_no_elements_are_finite():
    assert finite(np.zeros((0, 3), np.float32)) and finite(np.float32(1.0))
