"""A graph file as `dataflow fmt` writes it: comments and spelling kept; indents, blanks and long lines fixed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dataflow.core.errors import DataflowError, GraphFileError
from dataflow.files.atomic import write_text
from dataflow.graphfile.comments import Item, Node, Source
from dataflow.graphfile.emit import WIDTH, filled
from dataflow.graphfile.parse import parse
from dataflow.graphfile.paths import Location, read_document
from dataflow.graphfile.shipped import refuse_writing
from dataflow.graphfile.tree import START, Document

MAX_FORMATTED = 100_000  # values and keys: more would take too long


def format_file(path: str | os.PathLike[str], write: bool = True) -> bool:
    """Format a graph file, or only look with ``write`` false; whether its text changes.

    Raises GraphFileError where it is not YAML that a graph file may have; other mistakes in it do not matter.
    """
    if write:
        refuse_writing(os.fspath(path))
    document = _read(os.fspath(path))
    text = formatted(document)
    changed = text != document.text
    if changed and write:
        write_text(path, text)
    return changed


def _read(path: str) -> Document:
    try:
        file = Location.of(path)
    except ValueError as error:
        document = Document(path)
        document.report(START, str(error))
        return document
    return read_document(file.real, path)


def formatted(document: Document) -> str:
    """The text of a graph file in the standard layout, with the same values and comments."""
    root, path = document.root, document.path
    if root is not None and not isinstance(root.data, dict):
        document.report(root.place, f"a graph file must be a mapping, got {root.kind}")
    if document.size > MAX_FORMATTED:
        text = f"a file that is put in order may hold {MAX_FORMATTED:,} values and keys, got {document.size:,}"
        document.report(START, text, "keep arrays in .npz files")
    if document.problems:
        raise GraphFileError(document.problems.values())
    given = document.text.replace("\r\n", "\n")
    source = Source(given)
    result = "\n".join(_file(source.root)) + "\n"
    if result != given and not _same(result, document, source):
        raise DataflowError(f"{path}: cannot be put in order without changing what it says; it is left as it is")
    return result.replace("\n", "\r\n") if "\r\n" in document.text else result


def _same(text: str, document: Document, source: Source) -> bool:
    """Whether a text says what a document does, with the same comments."""
    if _plain(parse(text, document.path)) != _plain(document):
        return False
    return sorted(Source(text).comments) == sorted(source.comments)


def _plain(document: Document) -> str:
    """The values as text, in which .nan equals itself and 1 differs from 1.0 and true."""
    return "" if document.root is None or document.problems else repr(document.root.plain())


def _file(root: Item) -> Iterator[str]:
    """The lines of a whole file."""
    if root.value.text:
        yield root.value.text
    yield from root.notes
    yield from _entries(root.value, 0)


def _entries(node: Node, indent: int) -> Iterator[str]:
    """The lines of a mapping or list without braces or brackets."""
    margin = " " * indent
    for i, item in enumerate(node.items or ()):
        lead = item.lead[1:] if i == 0 and item.lead[:1] == [""] else item.lead
        yield from (margin + comment if comment else "" for comment in (*lead, *_above(item)))
        yield from _entry(item, f"{margin}{item.key}:" if node.keyed else f"{margin}-", indent)
    while node.end and not node.end[-1]:
        node.end.pop()
    yield from (margin + comment if comment else "" for comment in node.end)


def _entry(item: Item, start: str, indent: int) -> Iterator[str]:
    """The lines of one entry, its key or dash given."""
    node, note = item.value, _note(item)
    line = node.line()
    if node.items is None:
        first, *rest = _scalar(node, indent + 2)
        lines = [f"{start} {first}".rstrip(), *rest]
        yield from (*lines[:-1], lines[-1] + note)
    elif line is not None and (len(start) + 1 + len(line) <= WIDTH or not node.items):
        yield f"{start} {line}{note}"
    else:
        start += f" {node.text}" if node.text else ""
        lines = list(_entries(node, indent + 2) if node.keyed or not node.flow else _brackets(node, indent + 2))
        if start.strip() == "-" and not note and lines[0].lstrip()[:1] not in ("", "#", "["):
            lines[0] = start + " " + lines[0].lstrip()  # `- key: value`
        else:
            yield start + note
        yield from lines


def _note(item: Item) -> str:
    """The comment that stands on the line of an item; in a literal it would be part of the text's first line."""
    return f"  {item.notes[0]}" if item.notes and not item.value.literal else ""


def _above(item: Item) -> list[str]:
    """The comments on the line of an item that do not fit there."""
    return item.notes if item.value.literal else item.notes[1:]


def _scalar(node: Node, indent: int) -> list[str]:
    """The lines of a scalar, the first without margin."""
    margin = " " * indent
    first, *rest = node.text.split("\n")
    if not node.literal:
        rest = [line.strip() for line in rest]
    return [first.rstrip(), *(margin + line if line.strip() else "" for line in rest)]


def _brackets(node: Node, indent: int, start: str = "", end: str = "") -> Iterator[str]:
    """A list or mapping in brackets or braces over several lines: as many numbers on each as fit, others one a line."""
    margin = " " * indent
    items = node.items or []
    lines = [item.value.line() for item in items]
    plain = not node.keyed and not node.noted and all(item.value.items is None for item in items)
    if plain and None not in lines:
        rows = filled([str(line) for line in lines], indent)
        rows[0] = f"{margin}{start}{rows[0].lstrip()}"
        yield from (*rows[:-1], rows[-1] + end)
        return
    opening, closing = "{}" if node.keyed else "[]"
    yield f"{margin}{start}{opening}"
    for item, line in zip(items, lines, strict=True):
        yield from (f"{margin}  {comment}" for comment in (*item.lead, *_above(item)) if comment)
        key = f"{item.key}: " if node.keyed else ""
        if line is not None and (item.value.items is None or indent + 3 + len(key) + len(line) <= WIDTH):
            yield f"{margin}  {key}{line},{_note(item)}"
        elif item.value.items is None:
            first, *rest = _scalar(item.value, indent + 4)
            yield from (f"{margin}  {key}{first}", *rest[:-1], f"{rest[-1]},{_note(item)}")
        else:
            key += f"{item.value.text} " if item.value.text else ""
            yield from _brackets(item.value, indent + 2, key, f",{_note(item)}")
    yield from (f"{margin}  {comment}" for comment in node.end if comment)
    yield f"{margin}{closing}{end}"
