"""Compiled kernels on disk, so that each is compiled once. A checksum guards every file.

What cannot be read or kept is compiled again: a run never fails because of the cache.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from functools import cache
from pathlib import Path

from dataflow.core.errors import visible
from dataflow.files.atomic import move_into_place, temporary

log = logging.getLogger("dataflow")
_DIGEST = hashlib.sha256


def read(name: str) -> bytes | None:
    """The data kept under a name; None where there is none, or it is damaged."""
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
    """Keep data under a name, all of it or nothing; where that fails a warning says why, once."""
    try:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        with temporary(folder / name) as (file, made):
            file.write(_DIGEST(data).digest() + data)
            move_into_place(file, made, folder / name)
    except OSError as error:
        warn(f"{folder}: {error.strerror or error}")
    except RuntimeError as error:  # the user's home is unknown
        warn(str(error))


@cache
def warn(reason: str) -> None:
    """Warn, once per reason, that kernels are compiled again in each process."""
    log.warning("compiled kernels cannot be kept, %s; DATAFLOW_CACHE may name another folder", visible(reason))


def _folder() -> Path:
    """DATAFLOW_CACHE, or else a folder in the user's cache."""
    if given := os.environ.get("DATAFLOW_CACHE"):
        return Path(given)
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dataflow-blocks"
