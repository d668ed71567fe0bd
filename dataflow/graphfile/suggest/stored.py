"""Words of what is stored: the data files that a graph file may name, and the arrays and columns in one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache

from dataflow.files import ArrayFile, Unreadable
from dataflow.files.endings import DATA, is_table
from dataflow.files.listing import files_below
from dataflow.files.stamps import Stamp, stamp
from dataflow.graphfile import shipped
from dataflow.graphfile.editing.changes import Path, Tree
from dataflow.graphfile.editing.mentions import with_defaults
from dataflow.graphfile.paths import Location
from dataflow.graphfile.sections import Names

Told = Iterator[tuple[str, str]]  # a name, and what it is
_WRITTEN = (".stats.npz", "/history.csv")  # what commands write beside a graph
_TYPED = 50  # arrays of a file whose headers are read, as a compressed one is unpacked for it
_KEPT = 64  # files


def data_files(file: Location) -> Told:
    """Data files that a graph file may name, as it would name them: the nearest first, those of the package last."""
    folder = file.real.parent
    found = []
    for path in files_below(file.home, DATA):
        name = os.path.relpath(path, folder).replace(os.sep, "/")
        if ".checkpoints/" not in name and not f"/{name}".endswith(_WRITTEN):
            found.append((name.count("../"), name.count("/"), name, f"{path.stat().st_size:,} bytes"))
    for _, _, name, size in sorted(found):
        yield name, size
    if file.home != shipped.folder():
        for path in files_below(shipped.folder(), DATA):
            yield shipped.reference(path), "comes with the package"


def arrays_at(tree: Tree, path: Path, file: Location, names: Names, columns: bool = False) -> Told:
    """The arrays or columns that may be named at a path, or columns alone: those of the nearest file named above it.

    An array without a name may have any: that of the key that it stands under.
    """
    beside = _beside(tree, path)
    named = beside.get("path")
    if isinstance(named, str):
        real = None
        with suppress(ValueError, OSError):
            real = file.data(with_defaults(tree, named), ())
        if real is not None and (is_table(real) or not columns):
            key = next((step for step in reversed(path) if isinstance(step, str) and step != "array"), "")
            yield from ((name or key, what) for name, what in names(str(real), beside).items())


def _beside(tree: Tree, path: Path) -> dict[str, Tree]:
    """What stands in the mappings from a place outwards, the inner ones first, and in those that they are like."""
    found: dict[str, Tree] = {}
    outer = [tree]
    for step in path:
        inner = outer[-1]
        inside = isinstance(inner, dict) and step in inner
        outer.append(inner[step] if inside else None)
    for above, each in zip(reversed(outer[:-1]), reversed(outer[1:]), strict=True):
        seen = 0
        while isinstance(each, dict) and isinstance(above, dict) and seen < len(above):
            found = {**each, **found}
            each, seen = above.get(str(each.get("like"))), seen + 1
    return found


def arrays_in(path: str, beside: Mapping[str, object]) -> Mapping[str, str]:
    """The arrays of a file by name, with their types as far as these are quickly told; "" is one without a name."""
    return _arrays(path, stamp(path))


@lru_cache(_KEPT)
def _arrays(path: str, seen: Stamp | None) -> Mapping[str, str]:
    found: dict[str, str] = {}
    with suppress(OSError, Unreadable), ArrayFile(path) as file:
        found = dict.fromkeys(file.names, "array")
        for name in file.names[:_TYPED] or [""]:
            with suppress(Unreadable):
                entry = file.entry(name or None)
                found[name] = f"{entry.dtype.newbyteorder('=').name}{list(entry.shape)}"
    return found
