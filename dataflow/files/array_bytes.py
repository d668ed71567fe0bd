"""The bytes of an array in a file, stored or compressed, read with their checksum verified."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dataflow.files.array_headers import LONGEST
from dataflow.files.regular_file import RegularFile, Unreadable

MAX_UNPACKED = 1 << 30  # bytes of a compressed array: it cannot be read in parts
MODEST, MAX_RATIO = 64 << 20, 100  # an array of more bytes may have this many times its compressed ones
GZIP, DEFLATE = 31, -15  # zlib's wbits for the two formats
_PIECE = 1 << 20
_SETTLED = 2_000_000_000  # nanoseconds; a file written later than this may change again without a new time
_verified: set[tuple[Any, ...]] = set()  # files and places whose checksum was right


@dataclass(frozen=True)
class StoredBytes:
    """Bytes stored uncompressed."""

    file: RegularFile
    start: int
    length: int
    crc: int | None = None  # of all of them

    def begin(self) -> bytes:
        """The first bytes, enough for any header."""
        return self.file.read(self.start, min(self.length, LONGEST))

    def check_values(self, wanted: int, skipped: int) -> None:
        """Raise Unreadable unless exactly ``wanted`` bytes follow the first ``skipped``."""
        _check_values(self.length - skipped, wanted)

    def read_after(self, skipped: int, memory: memoryview) -> None:
        """Fill the memory with the bytes after the first ``skipped``."""
        self.file.fill([(self.start + skipped, memory)])
        if self.crc is not None and zlib.crc32(memory, zlib.crc32(self.file.read(self.start, skipped))) != self.crc:
            raise _damaged()

    def verify(self) -> None:
        """Verify the checksum without keeping the bytes, once for an unchanged file."""
        key = (*self.file.identity, self.start, self.length, self.crc)
        if self.crc is None or key in _verified:
            return
        piece, crc = memoryview(bytearray(min(_PIECE, self.length))), 0
        for at in range(self.start, self.start + self.length, _PIECE):
            part = piece[: self.start + self.length - at]
            self.file.fill([(at, part)])
            crc = zlib.crc32(part, crc)
        if crc != self.crc:
            raise _damaged()
        if time.time_ns() - self.file.identity[-1] > _SETTLED:
            _verified.add(key)


@dataclass(frozen=True)
class CompressedBytes:
    """Bytes stored compressed."""

    file: RegularFile
    start: int
    packed: int
    format: int
    length: int | None = None  # decompressed; None if not known beforehand
    crc: int | None = None

    def begin(self) -> bytes:
        """The first bytes, enough for any header."""
        begin = bytearray()
        for piece in self._pieces():
            begin += piece
            if len(begin) >= LONGEST:
                break
        return bytes(begin[:LONGEST])

    def check_values(self, wanted: int, skipped: int) -> None:
        """Raise Unreadable unless exactly ``wanted`` bytes may follow the first, and no more than memory may take."""
        if self.length is not None:
            _check_values(self.length - skipped, wanted)
        limit = MAX_UNPACKED if wanted <= MODEST else min(MAX_UNPACKED, MAX_RATIO * self.packed)
        if wanted > limit:
            raise Unreadable(
                f"may have at most {limit:,} bytes, as the file has {self.packed:,} compressed ones, got {wanted:,}; "
                "save it uncompressed, as numpy.savez and numpy.save do"
            )

    def read_after(self, skipped: int, memory: memoryview) -> None:
        """Fill the memory with the bytes after the first ``skipped``; there must be exactly as many."""
        at, crc = -skipped, 0
        for piece in self._pieces():
            crc = zlib.crc32(piece, crc)
            if at + len(piece) > len(memory):
                raise Unreadable(f"must hold {len(memory):,} bytes as its header declares, got more")
            if at + len(piece) > 0:
                memory[max(at, 0) : at + len(piece)] = piece[max(-at, 0) :]
            at += len(piece)
        _check_values(at, len(memory))
        if self.crc is not None and crc != self.crc:
            raise _damaged()

    def _pieces(self) -> Iterator[bytes]:
        """The decompressed bytes in pieces of bounded size."""
        engine, end = zlib.decompressobj(self.format), self.start + self.packed
        try:
            for at in range(self.start, end, _PIECE):
                data = self.file.read(at, min(_PIECE, end - at))
                while data:
                    if engine.eof:
                        raise Unreadable("is damaged: something follows its compressed bytes")
                    yield engine.decompress(data, _PIECE)
                    data = engine.unused_data if engine.eof else engine.unconsumed_tail
            while not engine.eof:  # the rest that did not fit into the last piece
                if not (piece := engine.decompress(b"", _PIECE)):
                    raise Unreadable("is cut short: its compressed bytes end too early")
                yield piece
        except zlib.error as error:
            raise Unreadable(f"is damaged: {error}") from None


def _check_values(count: int, wanted: int) -> None:
    if count != wanted:
        raise Unreadable(f"must hold {wanted:,} bytes as its header declares, got {count:,}")


def _damaged() -> Unreadable:
    return Unreadable("is damaged: its bytes do not have the checksum that the file says")
