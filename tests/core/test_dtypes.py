"""Dtypes: their names and spellings, how arrays store them, and in which of them kernels compute."""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from dataflow.core import dtypes


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("float32", "float32"),
        ("float", "float32"),
        ("half", "float16"),
        ("double", "float64"),
        ("int", "int32"),
        ("DT_HALF", "float16"),
        ("DT_QUINT8", "quint8"),
        ("DT_BFLOAT16", "bfloat16"),
        ("Bool", "bool"),
        ("float128", None),
        ("string", None),
        ("", None),
    ],
)
def test_a_dtype_has_one_name(spelling: str, name: str | None) -> None:
    assert dtypes.canonical(spelling) == name


def test_every_dtype_is_stored_as_one_that_numpy_knows_and_named_after_it() -> None:
    assert len(set(dtypes.every)) == len(dtypes.every) == 20
    for name in dtypes.every:
        stored = dtypes.storage(name)
        assert dtypes.canonical(name) == name
        assert dtypes.name_of(stored) == name.replace("q", "")
    assert dtypes.storage("bfloat16") == ml_dtypes.bfloat16
    assert dtypes.storage("qint32") == np.int32


def test_text_and_objects_have_the_name_that_numpy_gives() -> None:
    assert dtypes.name_of(np.dtype("U3")) == "str96"
    assert dtypes.name_of(np.dtype(object)) == "object"


@pytest.mark.parametrize(
    ("name", "accepted", "fitted"),
    [
        ("int8", ("int8", "qint8"), "int8"),
        ("uint8", ("quint8", "qint8"), "quint8"),  # a plain array is taken for its quantized twin
        ("quint8", ("uint8",), None),  # not the other way round
        ("float32", ("float64",), None),
        ("float32", (), None),
    ],
)
def test_a_dtype_or_its_quantized_twin_fits(name: str, accepted: tuple[str, ...], fitted: str | None) -> None:
    assert dtypes.fit(name, accepted) == fitted


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("int8", -128, 127),
        ("quint16", 0, 65535),
        ("qint32", -(2**31), 2**31 - 1),
        ("uint64", 0, 18446744073709551615),
        ("int64", -9223372036854775808, 9223372036854775807),
    ],
)
def test_limits_are_python_integers(name: str, lowest: int, highest: int) -> None:
    assert dtypes.limits(name) == (lowest, highest)
    assert all(type(limit) is int for limit in dtypes.limits(name))


def test_floats_have_no_integer_limits() -> None:
    with pytest.raises(ValueError, match="Invalid integer data type"):
        dtypes.limits("float32")


@pytest.mark.parametrize(
    ("name", "computed", "accumulated"),
    [
        ("bfloat16", "float32", "float64"),
        ("float16", "float32", "float64"),
        ("float32", "float32", "float64"),
        ("float64", "float64", "float64"),
        ("complex64", "complex64", "complex128"),
        ("int8", "int8", "int8"),
        ("uint64", "uint64", "uint64"),
        ("bool", "bool", "bool"),
    ],
)
def test_where_kernels_compute_and_add_up(name: str, computed: str, accumulated: str) -> None:
    stored = dtypes.storage(name)
    assert dtypes.compute(stored) == computed
    assert dtypes.accumulate(stored) == accumulated


def test_complex_numbers_as_their_parts() -> None:
    turned = np.array([[1 + 2j, complex(3, -0.0)], [5j, 7]], np.complex64).T
    parts = dtypes.as_real(turned)
    assert (parts.dtype, parts.tolist()) == (np.float32, [1.0, 2.0, 0.0, 5.0, 3.0, -0.0, 7.0, 0.0])
    assert np.signbit(parts[5])
    assert dtypes.as_real(np.array(1 + 2j)).tolist() == [1.0, 2.0]
    assert dtypes.as_real(np.zeros((0, 3), np.complex128)).size == 0
    plain = np.ones((2, 2))
    assert dtypes.as_real(plain) is plain


def test_the_byte_order_of_the_machine() -> None:
    there = np.array([1.5, -2.0], np.dtype(np.float32).newbyteorder())
    here = dtypes.native_order(there)
    assert here.dtype.isnative and here.dtype == np.float32
    assert here.tolist() == [1.5, -2.0]
    assert dtypes.native_order(here) is here


def test_numbers_are_rounded_once():
    bfloat16 = dtypes.storage("bfloat16")
    random = np.random.default_rng(0)
    bits = random.integers(0, 0x7F7F, 2000, np.uint16)
    low, high = bits.view(bfloat16), (bits + np.uint16(1)).view(bfloat16)
    middle = (low.astype(np.float64) + high.astype(np.float64)) / 2
    for values in (middle, np.nextafter(middle, np.inf), np.nextafter(middle, 0), middle * (1 + 2.0**-30)):
        made = dtypes.rounded(np.concatenate([values, -values]), bfloat16)
        assert (made[: len(values)] == -made[len(values) :]).all()
        for value, found, *ends in zip(values.tolist(), made.tolist(), low.tolist(), high.tolist(), strict=False):
            apart = [abs(Fraction(end) - Fraction(value)) for end in ends]
            assert found == ends[apart[1] < apart[0]] or apart[0] == apart[1]
    given = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e39, 1e-60])
    assert [*map(str, dtypes.rounded(given, bfloat16))] == ["0", "-0", "inf", "-inf", "nan", "inf", "0"]
