"""One training at a time in a folder: a file there says which process has it.

The file is made whole or not at all. One that a process has left behind is recognised: there is no such process any
more, or its number belongs to another by now, which started at another time.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dataflow import interrupt
from dataflow.core.errors import GraphError
from dataflow.files.atomic import temporary, write_errors

NAME = "training.lock"
_ENDED = ("Z", "X")  # states of a process that has ended, and that its parent has not asked about yet


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A ``with`` block in which no other training works in the folder; GraphError where one does already."""
    path, own = folder / NAME, _own()
    with write_errors(path):
        _take(path, own)

    def release() -> None:
        if _read(path) == own:  # else somebody has removed it, and it may be another's by now
            path.unlink(missing_ok=True)

    interrupt.before_end.append(release)
    try:
        yield
    finally:
        interrupt.before_end.remove(release)
        release()


def _own() -> dict[str, Any]:
    """What the file says of this process."""
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "start": _start_of(os.getpid()),
        "id": secrets.token_hex(8),
    }


def _take(path: Path, own: dict[str, Any]) -> None:
    with temporary(path) as (file, made):
        file.write(json.dumps(own).encode())
        file.flush()
        while True:
            try:
                _place(made, path)
                return
            except FileExistsError:
                found = _read(path)
                if found is not None and not _is_stale(found):
                    raise _busy(path, found) from None
                _remove(path, found)


def _place(made: Path, path: Path) -> None:
    """Give a file its place; FileExistsError where there is one, unlike by renaming."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # not every system has links; a reader may then find it empty for a moment
        with path.open("xb") as file:
            file.write(made.read_bytes())


def _remove(path: Path, stale: dict[str, Any] | None) -> None:
    """Remove a file that was left behind, unless another process has replaced it since it was read."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    with contextlib.suppress(FileNotFoundError):
        path.rename(aside)
        if _read(aside) != stale:
            with contextlib.suppress(FileExistsError):
                _place(aside, path)
        aside.unlink()


def _read(path: Path) -> dict[str, Any] | None:
    """What the file says; None where there is none, or it says nothing that a training has written."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    kinds = {"pid": int, "host": str, "start": str, "id": str}
    right = isinstance(found, dict) and all(type(found.get(key)) is kind for key, kind in kinds.items())
    return found if right else None


def _is_stale(found: dict[str, Any]) -> bool:
    """Whether the process is gone, as far as that can be told from here."""
    here: bool = found["host"] == socket.gethostname()
    return here and _start_of(found["pid"]) != found["start"]


def _busy(path: Path, found: dict[str, Any]) -> GraphError:
    return GraphError(
        f"{path.parent}: must be used by one training at a time, got process {found['pid']} on {found['host']}, which "
        f"is training there; wait for it or use another folder, or remove {path} if there is no such process"
    )


def _start_of(pid: int) -> str:
    """When a process was started, in a form that is compared; nothing where there is no such process, or a zombie.

    Where the system does not tell, all processes seem to have started at one time, so that none is taken to be gone.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
        state, *fields = stat.rpartition(")")[2].split()
        return "" if state in _ENDED else f"{boot} {fields[18]}"
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    if os.name != "posix":
        return "unknown"
    told = subprocess.run(
        ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, start = told.stdout.strip().partition(" ")
    return "" if state[:1] in _ENDED else start.strip()
