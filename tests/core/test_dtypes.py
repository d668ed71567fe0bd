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
    assert len(set(dtypes.every)) == len(dtypes.every) == 30
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


FORMATS = {  # bits of exponent and mantissa, largest number
    "float4_e2m1fn": (2, 1, 6.0), "float6_e2m3fn": (2, 3, 7.5), "float6_e3m2fn": (3, 2, 28.0),
    "float8_e4m3fn": (4, 3, 448.0), "float8_e5m2": (5, 2, 57344.0),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_narrow_floats_have_the_numbers_of_their_bits(name: str) -> None:
    exponent, mantissa, largest = FORMATS[name]
    stored = dtypes.storage(name)
    assert dtypes.bits(stored) == 1 + exponent + mantissa
    assert dtypes.finite_ends(stored) == (-largest, largest)
    bias = 2 ** (exponent - 1) - 1
    found = np.arange(1 << exponent + mantissa, dtype=np.uint8).view(stored).astype(np.float64)
    for code, value in enumerate(found.tolist()):
        power, rest = code >> mantissa, code & ((1 << mantissa) - 1)
        wanted = 2.0 ** (max(power, 1) - bias) * ((power > 0) + rest / (1 << mantissa))
        assert value == wanted or (wanted > largest and not value <= largest)


@pytest.mark.parametrize("name", FORMATS)
def test_narrow_floats_are_rounded_once_halves_to_even(name: str) -> None:
    stored = dtypes.storage(name)
    codes = np.arange(1 << dtypes.bits(stored) - 1, dtype=np.uint8)
    found = codes.view(stored).astype(np.float64)
    finite = found[np.isfinite(found)]
    middle = (finite[:-1] + finite[1:]) / 2
    even = np.where(codes[: len(middle)] % 2 == 0, finite[:-1], finite[1:])
    for sign in (1.0, -1.0):
        for values, wanted in [
            (finite, finite),
            (middle, even),
            (np.nextafter(middle, 0), finite[:-1]),
            (np.nextafter(middle, np.inf), finite[1:]),
        ]:
            assert dtypes.rounded(sign * values, stored).astype(np.float64).tolist() == (sign * wanted).tolist()
    assert dtypes.rounded(np.array([2**53 + 1, 0, 3]), stored).astype(np.float64).tolist()[1:] == [0.0, 3.0]


def test_what_is_too_large_for_a_narrow_float_or_no_number() -> None:
    given = np.array([1e9, -1e9, np.inf, np.nan])
    made = {name: dtypes.widened(dtypes.rounded(given, dtypes.storage(name))).tolist() for name in FORMATS}
    assert str(made["float8_e5m2"]) == "[inf, -inf, inf, nan]"
    assert str(made["float8_e4m3fn"]) == "[nan, nan, nan, nan]"
    assert made["float4_e2m1fn"] == [6.0, -6.0, 6.0, 0.0]
    assert made["float6_e2m3fn"] == [7.5, -7.5, 7.5, 0.0]
    assert made["float6_e3m2fn"] == [28.0, -28.0, 28.0, 0.0]


def test_a_scale_of_8_bits_is_a_power_of_two() -> None:
    e8m0 = dtypes.storage("float8_e8m0fnu")
    assert dtypes.widened(np.arange(255, dtype=np.uint8).view(e8m0)).tolist() == [2.0 ** (n - 127) for n in range(255)]
    assert dtypes.widened(dtypes.rounded(np.array([1.4, 1.6, 3.0]), e8m0)).tolist() == [1.0, 2.0, 4.0]
    assert np.isnan(dtypes.widened(dtypes.rounded(np.array([0.0, -1.0, np.nan, np.inf]), e8m0))).all()


@pytest.mark.parametrize(
    ("name", "lowest", "highest"), [("int2", -2, 1), ("uint2", 0, 3), ("int4", -8, 7), ("uint4", 0, 15)]
)
def test_integers_of_less_than_a_byte(name: str, lowest: int, highest: int) -> None:
    assert dtypes.limits(name) == (lowest, highest)
    made = np.arange(lowest, highest + 1).astype(dtypes.storage(name))
    assert dtypes.widened(made).dtype == (np.uint8 if lowest == 0 else np.int8)
    assert dtypes.widened(made).tolist() == [*range(lowest, highest + 1)]
