"""Where a cursor stands, in text that is YAML and in text that will be."""

from __future__ import annotations

from pathlib import Path

import places
import pytest
from few import GRAPHS_THAT_TELL, few

from dataflow.graphfile.parse import parse
from dataflow.graphfile.spans import Span, spans
from dataflow.graphfile.suggest.cursor import cursor

HARD = (places.TESTS / "graphfile" / "hard_files").glob("*.yaml")
FILES = sorted(
    path
    for path in (*(places.ROOT / "graphs").rglob("*.yaml"), *HARD)
    if path.stem != "question_keys"  # `? key` is for text that nobody types
)


@pytest.mark.parametrize(
    ("text", "path", "typing_key", "word"),
    [
        ("", (), True, ""),
        ("dataflow: 1\nno", (), True, "no"),
        ("dataflow: ", ("dataflow",), False, ""),
        ("nodes:\n  r: {", ("nodes", "r"), True, ""),
        ("nodes:\n  r: {block: Re", ("nodes", "r", "block"), False, "Re"),
        ("nodes:\n  r: {block: Relu, inputs: {", ("nodes", "r", "inputs"), True, ""),
        ("nodes:\n  r: {block: Relu, inputs: [a, b", ("nodes", "r", "inputs", 1), False, "b"),
        ("nodes:\n  r:\n    block: Relu\n    inp", ("nodes", "r"), True, "inp"),
        ("nodes:\n  r:\n    block: Relu\n  ", ("nodes",), True, ""),
        ("nodes:\n  r:\n    inputs:\n      - a\n      - b", ("nodes", "r", "inputs", 1), False, "b"),
        ("nodes:\n  r:\n    inputs:\n    - a\n    - ", ("nodes", "r", "inputs", 1), False, ""),
        ("nodes:\n  r: {a: 1}\nout", (), True, "out"),
        ("nodes:\n  r: {\n    x: 'a: {b',\n    y", ("nodes", "r"), True, "y"),
        ('{"nodes": {"r": {"block": "Re', ("nodes", "r", "block"), False, "Re"),
        ("doc: |\n  a: {\nno", (), True, "no"),
        ("a: {b: [1, \nno: 1\nc", (), True, "c"),
    ],
)
def test_what_is_typed(text: str, path: tuple[str | int, ...], typing_key: bool, word: str) -> None:
    found = cursor(text, len(text))
    assert (found.path, found.typing_key, found.word) == (path, typing_key, word)
    assert text[found.start :] == word


@pytest.mark.parametrize("text", ["# comm", "a: 1  # co", "doc: >-\n  some wo", "doc: |\n\n  some: {wo"])
def test_in_comments_and_in_text_of_several_lines_nothing_is_known(text: str) -> None:
    assert cursor(text, len(text)).comment


def test_what_closes_the_brackets_that_are_open() -> None:
    assert cursor('a: {b: [1, {c: "d', 17).closing == '"}]}'


@pytest.mark.parametrize("file", few(FILES, [*GRAPHS_THAT_TELL, *HARD]), ids=lambda file: file.stem)
def test_every_value_and_key_of_files_is_at_its_path(file: Path) -> None:
    """The parser of YAML is the judge: a cursor at the end of each word must be where it says."""
    text = file.read_bytes().decode().removeprefix("\ufeff")
    assert not parse(text, "g.yaml").problems
    checked = 0
    waiting: list[tuple[Span, tuple[str | int, ...]]] = [(spans(text), ())]
    while waiting:
        span, path = waiting.pop()
        for i, entry in enumerate(span.entries):
            inner = (*path, entry.key if span.kind == "mapping" else i)
            waiting.append((entry.value, inner))
            value = entry.value
            if (
                entry.asked
                or any(part in text[entry.start : entry.end] for part in ("\n", "!"))
                or value.kind != "scalar"
            ):
                continue
            if text[value.inner : value.end].strip() and value.style in ("", '"', "'"):
                end = value.end - bool(value.style)
                found = cursor(text, end)
                assert (found.path, found.typing_key) == (inner, False), text[value.start - 40 : value.end]
                checked += 1
            if span.kind == "mapping" and text[entry.key_start] not in "\"'&":
                found = cursor(text, entry.key_end)
                assert (found.path, found.typing_key) == (path, True), text[entry.start - 40 : entry.end]
    assert checked > 0
