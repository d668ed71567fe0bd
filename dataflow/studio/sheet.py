"""A graph file in hand: its text as it is edited, the file on the disk, and where its cards were dragged to."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass

from dataflow.core.errors import DataflowError, GraphFileError
from dataflow.files.stamps import stamp
from dataflow.graphfile import shipped
from dataflow.graphfile.edit import Editor, edit
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.load import read
from dataflow.graphfile.paths import Location, read_document
from dataflow.studio.merge import merged
from dataflow.studio.positions import Positions, file_of, moved, read_positions, write_positions
from dataflow.studio.project import MAX_BYTES, Project

OUTPUT = "output:"  # before the name of an output in the id of its card
MAX_DIFF = 20_000  # characters


@dataclass(frozen=True)
class Dragged:
    """Where cards stood before a drag, and after it."""

    before: Positions
    after: Positions


@dataclass(frozen=True)
class Outside:
    """What another has made of a file.

    state : ``merged`` into the text; ``changed`` or ``deleted``, to be asked about; ``settled``, as it was before
    """

    state: str
    diff: str = ""


class Sheet:
    """One file of a desk; ``path`` is how pages name it."""

    def __init__(self, project: Project, location: str, text: str | None = None):
        self.project, self.location = project, location
        self.begun = text  # of a file that an edit of another one makes, and that is not written yet
        self.real = Location.of(location).real
        self.path = location if shipped.is_shipped(location) else project.shown(self.real)
        self.readonly = self._readonly()  # why it cannot be edited; "" where it can
        if self.real.is_file() and self.real.stat().st_size > MAX_BYTES:
            raise DataflowError(f"{self.path}: may have at most {MAX_BYTES:,} bytes to be edited on a page")
        self.stamp = stamp(self.real) if text is None else None
        self.editor: Editor = edit(location, text)
        if text is not None:
            self.editor.know(None)  # if there is a file by now, it is another's
        self.positions = read_positions(self.real)
        self.asked: Positions = {}  # where cards shall be until they are wired; not kept beside the file
        self.outside: Outside | None = None  # what is to be asked about
        self._asked: str | None = None  # the text on the disk that it is asked about

    def keep(self) -> None:
        """Let the text be written over what another has made of the file, as far as that was asked about."""
        if self.outside is not None:
            self.editor.know(self._asked)
            self.outside = None

    def check_writable(self) -> None:
        """Refuse to write what is not to be written."""
        if self.readonly:
            raise DataflowError(f"{self.path}: cannot be saved: {self.readonly}")
        for path in (self.real, *self.editor.files):
            self.project.check(path)  # it may have become a link

    def is_written(self) -> None:
        """Take note that the file has the text."""
        self.begun, self.stamp = None, stamp(self.real)

    def keep_positions(self) -> None:
        """Write where the cards stand beside the file, which is written."""
        if (self.positions or file_of(self.real).is_file()) and not file_of(self.real).is_symlink():
            self._write_positions()

    def drag(self, changes: Mapping[str, object]) -> None:
        """Put cards elsewhere as a step that can be undone, and keep that beside the file."""
        before = self.positions
        self._put(moved(before, changes))
        self.asked = {name: place for name, place in self.asked.items() if name not in changes}
        self.editor.note("put back" if None in changes.values() else "move cards", Dragged(before, self.positions))

    def undo(self) -> bool:
        """Take the last step back, an edit or a drag; whether the text may be another now."""
        note = self.editor.undo_note
        if isinstance(note, Dragged):
            self._put(note.before)
        if not self.editor.undo():
            raise DataflowError(f"{self.path}: there is nothing to undo")
        return not isinstance(note, Dragged)

    def redo(self) -> bool:
        """Make the step again that was taken back last; whether the text may be another now."""
        note = self.editor.redo_note
        if isinstance(note, Dragged):
            self._put(note.after)
        if not self.editor.redo():
            raise DataflowError(f"{self.path}: there is nothing to make again")
        return not isinstance(note, Dragged)

    def _put(self, positions: Positions) -> None:
        before, self.positions = self.positions, positions
        if not self.readonly and self.begun is None:
            try:
                self._write_positions()
            except DataflowError:
                self.positions = before
                raise

    def renamed(self, place: str, name: str) -> None:
        """Let a card that has another name now stand where it stood; where the old one comes back, it does too."""
        old = place.removeprefix("nodes.").removeprefix("inputs.")
        new = name
        if place.startswith("outputs."):
            old, new = OUTPUT + place.removeprefix("outputs."), OUTPUT + name
        if old in self.positions:
            self.positions = {**self.positions, new: self.positions[old]}
        if old in self.asked:
            self.asked = {**self.asked, new: self.asked[old]}

    def _write_positions(self) -> None:
        """Write where the cards stand that there are."""
        tree = self.editor.tree
        names = {
            *section(tree, "nodes"),
            *section(tree, "inputs"),
            *(OUTPUT + each for each in section(tree, "outputs")),
        }
        write_positions(self.real, {name: place for name, place in self.positions.items() if name in names})

    def reload(self) -> None:
        """Put what is on the disk in place of the text."""
        text = self._on_disk()
        if text is None:
            there = self._unreadable()
            raise DataflowError(
                f"{self.path}: cannot be read again: {there}"
                if there
                else f"{self.path}: there is no such file any more; save writes it again"
            )
        self.editor.replace(text, "read the file again")
        self.editor.know(text)
        self.stamp, self.outside = stamp(self.real), None

    def look(self) -> Outside | None:
        """What another has made of the file since it was last looked at; None where that is nothing.

        Changes of other lines than those that were edited are merged, if the graph is not wrong by it. Nothing is lost:
        what is merged can be undone, and what is not is left for a person to decide.
        """
        now = stamp(self.real)
        if now == self.stamp:
            return None
        self.stamp = now
        text, known = self._on_disk(), self.editor.known_on_disk
        self._asked = text
        if text == known:
            back, self.outside = self.outside, None
            return Outside("settled") if back else None
        if text is None:
            there = self._unreadable()
            self.outside = Outside("changed", f"+ {there}") if there else Outside("deleted")
        elif text == self.editor.text or self._merge(known, text):
            self.editor.know(text)
            self.outside = None
            return Outside("merged", self._diff(known or "", text))
        else:
            self.outside = Outside("changed", self._diff(self.editor.text, text))
        return self.outside

    def _on_disk(self) -> str | None:
        """The text of the file; None where there is none, or a link out of the project in its place."""
        if not self.readonly and not self.project.has(self.real):
            return None
        return self.editor.on_disk()

    def _unreadable(self) -> str:
        """What is wrong with what stands in the place of the file and has no text; "" where nothing does."""
        if not os.path.lexists(self.real):
            return ""
        if not self.readonly and not self.project.has(self.real):
            return "must be a file in the project, got a link out of it"
        problems = read_document(self.real, self.path).problems.values()
        return next(iter(problems)).message

    def _merge(self, base: str | None, theirs: str) -> bool:
        ours = self.editor.text
        text = theirs if ours == base else None if base is None else merged(base, ours, theirs)
        if text is None:
            return False
        try:
            with self.editor.together("take over what was changed on the disk"):
                known = self.editor.context().problems()
                self.editor.replace(text)
                if ours != base and self.editor.problems([*known, *read(self.location, text=theirs).problems()]):
                    raise _Wrong
        except (_Wrong, GraphFileError):
            return False
        return True

    def _diff(self, old: str, new: str) -> str:
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), self.path, f"{self.path} on the disk", "", "")
        text = "\n".join(line.rstrip("\n") for line in lines)
        return text if len(text) <= MAX_DIFF else text[:MAX_DIFF] + "\n..."

    def _readonly(self) -> str:
        if shipped.is_shipped(self.path) or shipped.reference(self.real):
            return "it comes with the package; make a copy to edit it"
        if not self.real.is_relative_to(self.project.folder):
            return "it lies outside of the project"
        return ""


class _Wrong(Exception):
    """The graph would be wrong."""
