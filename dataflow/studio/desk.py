"""The open document: a graph file in hand, with its versions, and what can be undone, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dataflow.core.errors import DataflowError, GraphFileError
from dataflow.graphfile import shipped
from dataflow.graphfile.edit import Editor, edit
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.paths import Location
from dataflow.studio.project import MAX_BYTES, Project


@dataclass(frozen=True)
class View:
    """What is shown of a document, and how; see protocol.ts."""

    scope: str = ""
    layer: str = "file"
    direction: str = "right"
    unfolded: tuple[str, ...] = ()

    def plain(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "scope": self.scope,
            "layer": self.layer,
            "direction": self.direction,
            "unfolded": list(self.unfolded),
        }


@dataclass
class Desk:
    """A graph file that is open.

    Each change of the text makes another version; an edit names the version that it is made for, and is refused where
    that is not the present one, since it was made from another picture.
    """

    project: Project
    path: str  # as pages name it
    params: Mapping[str, object] = field(default_factory=dict)  # given in place of defaults
    view: View = field(default_factory=View)
    version: int = 1
    positions: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.location = self.project.location(self.path)
        real = Location.of(self.location).real
        if real.is_file() and real.stat().st_size > MAX_BYTES:
            raise DataflowError(f"{self.path}: may have at most {MAX_BYTES:,} bytes to be edited on a page")
        self.path = self.path if shipped.is_shipped(self.path) else self.project.shown(real)
        self.editor: Editor = edit(self.location)
        self._saved = self.editor.text
        self.context: LoadContext = self._read()

    @property
    def readonly(self) -> str:
        """Why it cannot be edited; nothing where it can."""
        return "it comes with the package; make a copy to edit it" if shipped.is_shipped(self.path) else ""

    @property
    def saved(self) -> bool:
        """Whether the text is that of the file on the disk."""
        return self.editor.text == self._saved

    @property
    def undo_title(self) -> str:
        """What undo would take back, in words; nothing where there is nothing."""
        return self.editor.undo_title

    @property
    def redo_title(self) -> str:
        """What redo would make again, in words."""
        return self.editor.redo_title

    def check_version(self, version: int) -> None:
        """Refuse what was made for another version of the document."""
        if self.readonly:
            raise DataflowError(f"{self.path}: cannot be edited: {self.readonly}")
        if version != self.version:
            raise DataflowError(
                f"{self.path}: must be edited as it is, version {self.version}, got an edit of version {version}; "
                "look at what has changed, and edit again"
            )

    def change(self, title: str, made: Callable[[Editor], None]) -> None:
        """Make edits as one step of undo, all of them or none."""
        before = self.editor.text, self.editor.files
        with self.editor.together(title):
            made(self.editor)
        if (self.editor.text, self.editor.files) != before:
            self.changed()

    def undo(self) -> None:
        """Take the last step back."""
        self._moved(self.editor.undo(), "undo")

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        self._moved(self.editor.redo(), "make again")

    def save(self) -> None:
        """Write the file."""
        self.editor.save()
        self._saved = self.editor.text

    def changed(self) -> None:
        """Read the text again, as another version."""
        self.version += 1
        self.context = self._read()

    def _moved(self, done: bool, what: str) -> None:
        if not done:
            raise DataflowError(f"{self.path}: there is nothing to {what}")
        self.changed()

    def _read(self) -> LoadContext:
        texts = {str(path): text for path, text in self.editor.files.items()}
        return read(self.location, self.params, text=self.editor.text, texts=texts)


def opened(project: Project, path: str) -> Desk:
    """A file of the project, or of the package, on a desk."""
    try:
        return Desk(project, path)
    except GraphFileError as error:
        raise DataflowError(str(error)) from None
