"""The bytes of an array in a file: as they lie there, or compressed. Read whole only with their checksum compared."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dataflow.files.headers import LONGEST
from dataflow.files.regular import RegularFile, Unreadable

MAX_UNPACKED = 1 << 30  # bytes of a compressed array: it cannot be read in parts
MODEST, MAX_RATIO = 64 << 20, 100  # one over so many bytes may have so many times those it takes in the file
GZIP, DEFLATE = 31, -15  # zlib's words for the two formats
_PIECE = 1 << 20
_SETTLED = 2_000_000_000  # nanoseconds; what was written later may be written again and have the same time
_verified: set[tuple[Any, ...]] = set()  # what had the right checksum


@dataclass(frozen=True)
class StoredBytes:
    """Bytes as they lie in the file."""

    file: RegularFile
    start: int
    length: int
    crc: int | None = None  # of all of them

    def begin(self) -> bytes:
        """The first bytes, enough for any header."""
        return self.file.read(self.start, min(self.length, LONGEST))

    def check_values(self, wanted: int, skipped: int) -> None:
        """Raises Unreadable where after the first bytes not just so many can follow."""
        _check_values(self.length - skipped, wanted)

    def read_after(self, skipped: int, memory: memoryview) -> None:
        """Fills the memory with what follows the first bytes."""
        self.file.fill([(self.start + skipped, memory)])
        if self.crc is not None and zlib.crc32(memory, zlib.crc32(self.file.read(self.start, skipped))) != self.crc:
            raise _damaged()

    def verify(self) -> None:
        """Compares the checksum without keeping the bytes, once for a file that stays as it is."""
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
    """Bytes that are compressed in the file."""

    file: RegularFile
    start: int
    packed: int
    format: int
    length: int | None = None  # of what they come to; None where nothing says it beforehand
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
        """Raises Unreadable where after the first bytes not just so many can follow, or too many for the memory."""
        if self.length is not None:
            _check_values(self.length - skipped, wanted)
        limit = MAX_UNPACKED if wanted <= MODEST else min(MAX_UNPACKED, MAX_RATIO * self.packed)
        if wanted > limit:
            raise Unreadable(
                f"may have at most {limit:,} bytes, as the file has {self.packed:,} compressed ones, got {wanted:,}; "
                "save it uncompressed, as numpy.savez and numpy.save do"
            )

    def read_after(self, skipped: int, memory: memoryview) -> None:
        """Fills the memory with what follows the first bytes; there must be just as much."""
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
        """What the bytes come to, in pieces of bounded size."""
        engine, end = zlib.decompressobj(self.format), self.start + self.packed
        try:
            for at in range(self.start, end, _PIECE):
                data = self.file.read(at, min(_PIECE, end - at))
                while data:
                    if engine.eof:
                        raise Unreadable("is damaged: something follows its compressed bytes")
                    yield engine.decompress(data, _PIECE)
                    data = engine.unused_data if engine.eof else engine.unconsumed_tail
            while not engine.eof:  # what did not fit into the last piece
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
