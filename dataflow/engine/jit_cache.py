"""Compiled kernels on disk, so that compiling takes time once. A file counts only while it is what was written.

What cannot be read or kept is compiled again: a run never fails for it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from functools import cache
from pathlib import Path

from dataflow.core.errors import visible
from dataflow.files.atomic import settle, temporary

log = logging.getLogger("dataflow")
_DIGEST = hashlib.sha256


def read(name: str) -> bytes | None:
    """What was kept under a name; None where that is nothing, or damaged."""
    try:
        data = (_folder() / name).read_bytes()
    except (OSError, RuntimeError):
        return None
    size = _DIGEST().digest_size
    if _DIGEST(data[size:]).digest() != data[:size]:
        log.info("compiled kernel %s is damaged, and compiled again", name)
        return None
    return data[size:]


def write(name: str, data: bytes) -> None:
    """Keeps data under a name, all of it or nothing; a warning says once why that cannot be."""
    try:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        with temporary(folder / name) as (file, made):
            file.write(_DIGEST(data).digest() + data)
            settle(file, made, folder / name)
    except OSError as error:
        warn(f"{folder}: {error.strerror or error}")
    except RuntimeError as error:  # nobody knows where the user's home is
        warn(str(error))


@cache
def warn(reason: str) -> None:
    """Says why kernels are compiled anew each time."""
    log.warning("compiled kernels cannot be kept, %s; DATAFLOW_CACHE may name another folder", visible(reason))


def _folder() -> Path:
    """DATAFLOW_CACHE, or a folder in the user's cache."""
    if given := os.environ.get("DATAFLOW_CACHE"):
        return Path(given)
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dataflow-blocks"
