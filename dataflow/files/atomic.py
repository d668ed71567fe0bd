"""Atomic writes: after a crash or a fatal signal there is the old file or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import shutil
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
from dataflow.core.errors import DataflowError, listing, reason
from dataflow.files.array_headers import as_written

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_unfinished: set[Path] = set()


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file, all of it or nothing."""
    data = _encoded(path, text)
    write(path, lambda file: file.write(data))


def write_texts(texts: Mapping[str, str]) -> None:
    """Write text files by their paths, all of them or none: each is on the disk before the first takes its place."""
    files = {path: (Path(os.path.realpath(path)), _encoded(path, text)) for path, text in texts.items()}
    with contextlib.ExitStack() as stack:
        made: dict[str, tuple[IO[bytes], Path]] = {}
        for path, (target, data) in files.items():
            with write_errors(path):
                made[path] = file, _ = stack.enter_context(temporary(target))
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        before: dict[Path, bytes | None] = {}
        try:
            for path, (target, _) in files.items():
                with write_errors(path):
                    old = target.read_bytes() if target.exists() else None
                    move_into_place(*made[path], target)
                    before[target] = old
        except BaseException as error:
            if left := [str(target) for target, old in before.items() if not _put_back(target, old)]:
                raise DataflowError(f"{error}; the new text stays in {listing(left, 'and')}") from error
            raise


def _put_back(target: Path, old: bytes | None) -> bool:
    """Give a file the bytes again that it had, None: there was none; whether that could be done."""
    try:
        if old is None:
            target.unlink()
        else:
            write(target, lambda file: file.write(old))
    except (DataflowError, OSError):
        return False
    return True


def _encoded(path: str | os.PathLike[str], text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataflowError(f"{path}: text must be UTF-8, got {text[error.start]!a}") from None


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Any]) -> None:
    """Write an .npz file, all of it or nothing; an array may have any name."""
    for name in arrays:
        if name.endswith(".npy") and name.removesuffix(".npy") in arrays:  # NumPy finds the second by both names
            raise DataflowError(f"{path}: names must differ by more than '.npy', got '{name}' twice; rename one")
    write(path, lambda file: put_arrays(file, arrays))


def put_arrays(file: IO[bytes], arrays: Mapping[str, Any]) -> None:
    """Write the bytes of an .npz file, as `numpy.savez` does, which takes some names for its own options."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, as_written(np.asarray(array)), allow_pickle=False)


def is_replaceable(path: str | os.PathLike[str]) -> bool:
    """Whether a new file may take this place: nothing is there, or a regular file other than the standard output."""
    try:
        found = Path(path).stat()
    except OSError:
        return True
    return stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and _printed(found) is None)


def to_output(path: str | os.PathLike[str]) -> bool:
    """Whether this path is the standard output: ``/dev/stdout``, say."""
    try:
        return _printed(Path(path).stat()) == 1
    except OSError:
        return False


def _printed(found: os.stat_result) -> int | None:
    """The descriptor, 1 or 2, through which the process prints into a file, if any."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), found):
                return descriptor
    return None


def write(path: str | os.PathLike[str], fill: Callable[[Any], Any]) -> None:
    """Write a file, all of it or nothing; ``fill`` puts the bytes into an open file, which has no `seek`."""
    with write_errors(path):
        if is_replaceable(path):
            target = Path(os.path.realpath(path))  # a link stays a link
            with temporary(target) as (file, made):
                fill(file)
                move_into_place(file, made, target)
        else:
            with _opened(path) as file:
                fill(_Forward(file))


def _opened(path: str | os.PathLike[str]) -> IO[bytes]:
    """A pipe, a device or the standard output, opened for writing."""
    printed = _printed(Path(path).stat())
    return os.fdopen(os.open(path, os.O_WRONLY) if printed is None else os.dup(printed), "wb")


class _Forward:
    """A file without `seek`, like a pipe: `zipfile` would otherwise go back."""

    def __init__(self, file: IO[bytes]):
        self.write, self.flush = file.write, file.flush


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise DataflowError if a file cannot be written, before work is done that would be lost."""
    with write_errors(path):
        if is_replaceable(path):
            with temporary(Path(os.path.realpath(path))):
                pass


@contextlib.contextmanager
def write_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """A ``with`` block in which errors of the system become DataflowErrors that name the file."""
    try:
        yield
    except DataflowError:
        raise
    except (OSError, ValueError) as error:
        raise DataflowError(f"{os.fspath(path)}: cannot be written: {reason(error)}") from None


@contextlib.contextmanager
def temporary(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A new file in the folder of the target, removed at the end unless `move_into_place` has moved it."""
    made = name_beside(target)
    with noted(made), made.open("xb") as file:
        _like(made, target)
        yield file, made


def name_beside(target: Path) -> Path:
    """A new name in the folder of the target."""
    stem = os.fsdecode(os.fsencode(target.name)[:100])
    return target.parent / f".{stem}.{os.urandom(6).hex()}.tmp"


@contextlib.contextmanager
def noted(made: Path) -> Iterator[None]:
    """Remove a file or a folder at the end, also on SIGTERM or SIGHUP without another handler."""
    _unfinished.add(made)
    main = threading.current_thread() is threading.main_thread()
    ours = [number for number in _ENDING if main and signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _end)
    try:
        yield
    finally:
        _remove(made)
        _unfinished.discard(made)
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _remove(made: Path) -> None:
    with contextlib.suppress(OSError):
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink()


def _end(number: int, frame: FrameType | None) -> None:
    remove_unfinished()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def remove_unfinished() -> None:
    """Remove what is being written, as the process is about to end."""
    for made in tuple(_unfinished):
        _remove(made)


interrupt.before_end.append(remove_unfinished)


def _like(made: Path, target: Path) -> None:
    """Give a new file the mode and, if allowed, the owner of the one that it will replace."""
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
    """Move a finished temporary file to its target once its bytes have reached the disk."""
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
