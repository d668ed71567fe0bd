"""Arrays in .npy and .npz files: read without pickles and within a limit, written so that a crash leaves old or new."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from dataflow import dtypes
from dataflow.attrs import StoredArray
from dataflow.errors import listing, nearest
from dataflow.graphfile.files import check_regular, reason
from dataflow.graphfile.tree import cropped
from dataflow.shapes import element_count

MAX_BYTES = 1 << 30  # of all arrays that one graph file loads, as their headers declare it
_DAMAGED = (
    ValueError, OSError, EOFError, RuntimeError, NotImplementedError, MemoryError, RecursionError, OverflowError,
    TypeError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip


class Arrays:
    """The arrays that one graph needs, each read once and never more than the limit in all."""

    def __init__(self, limit: int = MAX_BYTES):
        self.left = self.limit = limit
        self._read: dict[tuple[Path, str | None], StoredArray] = {}

    def read(self, path: Path, name: str | None) -> StoredArray:
        """The array of a .npy file, or the named one of a .npz file. ValueError that says what is wrong with it."""
        if (path, name) not in self._read:
            try:
                check_regular(path, 1 << 40)
            except ValueError as error:
                raise ValueError(f"{cropped(path.name)}: {error}") from None
            try:
                self._read[path, name] = (
                    self._archived(path, name) if zipfile.is_zipfile(path) else self._plain(path, name)
                )
            except _Refused as error:
                raise ValueError(f"{cropped(path.name)}: {error}") from None
            except _DAMAGED as error:
                raise ValueError(
                    f"{cropped(path.name)} is no sound .npz or .npy file: {cropped(reason(error))}"
                ) from None
        return self._read[path, name]

    def _plain(self, path: Path, name: str | None) -> StoredArray:
        if name is not None:
            raise _Refused(f"must be an .npz file to have an array '{cropped(name)}', got another; leave out 'array'")
        with path.open("rb") as file:
            return self._array(file, path, "")

    def _archived(self, path: Path, name: str | None) -> StoredArray:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            names = [m.removesuffix(".npy") for m in members if m.endswith(".npy")]
            if name is None:
                raise _Refused(f"'array' must be given, got nothing; it has {_listed(names)}")
            if name not in names:
                raise _Refused(
                    f"no array '{cropped(name)}'; {nearest(name[:60], names[:1000]) or f'it has {_listed(names)}'}"
                )
            if names.count(name) > 1:
                raise _Refused(f"must hold each array once, got '{cropped(name)}' twice")
            with archive.open(name + ".npy") as file:
                return self._array(file, path, name)

    def _array(self, file: IO[bytes], path: Path, name: str) -> StoredArray:
        version = np.lib.format.read_magic(file)
        readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in readers:
            raise _Refused(f"must be of .npy version 1.0 or 2.0, got {version[0]}.{version[1]}")
        shape, by_columns, dtype = readers[version](file)
        if dtype == np.dtype("V2"):  # how NumPy stores bfloat16, of which it knows nothing
            dtype = dtypes.storage("bfloat16")
        if dtypes.name_of(dtype) not in dtypes.every:
            raise _Refused(f"arrays must be of numbers, got dtype {cropped(str(dtype))}")
        size = (element_count(shape) or 0) * dtype.itemsize
        if any(not isinstance(d, int) or d < 0 for d in shape):
            raise _Refused(f"sizes must be whole numbers from 0, got {cropped(str(shape))}")
        if size > self.left:
            raise _Refused(f"arrays may take {self.limit:,} bytes in all, got {size:,} more bytes")
        self.left -= size
        data = file.read(size)
        if len(data) != size or file.read(1):  # the read past the end also has zipfile compare the checksum
            raise _Refused(
                f"must hold {size:,} bytes as it declares, got {'more' if len(data) == size else f'{len(data):,}'}"
            )
        array: Any = np.ndarray.__new__(StoredArray, shape, dtype, data, order="F" if by_columns else "C")
        if not dtype.isnative:
            array = array.astype(dtype.newbyteorder("="))
            array.flags.writeable = False
        stored: StoredArray = array
        stored.origin = (str(path), name)
        return stored


class _Refused(Exception):
    """What is wrong with an array file, for people to read."""


def origin(array: np.ndarray[Any, Any]) -> tuple[str, str] | None:
    """The file and name that an array came from, also where NumPy has since made a plain view of it."""
    seen: Any = array
    while isinstance(seen, np.ndarray):
        if isinstance(seen, StoredArray) and seen.origin is not None:
            same = seen.dtype == array.dtype and seen.shape == array.shape and seen.strides == array.strides
            return seen.origin if same else None
        seen = seen.base
    return None


def _listed(names: list[str]) -> str:
    return listing([cropped(n) for n in names[:10]] + ["..."] * (len(names) > 10), "and") if names else "no arrays"
