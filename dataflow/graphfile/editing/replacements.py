"""Characters of a text replaced by others, and back."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Replacement:
    """What stands in ``[start:end]`` of a text gives way to another text."""

    start: int
    end: int
    text: str


def replaced(text: str, replacements: Iterable[Replacement]) -> str:
    """A text with replacements made; of those at one place the first comes first.

    Raises ValueError where two of them overlap.
    """
    parts: list[str] = []
    done = 0
    for each in sorted(replacements, key=lambda r: (r.start, r.end)):
        if each.start < done:
            raise ValueError("two changes of one edit meet in one place; make them one after another")
        parts += text[done : each.start], each.text
        done = each.end
    return "".join(parts) + text[done:]


def inverse(text: str, replacements: Iterable[Replacement]) -> list[Replacement]:
    """What makes the text again of the one in which replacements were made."""
    result, shift = [], 0
    for each in sorted(replacements, key=lambda r: (r.start, r.end)):
        start = each.start + shift
        result.append(Replacement(start, start + len(each.text), text[each.start : each.end]))
        shift += len(each.text) - (each.end - each.start)
    return result


def between(old: str, new: str) -> list[Replacement]:
    """The lines that differ between two texts."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = offsets(before)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        Replacement(starts[a], starts[b], "".join(after[c:d]))
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]


def offsets(lines: Sequence[str]) -> list[int]:
    """Where each line begins, and where the last one ends."""
    result = [0]
    for line in lines:
        result.append(result[-1] + len(line))
    return result


def changed_lines(old: str, new: str) -> int:
    """How many lines of a text an edit touched: the larger of those that went and those that came."""
    before, after = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return sum(max(b - a, d - c) for kind, a, b, c, d in matcher.get_opcodes() if kind != "equal")
