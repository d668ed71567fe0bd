"""The arrays that graph files name: read once each, within a limit, and recognized when a graph is saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.core.attrs import StoredArray
from dataflow.core.dtypes import Array
from dataflow.core.errors import cropped
from dataflow.files import ArrayFile, ResolvedPath, Unreadable

MAX_BYTES = 1 << 30  # of all arrays that one graph file loads


class Arrays:
    """The arrays of one graph, each read once, up to a limit on their total size."""

    def __init__(self, limit: int = MAX_BYTES):
        self.left = self.limit = limit
        self._read: dict[tuple[Path, str | None], StoredArray] = {}

    def read(self, path: Path, name: str | None) -> StoredArray:
        """The array of a .npy file, or the named one of another; ValueError that says what is wrong with it."""
        if (path, name) not in self._read:
            try:
                self._read[path, name] = self._array(path, name)
            except Unreadable as error:
                raise ValueError(f"{cropped(path.name)}: {error}") from None
        return self._read[path, name]

    def with_file(self, path: Path, arrays: Mapping[str, Array]) -> Arrays:
        """These arrays and those of a file that is still to be written; they do not count."""
        result = Arrays(self.limit)
        result.left = self.left
        result._read = self._read | {(path, name): np.asarray(a).view(StoredArray) for name, a in arrays.items()}
        return result

    def _array(self, path: Path, name: str | None) -> StoredArray:
        with ArrayFile(ResolvedPath(path)) as file:
            entry = file.entry(name)
            if entry.nbytes > self.left:
                raise Unreadable(
                    f"arrays may take {self.limit:,} bytes in all, got {entry.nbytes:,} more bytes; "
                    "feed large arrays as inputs"
                )
            array = entry.read(StoredArray)
        self.left -= entry.nbytes
        array.flags.writeable = False
        array.origin = (str(path), name or "")
        return array


def origin(array: Array) -> tuple[str, str] | None:
    """The file and name that an array came from, even if NumPy has made a plain view of it since."""
    seen: Any = array
    while isinstance(seen, np.ndarray):
        if isinstance(seen, StoredArray) and seen.origin is not None:
            same = seen.dtype == array.dtype and seen.shape == array.shape and seen.strides == array.strides
            return seen.origin if same else None
        seen = seen.base
    return None
