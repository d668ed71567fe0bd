"""Arrays in files, read by row: a data set may be larger than memory.

What a file holds uncompressed (.npy, members of .npz that were saved so, IDX) stays there until its rows are asked for,
and is read, not mapped: pages of a mapped file would count as the process's own. The rest is read whole.
"""

from __future__ import annotations

import gzip
import itertools
import struct
import tempfile
import weakref
import zipfile
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from dataflow.errors import DataflowError, listing, nearest

_IDX = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_LINES = 65536  # of a .csv file that are parsed together


class Rows(Protocol):
    """An array of which rows can be had."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def take(self, indices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The rows with these numbers, in this order."""
        ...


class Held:
    """An array in memory."""

    def __init__(self, array: np.ndarray[Any, Any]):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def take(self, indices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.take(self.array, indices, axis=0)


class Filed:
    """An array that begins at an offset in a file."""

    def __init__(self, path: Path, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]):
        self.path, self.offset, self.shape, self.dtype = path, offset, shape, dtype
        self._file: IO[bytes] | None = None

    def kept(self, file: IO[bytes]) -> Any:
        """Reads from this open file, which is closed when nobody needs the rows any more."""
        self._file = file
        weakref.finalize(self, file.close)
        return file

    def take(self, indices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        file: Any = self._file or self.kept(self.path.open("rb", buffering=0))
        rows = np.empty((len(indices), *self.shape[1:]), self.dtype)
        size = rows[:1].nbytes
        memory: Any = memoryview(rows.reshape(-1).view(np.uint8)) if size else None  # type: ignore[arg-type]
        for first, last, row in _runs(indices) if size else ():
            file.seek(self.offset + row * size)
            wanted = memory[first * size : last * size]
            if file.readinto(wanted) != len(wanted):
                raise DataflowError(f"{self.path}: must hold {self.shape[0]} rows, got fewer; the file has changed")
        return rows

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_file": None}


def _runs(indices: np.ndarray[Any, Any]) -> list[tuple[int, int, int]]:
    """Rows that follow each other in the file: where they go, from and to, and the number of the first."""
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    starts = [0, *breaks.tolist()] if len(indices) else []
    ends = [*breaks.tolist(), len(indices)]
    return [(start, end, int(indices[start])) for start, end in zip(starts, ends, strict=False)]


def open_rows(path: Path, name: str | None = None) -> Rows:
    """The array in a .npy, .npz, .csv or IDX file; ``name`` is the array of a .npz file or the columns of a .csv one.

    Raises DataflowError that says what is wrong with the file.
    """
    try:
        if path.suffix == ".csv":
            return _csv(path, name)
        with path.open("rb") as file:
            start = file.read(4)
        if start[:2] == b"\x1f\x8b" or start[:2] == b"\x00\x00":
            return _idx(path, compressed=start[:2] == b"\x1f\x8b")
        if start[:4] == b"PK\x03\x04":
            return _member(path, name)
        return _npy(path)
    except (OSError, ValueError, EOFError, KeyError, struct.error, zipfile.BadZipFile) as error:
        if isinstance(error, DataflowError):
            raise
        missing = "; put it there, or name another in the data section" if isinstance(error, FileNotFoundError) else ""
        reason = getattr(error, "strerror", None) or error
        raise DataflowError(f"{path}: cannot be read as data: {reason}{missing}") from None


def _npy(path: Path, start: int = 0) -> Rows:
    with path.open("rb") as file:
        file.seek(start)
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read(file)
        if dtype.hasobject:
            raise ValueError("arrays must be of numbers, got objects")
        offset = file.tell()
        if not shape or (by_columns and len(shape) > 1):
            file.seek(start)
            return Held(np.atleast_1d(np.lib.format.read_array(file, allow_pickle=False)))
    return Filed(path, offset, shape, dtype)


def _member(path: Path, name: str | None) -> Rows:
    with zipfile.ZipFile(path) as archive:
        names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
        if name is None and len(names) == 1:
            name = names[0]
        if name not in names:
            hint = nearest(name or "", names) or f"it has {listing(names, 'and')}"
            wrong = f"no array '{name}'" if name else "'array' must be given, got nothing"
            raise DataflowError(f"{path}: {wrong}; {hint}")
        info = archive.getinfo(f"{name}.npy")
        if info.compress_type != zipfile.ZIP_STORED:
            with archive.open(info) as member:
                return Held(np.lib.format.read_array(member, allow_pickle=False))
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)
        name_length, extra_length = struct.unpack("<HH", file.read(4))
    return _npy(path, info.header_offset + 30 + name_length + extra_length)


def _idx(path: Path, compressed: bool) -> Rows:
    """The format of MNIST: two zero bytes, the type, the number of dims, the dims, the values."""
    with gzip.open(path, "rb") if compressed else path.open("rb") as opened:
        file: Any = opened
        zeros, kind, rank = struct.unpack(">HBB", file.read(4))
        if zeros or kind not in _IDX:
            raise ValueError("not an IDX file")
        shape = struct.unpack(f">{rank}I", file.read(4 * rank))
        dtype = np.dtype(_IDX[kind])
        if compressed:
            data = file.read()
            return Held(np.frombuffer(data, dtype).reshape(shape))
    return Filed(path, 4 + 4 * rank, shape, dtype)


def _csv(path: Path, columns: str | None) -> Rows:
    """Numbers between commas under a line of names; parsed in pieces into a file that is gone with the process."""
    with path.open(encoding="utf-8") as file:
        header = [name.strip().strip('"') for name in file.readline().split(",")]
        wanted = [name.strip() for name in columns.split(",")] if columns else header
        if unknown := [name for name in wanted if name not in header]:
            hint = nearest(unknown[0], header) or f"it has {listing(header, 'and')}"
            raise DataflowError(f"{path}: no column '{unknown[0]}'; {hint}")
        places = [header.index(name) for name in wanted]
        rows = Filed(path, 0, (0,), np.dtype(np.float32))
        spool, count = rows.kept(tempfile.TemporaryFile()), 0  # noqa: SIM115 - it lives as long as the rows
        while read := list(itertools.islice(file, _LINES)):
            lines = [line for line in read if line.strip()]
            try:
                part = np.loadtxt(lines, np.float64, delimiter=",", usecols=places, ndmin=2) if lines else np.empty(0)
            except ValueError as error:
                raise DataflowError(f"{path}: after row {count}: {error}") from None
            spool.write(part.astype(np.float32).tobytes())
            count += len(part)
    rows.shape = (count, len(places)) if columns is None or len(places) > 1 else (count,)
    return rows
