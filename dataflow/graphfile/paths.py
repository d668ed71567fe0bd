"""Which files a graph may name, and their text.

They are regular files inside the project or of the package, of bounded size, in UTF-8.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dataflow.core.errors import cropped, reason
from dataflow.files import RegularFile, Unreadable
from dataflow.graphfile import shipped
from dataflow.graphfile.parse import parse
from dataflow.graphfile.tree import START, Document

MAX_BYTES = 16 << 20
_MARKERS = ("pyproject.toml", ".git", ".dataflow")


def project_of(folder: Path) -> Path:
    """The nearest folder, from this one upwards, that marks a project; without one, the folder itself."""
    for each in (folder, *folder.parents):
        with suppress(OSError):  # a folder whose name is too long, say: what is read or written there will tell
            if any((each / marker).exists() for marker in _MARKERS):
                return each
    return folder


def confined(folder: Path, project: Path, path: str) -> Path:
    """The real path of a file that a graph file in ``folder`` names.

    Raises ValueError where the path is no relative one or leads, by itself or by a symbolic link, out of the project.
    """
    if not path or not path.isprintable():
        raise ValueError(f"a path must be printable text, got {path[:60]!a}")
    if Path(path).is_absolute():
        raise ValueError(f"paths must be relative to this file, got '{cropped(path)}'")
    try:
        real = (folder / path).resolve()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):  # which the reader reports
            real.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        raise ValueError(f"'{cropped(path)}' cannot be followed: {reason(error)}") from None
    if not real.is_relative_to(project):
        markers = f"{', '.join(_MARKERS[:-1])} or {_MARKERS[-1]}"
        raise ValueError(
            f"files must lie inside the project, got '{cropped(path)}'; "
            f"a project is the nearest folder above the graph file that has {markers}, else the file's own folder"
        )
    return real


def data_file(folder: Path, project: Path, path: str, given: Collection[str] = ()) -> Path:
    """The real path of a data file that a graph file in ``folder`` names.

    It may lie in the project; in a folder that the person at the keyboard names, by ``DATAFLOW_DATA_ROOT``; or anywhere
    if it is one of the paths that they ``given`` as parameters, relative to the graph file or to the current folder.

    Raises ValueError where it lies elsewhere.
    """
    if path in given and path.isprintable():
        places = (folder / path, Path.cwd() / path)
        return next((place for place in places if place.exists()), places[0]).resolve()
    roots = data_roots()
    try:
        real = confined(folder, project, path)
    except ValueError as error:
        outside = (folder / path).resolve() if path and path.isprintable() else None
        if outside is not None and any(outside.is_relative_to(root) for root in roots):
            return outside
        raise ValueError(f"{error}; or name its folder in DATAFLOW_DATA_ROOT") from None
    if not real.exists():
        for root in roots:
            found = (root / path).resolve()
            if found.exists() and found.is_relative_to(root):
                return found
    return real


def data_roots() -> list[Path]:
    """The folders outside of a project in which data may lie: those of ``DATAFLOW_DATA_ROOT``, resolved."""
    named = os.environ.get("DATAFLOW_DATA_ROOT", "")
    return [Path(each).resolve() for each in named.split(os.pathsep) if each]


@dataclass(frozen=True, slots=True)
class Location:
    """Where a graph file is: its real path, how messages show it, and the folder that files must lie in for it."""

    real: Path
    shown: str
    home: Path

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Location:
        """The place of a file that a user names; ValueError where it should be one of the package and is not."""
        shown = os.fspath(path)
        if shipped.is_shipped(shown):
            return cls(shipped.find(shown), shown, shipped.folder())
        real = Path(shown) if "\0" in shown else Path(os.path.realpath(shown))
        return cls(real, shown, project_of(real.parent))

    def find(self, path: str) -> Path:
        """The real path of a file that this one names; ValueError where it may not name it."""
        return shipped.find(path) if shipped.is_shipped(path) else confined(self.real.parent, self.home, path)

    def data(self, path: str, given: Collection[str]) -> Path:
        """The real path of a data file that this one names, as `data_file` says."""
        if shipped.is_shipped(path):
            return shipped.find(path)
        return data_file(self.real.parent, self.home, path, given)

    def graph(self, path: str) -> Location:
        """The place of a graph file that this one names; ValueError where it may not name it."""
        real = self.find(path)
        if shipped.is_shipped(path) or self.home == shipped.folder():
            return Location(real, shipped.reference(real), shipped.folder())
        return Location(real, os.path.normpath(Path(self.shown).parent / path), self.home)


def reference(real: str | os.PathLike[str], folder: Path) -> str:
    """How a graph file in a folder writes the path of another: ``./dense.yaml``, ``../layers/dense.yaml``."""
    path = Path(os.path.relpath(real, folder)).as_posix()
    return path if path.startswith("../") else f"./{path}"


def read_document(path: str | os.PathLike[str], shown: str) -> Document:
    """The tree of a file; what is wrong with the file or in it is in ``problems``."""
    document = Document(shown)
    try:
        with RegularFile(path, MAX_BYTES) as file:
            data = file.read(0, file.size)
    except Unreadable as error:
        document.report(START, str(error))
        return document
    try:
        return parse(data.decode("utf-8"), shown)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").splitlines() or [""]
        place = len(before), len(before[-1]) + 1
        found = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"the byte 0x{data[error.start]:02x}"
        document.report(place, f"a graph file must be UTF-8, got {found}", "save it as UTF-8")
    return document
