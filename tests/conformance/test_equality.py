"""Equality of arrays: to the bit, or up to the rounding of a sum."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from dataflow.conformance.equality import near, same


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ([0.0], [-0.0], False),
        ([np.nan], [-np.nan], True),
        ([1.0], [1], False),
        ([1.0], [[1.0]], False),
        ([1.0, np.nan], [1.0, 2.0], False),
        ([np.nan, 1.0], [np.nan, 1.0], True),
        (np.zeros((0, 2)), np.zeros((0, 2)), True),
        (np.zeros((0, 2)), np.zeros((0, 3)), False),
        (np.complex64([complex(np.nan, 0.0)]), np.complex64([complex(-np.nan, 0.0)]), True),
        (np.complex64([complex(np.nan, 0.0)]), np.complex64([complex(np.nan, -0.0)]), False),
        (np.array([np.nan], ml_dtypes.bfloat16), np.array([-np.nan], ml_dtypes.bfloat16), True),
        (np.array([0.0], ml_dtypes.bfloat16), np.array([-0.0], ml_dtypes.bfloat16), False),
        (np.int8([1, 2]), np.int8([1, 3]), False),
        (np.bool_(True), np.bool_(True), True),
        (1.5, 1.5, True),
    ],
)
def test_same(a, b, equal):
    assert same(np.array(a), np.array(b)) is equal


def test_layouts_do_not_matter():
    rows = np.arange(6.0).reshape(2, 3)
    assert same(rows, np.asfortranarray(rows))
    assert same(rows[:, ::-1], rows[:, ::-1].copy())
    assert not same(rows.T, rows)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (np.float32([1.0]), np.float32([1.0 + 1e-6]), True),
        (np.float32([1.0]), np.float32([1.01]), False),
        (np.float32([1.0]), np.float32([1.0, 1.0]), False),
        (np.float32([1.0]), np.float64([1.0]), False),
        (np.float64([1.0]), np.float64([1.0 + 1e-13]), True),
        (np.float64([1.0]), np.float64([1.0 + 1e-9]), False),
        (np.float16([1.0]), np.float16([1.01]), True),
        (np.float16([1.0]), np.float16([1.2]), False),
        (np.array([1.0], ml_dtypes.bfloat16), np.array([1.02], ml_dtypes.bfloat16), True),
        (np.complex64([1 + 1j]), np.complex64([1 + 1.000001j]), True),
        (np.complex64([1 + 1j]), np.complex64([1 + 1.1j]), False),
        (np.float32([np.nan]), np.float32([np.nan]), True),
        (np.float32([np.inf]), np.float32([-np.inf]), False),
        (np.int32([1]), np.int32([2]), False),
        (np.int32([1]), np.int32([1]), True),
    ],
)
def test_near(a, b, equal):
    assert near(a, b) is equal
