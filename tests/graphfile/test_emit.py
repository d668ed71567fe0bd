"""YAML as a person would write it, and read back it is the same."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.core.errors import GraphError
from dataflow.graphfile.emit import WIDTH, block, entry, escaped, filled, flow
from dataflow.graphfile.parse import parse


def parsed(lines):
    """The plain value of a file's lines."""
    document = parse("\n".join(lines) + "\n", "graph.yaml")
    assert not document.problems, document.problems
    return document.root.plain()


@pytest.mark.parametrize(
    "value, text",
    [
        (1, "1"),
        (-(2**63), "-9223372036854775808"),
        (2**64 - 1, "18446744073709551615"),
        (1.0, "1.0"),
        (1e-7, "1e-07"),
        (np.float32(0.1), "0.1"),
        (-0.0, "-0.0"),
        (math.nan, ".nan"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        (True, "true"),
        (np.False_, "false"),
        (None, "null"),
        ("Relu", "Relu"),
        ("two words", "two words"),
        ("x.port", "x.port"),
        ("", '""'),
        ("1e3", '"1e3"'),
        (".1e999", '".1e999"'),
        ("null", '"null"'),
        ("a, b", '"a, b"'),
        ("a: b", '"a: b"'),
        ("1" * 30, f'"{"1" * 30}"'),
        ("é", '"é"'),
        ("bell\x07", '"bell\\x07"'),
        ("\u2028\U0001f600", '"\\u2028😀"'),
        ("\U000e0001", '"\\U000e0001"'),
        ([1, [2.5, "a"]], "[1, [2.5, a]]"),
        ((1, 2), "[1, 2]"),
        (np.int8([[1], [2]]), "[[1], [2]]"),
        ({"a": {"b": [1]}, 2: "c"}, '{a: {b: [1]}, "2": c}'),
        ({}, "{}"),
        ([], "[]"),
    ],
)
def test_values_in_one_line(value, text):
    assert flow(value) == text


@pytest.mark.parametrize(
    "value, message",
    [
        (2**64, "numbers of 64 bits, text, lists and mappings, got 18446744073709551616"),
        ([-(2**63) - 1], "numbers of 64 bits, text, lists and mappings, got -9223372036854775809"),
        (1j, "numbers of 64 bits, text, lists and mappings, got 1j"),
        ("a\ud800", r"text in UTF-8, got the half character '\\ud800'"),
    ],
)
def test_what_a_graph_file_cannot_hold(value, message):
    with pytest.raises(GraphError, match=f"graph files hold {message}"):
        flow(value)


@pytest.mark.parametrize(
    "value, text",
    [
        ("short", ["k: short"]),
        ("a (b), [c] or {d}", ["k: a (b), [c] or {d}"]),
        ("ends: here", ['k: "ends: here"']),
        ("a:b", ["k: a:b"]),
        ("one\ntwo", ["k: |-", "  one", "  two"]),
        ("one\n\n  two\n", ["k: |", "  one", "", "    two"]),
        (" one\ntwo", ['k: " one\\x0atwo"']),
        ("one\n\n", ['k: "one\\x0a\\x0a"']),
        ("word " * 30 + "end", ["k: >-", "  " + "word " * 18 + "word", "  " + "word " * 11 + "end"]),
        ("x" * 120, ["k: " + "x" * 120]),
        ([1] * 3, ["k: [1, 1, 1]"]),
        (
            [1000] * 20,
            ["k:", "  [" + "1000, " * 15 + "1000,", "   1000, 1000, 1000, 1000]"],
        ),
        ([[1] * 20, [2] * 20], ["k:", "  [", f"    {[1] * 20},", f"    {[2] * 20},", "  ]"]),
        ({"a": "b" * 95, "c": 1}, ["k:", "  a: " + "b" * 95, "  c: 1"]),
    ],
)
def test_entries_over_several_lines(value, text):
    assert entry("k", value) == text
    assert parsed(text) == {"k": value}


def test_entries_within_others_are_indented():
    assert entry("a b", "one\ntwo", 4) == ["    a b: |-", "      one", "      two"]
    assert block("a", {"b": 1, "c": {"d": 2}}, 2) == ["  a:", "    b: 1", "    c: {d: 2}"]
    assert block("a", {}) == ["a:"]


def test_rows_that_are_too_long_are_broken_up():
    matrix = [[1000 + i for i in range(40)], [1]]
    lines = entry("k", matrix)
    assert all(len(line) <= WIDTH for line in lines)
    assert lines[-2:] == ["    [1],", "  ]"]
    assert parsed(lines) == {"k": matrix}


@given(st.lists(st.text("abc", min_size=1, max_size=120), min_size=1), st.integers(0, 8))
def test_lists_are_filled_up_to_the_width(pieces, indent):
    lines = filled(pieces, indent)
    assert " ".join(line.strip() for line in lines) == f"[{', '.join(pieces)}]"
    assert all(len(line) <= WIDTH + 1 or line.count(",") <= 1 for line in lines)
    for line, following in pairwise(lines):  # one piece more would not have fitted
        assert len(line) + len(following.split()[0]) + 1 > WIDTH


@pytest.mark.parametrize(
    "value, text",
    [
        ("$x", "$$x"),
        ("${x}", "$${x}"),
        ("a ${x} b", "a $${x} b"),
        ("$$", "$$$$"),
        ("costs 5 $", "costs 5 $"),
        ("a$x", "a$x"),
        ("$5", "$5"),
        (["$x", {"a": "$x"}], ["$$x", {"a": "$$x"}]),
        (("$x", 1), ["$$x", 1]),
        (np.float32([0.1]), [0.1]),
    ],
)
def test_dollar_signs_that_would_be_parameters_are_doubled(value, text):
    assert escaped(value) == text


WORDS = """
$ $$ ${x} $x ${env:HOME} 'q' " a:_b a_#b #_a -_a ?_a [ {a} &a *a !a % @ ` > | null 1e3 010 ~ << --- ... _lead trail_
\\ é_日本_😀 two/lines end/ ends// / /lead a/__b/ a_/b a///b a/___/b
"""


DOCS = [doc.replace("_", " ").replace("/", "\n") for doc in WORDS.split()]
DOCS += ["tab\t", "a\r\nb", "\x00", "\x85", "\ufeff", "\u2028"]
DOCS += ["word " * 60, "a  b " * 50 + "c", "x" * 300, "a # b: " * 30 + "c", "a\xa0b " * 40]


@pytest.mark.parametrize("text", DOCS)
def test_odd_text_is_read_back(text):
    assert parsed(entry("k", text)) == {"k": text}
    assert parsed(block("k", {text: text})) == {"k": {text: text}}
    assert parsed([f"k: {flow([text, {text: text}])}"]) == {"k": [text, {text: text}]}


TEXT = st.text(st.characters(codec="utf-8"), max_size=150) | st.text("a $\n\t:#'\"{}", max_size=300)


@given(TEXT, st.integers(0, 60))
def test_any_text_is_read_back(text, indent):
    assert parsed(["a:", *entry("k", text, indent + 1)]) == {"a": {"k": text}}
    assert parsed([f"k: {flow([text])}"]) == {"k": [text]}


NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.booleans() | st.none()
VALUES = st.recursive(
    NUMBERS | st.text("ab $:#-\n", max_size=12),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text("ab :$", max_size=4), inner, max_size=4),
    max_leaves=60,
)


@given(VALUES)
def test_any_value_is_read_back_with_its_kinds(value):
    assert repr(parsed(entry("k", value))["k"]) == repr(value)
