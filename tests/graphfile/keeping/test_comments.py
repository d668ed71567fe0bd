"""Comments above entries, put there and taken away."""

from __future__ import annotations

import pytest

from dataflow.graphfile.keeping.comments import commented, without_comments_of

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
