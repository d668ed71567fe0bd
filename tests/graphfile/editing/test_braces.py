"""Entries put into braces and brackets, and taken out of them."""

from __future__ import annotations

import pytest

from dataflow.graphfile.editing.braces import put_in, take_out
from dataflow.graphfile.editing.lines import Lines
from dataflow.graphfile.editing.replacements import replaced
from dataflow.graphfile.spans import lookup, spans


def owner(text: str):
    span = lookup(spans(text), ("a",))
    assert span is not None
    return span


@pytest.mark.parametrize(
    ("text", "index", "expected"),
    [
        ("a: {}", 0, "a: {k: 1}"),
        ("a: {# c\n}", 0, "a: {k: 1 # c\n}"),
        ("a: {b: 2}", 1, "a: {b: 2, k: 1}"),
        ("a: {b: 2}", 0, "a: {k: 1, b: 2}"),
        ("a: {b: 2, }", 1, "a: {b: 2, k: 1, }"),
        ("a: { b : 2 , c : 3 }", 1, "a: { b : 2 , k: 1, c : 3 }"),
        ("a: {b: 2,  # b\n    c: 3}", 2, "a: {b: 2,  # b\n    c: 3, k: 1}"),
        ("a: {\n  b: 2  # b, the first\n}", 1, "a: {\n  b: 2,  # b, the first\n  k: 1\n}"),
        ("a: {\n  b: 2,  # b\n}", 1, "a: {\n  b: 2,  # b\n  k: 1,\n}"),
        ("a: {\n  b: 2,\n}", 0, "a: {\n  k: 1,\n  b: 2,\n}"),
        ("a: {b: 2\n}", 1, "a: {b: 2,\n  k: 1\n}"),
        ("a: {b: 2\n  , \n}", 1, "a: {b: 2\n  , \n  k: 1,\n}"),
    ],
)
def test_an_entry_more(text: str, index: int, expected: str) -> None:
    assert replaced(text, put_in(Lines(text), owner(text), index, "k: 1")) == expected


@pytest.mark.parametrize(
    ("text", "index", "expected"),
    [
        ("a: [1]", 0, "a: []"),
        ("a: [1, 2, 3]", 0, "a: [2, 3]"),
        ("a: [1, 2, 3]", 1, "a: [1, 3]"),
        ("a: [1, 2, 3]", 2, "a: [1, 2]"),
        ("a: [1, 2, ]", 1, "a: [1, ]"),
        ("a: [\n  1,  # one\n  2,  # two\n]", 0, "a: [\n  2,  # two\n]"),
        ("a: [\n  1,  # one\n  2   # two\n]", 1, "a: [\n  1  # one\n]"),
        ("a: [\n  1,  # one\n  2,  # two\n]", 1, "a: [\n  1,  # one\n]"),
        ("a: [1,  # one\n    2]", 1, "a: [1  # one\n    ]"),
        ("a: [1, 2,  # two\n    3]", 1, "a: [1,  # two\n    3]"),
        ("a: [1, 2\n  , 3]", 0, "a: [2\n  , 3]"),
    ],
)
def test_an_entry_less(text: str, index: int, expected: str) -> None:
    assert replaced(text, take_out(Lines(text), owner(text), index)) == expected
