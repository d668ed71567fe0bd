"""New keys and values in the spelling of what is around them."""

from __future__ import annotations

import math

import pytest

from dataflow.graphfile.editing.spelling import Spelling
from dataflow.graphfile.spans import lookup, spans

TEXT = "'a': 'one'\nb: \"two\"\nc: three\nd: {e: 1}\n"


def spelling(text: str = TEXT) -> Spelling:
    return Spelling(text, spans(text))


@pytest.mark.parametrize(
    ("old", "value", "expected"),
    [
        ("a", "it's", "'it''s'"),
        ("a", "two\nlines", '"two\\nlines"'),
        ("a", 5, "5"),
        ("b", 'say "a"', '"say \\"a\\""'),
        ("c", "float32[N, 4]", '"float32[N, 4]"'),
        ("c", "a.min", "a.min"),
        ("c", "5", '"5"'),
    ],
)
def test_text_keeps_the_quotes_of_what_it_takes_the_place_of(old: str, value: object, expected: str) -> None:
    assert spelling().inline(value, lookup(spans(TEXT), (old,))) == expected


def test_json_stays_json() -> None:
    made = spelling('{"a": 1}')
    assert made.json and not spelling().json and not spelling("{a: 1}").json and not spelling("{}").json
    assert made.inline({"b": [1, None, "x", True]}) == '{"b": [1, null, "x", true]}'
    assert made.inline("x") == '"x"'
    assert made.inline([math.inf]) == "[.inf]"  # which JSON has no word for
    assert made.key("k", spans('{"a": 1}')) == '"k"'


def test_entries_are_laid_out_as_fmt_has_them() -> None:
    made = spelling()
    assert made.lines("k", "a: b", 2) == [' "a: b"']
    assert made.lines("k", {"x": 1, "y": [1, 2]}, 2) == [" {x: 1, y: [1, 2]}"]
    assert made.lines("k", {"x": 1}, 0, section=True) == ["", "  x: 1"]
    assert made.lines("k", {}, 0, section=True) == [" {}"]
    assert made.lines("k", "two\nlines\n", 2) == [" |", "    two", "    lines"]
    assert made.lines("k", "x", 2, lookup(spans(TEXT), ("a",))) == [" 'x'"]
    long = made.lines("k", list(range(60)), 2)
    assert long[0] == "" and long[1].startswith("    [0, 1,") and max(map(len, long)) <= 100


def test_keys_are_quoted_as_the_first_one_beside_them() -> None:
    made, root = spelling(), spans(TEXT)
    assert made.key("k", root) == "'k'"
    inner = lookup(root, ("d",))
    assert made.key("k l", inner) == "k l" and made.key("a: b", inner) == '"a: b"'
    assert made.key("k", None, '"') == '"k"'
