"""The arrays of a graph that is being written: named where they lie in files, else put into one beside the graph."""

from __future__ import annotations

import filecmp
import os
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.files.atomic import move_into_place, put_arrays, temporary, write_errors
from dataflow.graphfile import shipped
from dataflow.graphfile.arrays import Arrays, origin
from dataflow.graphfile.emit import escaped
from dataflow.graphfile.paths import project_of


class Placement:
    """The arrays of a graph that is being written; those of up to ``inline`` elements stand in the file."""

    def __init__(self, target: Path, inline: int):
        self.target, self.folder, self.stem, self.inline = target, target.parent, target.stem, inline
        self.file = f"{self.stem}.npz"
        self.new: dict[str, Array] = {}
        self._project = project_of(self.folder)
        self.arrays = Arrays()  # those that were read on the way

    def placed(self, name: str, value: object) -> Any:
        """The value with a mapping such as ``{path: weights.npz, array: w}`` in place of each array."""
        if isinstance(value, list):
            return [self.placed(f"{name}.{i}", v) for i, v in enumerate(value)] if _has_array(value) else value
        if not isinstance(value, np.ndarray):
            return value
        if found := self._origin(value):
            return escaped(found)
        self.new[name] = value
        return escaped({"path": self.file, "array": name})

    def node(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        """An entry of a node with the arrays on its inputs and attrs placed."""
        return {key: self._part(name, part) if key in ("inputs", "attrs") else part for key, part in entry.items()}

    def _part(self, name: str, part: object) -> object:
        if isinstance(part, dict):
            return {key: self.placed(f"{name}.{key}", value) for key, value in part.items()}
        return [self.placed(f"{name}.{i}", value) for i, value in enumerate(part)] if isinstance(part, list) else part

    def _origin(self, array: Array) -> dict[str, str] | None:
        """Where the array came from, if it may be named from here and still has the same values."""
        if (found := origin(array)) is None:
            return None
        path, name = Path(found[0]), found[1]
        if (place := self.named(path)) is None:
            return None
        try:
            stored = self.arrays.read(path, name or None)
        except ValueError:
            return None
        if stored.dtype != array.dtype or stored.shape != array.shape or stored.tobytes() != array.tobytes():
            return None
        return {"path": place} | ({"array": name} if name else {})

    def path(self, section: str, path: str) -> str:
        """A file that a section names, as the graph file must write it; GraphError where it may not name it."""
        if (place := self.named(Path(path))) is None:
            raise GraphError(
                f"{section}: files must lie inside the project of the graph file, {self._project}, got {path}; "
                f"save the graph there, or drop graph.sections['{section}']"
            )
        return place

    def named(self, path: Path) -> str | None:
        """How the graph file names another, if it may."""
        if place := shipped.reference(path):
            return place
        return Path(os.path.relpath(path, self.folder)).as_posix() if path.is_relative_to(self._project) else None

    def write(self) -> bool:
        """Save the new arrays; whether that took another file than `placed` has named so far."""
        if not self.new:
            return False
        said = self.file
        with write_errors(self.folder / said), temporary(self.folder / said) as (file, made):
            put_arrays(file, self.new)
            file.flush()
            number = 1
            while (target := self.folder / self.file).exists() and not filecmp.cmp(made, target, shallow=False):
                number += 1
                self.file = f"{self.stem}-{number}.npz"
            if not target.exists():
                move_into_place(file, made, target)
        return self.file != said


def _has_array(values: list[Any]) -> bool:
    return any(isinstance(v, np.ndarray) for v in values)
