"""Numbers in text: the nearest value of the dtype to the decimal number itself, or a refusal."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataflow.core import dtypes
from dataflow.training.data.numbers import Unclear, WrongText, is_number, nearest, parsed

NARROW = ("float32", "float16", "bfloat16")
# from here on a number is infinite: halfway from the largest to the power of 2 after it
TOO_LARGE = {
    "float16": Fraction(65520),
    "float32": Fraction(2) ** 128 - Fraction(2) ** 103,
    "bfloat16": Fraction(2) ** 128 - Fraction(2) ** 119,
}


def decimal_of(value):
    """All digits of a fraction whose denominator is a power of 2."""
    shift = value.denominator.bit_length() - 1
    digits = Decimal(value.numerator * 5**shift)
    return f"{digits}e-{shift}"


def is_nearest(text, dtype):
    """Whether the value of a text is the nearest of its dtype; of two equally near it must be the even one."""
    exact, storage = Fraction(Decimal(text)), dtypes.storage(dtype)
    (found,) = parsed([text], dtype)
    if abs(exact) >= TOO_LARGE[dtype]:
        return False
    own = abs(Fraction(float(found)) - exact)
    with np.errstate(all="ignore"):
        neighbours = [np.nextafter(found, storage.type(toward)) for toward in (-np.inf, np.inf)]
    for beside in neighbours:
        if np.isinf(beside):
            continue
        other = abs(Fraction(float(beside)) - exact)
        even = int(found.view(np.uint32 if storage.itemsize == 4 else np.uint16)) % 2 == 0
        if other < own or (other == own and not even):
            return False
    return True


@st.composite
def between_neighbours(draw):
    """A text near the middle of two neighbours of a narrow dtype, further from it than float64 or decimals tell."""
    dtype = draw(st.sampled_from(NARROW))
    storage = dtypes.storage(dtype)
    bits = draw(st.integers(0, (1 << (8 * storage.itemsize - 1)) - 2))
    low = np.array(bits, np.uint32 if storage.itemsize == 4 else np.uint16).view(storage)
    with np.errstate(all="ignore"):
        high = np.nextafter(low, storage.type(np.inf))
    if not np.isfinite(float(high)):
        low, high = storage.type(1), np.nextafter(storage.type(1), storage.type(2))
    middle = (Fraction(float(low)) + Fraction(float(high))) / 2
    apart = (
        draw(st.sampled_from([0, 1, -1, 3])) * middle / Fraction(2) ** draw(st.sampled_from([20, 52, 60, 200, 4000]))
    )
    sign = draw(st.sampled_from([1, -1]))
    return decimal_of(sign * (middle + apart)), dtype


@settings(max_examples=500)
@given(between_neighbours())
def test_a_text_between_two_values_becomes_the_nearer_one(case):
    assert is_nearest(*case)


@settings(max_examples=500)
@given(
    st.sampled_from(NARROW),
    st.builds("{}{}.{}e{}".format, st.sampled_from(["", "-", "+"]), st.integers(0, 10**20), st.integers(0, 10**9),
              st.integers(-60, 15)),
)  # fmt: skip
@example("float32", "340282356779733661637539395458142568447")  # the last one below the middle to infinity
@example("float16", "65519.99999999999999999999999999")
@example("bfloat16", "1.00390625000090949470177292823791503906250")  # rounded to float32 it lies in the middle
@example("float32", "7.006492321624085354618e-46")  # half of the smallest
def test_decimal_numbers_become_the_nearest(dtype, text):
    if abs(Fraction(Decimal(text))) >= TOO_LARGE[dtype]:
        with pytest.raises(WrongText, match="it holds no number as large"):
            parsed([text], dtype)
    else:
        assert is_nearest(text, dtype)


@pytest.mark.parametrize("dtype", [*NARROW, "float64", "complex64"])
@pytest.mark.parametrize("text", ["1e400", "-1e400", "1e99999999999999999999", "9" * 400])
def test_what_is_too_large_is_not_infinity(dtype, text):
    with pytest.raises(WrongText, match="it holds no number as large") as caught:
        parsed(["1", text], dtype)
    assert caught.value.index == 1


@pytest.mark.parametrize("dtype", [*NARROW, "float64"])
def test_infinities_zeros_and_nan_are_taken_as_written(dtype):
    found = parsed(["inf", "-Infinity", "+INF", "nan", "-0", "0.0", " 1\t", "1e-99999999999999999999"], dtype)
    assert found.dtype == dtypes.storage(dtype)
    assert [*map(float, found[:3])] == [np.inf, -np.inf, np.inf] and np.isnan(found[3])
    assert np.signbit(found[4:]).tolist() == [True, False, False, False] and [*map(float, found[4:])] == [0, 0, 1, 0]


def test_complex_inputs_take_real_numbers():
    for dtype in ("complex64", "complex128"):
        assert parsed(["1.5", "-2"], dtype).tolist() == [1.5, -2]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "qint8"])
def test_whole_numbers_are_exact_to_both_ends(dtype):
    low, high = dtypes.limits(dtype)
    texts = [str(low), str(high), f"{high}.0", f"+{high}", f"{high}000e-3", "-0", "0" * 5000 + "7"]
    assert parsed(texts, dtype).tolist() == [low, high, high, high, high, 0, 7]
    for beyond in (low - 1, high + 1):
        for text in (str(beyond), f"{beyond}.0"):
            with pytest.raises(WrongText, match=f"it holds {low} to {high}"):
                parsed([text], dtype)


@pytest.mark.parametrize(
    "text, message",
    [
        ("1.5", "a whole number, got '1.5'"),
        ("nan", "a whole number, got 'nan'"),
        ("inf", "a whole number, got 'inf'"),
        ("1e500", "a whole number of at most 64 bits"),
        ("1e99999999999999999999", "a whole number of at most 64 bits"),
        ("1e-99999999999999999999", "a whole number"),
        ("9" * 5000, "a whole number of at most 64 bits"),
        ("0.0000000000000000000000000000000000000001", "a whole number, got"),
        ("", "a whole number, got nothing"),
    ],
)
def test_what_is_no_whole_number_is_refused(text, message):
    with pytest.raises(WrongText, match=f"must be {message}"):
        parsed([text], "int64")


@pytest.mark.parametrize(
    "text", ["1_0", "0x10", "١", "1d5", "\xa01", "1\x1c", "1\n", "--1", "1e", "e5", ".", "", "1 2"]
)
@pytest.mark.parametrize("dtype", ["float64", "float16", "int64"])
def test_what_python_reads_and_files_do_not_mean_is_refused(dtype, text):
    assert not is_number(text)
    for beside in ([], ["é"]):
        with pytest.raises(WrongText, match="number, got") as caught:
            parsed(["1", text, *beside], dtype)
        assert caught.value.index == 1


def test_truth_values():
    assert parsed(["true", "False", "1", " 0 ", "TRUE"], "bool").tolist() == [True, False, True, False, True]
    for wrong in ("2", "yes", "", "1.0"):
        with pytest.raises(WrongText, match="must be true, false, 1 or 0"):
            parsed([wrong], "bool")


def test_without_texts_what_is_unclear_is_told():
    assert nearest(np.array([0.1, np.nan]), "float32", None).dtype == np.float32
    for value in (np.inf, -np.inf, 1 + 2.0**-24):
        with pytest.raises(Unclear):
            nearest(np.array([1, value]), "float32", None)


def test_a_long_text_is_cut_in_messages():
    with pytest.raises(WrongText) as caught:
        parsed(["9" * 100_000], "float32")
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("dtype", [name for name in dtypes.narrow_floats if name in dtypes.with_zero])
def test_storage_formats_take_the_nearest_to_the_decimal_number(dtype):
    storage = dtypes.storage(dtype)
    codes = np.arange(1 << dtypes.bits(storage) - 1, dtype=np.uint8)
    values = codes.view(storage).astype(np.float64)
    values = values[np.isfinite(values)]
    for code, (low, high) in enumerate(pairwise(values)):
        middle = decimal_of(Fraction((low + high) / 2)).replace("e-", "|").split("|")
        exact = f"{middle[0]}e-{middle[1]}"
        texts = [exact, f"{middle[0]}0000000000000000000000001e-{int(middle[1]) + 25}"]
        texts.append(f"{int(middle[0]) - 1}9999999999999999999999999e-{int(middle[1]) + 25}")
        even, above, below = parsed(texts, dtype).astype(np.float64).tolist()
        assert (even, above, below) == ((low, high)[code % 2], high, low)
        with pytest.raises(Unclear):
            nearest(np.array([(low + high) / 2]), dtype, None)
    top = values.max()
    with pytest.raises(WrongText, match=f"must be {dtype}, got {top * 1.01}; it holds numbers up to {top:g}"):
        parsed(["1", f"{top * 1.01}"], dtype)
    with pytest.raises(WrongText, match=r"it holds no number as large|it holds numbers up to"):
        parsed(["1e400"], dtype)


@pytest.mark.parametrize("dtype", dtypes.narrow_integers)
def test_whole_numbers_of_few_bits(dtype):
    low, high = dtypes.limits(dtype)
    assert parsed([str(low), f"{high}.0"], dtype).astype(np.int64).tolist() == [low, high]
    with pytest.raises(WrongText, match=f"it holds {low} to {high}"):
        parsed([str(high + 1)], dtype)
