"""Which value of a file stands at a place of its text."""

from __future__ import annotations

from dataflow.graphfile.editing.changes import Path
from dataflow.graphfile.spans import Entry, Span, Step
from dataflow.graphfile.tree import BREAK, Place


def offset(text: str, place: Place) -> int:
    """The offset of a line and column in a text without a byte order mark; that of the end where it is beyond."""
    start = 0
    for _ in range(place[0] - 1):
        found = BREAK.search(text, start)
        if found is None:
            return len(text)
        start = found.end()
    return min(start + place[1] - 1, len(text))


def path_at(root: Span, at: int) -> Path:
    """The keys and items that lead to the innermost value whose entry an offset lies in."""
    steps: list[Step] = []
    span = root
    while (found := _entry_at(span, at)) is not None:
        index, entry = found
        if entry.merges:
            break
        steps.append(entry.key if span.kind == "mapping" else index)
        span = entry.value
    return tuple(steps)


def _entry_at(span: Span, at: int) -> tuple[int, Entry] | None:
    low, high = 0, len(span.entries)
    while low < high:  # the last entry that begins at or before the offset
        middle = (low + high) // 2
        low, high = (middle + 1, high) if span.entries[middle].start <= at else (low, middle)
    entry = span.entries[low - 1] if low else None
    return (low - 1, entry) if entry is not None and at <= entry.end else None
