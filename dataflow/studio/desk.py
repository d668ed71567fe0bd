"""The open document: a graph file and those that it uses, as they are edited, and what of them is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dataflow.core.errors import DataflowError, cropped
from dataflow.files.stamps import Stamp, stamps
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.wires import FileScope
from dataflow.studio.project import Project
from dataflow.studio.session import Session
from dataflow.studio.sheet import Outside, Sheet

LAYERS = ("file", "gradient", "step")


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


class Desk:
    """A graph file that is open, and the graph files that it uses where these are looked into.

    Each change of a text makes another version; an edit names the version that it is made for, and is refused where
    that is not the present one, since it was made from another picture. Edits, undo and what is written about files
    concern the file that is shown; saving concerns all of them.
    """

    def __init__(self, project: Project, path: str):
        self.project = project
        self.top = Sheet(project, project.location(path))
        self.sheets: dict[Path, Sheet] = {self.top.real: self.top}
        self.session = Session()
        self.view = View()
        self.types: dict[str, dict[str, str]] = {}  # by scope: of ports, as last known; they hold the picture still
        self.version = 1
        self.context: LoadContext = self._read()

    @property
    def path(self) -> str:
        """The file that was opened, as pages name it."""
        return self.top.path

    @property
    def scope(self) -> FileScope | None:
        """The use of a file that is shown; None of a file that cannot be read as a graph."""
        return self.context.scopes.get(f"{self.view.scope}/" if self.view.scope else "")

    @property
    def shown(self) -> Sheet:
        """The file that is shown: the one that was opened, or one that it uses."""
        return self.sheets[self.scope.file.real] if self.view.scope and self.scope else self.top

    @property
    def editor(self) -> Editor:
        """The text of the file that is shown."""
        return self.shown.editor

    @property
    def saved(self) -> bool:
        """Whether every text is that of its file on the disk."""
        return all(sheet.editor.saved for sheet in self.sheets.values())

    @property
    def texts(self) -> dict[str, str]:
        """The texts of the graph files that were edited and not saved, by their real paths."""
        found = {str(real): sheet.editor.text for real, sheet in self.sheets.items() if not sheet.editor.saved}
        return found | {str(path): text for sheet in self.sheets.values() for path, text in sheet.editor.files.items()}

    def check_version(self, version: int) -> None:
        """Refuse what was made for another version of the document."""
        sheet = self.shown
        self._check_editable()
        if version != self.version:
            raise DataflowError(
                f"{sheet.path}: must be edited as it is, version {self.version}, got an edit of version {version}; "
                "look at what has changed, and edit again"
            )

    def _check_editable(self) -> None:
        if self.shown.readonly:
            raise DataflowError(f"{self.shown.path}: cannot be edited: {self.shown.readonly}")

    def change(self, title: str, made: Callable[[Editor], None]) -> None:
        """Make edits of the file that is shown as one step of undo, all of them or none."""
        self._check_editable()
        before = self.texts
        with self.editor.together(title):
            made(self.editor)
            for path in self.editor.files:
                self.project.check(path)
        if self.texts != before:
            self.changed()

    def follow(self, old: str, new: str) -> None:
        """Have the session follow a node of the file that is shown to its new name; "" where it is deleted."""
        for prefix, scope in self.context.scopes.items():
            if scope.file.real == self.shown.real:
                at = prefix + old
                self.session = self.session.renamed(at, prefix + new) if new else self.session.without(at)

    def undo(self) -> None:
        """Take the last step back."""
        if self.shown.undo():
            self.changed()

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        if self.shown.redo():
            self.changed()

    def save(self, overwrite: bool = False) -> None:
        """Write the files whose texts were edited."""
        for sheet in self.sheets.values():
            if not sheet.editor.saved or (sheet.outside and overwrite):
                sheet.save(overwrite)

    def reload(self) -> None:
        """Put what is on the disk in place of the text that is shown."""
        self.shown.reload()
        self.changed()

    def changed(self) -> None:
        """Read the texts again, as another version."""
        self.version += 1
        self.read_again()

    def read_again(self) -> None:
        """Read the texts again; where what was shown is no more, what it was in is shown."""
        self.context = self._read()
        while self.view.scope and self.scope is None:
            self.view = replace(self.view, scope=self.view.scope.rpartition("/")[0])
        self._sheet()

    def look_at(self, view: View) -> None:
        """Show something else; refused where there is no such scope."""
        before = self.view
        self.view = view
        try:
            if self.scope is None and view.scope:
                raise DataflowError(
                    f"scope '{cropped(view.scope)}': must be a node whose block is a graph file, got no such node"
                )
            self._sheet()
        except DataflowError:
            self.view = before
            raise

    def look_outside(self) -> list[tuple[Sheet, Outside]]:
        """What others have made of the files since they were last looked at."""
        found = [(sheet, outside) for sheet in self.sheets.values() if (outside := sheet.look())]
        if any(outside.state == "merged" for _, outside in found) or stamps(self._used) != self._used:
            self.changed()
        return found

    def _sheet(self) -> None:
        """Take the file that is shown in hand."""
        if self.view.scope and self.scope is not None:
            file = self.scope.file
            if file.real not in self.sheets:
                self.sheets[file.real] = Sheet(self.project, file.shown)

    def _read(self) -> LoadContext:
        top = self.top.editor
        top.given(self.session.params, {path: text for path, text in self.texts.items() if path != str(self.top.real)})
        context = top.context()
        self._used: dict[Path, Stamp | None] = stamps(
            path for path in context.files if path not in self.sheets and str(path) not in self.texts
        )
        return context
