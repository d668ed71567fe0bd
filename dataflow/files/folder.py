"""Folders of files, written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from dataflow.core.errors import DataflowError
from dataflow.files.atomic import name_beside, noted, write_errors


def write_folder(path: str | os.PathLike[str], files: Mapping[str, bytes], mark: str) -> None:
    """Write files into a new folder, or in place of one that was written so.

    mark : the file among these by which such a folder is known; any other folder that is not empty stays as it is.

    Raises DataflowError where it cannot be written, or where something else is in the way.
    """
    check_folder(path, mark)
    target = Path(os.path.realpath(path))  # a link stays a link
    made = name_beside(target)
    with write_errors(path), noted(made):
        made.mkdir()
        for name, data in files.items():
            (made / name).write_bytes(data)
        if target.exists():
            _replace(target, made)
        else:
            made.replace(target)


def _replace(target: Path, made: Path) -> None:
    """Put a folder in the place of another; if that fails the other one is back."""
    old = name_beside(target)
    target.replace(old)
    try:
        made.replace(target)
    except BaseException:
        old.replace(target)
        raise
    shutil.rmtree(old)


def check_folder(path: str | os.PathLike[str], mark: str) -> None:
    """Raise DataflowError where `write_folder` would not write there, before work is done that would be lost."""
    target = Path(path)
    with write_errors(path):
        if target.exists() and not target.is_dir():
            raise DataflowError(f"{path}: must be a folder, got a file; name another one")
        if target.is_dir() and any(target.iterdir()) and not (target / mark).is_file():
            raise DataflowError(f"{path}: must be a new folder or one with a {mark}, got other files; name another one")
        if not Path(os.path.realpath(path)).parent.is_dir():
            raise DataflowError(f"{path}: must lie in a folder that is there; make it first")
