"""Numbers in another dtype: what becomes of those that it does not hold."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core import dtypes
from dataflow.core.casting import ConversionError, cast_to

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (8, "int4", "must be int4, got 8; it holds -8 to 7"),
        ([3, -1], "uint2", "must be uint2, got -1; it holds 0 to 3"),
        (0.5, "int2", "must be int2, got 0.5; write a whole number"),
        (449, "float8_e4m3fn", "must be float8_e4m3fn, got 449; it holds numbers up to 448"),
        (np.inf, "float8_e4m3fn", "must be float8_e4m3fn, got inf; it holds numbers up to 448"),
        ([1.0, 6.5], "float4_e2m1fn", "must be float4_e2m1fn, got 6.5; it holds numbers up to 6"),
        (NAN, "float6_e3m2fn", "must be float6_e3m2fn, got nan; it holds numbers up to 28"),
        ([1.0, 0.0], "float8_e8m0fnu", "must be float8_e8m0fnu, got 0.0; it holds powers of two up to"),
    ],
)
def test_a_number_that_a_storage_format_cannot_hold_is_refused(value, dtype, text):
    with pytest.raises(ConversionError) as caught:
        cast_to(np.asarray(value), dtype)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("dtype", dtypes.narrow)
def test_numbers_become_those_of_a_storage_format(dtype):
    got = cast_to(np.array([1, 1.0]), dtype)
    assert (got.dtype.name, dtypes.widened(got).tolist()) == (dtype, [1, 1])
    if dtype == "float8_e5m2":
        assert str(dtypes.widened(cast_to(np.array([0.3, NAN, np.inf]), dtype)).tolist()) == "[0.3125, nan, inf]"


@pytest.mark.parametrize("dtype", ["int8", "float16", "float8_e4m3fn", "bool"])
def test_the_first_number_that_does_not_fit_is_named_by_its_place(dtype):
    with pytest.raises(ConversionError) as caught:
        cast_to(np.array([[0, 1], [1, 1e9], [1e9, 0]]), dtype)
    assert caught.value.index == ((0, 0) if dtype == "bool" else (1, 1))


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", "int4"])
def test_nothing_becomes_nothing_of_any_dtype(dtype):
    assert cast_to(np.empty((0, 3), complex), dtype).dtype == dtypes.storage(dtype)
