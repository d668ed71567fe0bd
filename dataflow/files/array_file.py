"""Arrays in files: .npy, members of .npz, safetensors, and IDX, plain or gzip.

The sizes that a header declares are compared with the size of the file before memory is allocated, and every checksum
in a file is verified.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import native_order
from dataflow.core.errors import cropped, listing, nearest
from dataflow.files import array_headers, safetensors
from dataflow.files.array_bytes import DEFLATE, GZIP, CompressedBytes, StoredBytes
from dataflow.files.array_headers import LONGEST, Header
from dataflow.files.regular_file import RegularFile, Unreadable
from dataflow.files.safetensors import Tensor
from dataflow.files.zip_directory import START, Member, directory, located

A = TypeVar("A", bound=np.ndarray[Any, Any])


class ArrayFile:
    """A file with arrays, recognized by how it begins; those of .npz and safetensors have names.

    Raises Unreadable, as its entries do, if the file is not a regular one or is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.file = RegularFile(path)
        self._begin = self.file.read(0, min(self.file.size, LONGEST))
        self._members: Mapping[str, Member | Tensor] | None = None
        self.metadata: dict[str, str] = {}  # what a safetensors file says of itself
        self._start = 0  # of the values of such a file
        if self._begin.startswith(START):
            self._members = directory(self.file)
        elif safetensors.begins(self._begin):
            self._start, self._members, self.metadata = safetensors.directory(self.file)

    @property
    def names(self) -> list[str]:
        """The names of the arrays; empty for a file with a single unnamed array."""
        return list(self._members or ())

    @property
    def has_names(self) -> bool:
        """Whether its arrays have names, even if it has none."""
        return self._members is not None

    def entry(self, name: str | None = None) -> Entry:
        """The array of this name; without a name the only one."""
        if self._members is None:
            single = self._single()
            if name is not None:
                wanted = f"must be .npz or .safetensors to have an array '{cropped(name)}', got another"
                raise Unreadable(f"{wanted}; leave out 'array'")
            return single
        if name is None and len(self._members) == 1:
            name = next(iter(self._members))
        if name is None or name not in self._members:
            wrong = "'array' must be given, got nothing" if name is None else f"no array '{cropped(name)}'"
            raise Unreadable(f"{wrong}; {self._instead(name or '')}")
        who, found = f"array '{cropped(name)}'", self._members[name]
        if isinstance(found, Tensor):
            with _about(who):
                header = found.header()
            return Entry(StoredBytes(self.file, self._start + found.begin, found.length), lambda _: header, who)
        with _about(who):
            member = located(self.file, found)
        if member.deflated:
            packed = CompressedBytes(self.file, member.start, member.packed, DEFLATE, member.length, member.crc)
            return Entry(packed, array_headers.npy, who)
        return Entry(StoredBytes(self.file, member.start, member.length, member.crc), array_headers.npy, who)

    def _single(self) -> Entry:
        if self._begin.startswith(array_headers.NPY):
            return Entry(StoredBytes(self.file, 0, self.file.size), array_headers.npy)
        if self._begin.startswith(b"\0\0"):
            return Entry(StoredBytes(self.file, 0, self.file.size), array_headers.idx)
        if self._begin.startswith(b"\x1f\x8b"):
            return Entry(CompressedBytes(self.file, 0, self.file.size, GZIP), array_headers.idx)
        raise Unreadable("must be .npy, .npz, .safetensors or IDX, plain or gzip, got something else")

    def _instead(self, name: str) -> str:
        shown = [cropped(n) for n in self.names[:10]] + ["..."] * (len(self.names) > 10)
        return nearest(name[:60], self.names[:1000]) or f"it has {listing(shown, 'and')}"

    def close(self) -> None:
        """Close the file; its entries cannot be read afterwards."""
        self.file.close()

    def __enter__(self) -> ArrayFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Entry:
    """An array in a file: shape and dtype are known, values are read on demand."""

    def __init__(self, content: StoredBytes | CompressedBytes, parse: Callable[[bytes], Header], who: str = ""):
        self.content, self.who = content, who
        with _about(who):
            self.header = parse(content.begin())
            content.check_values(self.header.nbytes, self.header.size)
        self.shape, self.dtype, self.nbytes = self.header.shape, self.header.dtype, self.header.nbytes

    def read(self, kind: type[A] = np.ndarray) -> A:  # type: ignore[assignment]
        """The array, in new memory and in the byte order of this machine."""
        with _about(self.who):
            try:
                order: Any = "F" if self.header.by_columns else "C"
                array: Any = np.ndarray.__new__(kind, self.shape, self.dtype, order=order)
                flat = (array.T if self.header.by_columns else array).reshape(-1).view(np.uint8)
                self.content.read_after(self.header.size, memoryview(flat))
                if self.dtype == bool and flat.max(initial=0) > 1:
                    raise Unreadable(f"must have truth values of 0 and 1, got {flat.max()}")
                if (bits := dtypes.bits(self.dtype)) < 8 and flat.max(initial=0) >> bits:
                    raise Unreadable(f"must have numbers of {bits} bits, got the byte {flat.max()}")
                return cast(A, native_order(array))
            except MemoryError:
                raise Unreadable(f"takes {self.nbytes:,} bytes of memory, more than there is") from None

    def in_rows(self) -> tuple[RegularFile, int] | None:
        """The file and the offset of the values, if they are stored row by row; else None.

        Raises Unreadable where the checksum is wrong.
        """
        if isinstance(self.content, CompressedBytes) or (self.header.by_columns and len(self.shape) > 1):
            return None
        with _about(self.who):
            self.content.verify()
        return self.content.file, self.content.start + self.header.size


@contextlib.contextmanager
def _about(who: str) -> Iterator[None]:
    """Errors name this part of the file."""
    try:
        yield
    except Unreadable as error:
        raise Unreadable(f"{who} {error}" if who else str(error)) from None
