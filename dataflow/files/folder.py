"""Folders of files, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from dataflow import interrupt
from dataflow.core.errors import DataflowError
from dataflow.files.atomic import write_errors

_unfinished: set[Path] = set()


def write_folder(path: str | os.PathLike[str], files: Mapping[str, bytes], mark: str) -> None:
    """Write files into a new folder, or in place of one that was written so.

    mark : the file among these by which such a folder is known; any other folder that is not empty stays as it is.

    Raises DataflowError where it cannot be written, or where something else is in the way.
    """
    check_folder(path, mark)
    target = Path(os.path.realpath(path))  # a link stays a link
    with write_errors(path), _aside(target) as made, _aside(target) as old:
        made.mkdir()
        for name, data in files.items():
            (made / name).write_bytes(data)
        if target.exists():
            target.replace(old)
        try:
            made.replace(target)
        except OSError:
            if old.exists():
                old.replace(target)
            raise


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


@contextlib.contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A name beside the target; what has it is removed at the end."""
    made = target.parent / f".{target.name[:100]}.{secrets.token_hex(6)}.tmp"
    _unfinished.add(made)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        _unfinished.discard(made)


def _remove_unfinished() -> None:
    for made in tuple(_unfinished):
        shutil.rmtree(made, ignore_errors=True)


interrupt.before_end.append(_remove_unfinished)
