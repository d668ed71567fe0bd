"""Characters of a text replaced by others, and back."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Replacement:
    """What stands in ``[start:end]`` of a text gives way to another text."""

    start: int
    end: int
    text: str

    def moved(self, by: int) -> Replacement:
        """The same where so many characters come before it."""
        return Replacement(self.start + by, self.end + by, self.text) if by else self


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
    return [
        Replacement(starts[a], starts[b], "".join(after[c:d])) for same, a, b, c, d in ranges(before, after) if not same
    ]


def as_typed(old: str, new: str) -> str:
    """A text that was typed where lines end with any one break, with the breaks and the mark of the one before.

    Lines that are in both keep their breaks; new ones get the one that is the most frequent.
    """
    mark = "\ufeff" if old.startswith("\ufeff") else ""
    before, after = _lines(old.removeprefix(mark)), _lines(new.removeprefix("\ufeff"))
    usual = Counter(end for _, end in before if end).most_common(1)
    eol = usual[0][0] if usual else "\n"
    made = [(line, end and eol) for line, end in after]
    for same, a, b, c, _ in ranges([line for line, _ in before], [line for line, _ in after]):
        for i in range(b - a) if same else ():
            line, end = made[c + i]
            made[c + i] = line, end and (before[a + i][1] or end)
    return mark + "".join(line + end for line, end in made)


def _lines(text: str) -> list[tuple[str, str]]:
    """The lines of a text, each with what ends it."""
    parts = re.split("(\r\n|\r|\n)", text)
    return [*zip(parts[::2], [*parts[1::2], ""], strict=True)]


def ranges(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Ranges of two sequences, in their order, and whether they are the same; ends that agree are not searched."""
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    yield True, 0, first, 0, first
    ends = len(old) - last, len(new) - last
    matcher = difflib.SequenceMatcher(None, old[first : ends[0]], new[first : ends[1]], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        yield kind == "equal", first + a, first + b, first + c, first + d
    yield True, ends[0], len(old), ends[1], len(new)


def offsets(lines: Sequence[str]) -> list[int]:
    """Where each line begins, and where the last one ends."""
    result = [0]
    for line in lines:
        result.append(result[-1] + len(line))
    return result


def changed_lines(old: str, new: str) -> int:
    """How many lines of a text an edit touched: the larger of those that went and those that came."""
    before, after = old.splitlines(), new.splitlines()
    return sum(max(b - a, d - c) for same, a, b, c, d in ranges(before, after) if not same)
