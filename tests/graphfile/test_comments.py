"""The source of a graph file: which comment belongs to what, and text that is kept as it was written."""

from __future__ import annotations

import pytest

from dataflow.graphfile.comments import Source

TEXT = """\
# head
a: 1  # note of a

# about b
b:
  - 2   # one
  # end of b
c: {d: 3, e: [4]}
# tail
"""


def entries(text):
    """The items of the outermost mapping, by key."""
    return {item.key: item for item in Source(text).root.value.items}


def test_comments_belong_to_what_follows_or_stands_on_their_line():
    found = entries(TEXT)
    assert (found["a"].lead, found["a"].notes) == (["# head"], ["# note of a"])
    assert (found["b"].lead, found["b"].notes) == (["", "# about b"], [])
    assert found["b"].value.items[0].notes == ["# one"]
    assert found["b"].value.end == ["# end of b"]
    assert (found["c"].lead, found["c"].notes) == ([], [])
    assert Source(TEXT).root.value.end == ["# tail"]


def test_all_comments_are_listed_in_the_order_of_the_text():
    assert Source(TEXT).comments == ["# head", "# note of a", "# about b", "# one", "# end of b", "# tail"]


def test_a_hash_within_text_is_no_comment():
    source = Source("a: 'b # c'\nd: e#f\ng: |\n  # text\n")
    assert source.comments == []
    assert [item.value.text for item in source.root.value.items] == ["'b # c'", "e#f", "|\n# text"]


@pytest.mark.parametrize("indent, inner, outer", [("    ", ["# x"], []), ("  ", ["# x"], []), ("", [], ["# x"])])
def test_a_comment_after_a_mapping_is_of_the_one_it_is_indented_like(indent, inner, outer):
    found = entries(f"a:\n  b: 1\n{indent}# x\nc: 2\n")
    assert (found["a"].value.end, found["c"].lead) == (inner, outer)


def test_blank_lines_in_a_row_are_one():
    assert entries("a: 1\n\n\n\nb: 2\n")["b"].lead == [""]


@pytest.mark.parametrize(
    "text, line",
    [
        ("1", "1"),
        ("'it''s'", "'it''s'"),
        ("!!str 1", "!!str 1"),
        ("&x 1", "&x 1"),
        ("{a:   1,b: [2,3]}", "{a: 1, b: [2, 3]}"),
        ("&x  !!map {a: 1}", "&x !!map {a: 1}"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("[\n  1,\n  2]", "[1, 2]"),
        ("[[1], [2]]", "[[1], [2]]"),
        ("[[1],\n  [2]]", None),  # a matrix keeps its rows
        ("[1, # one\n  2]", None),
        ("'a\n  b'", None),
        ("\n  b: 1", None),
    ],
)
def test_what_fits_in_one_line(text, line):
    assert entries(f"a: {text}\n")["a"].value.line() == line


@pytest.mark.parametrize("text, noted", [("{b: 1}", False), ("[1 # one\n  ]", True), ("\n  # lead\n  b: 1", True)])
def test_comments_within_a_value(text, noted):
    assert entries(f"a: {text}\n")["a"].value.noted is noted


@pytest.mark.parametrize(
    "text, kept",
    [
        ("a: |\n     one\n       two\n", "|\none\n  two"),
        ("a:\n  - >\n    one\n", ">\none"),
        ("a: |2\n     two\n   one\n", "|2\n   two\n one"),
        ("a: |4-\n     one\n", "|2-\n one"),
        ("a: |+\n  one\n\n\n", "|+\none\n\n"),
        ("a: |\n  one\n\n\n", "|\none"),
    ],
)
def test_literals_lose_the_indent_of_their_lines(text, kept):
    value = entries(text)["a"].value
    literal = value.items[0].value if value.items else value
    assert (literal.text, literal.literal) == (kept, True)


def test_aliases_and_merge_keys_stay_as_written():
    found = entries("a: &x {b: 1}\nc: *x\nd: {<<: *x}\n")
    assert [found[key].value.line() for key in "acd"] == ["&x {b: 1}", "*x", "{<<: *x}"]
