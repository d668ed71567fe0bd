"""Which files a graph may name, and their text: regular files inside the project, of bounded size, in UTF-8."""

from __future__ import annotations

import stat
from pathlib import Path

from dataflow.errors import nearest
from dataflow.graphfile.document import parse
from dataflow.graphfile.tree import START, Document, cropped

MAX_BYTES = 16 << 20
_MARKERS = ("pyproject.toml", ".git", ".dataflow")


def project_of(folder: Path) -> Path:
    """The nearest folder, from this one upwards, that marks a project; without one, the folder itself."""
    for each in (folder, *folder.parents):
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
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        raise ValueError(f"'{cropped(path)}' cannot be followed: {reason(error)}") from None
    if not real.is_relative_to(project):
        markers = f"{', '.join(_MARKERS[:-1])} or {_MARKERS[-1]}"
        raise ValueError(
            f"files must lie inside the project, got '{cropped(path)}'; "
            f"a project is the nearest folder above the graph file that has {markers}, else the file's own folder"
        )
    return real


def check_regular(path: Path, limit: int) -> None:
    """Raises ValueError where this is no regular file, or one larger than the limit."""
    try:
        info = path.stat()
    except (OSError, ValueError) as error:
        hint = neighbour(path)
        raise ValueError(reason(error) + (f"; {hint}" if hint else "")) from None
    if stat.S_ISDIR(info.st_mode):
        raise ValueError("must be a file, got a folder")
    if not stat.S_ISREG(info.st_mode):
        raise ValueError("must be a regular file, got a device or pipe")
    if info.st_size > limit:
        raise ValueError(f"may have at most {limit:,} bytes, got {info.st_size:,}")


def read_document(path: Path, shown: str) -> Document:
    """The tree of a file; what is wrong with the file or in it is in ``problems``."""
    document = Document(shown)
    try:
        check_regular(path, MAX_BYTES)
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        document.report(START, str(error) if isinstance(error, ValueError) else reason(error))
        return document
    try:
        return parse(data.decode("utf-8"), shown)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").splitlines() or [""]
        place = len(before), len(before[-1]) + 1
        found = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"the byte 0x{data[error.start]:02x}"
        document.report(place, f"a graph file must be UTF-8, got {found}", "save it as UTF-8")
    return document


def reason(error: Exception) -> str:
    """What the system says of a file, in lower case."""
    text = getattr(error, "strerror", None) or str(error)
    return str(text[:1].lower() + text[1:])


def neighbour(path: Path) -> str:
    """``did you mean 'dense.yaml'?`` where a file is not there but one with such a name is."""
    try:
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, ValueError):
        return ""
    return nearest(path.name, names[:1000])
