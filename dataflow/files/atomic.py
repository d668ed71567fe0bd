"""Files written whole or not at all: a crash, or a signal that ends the process, leaves the old one or the new one."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any

import numpy as np

from dataflow import interrupt
from dataflow.core.errors import DataflowError, reason

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_unfinished: set[Path] = set()


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file, all of it or nothing."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataflowError(f"{path}: text must be UTF-8, got {text[error.start]!a}") from None
    _write(path, lambda file: file.write(data))


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Any]) -> None:
    """Write an .npz file, all of it or nothing; an array may have any name."""
    for name in arrays:
        if name.endswith(".npy") and name.removesuffix(".npy") in arrays:  # NumPy finds the second by both names
            raise DataflowError(f"{path}: names must differ by more than '.npy', got '{name}' twice; rename one")
    _write(path, lambda file: put_arrays(file, arrays))


def put_arrays(file: IO[bytes], arrays: Mapping[str, Any]) -> None:
    """The bytes of an .npz file; those of `numpy.savez`, which takes some names for options of its own."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def is_replaceable(path: str | os.PathLike[str]) -> bool:
    """Whether a file may be put there: where nothing is yet, or a regular file that nothing is printed into."""
    try:
        found = Path(path).stat()
    except OSError:
        return True
    return stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and _printed(found) is None)


def to_output(path: str | os.PathLike[str]) -> bool:
    """Whether this is where the standard output goes: ``/dev/stdout``, say."""
    try:
        return _printed(Path(path).stat()) == 1
    except OSError:
        return False


def _printed(found: os.stat_result) -> int | None:
    """The descriptor by which the process prints into a file."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), found):
                return descriptor
    return None


def _write(path: str | os.PathLike[str], fill: Callable[[Any], Any]) -> None:
    with write_errors(path):
        if is_replaceable(path):
            target = Path(os.path.realpath(path))  # through a link, which stays
            with temporary(target) as (file, made):
                fill(file)
                move_into_place(file, made, target)
        else:
            with _opened(path) as file:
                fill(_Forward(file))


def _opened(path: str | os.PathLike[str]) -> IO[bytes]:
    """What is no regular file, or is printed into, to be written on."""
    printed = _printed(Path(path).stat())
    return os.fdopen(os.open(path, os.O_WRONLY) if printed is None else os.dup(printed), "wb")


class _Forward:
    """A file as a pipe is one: without a way back, which `zipfile` would take."""

    def __init__(self, file: IO[bytes]):
        self.write, self.flush = file.write, file.flush


def check_writable(path: str | os.PathLike[str]) -> None:
    """DataflowError where a file could not be written, to be known before the work is done that would be lost."""
    with write_errors(path):
        if is_replaceable(path):
            with temporary(Path(os.path.realpath(path))):
                pass


@contextlib.contextmanager
def write_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """While within, what the system says of a file is an error that names it."""
    try:
        yield
    except DataflowError:
        raise
    except (OSError, ValueError) as error:
        raise DataflowError(f"{os.fspath(path)}: cannot be written: {reason(error)}") from None


@contextlib.contextmanager
def temporary(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A new file in the folder of the target, gone at the end unless `move_into_place` has given it its place."""
    stem = os.fsdecode(os.fsencode(target.name)[:100])
    made = target.parent / f".{stem}.{secrets.token_hex(6)}.tmp"
    with _noted(made), made.open("xb") as file:
        _like(made, target)
        yield file, made


@contextlib.contextmanager
def _noted(made: Path) -> Iterator[None]:
    """Removes a file at the end, also where that is SIGTERM or SIGHUP that nobody else handles."""
    _unfinished.add(made)
    main = threading.current_thread() is threading.main_thread()
    ours = [number for number in _ENDING if main and signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _end)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            made.unlink()
        _unfinished.discard(made)
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    remove_unfinished()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def remove_unfinished() -> None:
    """Remove the files that are being written: the process ends here and now."""
    for made in tuple(_unfinished):
        with contextlib.suppress(OSError):
            made.unlink()


interrupt.before_end.append(remove_unfinished)


def _like(made: Path, target: Path) -> None:
    """Gives a new file the mode and, where that is allowed, the owner of the one it is to replace."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return
    if not os.access(target, os.W_OK):
        raise PermissionError("it is read-only")
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(made, found.st_uid, found.st_gid)
    made.chmod(found.st_mode & 0o777)


def move_into_place(file: IO[bytes], made: Path, target: Path) -> None:
    """Puts a finished temporary file in the place of its target, after its bytes have reached the disk."""
    file.flush()
    os.fsync(file.fileno())
    file.close()  # not every system can rename an open file
    made.replace(target)
    with contextlib.suppress(OSError):  # not every system can do this to a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
