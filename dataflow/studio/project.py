"""The folder that a studio works in: which files it has, and which a page may name."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dataflow.core.errors import DataflowError
from dataflow.files import RegularFile, Unreadable, neighbour
from dataflow.files.endings import DATA
from dataflow.files.listing import files_below
from dataflow.graphfile import shipped
from dataflow.graphfile.paths import confined

MAX_FILES = 5_000  # that are listed
MAX_BYTES = 2 << 20  # of a graph file that is edited on a page
_GRAPHS = (".yaml", ".yml")
_GRAPH = re.compile(rb"(?:^|\n|\{)[ \t]*[\"']?dataflow[\"']?[ \t]*:")


class Project:
    """The files below a folder."""

    def __init__(self, folder: str | os.PathLike[str]):
        self.folder = Path(folder).resolve()

    def find(self, path: str) -> Path:
        """The real path of a file of the project that a page names, which need not be there yet."""
        try:
            return confined(self.folder, self.folder, path)
        except ValueError:
            raise DataflowError(
                f"'{path[:60]}': must be a file in the project, relative to its folder; "
                "start the studio in another folder to work there"
            ) from None

    def has(self, path: Path) -> bool:
        """Whether a file is of the project, links followed; one in a loop of links is not."""
        return Path(os.path.realpath(path)).is_relative_to(self.folder)

    def check(self, path: Path) -> None:
        """Refuse to write outside of the project, links followed, and in place of what is no file: a pipe may block."""
        if not self.has(path):
            raise DataflowError(f"'{path.name}': must be a file in the project, got one outside of it")
        if os.path.lexists(path) and not (path.is_file() or path.is_dir()):
            raise DataflowError(f"'{path.name}': must be a file, got something else in its place; remove that")

    def location(self, path: str) -> str:
        """What `flow.edit` opens: the real path of a file of the project, or the name of one of the package."""
        if not shipped.is_shipped(path):
            return os.fspath(self.find(path))
        try:
            shipped.find(path)
        except ValueError as error:
            raise DataflowError(str(error)) from None
        return path

    def shown(self, path: str | os.PathLike[str]) -> str:
        """How pages name a file: relative to the folder, with slashes; those of the package as graph files do."""
        real = Path(path)
        if real.is_relative_to(self.folder):
            return real.relative_to(self.folder).as_posix()
        return shipped.reference(real) or os.fspath(path)

    def told(self, message: str) -> str:
        """A message as pages tell it: files of the project as they name them."""
        return message.replace(f"{self.folder}{os.sep}", "")

    def files(self) -> list[dict[str, object]]:
        """The graph and data files of the project, by name; hidden folders are passed over."""
        found: list[dict[str, object]] = []
        for path in files_below(self.folder, (*_GRAPHS, *DATA)):
            if len(found) == MAX_FILES:
                break
            graph = path.suffix in _GRAPHS
            if not graph or _is_graph(path):
                found.append({"path": self.shown(path), "graph": graph, "size": path.stat().st_size})
        return found

    def graphs(self) -> list[str]:
        """The graph files of the project."""
        return [str(each["path"]) for each in self.files() if each["graph"]]


def _is_graph(path: Path) -> bool:
    """Whether the beginning of a file is that of a graph file."""
    try:
        with RegularFile(path) as file:
            return _GRAPH.search(file.read(0, min(file.size, 4096))) is not None
    except (OSError, Unreadable):
        return False


def target_of(named: str | None) -> tuple[Path, str]:
    """The folder to work in and the graph to open there, for what a user names: a graph, a folder or nothing.

    A graph below the current folder is opened in that, any other in the folder that it lies in.
    """
    here = Path.cwd()
    if named is None or shipped.is_shipped(named):
        return here, named or ""
    path = Path(named).resolve()
    if path.is_dir():
        return path, ""
    if not path.is_file():
        raise DataflowError(f"{named}: no such file or folder; {neighbour(path)}".removesuffix("; "))
    folder = here if path.is_relative_to(here) else path.parent
    return folder, path.relative_to(folder).as_posix()
