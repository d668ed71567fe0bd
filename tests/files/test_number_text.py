"""Numbers as text: every value reads back to the same bits, in as few digits as that takes."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
from graph_text import same

from dataflow.core.errors import DataflowError
from dataflow.files.number_text import json_array, json_texts, number_texts


def read_back(texts, dtype):
    return np.array([float(text) for text in texts], np.float64).astype(dtype)


def same_bits(found, wanted):
    unsigned = np.dtype(f"u{wanted.dtype.itemsize}")
    with np.errstate(all="ignore"):
        number, read = ~np.isnan(wanted.astype(np.float64)), ~np.isnan(found.astype(np.float64))
    assert (number == read).all()
    assert (found.view(unsigned) == wanted.view(unsigned))[number].all()


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_every_number_of_16_bits_reads_back(dtype):
    values = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    same_bits(read_back(number_texts(values), dtype), values)


@pytest.mark.parametrize("dtype, bits", [(np.float32, np.uint32), (np.float64, np.uint64)])
def test_random_bits_read_back(dtype, bits):
    values = np.random.default_rng(0).integers(0, np.iinfo(bits).max, 50_000, bits, endpoint=True).view(dtype)
    same_bits(read_back(number_texts(values), dtype), values)


def test_few_digits():
    assert number_texts(np.float32([0.1, 1e20, -0.0, np.nan, -np.inf])) == ["0.1", "1e+20", "-0.0", "nan", "-inf"]
    assert number_texts(np.float64([0.1, 1 / 3])) == ["0.1", "0.3333333333333333"]
    assert number_texts(np.float16([0.1])) == ["0.1"]


def test_a_number_that_would_be_rounded_twice_gets_more_digits():
    """The shortest text of this float32 is read as a float64 that lies halfway to the next float32."""
    values = np.uint32([0x15AE43FD]).view(np.float32)
    assert np.float32(np.float64("7.038531e-26")) != values[0] == np.float32("7.0385307e-26")
    (text,) = number_texts(values)
    assert read_back([text], np.float32) == values


def test_whole_numbers_are_exact():
    assert number_texts(np.array([2**63 - 1, -(2**63)])) == ["9223372036854775807", "-9223372036854775808"]
    assert number_texts(np.array([2**64 - 1], np.uint64)) == ["18446744073709551615"]
    assert number_texts(np.array([True, False])) == ["1", "0"]


def test_complex_numbers_are_refused():
    with pytest.raises(DataflowError, match=r"must be real, got complex64; write \.npz, or take their parts"):
        number_texts(np.ones(2, np.complex64))


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (0, 3), (2, 3, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_arrays_in_json(shape, dtype):
    values = np.random.default_rng(1).integers(0, 2, shape).astype(dtype)
    same(np.array(json.loads(json_array(values)), dtype).reshape(shape), values)


def test_json_has_no_bare_nan():
    def refuse(text):
        raise AssertionError(text)

    text = json_array(np.float32([np.nan, np.inf, -np.inf, 1e-7]))
    assert json.loads(text, parse_constant=refuse) == [None, np.inf, -np.inf, 1e-7]
    assert json_array(np.array(True)) == "true"
    assert json_texts(np.array(['say "ä"', "b"])) == ['"say \\"\\u00e4\\""', '"b"']
