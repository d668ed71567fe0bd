"""The arrays that a graph file has beside it."""

from __future__ import annotations

import filecmp
import os
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.core.errors import GraphError
from dataflow.files.atomic import put_arrays, settle, temporary, told
from dataflow.graphfile.arrays import Arrays, origin
from dataflow.graphfile.emit import escaped
from dataflow.graphfile.paths import project_of


class Store:
    """The arrays of a graph that is being written into a folder."""

    def __init__(self, folder: Path, stem: str):
        self.folder, self.stem = folder, stem
        self.file = f"{stem}.npz"
        self.new: dict[str, np.ndarray[Any, Any]] = {}
        self._project = project_of(folder)
        self._arrays = Arrays()

    def placed(self, name: str, value: Any) -> Any:
        """The value with a mapping such as ``{path: weights.npz, array: w}`` in place of each array."""
        if isinstance(value, list):
            return [self.placed(f"{name}.{i}", v) for i, v in enumerate(value)] if _has_array(value) else value
        if not isinstance(value, np.ndarray):
            return value
        if found := self._origin(value):
            return escaped(found)
        self.new[name] = value
        return escaped({"path": self.file, "array": name})

    def _origin(self, array: np.ndarray[Any, Any]) -> dict[str, str] | None:
        """Where the array came from, if it may be named from here and has the same values still."""
        if (found := origin(array)) is None:
            return None
        path, name = Path(found[0]), found[1]
        if not path.is_relative_to(self._project):
            return None
        try:
            stored = self._arrays.read(path, name or None)
        except ValueError:
            return None
        if stored.dtype != array.dtype or stored.shape != array.shape or stored.tobytes() != array.tobytes():
            return None
        return {"path": self._relative(path)} | ({"array": name} if name else {})

    def relative(self, section: Any) -> Any:
        """The `data` section with paths as the graph file must write them; GraphError where it may not name them."""
        if not isinstance(section, dict):
            return section
        return {k: self._named(v) if k == "path" else self.relative(v) for k, v in section.items()}

    def _named(self, path: str) -> str:
        if not Path(path).is_relative_to(self._project):
            raise GraphError(
                f"data: files must lie inside the project of the graph file, {self._project}, got {path}; "
                "save the graph there, or drop graph.sections['data']"
            )
        return self._relative(Path(path))

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.folder)).as_posix()

    def write(self) -> bool:
        """Saves the new arrays; whether they had to go into another file than `placed` has said so far."""
        if not self.new:
            return False
        said = self.file
        with told(self.folder / said), temporary(self.folder / said) as (file, made):
            put_arrays(file, self.new)
            file.flush()
            number = 1
            while (target := self.folder / self.file).exists() and not filecmp.cmp(made, target, shallow=False):
                number += 1
                self.file = f"{self.stem}-{number}.npz"
            if not target.exists():
                settle(file, made, target)
        return self.file != said


def _has_array(values: list[Any]) -> bool:
    return any(isinstance(v, np.ndarray) for v in values)
