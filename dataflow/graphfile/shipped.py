"""The graph files and arrays that the package ships: ``dataflow:layers/dense.yaml`` names one from anywhere.

They are read, never written. A name leads to a file of the package or nowhere.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath

from dataflow.core.errors import DataflowError, cropped, nearest, way_out

SCHEME = "dataflow:"


def is_shipped(path: str) -> bool:
    """Whether a path names a file of the package."""
    return path.startswith(SCHEME)


@cache
def folder() -> Path:
    """The folder of these files: within the package, or beside it in the source tree."""
    package = Path(str(resources.files("dataflow"))).resolve()
    inside = package / "graphs"
    return inside if inside.is_dir() else package.parent / "graphs"


def names(ending: str = ".yaml") -> list[str]:
    """The files with this ending, such as ``layers/dense.yaml``."""
    files = (path for path in folder().rglob("*") if path.name.endswith(ending) and path.is_file())
    return sorted(path.relative_to(folder()).as_posix() for path in files)


def find(path: str) -> Path:
    """The real path of the file that ``dataflow:...`` names; ValueError where it names none."""
    name = path.removeprefix(SCHEME)
    parts = PurePosixPath(name).parts
    if not name.isprintable() or "\\" in name or ".." in parts or PurePosixPath(name).is_absolute():
        raise ValueError(
            f"after '{SCHEME}' there must be a file of the package, such as layers/dense.yaml, got {cropped(name)!a}"
        )
    real = folder() / name
    try:
        if not real.is_file():
            found = nearest(name[:100], names(PurePosixPath(name).suffix or ".yaml"))
            hint = found.replace("'", f"'{SCHEME}", 1) or way_out(
                "`dataflow examples` lists what it has", page="the gallery (Ctrl+O) has its graphs"
            )
            raise ValueError(f"the package has no file '{cropped(name)}'; {hint}")
        if real.resolve() != real:
            raise ValueError(f"'{cropped(path)}' must be a file of the package, got a link")
    except OSError:
        raise ValueError(f"the package has no file '{cropped(name)}'") from None
    return real


def layer(name: str) -> str:
    """What to write in place of Dense or layers/dense.yaml, names of no block: the path of a layer, or nothing."""
    wanted = name[:100].removeprefix("layers/").removesuffix(".yaml").replace("_", "").lower()
    layers = [each for each in names() if each.startswith("layers/")]
    found = [each for each in layers if PurePosixPath(each).stem.replace("_", "") == wanted]
    return SCHEME + found[0] if found else ""


def reference(real: Path) -> str:
    """How a graph file anywhere names a file of the package; nothing for another file."""
    return SCHEME + real.relative_to(folder()).as_posix() if real.is_relative_to(folder()) else ""


def refuse_writing(path: str) -> None:
    """Raise DataflowError where a file that is to be written is one of the package."""
    if is_shipped(path):
        copy = way_out(
            "write to a file of your own, such as one that `dataflow examples NAME` copies", page="edit a copy of it"
        )
        raise DataflowError(f"{path}: files of the package are read-only; {copy}")


def place_of(file: str, said: str) -> str:
    """Where the graph lies that a file names: relative to its folder, absolute, or a file of the package."""
    return said if said.startswith(SCHEME) or Path(said).is_absolute() else str(Path(file).parent / said)


def named_in(out: str, path: str) -> str:
    """A path as the file ``out`` names it: relative to its folder; a file of the package or another drive as it is."""
    if path.startswith(SCHEME):
        return path
    try:
        return Path(os.path.relpath(path, Path(out).parent)).as_posix()
    except ValueError:
        return path
