"""Values in the dtype of an input: exactly, or refused at their index."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core import dtypes
from dataflow.training.data.conversion import (
    as_float64,
    changes_nothing,
    class_numbers,
    converted,
    first,
    one_hot,
    refuse_kind,
)


def tell(index, message):
    return ValueError(f"{list(index)}: {message}")


@pytest.mark.parametrize(
    "values, dtype, wanted",
    [
        (np.array([1, 255]), "uint8", [1, 255]),
        (np.array([1.0, -128]), "int8", [1, -128]),
        (np.array([2**63 - 1, -(2**63)]), "int64", [2**63 - 1, -(2**63)]),
        (np.array([2**64 - 1], np.uint64), "uint64", [2**64 - 1]),
        (np.array([1, 2], ">i4"), "int32", [1, 2]),
        (np.array([1.5, 2], ">f8"), "float32", [1.5, 2]),
        (np.array([0, 1, 1]), "bool", [False, True, True]),
        (np.array([0.0, 1]), "bool", [False, True]),
        (np.array([True, False]), "float32", [1, 0]),
        (np.array([True, False]), "int8", [1, 0]),
        (np.array([1 + 2j]), "complex64", [1 + 2j]),
        (np.array([np.nan, np.inf]), "float16", [np.nan, np.inf]),
        (np.array([127]), "qint8", [127]),
        (np.array([1 + 2.0**-8 + 2.0**-40]), "bfloat16", [1 + 2.0**-7]),
    ],
)
def test_values_stay_what_they_are(values, dtype, wanted):
    found = converted(values, dtype, tell)
    assert found.dtype == dtypes.storage(dtype) and found.dtype.isnative
    np.testing.assert_array_equal(found.astype(object if dtype == "uint64" else found.dtype), np.array(wanted))


@pytest.mark.parametrize(
    "values, dtype, message",
    [
        (np.array([[1, 2], [3, 300]]), "uint8", "[1, 1]: must be uint8, got 300; it holds 0 to 255"),
        (np.array([0, -1]), "uint64", "[1]: must be uint64, got -1; it holds 0 to 18446744073709551615"),
        (np.array([2**63], np.uint64), "int64", "[0]: must be int64, got 9223372036854775808; it holds"),
        (np.array([2.0**63]), "int64", "[0]: must be int64, got 9.223372036854776e+18; it holds"),
        (np.array([1, np.nan]), "int32", "[1]: must be int32, got nan; write a whole number"),
        (np.array([1, np.inf]), "int32", "[1]: must be int32, got inf; it holds"),
        (np.array([1.5]), "int32", "[0]: must be int32, got 1.5; write a whole number"),
        (np.array([0, 1, 2]), "bool", "[2]: must be 0 or 1 to become bool, got 2"),
        (np.array([0.5]), "bool", "[0]: must be 0 or 1 to become bool, got 0.5"),
        (np.array([np.nan]), "bool", "[0]: must be 0 or 1 to become bool, got nan"),
        (np.array([1.0, 1e39]), "float32", "[1]: must be float32, got 1e+39; it holds no number as large"),
        (np.array([65520.0]), "float16", "[0]: must be float16, got 65520.0; it holds no number as large"),
        (np.array([1j]), "float32", "[0]: must be float32, got 1j; take its real part"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_index(values, dtype, message):
    with pytest.raises(ValueError) as caught:
        converted(values, dtype, tell)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_whole_numbers_that_float64_does_not_hold_are_not_scaled(dtype):
    assert as_float64(np.array([2**53, 5], dtype), tell).tolist() == [2.0**53, 5]
    for beyond in (2**53 + 1, 2**63 - 1):
        with pytest.raises(ValueError, match=rf"\[1\]: must be within 2\^53 to be scaled or normalized, got {beyond}"):
            as_float64(np.array([0, beyond], dtype), tell)


def test_negative_ones_too():
    assert as_float64(np.array([-(2**53)]), tell).tolist() == [-(2.0**53)]
    with pytest.raises(ValueError, match=r"\[0\]"):
        as_float64(np.array([-(2**53) - 1]), tell)
    assert as_float64(np.array([1 + 1j], np.complex64), tell).dtype == np.complex128


def test_a_row_with_a_single_one():
    assert one_hot(np.array([2, -1, 0]), 3, "int8").tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert one_hot(np.array([[1], [0]]), 2, "float32").shape == (2, 1, 2)


@pytest.mark.parametrize("values", [[0, 2], [0.0, 2.0], [False, True], np.array([0, 2], np.uint64)])
def test_class_numbers(values):
    found = class_numbers(np.asarray(values), 3, tell)
    assert found.dtype == np.int64 and found.tolist() == [*map(int, values)]


@pytest.mark.parametrize("wrong", [-1, 3, 0.5, np.nan, np.inf, 2**63])
def test_labels_that_are_no_class(wrong):
    with pytest.raises(ValueError, match=r"\[1\]: must be a class from 0 to 2, as one_hot is 3, got"):
        class_numbers(np.array([0, wrong]), 3, tell)


def test_kinds():
    assert changes_nothing(np.dtype(">f4"), "float32") and not changes_nothing(np.dtype("f8"), "float32")
    assert changes_nothing(np.dtype("i1"), "qint8")
    assert refuse_kind(np.dtype("c8"), "float32") == "must be float32, got complex64; save the real part"
    assert refuse_kind(np.dtype("c8"), "complex128") == refuse_kind(np.dtype("i4"), "complex64") == ""


def test_the_first_true_value():
    assert first(np.array([[False, False], [False, True]])) == (1, 1)
