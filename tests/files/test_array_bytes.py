"""Bytes of arrays, stored or compressed: exactly as many as declared, with the right checksum, in bounded memory."""

from __future__ import annotations

import gzip
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from array_files import check_refusal, declared, idx, npy, one_member, zipped
from written_arrays import X, saved

from dataflow.files import RegularFile, Unreadable, array_bytes
from dataflow.files.array_bytes import DEFLATE, GZIP, MAX_UNPACKED, MODEST, CompressedBytes, StoredBytes
from dataflow.files.array_headers import LONGEST

CONTENT = bytes(range(256)) * 20
CRC = zlib.crc32(CONTENT)
Written = Callable[[bytes], RegularFile]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Written]:
    """Opens a file with these bytes."""
    opened = []

    def open_with(data: bytes) -> RegularFile:
        path = tmp_path / str(len(opened))
        path.write_bytes(data)
        opened.append(RegularFile(path))
        return opened[-1]

    yield open_with
    for each in opened:
        each.close()


def stored(file: Written, crc: int | None = CRC) -> StoredBytes:
    return StoredBytes(file(b"abc" + CONTENT + b"more"), 3, len(CONTENT), crc)


def deflated(
    file: Written, content: bytes = CONTENT, length: int | None = None, crc: int | None = CRC, more: bytes = b""
) -> CompressedBytes:
    data = zlib.compress(content, wbits=-15) + more
    return CompressedBytes(file(b"abc" + data + b"more"), 3, len(data), DEFLATE, length, crc)


def gzipped(file: Written) -> CompressedBytes:
    data = gzip.compress(CONTENT)
    return CompressedBytes(file(data), 0, len(data), GZIP)


def after(content: StoredBytes | CompressedBytes, skipped: int, wanted: int) -> bytes:
    """What is read behind the first bytes, into memory that holds something else."""
    memory = bytearray(b"?" * wanted)
    content.read_after(skipped, memoryview(memory))
    return bytes(memory)


@pytest.mark.parametrize("kind", [stored, deflated, gzipped])
@pytest.mark.parametrize("skipped", [0, 1, 128, len(CONTENT)])
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_what_is_behind_the_header_is_read(
    file: Written, monkeypatch: pytest.MonkeyPatch, kind: Callable[[Written], StoredBytes], skipped: int, piece: int
) -> None:
    monkeypatch.setattr(array_bytes, "_PIECE", piece)
    content = kind(file)
    assert after(content, skipped, len(CONTENT) - skipped) == CONTENT[skipped:]
    content.check_values(len(CONTENT) - skipped, skipped)


@pytest.mark.parametrize("kind", [stored, deflated, gzipped])
def test_a_header_is_read_from_the_first_bytes(file: Written, kind: Callable[[Written], StoredBytes]) -> None:
    assert kind(file).begin() == CONTENT
    long = bytes(3 * LONGEST)
    assert len(deflated(file, long, crc=zlib.crc32(long)).begin()) == LONGEST
    assert len(StoredBytes(file(long), 5, len(long) - 5).begin()) == LONGEST


@pytest.mark.parametrize("kind", [stored, deflated])
@pytest.mark.parametrize("skipped", [0, 100])
def test_a_wrong_checksum_is_told(file: Written, kind: Callable[..., StoredBytes], skipped: int) -> None:
    content = kind(file, crc=CRC ^ 1)
    with pytest.raises(Unreadable, match=r"^is damaged: its bytes do not have the checksum that the file says$"):
        after(content, skipped, len(CONTENT) - skipped)
    assert after(kind(file, crc=None), 0, len(CONTENT)) == CONTENT  # where the file says none


def test_other_numbers_of_bytes_than_declared_are_told(file: Written) -> None:
    for content in (stored(file), deflated(file, length=len(CONTENT))):
        with pytest.raises(Unreadable, match="must hold 5,020 bytes as its header declares, got 5,110"):
            content.check_values(5020, 10)
    deflated(file).check_values(5020, 10)  # it is not known before it is decompressed
    with pytest.raises(Unreadable, match="must hold 5,000 bytes as its header declares, got more"):
        after(deflated(file), 10, 5000)
    with pytest.raises(Unreadable, match="must hold 6,000 bytes as its header declares, got 5,110"):
        after(deflated(file), 10, 6000)


@pytest.mark.parametrize("piece", [16, 1 << 20])
def test_compressed_bytes_end_where_they_should(file: Written, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(array_bytes, "_PIECE", piece)
    with pytest.raises(Unreadable, match="is damaged: something follows its compressed bytes"):
        after(deflated(file, more=b"1"), 0, len(CONTENT))
    whole = deflated(file)
    with pytest.raises(Unreadable, match="is cut short: its compressed bytes end too early"):
        after(CompressedBytes(whole.file, 3, whole.packed - 1, DEFLATE), 0, len(CONTENT))
    with pytest.raises(Unreadable, match="is damaged: Error"):
        after(CompressedBytes(file(b"\xff" * 50), 0, 50, DEFLATE), 0, 5)


def test_memory_is_not_taken_on_the_word_of_a_header(file: Written) -> None:
    """Modest arrays may be packed as tightly as can be, larger ones a hundredfold, and none may be too large."""
    small = CompressedBytes(file(bytes(10)), 0, 10, GZIP)
    small.check_values(MODEST, 0)
    with pytest.raises(Unreadable, match="may have at most 1,000 bytes, as the file has 10 compressed ones, got 67,"):
        small.check_values(MODEST + 1, 0)
    large = CompressedBytes(small.file, 0, MAX_UNPACKED, GZIP)
    large.check_values(MAX_UNPACKED, 0)
    with pytest.raises(Unreadable, match=r"may have at most 1,073,741,824 bytes, .* save it uncompressed, as"):
        large.check_values(MAX_UNPACKED + 1, 0)


# -- checksums of what stays in the file ------------------------------------------------------------------------------


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all pieces that are read from files."""
    sizes: list[int] = []
    fill = RegularFile.fill

    def counted(self: RegularFile, pieces: Iterator[tuple[int, memoryview]]) -> None:
        pieces = list(pieces)
        sizes.extend(len(memory) for _, memory in pieces)
        fill(self, pieces)

    monkeypatch.setattr(RegularFile, "fill", counted)
    monkeypatch.setattr(array_bytes, "_verified", set())
    return sizes


def test_a_file_that_stays_is_verified_once_in_pieces(
    file: Written, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_bytes, "_PIECE", 2000)
    old = stored(file)
    os.utime(old.file.path, (1, 1))
    old = StoredBytes(RegularFile(old.file.path), 3, len(CONTENT), CRC)
    old.verify()
    assert reads == [2000, 2000, 1120]
    old.verify()
    assert reads == [2000, 2000, 1120]
    StoredBytes(old.file, 3, len(CONTENT) - 1, zlib.crc32(CONTENT[:-1])).verify()  # another part of it
    assert len(reads) == 6
    changed = file(b"abc" + CONTENT[:-1] + b"?")
    os.utime(changed.path, (1, 1))
    with RegularFile(changed.path) as damaged, pytest.raises(Unreadable, match="do not have the checksum"):
        StoredBytes(damaged, 3, len(CONTENT), CRC).verify()
    old.file.close()


def test_a_file_that_was_just_written_is_verified_again(file: Written, reads: list[int]) -> None:
    new = stored(file)
    os.utime(new.file.path, ns=(time.time_ns(),) * 2)
    new = StoredBytes(RegularFile(new.file.path), 3, len(CONTENT), CRC)
    new.verify()
    new.verify()
    assert reads == [len(CONTENT)] * 2
    new.file.close()


def test_nothing_is_read_to_verify_what_has_no_checksum(file: Written, reads: list[int]) -> None:
    stored(file, crc=None).verify()
    assert reads == []
    with pytest.raises(Unreadable, match="do not have the checksum"):
        stored(file, crc=5).verify()
    StoredBytes(file(b""), 0, 0, 0).verify()


# -- by all who read files --------------------------------------------------------------------------------------------

FLIPPED = bytearray(saved(np.savez, x=X))
FLIPPED[200] ^= 16
FLIPPED_COMPRESSED = bytearray(saved(np.savez_compressed, x=X))
FLIPPED_COMPRESSED[130] ^= 1
FLIPPED_GZIP = bytearray(gzip.compress(idx(X.astype(">f4"), 13)))
FLIPPED_GZIP[-6] ^= 1
ROWS = npy(X)
WRONG = {
    "flipped.npz": (FLIPPED, "array 'x' is damaged: its bytes do not have the checksum that the file says"),
    "flipped_compressed.npz": (FLIPPED_COMPRESSED, "array 'x' "),
    "flipped.gz": (FLIPPED_GZIP, "is damaged: "),
    "8_gib.npy": (declared((2**31,)) + b"1234", "must hold 8,589,934,592 bytes as its header declares, got 4"),
    "8_gib.npz": (zipped({"x.npy": declared((2**31,)) + bytes(700)}), "array 'x' must hold 8,589,934,592 bytes"),
    "8_gib_deflated.npz": (zipped({"x.npy": declared((2**31,)) + bytes(700)}, 8), "array 'x' must hold 8,589,934,592"),
    "short.npy": (ROWS[:-1], "must hold 96 bytes as its header declares, got 95"),
    "long.npy": (ROWS + b"1", "must hold 96 bytes as its header declares, got 97"),
    "long.idx": (idx(X.astype(">f4"), 13) + b"1", "must hold 96 bytes as its header declares, got 97"),
    "rows_4_billion.idx": (struct.pack(">HBBII", 0, 8, 2, 2**32 - 1, 4) + b"abcd", "must hold 17,179,869,180 bytes"),
    "short.gz": (gzip.compress(idx(X.astype(">f4"), 13))[:-9], "is cut short"),
    "more.gz": (gzip.compress(idx(X.astype(">f4"), 13) + b"1"), "must hold 96 bytes as its header declares, got more"),
    "less.gz": (gzip.compress(idx(X.astype(">f4"), 13)[:-1]), "must hold 96 bytes as its header declares, got 95"),
    "two.gz": (gzip.compress(idx(X.astype(">f4"), 13)) * 2, "is damaged: something follows its compressed bytes"),
    "declares_1_gib.gz": (gzip.compress(struct.pack(">HBBI", 0, 8, 1, 2**30) + b"abcd"), "may have at most "),
    "bomb.gz": (gzip.compress(struct.pack(">HBBI", 0, 8, 1, 70 << 20) + bytes(70 << 20)), "may have at most "),
    "bomb.npz": (
        zipped({"x.npy": declared((70 << 20,), "|u1") + bytes(70 << 20)}, 8),
        "got 73,400,320; save it uncompressed, as numpy.savez and numpy.save do",
    ),
    "wrong_crc.npz": (one_member("x.npy", ROWS, crc=1), "array 'x' is damaged: its bytes do not have the checksum"),
    "inflates_to_more.npz": (
        one_member("x.npy", declared((8,)) + bytes(999), method=8, length=160),
        "must hold 32 bytes",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_the_bytes_is_said_by_all_who_read_them(tmp_path: Path, name: str) -> None:
    check_refusal(tmp_path / name, *WRONG[name])
