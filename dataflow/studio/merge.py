"""Two texts that were made from one, joined line by line."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

_LONG = 20_000  # lines; in longer texts lines that are there often are not looked for

Part = tuple[int, int, list[str]]  # lines from one to before another, and those in their place


def merged(base: str, ours: str, theirs: str) -> str | None:
    r"""The base with the changes of both; None where they change the same lines, or lines beside each other.

    >>> merged("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n")
    'A\nb\nc\nD\n'
    >>> merged("a\n", "b\n", "c\n") is None
    True
    """
    lines = base.splitlines(keepends=True)
    first, second = _changes(lines, ours), _changes(lines, theirs)
    parts = [*first, *(part for part in second if part not in first)]
    parts.sort(key=lambda part: part[:2])
    end = -1
    for start, stop, _ in parts:
        if start <= end:
            return None
        end = stop
    result: list[str] = []
    at = 0
    for start, stop, new in parts:
        result += lines[at:start] + new
        at = stop
    return "".join(result + lines[at:])


def _changes(base: Sequence[str], text: str) -> list[Part]:
    lines = text.splitlines(keepends=True)
    matcher = SequenceMatcher(None, base, lines, autojunk=max(len(base), len(lines)) > _LONG)
    return [(a, b, lines[c:d]) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]
