"""Where values begin and end in the text of graph files, over all graphs and files that are hard to edit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import places
import pytest

from dataflow.graphfile.parse import parse
from dataflow.graphfile.paths import read_document
from dataflow.graphfile.spans import Span, Step, lookup, spans
from dataflow.graphfile.tree import Document, Value

HARD = sorted((places.TESTS / "graphfile" / "hard_files").glob("*.yaml"))
GRAPHS = sorted(places.GRAPHS.rglob("*.yaml"))


def written(value: Value, span: Span, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Value, Span]]:
    """Every value of a tree with its span, but for what aliases and merge keys repeat."""
    yield path, value, span
    if span.kind == "alias":
        return
    data = value.data
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, item in inner:
        if (entry := span.find(step)) is not None:
            yield from written(item, entry.value, (*path, step))


def offset(document: Document, place: tuple[int, int]) -> int:
    lines = document.text.splitlines(keepends=True)
    return sum(map(len, lines[: place[0] - 1])) + place[1] - 1


@pytest.mark.parametrize("path", [*GRAPHS, *HARD], ids=lambda path: path.stem)
def test_spans_hold_the_values_that_the_parser_found(path: Path) -> None:
    document = read_document(path, path.name)
    assert document.root is not None and not document.problems
    text, root = document.text, spans(document.text)
    found = list(written(document.root, root))
    assert len(found) > 10
    for steps, value, span in found:
        assert lookup(root, steps) is span
        if span.kind == "alias":
            assert text[span.start] == "*" and span.target is not None and span in span.target.users
            continue
        if value.data is not None:
            assert offset(document, value.place) == span.start
        shown = text[span.inner : span.end]
        again = parse(f"{shown}\n" if span.style in ("|", ">") or span.flow or span.kind == "scalar" else "", "again")
        if "*" not in shown and again.root is not None:
            assert repr(again.root.plain()) == repr(value.plain())
        assert span.kind == "scalar" or not span.flow or shown[0] + shown[-1] in ("{}", "[]")
        for entry in span.entries:
            assert span.inner <= entry.start <= entry.value.start <= entry.value.end <= entry.end <= span.end
            assert entry.value.entry is entry and next(entry.value.outer) is span
            assert span.flow or span.kind == "mapping" or text[entry.start] == "-"
            assert not entry.asked or text[entry.start] == "?"
    assert next(iter(root.all())) is root


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("a: &x 5\nb: *x", ("a",), "5"),
        ("a: |\n  one\n\n  two\n\n\nb: 1", ("a",), "|\n  one\n\n  two"),
        ("a: |+\n  one\n\n\nb: 1", ("a",), "|+\n  one\n\n"),
        ("a: |+\r\n  one\r\n\r\nb: 1", ("a",), "|+\r\n  one\r\n"),
        ("a: >- # note\n  one\n  two", ("a",), ">- # note\n  one\n  two"),
        ("a:   # nothing\nb: 1", ("a",), ""),
        ("a: {b, c: }", ("a", "b"), ""),
        ("a:\n- - 1\n  - -2\n- # three\n  3", ("a", 0, 1), "-2"),
        ("a:\n- - 1\n  - -2\n- # three\n  3", ("a", 1), "3"),
        ("a: {'b': [1, {c: d}]}", ("a", "b", 1, "c"), "d"),
        ("a: plain\n  text\nb: 1", ("a",), "plain\n  text"),
        ("a:\n  b: 1   # note\n\n  # more\nc: 2", ("a",), "b: 1"),
    ],
)
def test_where_a_value_ends(text: str, path: tuple[Step, ...], expected: str) -> None:
    span = lookup(spans(text), path)
    assert span is not None
    assert text[span.inner : span.end] == expected


def test_what_is_not_written_has_no_span() -> None:
    root = spans("a: &x {b: 1}\nc: {<<: *x}\nd: *x\n? e\n: [1]")
    assert lookup(root, ("c", "b")) is None
    assert lookup(root, ("d", "b")) is None
    assert lookup(root, ("e", 1)) is None
    assert lookup(root, ("e", "0")) is None
    merging = root.entries[1].value.entries[0]
    assert merging.merges and merging.key == "<<" and not root.find("<<")
    assert root.entries[3].asked and [user.start for user in root.entries[0].value.users] == [21, 28]
