"""What plain text means: YAML 1.2's numbers, truth values and nothing else."""

from __future__ import annotations

import math

import pytest
from graph_text import node, problems
from hypothesis import given
from hypothesis import strategies as st

import dataflow as flow
from dataflow.graphfile.scalars import scalar


@pytest.mark.parametrize(
    "text, value",
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("0", 0),
        ("-0", 0),
        ("+7", 7),
        ("010", 10),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551615", 2**64 - 1),
        ("0" * 24 + "7", 7),
        ("0x1F", 31),
        ("0xffffffffffffffff", 2**64 - 1),
        ("0o17", 15),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0.0", -0.0),
        ("1e3", 1000.0),
        ("1E-3", 0.001),
        ("+.5e+1", 5.0),
        ("1e-400", 0.0),
        (".inf", math.inf),
        ("+.Inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_values(text, value):
    found = scalar(text)
    assert (type(found), repr(found)) == (type(value), repr(value))


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(text):
    assert math.isnan(scalar(text))


WORDS = [
    "no", "on", "off", "yes", "y", "None", "nUll", "tRUE", "nan", "inf", "-inf", "+.nan", "-.nan",
    "1:30", "1_000", "0b11", "0X1F", "0o18", "0x", "-0x1", "+0o7", "1e", "e1", ".", "-", "+", "--1", "1.2.3",
    "1 2", " 1", "1 ", "2020-01-01", "١", "1e5x", ".e1", "<<", "=",
]  # fmt: skip


@pytest.mark.parametrize("text", WORDS)
def test_what_is_text(text):
    assert scalar(text) == text


@pytest.mark.parametrize("text", ["18446744073709551616", "-9223372036854775809", "0x1" + "0" * 16, "9" * 5000])
def test_whole_numbers_that_no_dtype_holds(text):
    with pytest.raises(ValueError, match=r"^whole numbers must fit 64 bits, got a larger one$"):
        scalar(text)


@pytest.mark.parametrize("text", ["1e309", "-1e999", "1" + "0" * 400 + ".0"])
def test_numbers_that_no_dtype_holds(text):
    with pytest.raises(ValueError, match=r"^numbers must fit 64 bits, got a larger one; write \.inf for infinity$"):
        scalar(text)


@given(st.floats(allow_nan=False) | st.integers(-(2**63), 2**64 - 1))
def test_numbers_as_python_writes_them(number):
    assert scalar(repr(number).replace("inf", ".inf")) == number


@pytest.mark.parametrize("name", ["no", "on", "y", "Yes", "off", "e1", "_1", "None", "nan", "inf", "__class__"])
def test_words_that_other_loaders_change_are_names(read, name):
    graph = read(f"nodes:\n  {name}: {{block: Const, attrs: {{value: 3}}}}\noutputs: {{{name}: {name}}}\n")
    assert flow.run(graph) == {name: 3}


@pytest.mark.parametrize("text", ["1:30", "1_000", "0b11", "2020-01-01", "'1'", '"0x1F"', "+.nan"])
def test_what_is_no_number_in_yaml_1_2_is_text(read, text):
    (problem,) = problems(read, node("Identity", f"inputs: {{input: {text}}}"))
    assert problem.message.startswith("node 'y': input 'input': no node or input named ")
