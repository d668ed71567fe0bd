"""The open document: a graph file and those that it uses, as they are edited, and what of them is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dataflow.core.errors import DataflowError, Problem, cropped
from dataflow.files.stamps import Stamp, stamp, stamps
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.editing.editor import save_together
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.section_checks import header_problems
from dataflow.graphfile.shipped import is_shipped
from dataflow.graphfile.used_files import files_of_sections, used_files
from dataflow.graphfile.wires import FileScope
from dataflow.inspection.arrangement import Memory
from dataflow.studio.names import Rename
from dataflow.studio.project import Project
from dataflow.studio.session import Session
from dataflow.studio.sheet import Outside, Sheet
from dataflow.training.checkpoint import BEST, steps
from dataflow.training.trained_values import checkpoint_folder

LAYERS = ("file", "gradient", "step")


@dataclass(frozen=True)
class View:
    """What is shown of a document, and how; see web/src/protocol."""

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


@dataclass(frozen=True)
class Renamed:
    """The nodes and inputs that a step renamed in a file: old and new names, in their order."""

    names: tuple[Rename, ...]

    @property
    def back(self) -> Renamed:
        """What takes it back."""
        return Renamed(tuple((new, old) for old, new in reversed(self.names)))


@dataclass(frozen=True)
class Named:
    """What edits did to the names of a file: the nodes and inputs that they added, and those that they renamed."""

    added: Sequence[str] = ()
    renamed: Sequence[Rename] = ()


class Desk:
    """A graph file that is open, and the graph files that it uses where these are looked into.

    Each change of a text makes another version; an edit names the version that it is made for, and is refused where
    that is not the present one, since it was made from another picture. Edits, undo and what is written about files
    concern the file that is shown; saving concerns all of them.

    follow : is told how nodes were renamed, by their full names, and of which document.
    """

    def __init__(
        self,
        project: Project,
        path: str,
        follow: Callable[[str, Sequence[Rename]], object] = lambda path, renames: None,
    ):
        self.project, self._told = project, follow
        self.top = Sheet(project, project.location(path))
        self.sheets: dict[Path, Sheet] = {self.top.real: self.top}
        self.session = Session()
        self._away = Session()  # what is said of nodes that are not there, and may come back by undo
        self.view = View()
        self.types: dict[str, dict[str, str]] = {}  # by scope: of ports, as last known; they hold the picture still
        self.memories: defaultdict[tuple[str, str, str], Memory] = defaultdict(Memory)  # by scope, layer, direction
        self.version = 1
        self.context: LoadContext = self._read()

    @property
    def path(self) -> str:
        """The file that was opened, as pages name it."""
        return self.top.path

    @property
    def checkpoints(self) -> Path:
        """The folder in which `dataflow train` keeps those of the file that was opened."""
        location = self.top.location
        folder = checkpoint_folder(location, None)
        return self.project.folder / folder if is_shipped(location) else folder

    @property
    def trained(self) -> Stamp | None:
        """What changes when training has other values for the variables; None where it has none."""
        return next(filter(None, map(stamp, [self.checkpoints / BEST, *steps(self.checkpoints)])), None)

    @property
    def frozen(self) -> dict[str, Stamp | None]:
        """The same of values of frozen nodes that are in files, by node; None of those of a run."""
        found: dict[str, Stamp | None] = {}
        for node, where in self.session.frozen.items():
            with suppress(DataflowError):
                found[node] = stamp(self.project.find(where.partition(":")[0]))
        return found

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
        return not self.unsaved

    @property
    def unsaved(self) -> list[Sheet]:
        """The files whose texts are not those on the disk."""
        return [sheet for sheet in self.live.values() if not sheet.editor.saved]

    @property
    def live(self) -> dict[Path, Sheet]:
        """The files in hand, but for those that an edit had made which was taken back: they wait for it."""
        found: dict[Path, Sheet] = {}
        made: dict[Path, str] = {}
        for real, sheet in self.sheets.items():  # a file was in hand before those that edits of it made
            if sheet.begun is None or made.get(real) == sheet.begun:
                found[real] = sheet
                made |= sheet.editor.files
        return found

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the graph, or with the data files that it names."""
        return self.context.problems() or self.misfits

    @property
    def texts(self) -> dict[str, str]:
        """The texts of the graph files that were edited and not saved, by their real paths."""
        made = {str(path): text for path, text in self._made.items()}
        return made | {str(sheet.real): sheet.editor.text for sheet in self.unsaved}

    @property
    def _made(self) -> dict[Path, str]:
        """The files that edits made and that are not written yet, with their first texts."""
        return {path: text for sheet in self.live.values() for path, text in sheet.editor.files.items()}

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

    def change(self, title: str, made: Callable[[Editor], Named]) -> None:
        """Make edits of the file that is shown as one step of undo, all of them or none."""
        self._check_editable()
        before = self.texts
        with self.editor.together(title):
            named = made(self.editor)
            for path in self.editor.files:
                self.project.check(path)
        if self.texts == before:
            return
        for prefix in self._prefixes():
            for name in named.added:  # nothing was said of it, but perhaps of one that had its name
                self._away = self._away.without(prefix + name)
        if named.renamed:
            self.editor.annotate(Renamed(tuple(named.renamed)))
            self._follow(Renamed(tuple(named.renamed)))
        self.changed()

    def undo(self) -> None:
        """Take the last step back; the session follows."""
        note = self.editor.undo_note
        if self.shown.undo():
            if isinstance(note, Renamed):
                self._follow(note.back)
            self.changed()

    def redo(self) -> None:
        """Make the step again that was taken back last; the session follows."""
        note = self.editor.redo_note
        if self.shown.redo():
            if isinstance(note, Renamed):
                self._follow(note)
            self.changed()

    def _follow(self, renamed: Renamed) -> None:
        """Have the session, and what is drawn as cards, follow nodes of the file that is shown to other names."""
        renames = [(prefix + old, prefix + new) for prefix in self._prefixes() for old, new in renamed.names]
        for old, new in renames:
            self.session = self.session.renamed(old, new)
            self._away = self._away.renamed(old, new)
        self._told(self.path, renames)
        for old, new in renamed.names:
            unfolded = tuple(new if name == old else name for name in self.view.unfolded)
            self.view = replace(self.view, unfolded=unfolded)

    def _prefixes(self) -> list[str]:
        """What the names of the nodes of the file that is shown begin with, in each use of it."""
        return [prefix for prefix, scope in self.context.scopes.items() if scope.file.real == self.shown.real]

    def _has(self, node: str) -> bool:
        """Whether a node or input of this full name is written."""
        return any(
            node.removeprefix(prefix) in names
            for prefix, scope in self.context.scopes.items()
            if node.startswith(prefix)
            for names in (scope.definition.nodes.keys, scope.definition.inputs.keys)
        )

    def sheet(self, path: str) -> Sheet:
        """The file in hand that pages name so; refused where there is none."""
        for sheet in self.live.values():
            if sheet.path == path:
                return sheet
        raise DataflowError(f"{cropped(path)}: must be a file that is open, got another; open it first")

    def save(self) -> list[str]:
        """Write the files whose texts were edited, all of them or none; gives what could not be kept beside them.

        Texts are not held back for that: it is only where cards stand.
        """
        sheets = self.unsaved
        for sheet in sheets:
            sheet.check_writable()
        save_together([sheet.editor for sheet in sheets])
        for sheet in sheets:
            sheet.is_written()
        lost = []
        for sheet in sheets:
            try:
                sheet.keep_positions()
            except DataflowError as error:
                lost.append(f"{sheet.path} is saved, but not where its cards stand: {error}")
        return lost

    def reload(self, path: str = "") -> None:
        """Put what is on the disk in place of the text of a file, or of the one that is shown."""
        (self.sheet(path) if path else self.shown).reload()
        self.changed()

    def changed(self) -> None:
        """Read the texts again, as another version."""
        self.version += 1
        self.read_again()

    def read_again(self) -> None:
        """Read the texts again; where what was shown is no more, what it was in is shown."""
        self.context = self._read()
        every = self.session.joined(self._away)
        self.session, self._away = every.of(self._has), every.of(lambda node: not self._has(node))
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
        found = [(sheet, outside) for sheet in self.live.values() if (outside := sheet.look())]
        if any(outside.state == "merged" for _, outside in found) or stamps(self._used) != self._used:
            self.changed()
        return found

    def _sheet(self) -> None:
        """Take the file that is shown in hand."""
        if self.view.scope and self.scope is not None:
            file = self.scope.file
            if file.real not in self.live:
                made = self._made.get(file.real)
                self.sheets.pop(file.real, None)  # of an edit that was taken back, and made anew in another way
                self.sheets[file.real] = Sheet(self.project, file.shown, made)

    def _read(self) -> LoadContext:
        texts = self.texts
        for real, sheet in self.live.items():
            params = self.session.params if sheet is self.top else {}
            sheet.editor.given(params, {path: text for path, text in texts.items() if path != str(real)})
        context = self.top.editor.context()
        self.misfits = header_problems(context)
        read = (path for path in context.files if path not in self.sheets and str(path) not in texts)
        self.rows = stamps(files_of_sections(context.graph))
        self._used = stamps([*read, *used_files(context.graph)])
        return context
