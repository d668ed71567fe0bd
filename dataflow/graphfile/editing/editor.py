"""`flow.edit`: a graph file that is edited as text, each edit checked against the same edit of the plain tree."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from dataflow.core.errors import GraphError, GraphFileError, Problem
from dataflow.files.atomic import write_texts
from dataflow.graphfile.editing.acceptance import accepted
from dataflow.graphfile.editing.changes import Change, Path, Refusal, Tree, apply, detached, plain_value
from dataflow.graphfile.editing.history import Batches, History, Step, made
from dataflow.graphfile.editing.replacements import as_typed, between
from dataflow.graphfile.editing.text import Text, document_at, text_on_disk
from dataflow.graphfile.parse import parse
from dataflow.graphfile.paths import Location
from dataflow.graphfile.section_checks import place_of
from dataflow.graphfile.shipped import refuse_writing
from dataflow.graphfile.spans import Span
from dataflow.graphfile.tree import START, Document


@dataclass
class Waiting:
    """Edits of a text that are not written into it yet, and what it will say then."""

    tree: Tree
    title: str
    edits: list[list[Change]] = field(default_factory=list)


class TextEditor:
    """The text of a graph file, and changes of it that can be undone.

    A change replaces the fewest characters. It is accepted only where the text then says what the tree says in which
    the same change was made, and refused otherwise, with the place and the reason. A file that is in the layout of
    `dataflow fmt` stays in it; in others the lines that no change touches stay as they are.
    """

    def __init__(self, path: str | os.PathLike[str], text: str | None = None):
        self.path = os.fspath(path)
        self._gathers = False
        self._waiting: Waiting | None = None
        self._text = Text(document_at(self.path, text))
        self._on_disk = self.text if text is None else text_on_disk(self.path)  # None: no such file
        self._saved = self.text  # since then `diff` shows what changed
        self._history = History()
        self._outset: Text | None = None  # the text before the first of several edits that are made together

    @property
    def _text(self) -> Text:
        self._write_waiting()
        return self._written

    @_text.setter
    def _text(self, text: Text) -> None:
        self._written: Text = text
        self._waiting = None

    @property
    def text(self) -> str:
        """The text as it is now, with the byte order mark that the file began with."""
        return self._text.whole

    @property
    def tree(self) -> Tree:
        """What the text says, as plain values; a copy."""
        return self._tree if self._waiting is None else plain_value(self._tree)

    @property
    def _tree(self) -> Tree:
        """What the text says, not to be changed: it may be what edits are gathered in."""
        return self._written.root.plain() if self._waiting is None else self._waiting.tree

    @property
    def document(self) -> Document:
        """The text as it was parsed."""
        return self._text.document

    @property
    def spans(self) -> Span:
        """Where each value of the text begins and ends."""
        return self._text.spans

    @property
    def in_layout(self) -> bool:
        """Whether edits leave the text in the layout of `dataflow fmt`."""
        return self._text.in_layout

    @property
    def files(self) -> dict[FilePath, str]:
        """The other files that `save` writes, with their texts."""
        return self._history.files

    @property
    def undo_title(self) -> str:
        """What `undo` would take back, in words; empty where there is nothing."""
        return self._history.done[-1].title if self._history.done else ""

    @property
    def redo_title(self) -> str:
        """What `redo` would make again, in words; empty where there is nothing."""
        return self._history.undone[-1].title if self._history.undone else ""

    @property
    def undo_note(self) -> object:
        """The note of the step that `undo` would take back; None where it has none."""
        return self._history.done[-1].note if self._history.done else None

    @property
    def redo_note(self) -> object:
        """The note of the step that `redo` would make again; None where it has none."""
        return self._history.undone[-1].note if self._history.undone else None

    def note(self, title: str, note: object) -> None:
        """Add a step that leaves the text as it is: something beside it changed, which its maker knows by the note."""
        self._history.add(Step(title, (), (), {}, True, note))

    def annotate(self, note: object) -> None:
        """Give the last step a note: something beside the text follows it, which its maker knows by that."""
        self._history.done[-1] = replace(self._history.done[-1], note=note)

    def change(self, changes: Sequence[Change], files: Mapping[FilePath, str] | None = None, title: str = "") -> None:
        """Make changes, all of them or none, as one edit.

        Raises GraphFileError with the reason where they cannot be made without changing something else.
        """
        if self._gathers and not files:
            self._wait(changes, title)
        else:
            self._accept(changes, files, title)

    def _accept(self, changes: Sequence[Change], files: Mapping[FilePath, str] | None, title: str) -> None:
        text = self._text
        try:
            found = accepted(text.document, text.spans, changes, text.in_layout)
        except Refusal as refusal:
            raise self.refused(refusal) from None
        mark = text.document.mark
        found.document.mark = mark
        batches = [[each.moved(len(mark)) for each in batch] for batch in found.batches]
        self._take(Text(found.document, text.in_layout), Step.of(title, self.text, batches, files or {}))

    def replace(self, text: str, title: str = "change the text", *, typed: bool = False) -> None:
        """Put another text in place of the whole, as one edit of the lines that differ.

        One that was ``typed`` where all lines end alike gets the line breaks and the byte order mark that the text has
        now. Raises GraphFileError where it is not YAML that a graph file may have; the text is then what it was, and
        the one that was given is for the caller to keep.
        """
        if typed:
            text = as_typed(self.text, text)
        step = Step.of(title, self.text, [between(self.text, text)], keeps_layout=False)
        self._take(Text(parse(text, self.path)), step)

    def _wait(self, changes: Sequence[Change], title: str) -> None:
        waiting = self._waiting or Waiting(self.tree, title)
        try:
            apply(detached(changes), waiting.tree)
        except Refusal as refusal:  # the tree may have some of them, but the text will not
            raise self.refused(refusal) from None
        waiting.edits.append(detached(changes))
        self._waiting = waiting

    def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        try:
            self._accept([change for edit in waiting.edits for change in edit], None, waiting.title)
        except GraphFileError:
            for edit in waiting.edits:  # what is refused, or hinders another, is found one by one
                self._accept(edit, None, waiting.title)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Write the edits of a `with` block in few passes over the text: before it is looked at, or at the end.

        One that is refused since the text cannot say it is told then, so that all should be given up: see `together`.
        """
        before, self._gathers = self._gathers, True
        try:
            yield
            self._write_waiting()
        finally:
            self._gathers = before

    @contextmanager
    def together(self, title: str = "") -> Iterator[None]:
        """Make one step of undo of the edits in a `with` block: all of them, or none where something is raised."""
        text, history, outset = self._text, self._history, self._outset
        self._history = replace(history, done=[*history.done], undone=[*history.undone], floor=len(history.done))
        self._outset = outset or text
        try:
            yield
            self._write_waiting()
        except BaseException:
            self._text, self._history = text, history
            raise
        finally:
            self._outset = outset
        self._history.join(self._history.floor, title)
        self._history.floor = history.floor

    def forget(self) -> None:
        """Begin anew with the text as it is: nothing can be undone."""
        self._history, self._outset = History(), None

    def undo(self) -> bool:
        """Take back the last step; whether there was one. The text is what it was, to the byte."""
        self._write_waiting()
        step = self._history.back()
        return step is not None and self._move(step, step.undone)

    def redo(self) -> bool:
        """Make the step again that was taken back last; whether there was one."""
        self._write_waiting()
        step = self._history.forth()
        return step is not None and self._move(step, step.done)

    @property
    def saved(self) -> bool:
        """Whether the text is that of the file when it was last read or written, and no other is to be written."""
        return self.text == self._on_disk and not self.files

    @property
    def known_on_disk(self) -> str | None:
        """The text that the file had when it was last read or written; None where there was none."""
        return self._on_disk

    def on_disk(self) -> str | None:
        """The text that the file has now; None where there is none that can be read."""
        return text_on_disk(self.path)

    def know(self, on_disk: str | None) -> None:
        """Take note of what another has made of the file, so that `save` writes over that."""
        self._on_disk, self._saved = on_disk, on_disk or ""

    def diff(self) -> str:
        """What changed since the file was read or saved, as a unified diff; nothing where nothing did."""
        shown = "".join(_diff(self.path, self._saved, self.text))
        return shown + "".join("".join(_diff(os.path.relpath(path), "", text)) for path, text in self.files.items())

    def save(self) -> None:
        """Write the file, all of it or nothing, and those that edits made; GraphError where another has changed it."""
        save_together([self])

    def _know_saved(self) -> None:
        self._on_disk = self._saved = self.text
        self._history.done = [replace(step, files={}) for step in self._history.done]

    def refused(self, refusal: Refusal) -> GraphFileError:
        """A refusal with its place in the file."""
        return GraphFileError([self.problem(refusal.path, refusal.message, refusal.hint)])

    def problem(self, path: Path, message: str, hint: str = "") -> Problem:
        """A problem with what stands at a path, or with what is nearest to it."""
        return self._text.document.problem(place_of(self._text.root, START, path), message, hint)

    def _take(self, text: Text, step: Step) -> None:
        """Note a step that made this text, unless it changed nothing."""
        if text.whole != self.text or step.files:
            self._history.add(step)
            self._text = text

    def _move(self, step: Step, batches: Batches) -> bool:
        known: bool | None = vars(self._text).get("in_layout")
        document = parse(made(self.text, batches), self.path)
        self._text = Text(document, known if step.keeps_layout else None)
        return True


def save_together(editors: Sequence[TextEditor]) -> None:
    """Write the files of editors and those that edits made, all of them or none.

    A new file that one of the editors is of has the text of that. Raises GraphError where another has changed a file.
    """
    texts: dict[str, str] = {}
    for editor in editors:
        refuse_writing(editor.path)
    own = {Location.of(editor.path).real for editor in editors}
    for editor in editors:
        if editor.on_disk() != editor.known_on_disk:
            raise GraphError(f"{editor.path}: must be as it was read, got a file that has changed; read it anew")
        new = {path: text for path, text in editor.files.items() if path not in own}
        for path in new:
            if os.path.lexists(path):
                raise GraphError(f"{path}: a new file must not be there yet; give it another name")
        texts |= {os.fspath(path): text for path, text in new.items()}
    write_texts(texts | {editor.path: editor.text for editor in editors})
    for editor in editors:
        editor._know_saved()


def _diff(path: str, old: str, new: str) -> list[str]:
    """A unified diff in which each line ends with a break."""
    a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    result = []
    for line in difflib.unified_diff(a, b, path, path):
        result.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return result
