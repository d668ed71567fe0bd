"""Entries put into braces and brackets, and taken out of them: where the commas and the comments behind them stand."""

from __future__ import annotations

from dataflow.graphfile.editing.lines import Lines
from dataflow.graphfile.editing.replacements import Replacement
from dataflow.graphfile.spans import Span, without_comments


def put_in(lines: Lines, owner: Span, index: int, text: str) -> list[Replacement]:
    """An entry more, before the one at ``index`` or behind the last."""
    entries = owner.entries
    if not entries:
        at = owner.inner + 1
        return [Replacement(at, at, text + " " * (lines.text[at] == "#"))]
    if index < len(entries):
        at = entries[index].start
        space = lines.eol + " " * lines.column(at) if lines.first(at) else " "
        return [Replacement(at, at, f"{text},{space}")]
    end = entries[-1].end
    comma = comma_between(lines, end, owner.end - 1)
    if "\n" not in lines.text[end : owner.end - 1]:
        return [Replacement(end, end, f", {text}") if comma < 0 else Replacement(comma + 1, comma + 1, f" {text},")]
    start = entries[-1].start
    margin = " " * (lines.column(start) if lines.first(start) else lines.indent(start) + 2)
    at = lines.end(max(comma, end))
    added = Replacement(at, at, lines.eol + margin + text + "," * (comma >= 0))
    return [added] if comma >= 0 else [Replacement(end, end, ","), added]


def take_out(lines: Lines, owner: Span, index: int) -> list[Replacement]:
    """An entry less, with its comma; with its line and the comment there where it stands alone on it."""
    entries = owner.entries
    entry = entries[index]
    start, end = entry.start, entry.end
    if len(entries) == 1:
        return [Replacement(owner.inner + 1, owner.end - 1, "")]
    following = entries[index + 1].start if index + 1 < len(entries) else owner.end - 1
    comma = comma_between(lines, end, following)
    behind = max(comma + 1, end)
    before = comma_between(lines, entries[index - 1].end, start) if index else -1
    drop_before = [Replacement(before, before + 1, "")] if before >= 0 and comma < 0 else []
    if lines.first(start) and lines.last(behind):
        return [*drop_before, Replacement(lines.start(start), lines.after(behind), "")]
    if index + 1 < len(entries):
        if "\n" not in lines.text[behind:following]:
            return [Replacement(start, following, "")]
        return [Replacement(_blanks_before(lines, start), behind, "")]
    if "\n" not in lines.text[before:start]:
        return [Replacement(before, end, "")]
    return [*drop_before, Replacement(start, behind, "")]


def comma_between(lines: Lines, start: int, end: int) -> int:
    """Where the comma between two offsets stands, -1 where there is none."""
    found = without_comments(lines.text[start:end]).find(",")
    return start + found if found >= 0 else -1


def _blanks_before(lines: Lines, at: int) -> int:
    while at and lines.text[at - 1] == " " and not lines.first(at):
        at -= 1
    return at
