"""Regular files, read at any offset; pipes, devices and folders are refused before they are opened."""

from __future__ import annotations

import functools
import io
import os
import stat
import threading
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dataflow.core.errors import nearest, reason

_AT_ONCE = 1 << 30  # bytes; no system reads more than 2 GiB in one call
_PREADV: Callable[..., int] | None = getattr(os, "preadv", None)  # not on every system


class ResolvedPath(str):
    """A path without symbolic links when it was resolved and checked."""


class Unreadable(ValueError):
    """A problem with a file; the message has no file name, as the reader adds the one that users know."""


class RegularFile:
    """A regular file, open for reading.

    Raises Unreadable if the path is no regular file (opening a pipe may block), if the file is larger than the limit,
    or if a link has appeared since a ResolvedPath was resolved.
    """

    def __init__(self, path: str | os.PathLike[str], limit: int | None = None):
        try:
            _check(Path(path).stat(), limit)
            # the path may by now be a pipe, which must not be waited for
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            self._hold(path, io.FileIO(os.open(path, flags)))
            info = os.fstat(self._file.fileno())
            _check(info, limit)
            if isinstance(path, ResolvedPath) and not (
                os.path.realpath(path) == path and os.path.samestat(Path(path).lstat(), info)
            ):
                raise Unreadable("must be what it was when the graph was loaded, got a link; load the graph again")
        except Unreadable:
            raise
        except (OSError, ValueError) as error:
            hint = neighbour(Path(path))
            raise Unreadable(reason(error) + (f"; {hint}" if hint else "")) from None
        self.identity = self._identity()

    @classmethod
    def spooled(cls, path: Path, pieces: Iterable[bytes]) -> RegularFile:
        """A temporary file of these bytes, made from the file at the path; removed when no longer referred to."""
        import tempfile  # slow to import, and only tables need it

        made = cls.__new__(cls)
        made._hold(path, tempfile.TemporaryFile())  # noqa: SIM115 - it lives as long as what holds it
        for piece in pieces:
            made._file.write(piece)
        made._file.flush()
        made.identity = made._identity()
        return made

    def _hold(self, path: str | os.PathLike[str], file: io.FileIO | io.BufferedRandom) -> None:
        self.path, self._file = Path(path), file
        weakref.finalize(self, file.close)
        self._lock = threading.Lock()  # held from seek to read

    @property
    def size(self) -> int:
        """Bytes in the file when it was opened."""
        return self.identity[2]

    def _identity(self) -> tuple[int, int, int, int]:
        info = os.fstat(self._file.fileno())
        return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns

    def check_unchanged(self) -> None:
        """Raise Unreadable if the file has been written to since it was opened."""
        if self._identity() != self.identity:
            raise Unreadable("has changed since it was opened; begin again")

    def read(self, start: int, count: int) -> bytes:
        """Bytes ``start`` to ``start + count``; Unreadable if the file is shorter."""
        data = bytearray(min(count, max(self.size - start, 0)))
        self.fill([(start, memoryview(data))])
        if len(data) < count:
            raise Unreadable(f"is cut short: it has {self.size:,} bytes, where {start + count:,} are needed")
        return bytes(data)

    def fill(self, pieces: Iterable[tuple[int, memoryview]]) -> None:
        """Fill each memory with the bytes from its offset on; several threads may do so at the same time."""
        read = self._seek_and_read if _PREADV is None else functools.partial(_PREADV, self._file.fileno())
        try:
            for start, memory in pieces:
                done = read([memory[:_AT_ONCE]], start)
                while done < len(memory):
                    if not (count := read([memory[done : done + _AT_ONCE]], start + done)):
                        raise Unreadable("has become shorter since it was opened; begin again")
                    done += count
        except OSError as error:
            raise Unreadable(reason(error)) from None

    def _seek_and_read(self, memories: list[memoryview], start: int) -> int:
        with self._lock:
            self._file.seek(start)
            count: int = self._file.readinto(memories[0]) or 0
            return count

    def stream(self) -> io.BufferedReader:
        """The file as a stream from its beginning, with a position of its own; the caller closes it."""
        return io.BufferedReader(_Stream(self))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> RegularFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., RegularFile], tuple[Any, ...]]:
        return _reopened, (self.path, self.identity)


class _Stream(io.RawIOBase):
    """A regular file as a stream of bytes."""

    def __init__(self, file: RegularFile):
        self.regular, self.at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = max(offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.regular.size}[whence], 0)
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # which the stream above makes
        memory = memoryview(buffer).cast("B")
        count = min(len(memory), max(self.regular.size - self.at, 0))
        self.regular.fill([(self.at, memory[:count])])
        self.at += count
        return count


def _reopened(path: Path, identity: tuple[int, int, int, int]) -> RegularFile:
    file = RegularFile(path)
    if file.identity != identity:
        raise Unreadable(f"{path}: has changed since it was opened; begin again")
    return file


def _check(info: os.stat_result, limit: int | None) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise Unreadable("must be a file, got a folder")
    if not stat.S_ISREG(info.st_mode):
        raise Unreadable("must be a regular file, got a device or pipe")
    if limit is not None and info.st_size > limit:
        raise Unreadable(f"may have at most {limit:,} bytes, got {info.st_size:,}")


def neighbour(path: Path) -> str:
    """``did you mean 'dense.yaml'?`` if a file is missing but one with a similar name exists."""
    try:
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, ValueError):
        return ""
    return nearest(path.name, names[:1000])
