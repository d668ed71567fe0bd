"""Where lines begin and end, and which comments belong to an entry."""

from __future__ import annotations

from dataflow.graphfile.editing.lines import Lines
from dataflow.graphfile.spans import lookup, spans

TEXT = """\
a:
  b: 1   # of b
    # more of b

      # still of b
  # heading of c
  c:
  - 1
  # right above d
  d: 2
# end
"""


def entry(text: str, *path: str):
    span = lookup(spans(text), path)
    assert span is not None and span.entry is not None
    return span.entry


def test_places_on_a_line() -> None:
    lines = Lines(TEXT)
    at = TEXT.index("1   #")
    assert TEXT[lines.start(at) : lines.end(at)] == "  b: 1   # of b"
    assert TEXT[lines.after(at) :].startswith("    # more")
    assert (lines.column(at), lines.indent(at), lines.number(at)) == (5, 2, 2)
    assert lines.first(TEXT.index("b: 1")) and not lines.first(at)
    assert lines.last(at + 1) and not lines.last(at - 2)
    assert not Lines("{a: b#c}").last(5)
    assert lines.after(len(TEXT) - 2) == len(TEXT) and lines.start(0) == 0


def test_breaks_of_other_systems() -> None:
    lines = Lines("a: 1\r\nb: 2\r\n")
    assert lines.eol == "\r\n" and Lines("a\n").eol == "\n"
    assert (lines.end(0), lines.after(0), lines.start(7)) == (4, 6, 6)


def test_deeper_comments_belong_to_an_entry() -> None:
    lines = Lines(TEXT)
    assert TEXT[: lines.below(entry(TEXT, "a", "b"))].endswith("# still of b")
    assert TEXT[: lines.below(entry(TEXT, "a", "c"))].endswith("- 1")
    assert TEXT[: lines.below(entry(TEXT, "a", "d"))].endswith("d: 2")
    assert TEXT[: lines.below(entry(TEXT, "a"))].endswith("d: 2")


def test_what_comes_before_goes_above_the_comment_on_top_but_below_a_heading() -> None:
    lines = Lines(TEXT)
    assert TEXT[lines.above(entry(TEXT, "a", "d")) :].startswith("  # right above d")
    text = "a:\n\n  # heading\n  b: 1\n"
    assert text[Lines(text).above(entry(text, "a", "b")) :].startswith("  b: 1")
    text = "# top\na: 1\n"
    assert Lines(text).above(entry(text, "a")) == 6
    text = "x:\n    # elsewhere\n  # own\n  b: 1\n"
    assert text[Lines(text).above(entry(text, "x", "b")) :].startswith("  # own")


def test_comments_right_on_top_of_an_entry_begin_where_they_do() -> None:
    text = "x:\n    # elsewhere\n  # own\n  # too\n  b: 1\n  c: 2\n\n  # d\n  d: 3\n"
    lines = Lines(text)
    assert [text[lines.top(entry(text, "x", name)) :].splitlines()[0] for name in "bcd"] == [
        "  # own",
        "  c: 2",
        "  # d",
    ]
    assert [lines.blank(lines.top(entry(text, "x", name)) - 1) for name in "bcd"] == [False, False, True]
    assert Lines("# top\na: 1\n").top(entry("# top\na: 1\n", "a")) == 0
