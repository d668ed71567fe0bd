"""The files below a folder that a person would look at, within limits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

MAX_FOLDERS = 2_000  # that are looked into
MAX_NAMES = 50_000  # that are looked at
_PASSED = ("node_modules", "__pycache__", "site-packages")


def files_below(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """The regular files with these endings, by name, those of a folder before what is in its folders.

    Hidden files and folders, those of tools, and links are passed over.
    """
    left = MAX_NAMES
    for count, (inside, folders, names) in enumerate(os.walk(folder)):
        if count == MAX_FOLDERS or not left:
            return
        names = names[:left]
        left -= len(names)
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in _PASSED)
        for name in sorted(each for each in names if each.endswith(endings)):
            path = Path(inside, name)
            if not name.startswith(".") and name.isprintable() and path.is_file() and not path.is_symlink():
                yield path
