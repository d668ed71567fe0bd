"""What changes when a file does, without a look at its bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[int, ...]


def stamp(path: str | os.PathLike[str]) -> Stamp | None:
    """Times, size and number of a file; None where there is none.

    The time of modification alone says too little: programs that copy a file give the copy that of the original.
    """
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp | None]:
    """The stamps of files."""
    return {path: stamp(path) for path in paths}
