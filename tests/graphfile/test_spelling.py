"""How a file spells its values, and the headings of its paragraphs."""

from __future__ import annotations

import pytest

from dataflow.graphfile.parse import parse
from dataflow.graphfile.spelling import Spelling, headings
from dataflow.graphfile.tree import Value

TEXT = """\
a: 0x10
b: {c: 1e-3, d: [1, 2.50], e: 'quoted'}
f: &anchor {g: .5}
h: *anchor
i: {<<: *anchor, j: 2}
k: [
  1,
  2]
l: |
  two
  lines
"""


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        (("a",), "0x10"),
        (("b", "c"), "1e-3"),
        (("b", "d"), "[1, 2.50]"),
        (("b", "d", 1), "2.50"),
        (("b", "e"), "'quoted'"),
        (("f",), "{g: .5}"),
        (("h",), "{g: .5}"),
        (("h", "g"), ".5"),
        (("i", "g"), ".5"),
        (("k",), "[1, 2]"),
        (("l",), r'"two\x0alines\x0a"'),
    ],
)
def test_values_are_spelled_as_they_stand_there_if_that_is_one_line(path: tuple[str | int, ...], spelled: str) -> None:
    document = parse(TEXT, "f.yaml")
    value = document.root
    for step in path:
        assert value is not None
        value = value.data[step]
    assert isinstance(value, Value)
    assert Spelling(document).text(path, value) == spelled


def found(text: str) -> list[tuple[str, list[str], int]]:
    root = parse(text, "f.yaml").root
    assert root is not None
    return [*headings(text.split("\n"), root.data["nodes"].keys)]


def test_a_comment_behind_a_blank_line_is_a_heading() -> None:
    assert found("nodes:\n  a: 1\n\n  # Then\n  # b.\n  b: 2\n  # no heading\n  c: 3\n") == [
        ("", ["a"], 2),
        ("Then b", ["b", "c"], 4),
    ]


def test_a_comment_that_comes_first_is_a_heading() -> None:
    assert found("nodes:\n  # First\n  a: 1\n") == [("First", ["a"], 2)]


def test_a_blank_line_alone_begins_a_paragraph_without_title() -> None:
    assert found("nodes:\n  # One\n  a: 1\n\n  b: 2\n") == [("One", ["a"], 2), ("", ["b"], 5)]


def test_comments_at_other_columns_and_in_texts_are_none() -> None:
    assert found("nodes:\n  a: |\n    x\n\n    # in the text\n  b: 2\n\n# at the margin\n  c: 3\n") == [
        ("", ["a", "b", "c"], 2)
    ]


def test_nodes_in_braces_are_one_paragraph() -> None:
    assert found("nodes: {a: 1, b: 2}\n") == [("", ["a", "b"], 1)]
