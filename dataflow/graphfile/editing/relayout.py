"""The layout of `dataflow fmt` for a text that was in it before an edit: only what is around the edit is put in order.

A file is laid out entry by entry, so that the entries of a section that changed, with those beside them, can be laid
out as a file of their own. Where that is not so, as with anchors, the whole is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dataflow.core.errors import DataflowError
from dataflow.graphfile.editing.replacements import ranges
from dataflow.graphfile.format import formatted
from dataflow.graphfile.parse import parse
from dataflow.graphfile.tree import Document

_SHARED = re.compile(r"(?:^|[\s,\[{:-])[&*!?]|\r", re.MULTILINE)  # what may reach beyond its entry
_LITERAL = re.compile(r"[:-]\s+[|>][-+0-9]*\s*(#.*)?")  # begins text in which # is no comment
_SECTION = re.compile(r"[A-Za-z_][\w-]*:(\s+#.*)?")
_ENTRY = re.compile(r"  [^\s#-]")


class _Whole(Exception):
    """The whole text must be looked at."""


def laid_out(document: Document) -> str | None:
    """The text of a document in the layout of `dataflow fmt`; None where it cannot be put in it."""
    try:
        return formatted(document)
    except DataflowError:
        return None


def laid_out_again(old: str, document: Document) -> str | None:
    """As `laid_out`, of a document that was made by an edit of a text in this layout."""
    try:
        return _by_entries(old, document)
    except _Whole:
        return laid_out(document)


def _by_entries(old: str, document: Document) -> str:
    if _SHARED.search(document.text) or not document.text.endswith("\n"):
        raise _Whole
    before, lines = old.split("\n")[:-1], document.text.split("\n")[:-1]
    for start, end, section in reversed(_windows(before, lines)):
        lines[start:end] = _snippet([lines[section], *lines[start:end]], document.path)
    return "\n".join(lines) + "\n"


def _windows(before: Sequence[str], lines: Sequence[str]) -> list[tuple[int, int, int]]:
    """Ranges of lines around the changes, each whole entries of a section, and where that section begins."""
    found: list[tuple[int, int, int]] = []
    for same, a, b, c, d in ranges(before, lines):
        if same:
            continue
        if any(line[:1] not in ("", " ", "#") for line in (*before[a:b], *lines[c:d])):
            raise _Whole
        section = next((at for at in range(c - 1, -1, -1) if lines[at][:1] not in ("", " ", "#")), None)
        if section is None or not _SECTION.fullmatch(lines[section]):
            raise _Whole
        start = next((at for at in range(c - 1, section, -1) if _ENTRY.match(lines[at])), section + 1)
        end = _end(lines, d)
        if end == d and any(_is_between(line) for line in (*before[a:b], *lines[c:d])):
            raise _Whole  # behind the last entry, where blank lines and comments belong to what follows
        if found and start < found[-1][1]:
            start = found.pop()[0]
        if any(_LITERAL.search(line) for line in lines[start:end]):
            raise _Whole
        found.append((start, end, section))
    return found


def _end(lines: Sequence[str], at: int) -> int:
    """Where the entry ends that begins at or after a line, or the one before it where the section ends."""
    entries = 0
    last = at
    while at < len(lines) and lines[at][:1] in ("", " ", "#"):
        entries += bool(_ENTRY.match(lines[at]))
        if entries > 1:
            break
        at += 1
        if not _is_between(lines[at - 1]):
            last = at
    return last


def _is_between(line: str) -> bool:
    """Whether a line has nothing but a comment, or nothing at all."""
    return not line.strip() or line.lstrip().startswith("#")


def _snippet(lines: Sequence[str], path: str) -> list[str]:
    """Lines of a section, the first its key, in the layout; without that first one."""
    document = parse("\n".join(lines) + "\n", path)
    if document.problems or document.root is None or not isinstance(document.root.data, dict):
        raise _Whole
    laid = laid_out(document)
    if laid is None:
        raise _Whole
    first, *rest = laid.split("\n")[:-1]
    if first != lines[0]:
        raise _Whole
    return rest
