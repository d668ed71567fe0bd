"""`flow.edit`: a graph file that is edited as text, each edit checked against the same edit of the plain tree."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from dataflow.core.errors import DataflowError, GraphError, GraphFileError, Problem, listing
from dataflow.files.atomic import write_text
from dataflow.graphfile.editing.changes import Change, Path, Refusal, Tree, told
from dataflow.graphfile.editing.replacements import Replacement, between, inverse, replaced
from dataflow.graphfile.editing.written import Writer
from dataflow.graphfile.format import formatted
from dataflow.graphfile.parse import parse
from dataflow.graphfile.paths import Location, read_document
from dataflow.graphfile.section_checks import place_of
from dataflow.graphfile.shipped import refuse_writing
from dataflow.graphfile.spans import Span, lookup, spans
from dataflow.graphfile.tree import BREAK, START, Document

Batches = list[list[Replacement]]  # made one after another


@dataclass(frozen=True)
class Edit:
    """What was done to the text, and what undoes it; and the files that are to be written with it."""

    done: Batches
    undone: Batches
    files: dict[FilePath, str]


class TextEditor:
    """The text of a graph file, and changes of it that can be undone.

    A change replaces the fewest characters. It is accepted only where the text then says what the tree says in which
    the same change was made, and refused otherwise, with the place and the reason. A file that is in the layout of
    `dataflow fmt` stays in it; in others the lines that no change touches stay as they are.
    """

    def __init__(self, path: str | os.PathLike[str], text: str | None = None):
        self.path = os.fspath(path)
        document = _document(self.path, text)
        if document.root is not None and not document.problems and not isinstance(document.root.data, dict):
            document.report(document.root.place, f"a graph file must be a mapping, got {document.root.kind}")
        if document.problems or document.root is None:
            raise GraphFileError(document.problems.values())
        self._document = document
        self._on_disk = document.mark + document.text if text is None else _on_disk(self.path)  # None: no such file
        self._saved = document.mark + document.text  # since then `diff` shows what changed
        self._undone: list[Edit] = []
        self._done: list[Edit] = []
        self.in_layout = self._formatted(document) == document.text

    @property
    def text(self) -> str:
        """The text as it is now, with the byte order mark that the file began with."""
        return self._document.mark + self._document.text

    @property
    def tree(self) -> Tree:
        """What the text says, as plain values; a copy."""
        assert self._document.root is not None
        return self._document.root.plain()

    @property
    def files(self) -> dict[FilePath, str]:
        """The other files that `save` writes, with their texts."""
        return {path: text for edit in self._done for path, text in edit.files.items()}

    def change(self, changes: Sequence[Change], files: dict[FilePath, str] | None = None) -> None:
        """Make changes, all of them or none, as one edit.

        Raises GraphFileError with the reason where they cannot be made without changing something else.
        """
        try:
            done = self._accepted(changes)
        except Refusal as refusal:
            raise self.refused(refusal) from None
        undone, text = [], self._document.text
        for batch in done:
            undone.append(inverse(text, batch))
            text = replaced(text, batch)
        if text != self._document.text or files:
            self._done.append(Edit(done, undone[::-1], files or {}))
            self._undone.clear()
            self._set(text)

    def undo(self) -> bool:
        """Take back the last edit; whether there was one. The text is what it was, to the byte."""
        return self._move(self._done, self._undone)

    def redo(self) -> bool:
        """Make the edit again that was taken back last; whether there was one."""
        return self._move(self._undone, self._done)

    @property
    def steps(self) -> int:
        """How many edits `undo` can take back."""
        return len(self._done)

    def diff(self) -> str:
        """What changed since the file was read or saved, as a unified diff; nothing where nothing did."""
        shown = "".join(_diff(self.path, self._saved, self.text))
        return shown + "".join("".join(_diff(os.path.relpath(path), "", text)) for path, text in self.files.items())

    def save(self) -> None:
        """Write the file, all of it or nothing, and those that edits made; GraphError where another has changed it."""
        refuse_writing(self.path)
        if _on_disk(self.path) != self._on_disk:
            raise GraphError(f"{self.path}: must be as it was read, got a file that has changed; read it anew")
        for path in self.files:
            if path.exists():
                raise GraphError(f"{path}: a new file must not be there yet; give it another name")
        written: list[FilePath] = []
        try:
            for path, text in self.files.items():
                write_text(path, text)
                written.append(path)
            write_text(self.path, self.text)
        except DataflowError:
            for path in written:
                path.unlink(missing_ok=True)
            raise
        self._on_disk = self._saved = self.text
        self._done = [Edit(edit.done, edit.undone, {}) for edit in self._done]

    def refused(self, refusal: Refusal) -> GraphFileError:
        """A refusal with its place in the file."""
        return GraphFileError([self.problem(refusal.path, refusal.message, refusal.hint)])

    def problem(self, path: Path, message: str, hint: str = "") -> Problem:
        """A problem with what stands at a path, or with what is nearest to it."""
        assert self._document.root is not None
        return self._document.problem(place_of(self._document.root, START, path), message, hint)

    def _accepted(self, changes: Sequence[Change]) -> Batches:
        """The replacements that make the changes and nothing else."""
        found: Refusal | None = None
        for at_source in (True, False):
            try:
                return self._tried(changes, at_source)
            except Refusal as refusal:
                found = refusal
        assert found is not None
        raise found

    def _tried(self, changes: Sequence[Change], at_source: bool) -> Batches:
        text, tree = self._document.text, self.tree
        batches: Batches = []
        templates: set[str] = set()
        writer: Writer | None = None
        for change in (part for each in changes for part in each.within(tree)):
            change.apply(tree)
            if writer is not None and not writer.takes(change):
                templates |= writer.templates
                text = self._made(text, writer.made)
                writer = None
            if writer is None:
                writer = Writer(text, at_source)
                batches.append(writer.made)
            writer.write(change, tree)
        if writer is not None:
            templates |= writer.templates
            text = self._made(text, writer.made)
        document = parse(text, self.path)
        meant = templates - {change.path[0] for change in changes}
        if document.problems or document.root is None or said(document.root.plain(), meant) != said(tree, meant):
            raise self._shared(changes)
        if self.in_layout and (laid := self._formatted(document)) is not None and laid != text:
            batches.append(between(text, laid))
        return batches

    def _made(self, text: str, made: list[Replacement]) -> str:
        try:
            return replaced(text, made)
        except ValueError as error:
            raise Refusal((), str(error)) from None

    def _shared(self, changes: Sequence[Change]) -> Refusal:
        """Why the text does not say what the tree does: as a rule since an anchor makes other places change too."""
        root = spans(self._document.text)
        for change in changes:
            for length in range(len(change.path), 0, -1):
                span = lookup(root, change.path[:length])
                if span is not None and span.users:
                    lines = listing([str(self._line(user)) for user in span.users], "and")
                    what = (
                        f"'{told(change.path)}' is part of the anchor &{span.anchor}, which is used on line {lines} too"
                    )
                    return Refusal(change.path, what, "write out what is there first")
        path = changes[0].path
        return Refusal(
            path, f"'{told(path)}' cannot be edited without changing something else", "edit the text by hand"
        )

    def _line(self, span: Span) -> int:
        return len(BREAK.split(self._document.text[: span.start]))

    def _formatted(self, document: Document) -> str | None:
        try:
            return formatted(document)
        except DataflowError:
            return None

    def _set(self, text: str) -> None:
        mark = self._document.mark
        self._document = parse(text, self.path)
        self._document.mark = mark

    def _move(self, source: list[Edit], target: list[Edit]) -> bool:
        if not source:
            return False
        edit = source.pop()
        target.append(edit)
        text = self._document.text
        for batch in edit.undone if source is self._done else edit.done:
            text = replaced(text, batch)
        self._set(text)
        return True


def said(tree: Tree, but: Collection[str] = ()) -> str:
    """What a tree says, but for some keys, in any order of keys: 1 is not 1.0 and not true, .nan is .nan."""
    return repr(_ordered({key: value for key, value in tree.items() if key not in but} if but else tree))


def _ordered(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {key: _ordered(tree[key]) for key in sorted(tree)}
    return [_ordered(item) for item in tree] if isinstance(tree, list) else tree


def _document(path: str, text: str | None) -> Document:
    if text is not None:
        return parse(text, path)
    try:
        location = Location.of(path)
    except ValueError as error:
        document = Document(path)
        document.report(START, str(error))
        return document
    return read_document(location.real, path)


def _on_disk(path: str) -> str | None:
    """The text of a file; None where there is none."""
    document = _document(path, None)
    return None if document.problems and not document.text else document.mark + document.text


def _diff(path: str, old: str, new: str) -> list[str]:
    """A unified diff in which each line ends with a break."""
    a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    result = []
    for line in difflib.unified_diff(a, b, path, path):
        result.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return result
