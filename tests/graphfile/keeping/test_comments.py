"""Comments above entries, put there and taken away."""

from __future__ import annotations

import pytest

from dataflow.graphfile.keeping.comments import apart, commented, without_comments_of

TEXT = """\
dataflow: 1
nodes:
  # heading of all
  # in two lines
  a: 1

  # heading of two
  b: 2
  c: {d: 1}
  # of e alone
  e: 5  # on its line
  f: 6

  # of the last
  g: 7
# the end
"""


def without(*names):
    return without_comments_of(TEXT, [("nodes", name) for name in names])


@pytest.mark.parametrize(
    ("names", "comment"),
    [
        ("a", "  # heading of all\n  # in two lines\n"),
        ("bc", "\n  # heading of two\n"),
        ("e", "  # of e alone\n"),
        ("g", "\n  # of the last\n"),
    ],
)
def test_comments_go_with_what_they_are_about(names, comment):
    assert without(*names) == TEXT.replace(comment, "", 1)


@pytest.mark.parametrize("names", ["b", "c", "f", ""])
def test_a_heading_stays_while_an_entry_is_left(names):
    assert without(*names) == TEXT


def test_what_is_gone_already_or_in_braces_has_no_comment():
    assert without("z") == TEXT
    assert without_comments_of(TEXT, [("nodes", "c", "d")]) == TEXT


def test_comments_are_put_above_entries():
    found = commented(TEXT, {("nodes", "c"): ["one", "two"], ("nodes",): ["all"], ("nodes", "c", "d"): ["no place"]})
    assert found == TEXT.replace("  c:", "  # one\n  # two\n  c:").replace("nodes:", "# all\nnodes:")
    assert commented(TEXT.replace("\n", "\r\n"), {("nodes", "b"): ["b"]}).count("  # b\r\n  b:") == 1


def test_a_blank_line_makes_comments_a_heading():
    once = TEXT.replace("  # of e alone", "\n  # of e alone").replace("  f:", "\n  f:")
    assert apart(TEXT, [("nodes", "e"), ("nodes", "f")]) == once
    assert apart(once, [("nodes", name) for name in "efgb"]) == once
    assert apart(TEXT.replace("\n", "\r\n"), [("nodes", "f")]) == TEXT.replace("  f:", "\n  f:").replace("\n", "\r\n")


@pytest.mark.parametrize("path", [("nodes", "a"), ("nodes", "c", "d"), ("nodes", "z")])
def test_what_is_first_or_in_braces_or_not_there_is_no_heading(path):
    assert apart(TEXT, [path]) == TEXT
