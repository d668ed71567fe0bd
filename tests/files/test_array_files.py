"""Files with arrays: what is in them comes back, and what they say without its being there is an error that says so."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import time
import zipfile

import numpy as np
import pytest
from array_files import READERS, by_graph, by_option, by_rows, declared, header, idx, npy, one_member, written, zipped
from graph_text import same

from dataflow.core.errors import DataflowError
from dataflow.files import ArrayFile, RegularFile, Unreadable
from dataflow.training.data.arrays import FileArray, open_rows

X = np.arange(24, dtype=np.float32).reshape(8, 3)

# -- what is right ----------------------------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """Something that can only be written to, one byte after the other: sizes can stand only behind the bytes."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


def streamed(method):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive, archive.open("x.npy", "w") as file:
        file.write(npy(X))
    return bytes(pipe.data)


def commented():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "text")
        archive.writestr("x.npy", npy(X))
        archive.comment = b"PK comment"
    return file.getvalue()


def saved(function, **arrays):
    file = io.BytesIO()
    function(file, **arrays)
    return file.getvalue()


RIGHT = {
    "version_1.npy": npy(X, (1, 0)),
    "version_2.npy": npy(X, (2, 0)),
    "version_3.npy": npy(X, (3, 0)),
    "columns.npy": npy(np.asfortranarray(X)),
    "big_endian.npy": npy(X.astype(">f4")),
    "python_2.npy": header("{'descr': '<f4', 'fortran_order': False, 'shape': (8L, 3L), }") + X.tobytes(),
    "spaces.npy": header(' {"shape":(8,3),"fortran_order":False,"descr":"<f4"} ') + X.tobytes(),
    "idx": idx(X.astype(">f4"), 13),
    "idx.gz": gzip.compress(idx(X.astype(">f4"), 13)),
    "savez.npz": saved(np.savez, x=X, y=X + 1),
    "compressed.npz": saved(np.savez_compressed, x=X, y=X + 1),
    "columns.npz": saved(np.savez, x=np.asfortranarray(X), y=X + 1),
    "streamed.npz": streamed(zipfile.ZIP_STORED),
    "streamed_deflated.npz": streamed(zipfile.ZIP_DEFLATED),
    "commented.npz": commented(),
    "by_hand.npz": one_member("x.npy", npy(X)),
    "by_hand_deflated.npz": one_member("x.npy", npy(X), method=8),
}


@pytest.mark.parametrize("read", [by_rows, by_graph, by_option])
@pytest.mark.parametrize("name", RIGHT)
def test_what_is_in_a_file_comes_back(tmp_path, name, read):
    found = read(written(tmp_path / name, RIGHT[name]), "x" if name.endswith(".npz") else None)
    same(found.astype(found.dtype.newbyteorder("=")), X)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 0), (1,) * 64])
@pytest.mark.parametrize("dtype", ["f2", ">f8", "?", "u1", ">c16", "V2"])
def test_arrays_of_any_shape_and_dtype(tmp_path, shape, dtype):
    values = np.zeros(shape, dtype)
    for path in (written(tmp_path / "a.npy", npy(values)), written(tmp_path / "a.npz", zipped({"a.npy": npy(values)}))):
        found = ArrayFile(path).entry().read()
        assert found.shape == shape and found.dtype.isnative
        assert found.dtype == ("bfloat16" if dtype == "V2" else values.dtype.newbyteorder("="))


def test_an_archive_of_many_gigabytes_says_so_in_64_bits(tmp_path):
    """The member lies behind 5 GB of nothing, which the disk does not have to hold."""
    path = tmp_path / "large.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy(X))
        end = archive.fp.tell()
        archive.fp.seek(5 << 30)
        archive.start_dir = 5 << 30
        archive.writestr("y.npy", npy(X + 1))
    assert end < 1000 and path.stat().st_size > 5 << 30
    same(by_rows(path, "x"), X)
    same(by_rows(path, "y"), X + 1)


# -- what is wrong ----------------------------------------------------------------------------------------------------

FLIPPED = bytearray(saved(np.savez, x=X))
FLIPPED[200] ^= 16
FLIPPED_COMPRESSED = bytearray(saved(np.savez_compressed, x=X))
FLIPPED_COMPRESSED[130] ^= 1
FLIPPED_GZIP = bytearray(gzip.compress(idx(X.astype(">f4"), 13)))
FLIPPED_GZIP[-6] ^= 1
ROWS = npy(X)
SINGLE = one_member("x.npy", ROWS)
NESTED = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {'(' * 4000}3,{')' * 4000}}}"
MINUS = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({'-' * 9000}3,)}}"
WRONG = {
    # checksums
    "flipped.npz": (FLIPPED, "array 'x' is damaged: its bytes do not have the checksum that the file says"),
    "flipped_compressed.npz": (FLIPPED_COMPRESSED, "array 'x' "),
    "flipped.gz": (FLIPPED_GZIP, "is damaged: "),
    # headers of arrays
    "2_60.npy": (
        declared((2**60, 4)) + b"1234",
        "must have sizes that an array can have, got [1152921504606846976, 4]",
    ),
    "8_gib.npy": (declared((2**31,)) + b"1234", "must hold 8,589,934,592 bytes as its header declares, got 4"),
    "8_gib.npz": (zipped({"x.npy": declared((2**31,)) + bytes(700)}), "array 'x' must hold 8,589,934,592 bytes"),
    "8_gib_deflated.npz": (zipped({"x.npy": declared((2**31,)) + bytes(700)}, 8), "array 'x' must hold 8,589,934,592"),
    "short.npy": (ROWS[:-1], "must hold 96 bytes as its header declares, got 95"),
    "long.npy": (ROWS + b"1", "must hold 96 bytes as its header declares, got 97"),
    "nothing_2_63.npy": (declared((0, 2**63)), "must have sizes that an array can have, got [0, 9223372036854775808]"),
    "nothing_2_62.npy": (declared((0, 2**62)), "must have sizes that an array can have, got [0, 4611686018427387904]"),
    "rank_65.npy": (declared((1,) * 65) + b"1234", "may have at most 64 dims, got 65"),
    "negative.npy": (declared((-1, 4)) + b"1234", "must have a header with one dtype, the order and the shape, got {"),
    "nested.npy": (header(NESTED), "must have a header with one dtype, the order and the shape, got {"),
    "minus.npy": (header(MINUS), "must have a header with one dtype, the order and the shape, got {"),
    "digits.npy": (declared((10**2000,)), "must have a header with one dtype, the order and the shape, got {"),
    "no_shape.npy": (header("{'descr': '<f4', 'fortran_order': False}"), "must have a header with one dtype"),
    "code.npy": (header("__import__('os').mkdir('ran')"), "must have a header with one dtype"),
    "long_header.npy": (header("{" + " " * 100_000, (2, 0)), "must have a header of 100,002 bytes as it declares"),
    "version_4.npy": (b"\x93NUMPY\4\0" + ROWS[8:], "must be of .npy version 1.0, 2.0 or 3.0, got 4.0"),
    "pickle.npy": (npy(np.array([{}], object)), "must be of numbers, got dtype object"),
    "records.npy": (npy(np.zeros(2, [("a", "f4")])), "must have a header with one dtype"),
    "text.npy": (npy(np.array(["ab"])), "must be of numbers, got dtype <U2"),
    "time.npy": (npy(np.array(["2020"], "M8[D]")), "must be of numbers, got dtype <M8[D]"),
    "wide_text.npy": (declared((1,), "<U999999999"), "must be of numbers, got dtype <U999999999"),
    "just_magic.npy": (b"\x93NUMPY", "must begin as a .npy file, got something else"),
    "empty.npy": (b"", "must be .npy, .npz or IDX, plain or gzip, got something else"),
    "text.npz": (b"PK? no", "must be .npy, .npz or IDX, plain or gzip, got something else"),
    "long.idx": (idx(X.astype(">f4"), 13) + b"1", "must hold 96 bytes as its header declares, got 97"),
    "rows_4_billion.idx": (struct.pack(">HBBII", 0, 8, 2, 2**32 - 1, 4) + b"abcd", "must hold 17,179,869,180 bytes"),
    "rank_255.idx": (struct.pack(">HBB255I", 0, 8, 255, *[1] * 255) + b"a", "may have at most 64 dims, got 255"),
    "rank_9_short.idx": (struct.pack(">HBB", 0, 8, 9), "must have 9 sizes as it declares, got fewer"),
    "kind_7.idx": (struct.pack(">HBBI", 0, 7, 1, 1) + b"a", "must begin as an IDX file, got something else"),
    # compressed ones
    "short.gz": (gzip.compress(idx(X.astype(">f4"), 13))[:-9], "is cut short"),
    "more.gz": (gzip.compress(idx(X.astype(">f4"), 13) + b"1"), "must hold 96 bytes as its header declares, got more"),
    "less.gz": (gzip.compress(idx(X.astype(">f4"), 13)[:-1]), "must hold 96 bytes as its header declares, got 95"),
    "two.gz": (gzip.compress(idx(X.astype(">f4"), 13)) * 2, "is damaged: something follows its compressed bytes"),
    "text.gz": (gzip.compress(b"text"), "must begin as an IDX file, got something else"),
    "declares_1_gib.gz": (gzip.compress(struct.pack(">HBBI", 0, 8, 1, 2**30) + b"abcd"), "may have at most "),
    "bomb.gz": (gzip.compress(struct.pack(">HBBI", 0, 8, 1, 70 << 20) + bytes(70 << 20)), "may have at most "),
    "bomb.npz": (
        zipped({"x.npy": declared((70 << 20,), "|u1") + bytes(70 << 20)}, 8),
        "got 73,400,320; save it uncompressed, as numpy.savez and numpy.save do",
    ),
    # archives
    "cut.npz": (SINGLE[:-1], "is no sound .npz file: it has no directory, as if it had been cut short"),
    "more.npz": (SINGLE + b"1", "is no sound .npz file: the end of its directory does not agree with the file"),
    "before.npz": (b"PK\3\4" + SINGLE, "is no sound .npz file: its directory is damaged"),
    "none.npz": (zipped({}), "must hold arrays, got a zip without any"),
    "no_arrays.npz": (zipped({"readme.txt": b"text"}), "must hold arrays, got a zip without any"),
    "twice.npz": (
        zipped({"x.npy": ROWS, "y.npy": npy(X + 1)}).replace(b"y.npy", b"x.npy"),
        "must hold each array once, got 'x' twice",
    ),
    "encrypted.npz": (
        one_member("x.npy", ROWS, flags=1),
        "array 'x' must not be encrypted; save it without",
    ),
    "bzip2.npz": (zipped({"x.npy": ROWS}, zipfile.ZIP_BZIP2), "array 'x' must be stored or deflated, got method 12"),
    "wrong_crc.npz": (one_member("x.npy", ROWS, crc=1), "array 'x' is damaged: its bytes do not have the checksum"),
    "reads_directory.npz": (
        one_member("x.npy", declared((60,), "|u1") + bytes(30), length=131, packed=131, crc=0),
        "array 'x' is damaged: its own header and the directory of the file do not agree",
    ),
    "other_name.npz": (SINGLE.replace(b"x.npy", b"y.npy", 1), "its own header and the directory of the file do not"),
    "other_place.npz": (one_member("x.npy", ROWS, offset=7), "array 'x' is "),
    "place_beyond.npz": (one_member("x.npy", ROWS, offset=2**31), "is cut short"),
    "other_length.npz": (
        one_member("x.npy", ROWS, local=(20, 0, 0, 0, 33, 0, 9, 9, 5, 0)),
        "its own header and the directory of the file do not agree",
    ),
    "inflates_to_more.npz": (
        one_member("x.npy", declared((8,)) + bytes(999), method=8, length=160),
        "must hold 32 bytes",
    ),
    "directory_beyond.npz": (one_member("x.npy", ROWS, size=2**31), "the end of its directory does not agree"),
    "members.npz": (SINGLE[:-14] + struct.pack("<HH", 60000, 60000) + SINGLE[-10:], "its directory is damaged"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_file_is_said_by_all_who_read_it(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    data, message = WRONG[name]
    path = written(tmp_path / name, data)
    for reader, read in READERS.items():
        if reader == "by_checkpoint" and not name.endswith(".npz"):
            continue
        with pytest.raises((DataflowError, ValueError)) as caught:
            read(path, "x" if name.endswith(".npz") else None)
        said = str(caught.value)
        assert name in said, said
        assert message in said or reader == "by_checkpoint", said
    assert not (tmp_path / "ran").exists()


def test_rows_of_nothing_are_no_rows(tmp_path):
    for shape, message in [
        ((2**40, 0), "rows must have elements, got shape [1099511627776, 0]"),
        ((), "must have rows"),
    ]:
        path = written(tmp_path / "a.npy", declared(shape) + (b"" if shape else b"1234"))
        with pytest.raises(DataflowError) as caught:
            open_rows(path)
        assert message in str(caught.value)


# -- what is no file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "link_to_pipe", "nothing", "nul"])
def test_only_regular_files_are_opened(tmp_path, reader, kind):
    path = tmp_path / "x.npz"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link_to_pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe")
    elif kind == "nul":
        path = tmp_path / "\0"
    with pytest.raises(
        (DataflowError, ValueError), match=r"must be a (regular )?file, got|no such file|null (byte|character)"
    ):
        READERS[reader](path, None)


def test_a_path_that_becomes_a_pipe_is_not_waited_for(tmp_path, monkeypatch):
    path = written(tmp_path / "x.npy", ROWS)
    open_file = os.open

    def swapped(*args, **named):
        path.unlink()
        os.mkfifo(path)
        return open_file(*args, **named)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(Unreadable, match="must be a regular file, got a device or pipe"):
        RegularFile(path)


def test_a_table_in_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(DataflowError, match=r"x\.csv: cannot be read as data: must be a regular file"):
        open_rows(tmp_path / "x.csv")


# -- reading that fails ------------------------------------------------------------------------------------------------


def reading(monkeypatch, change):
    """Has every reading from a file go through ``change(number, read, memories, start)``."""
    calls = []

    def read(descriptor, memories, start):
        calls.append(start)
        return change(len(calls) - 1, lambda m: os.preadv(descriptor, m, start), memories)

    monkeypatch.setattr("dataflow.files.regular_file._PREADV", read)
    return calls


READABLE = [name for name in RIGHT if not name.startswith(("version", "python", "spaces"))]


@pytest.mark.parametrize("name", READABLE)
def test_each_reading_may_fail(tmp_path, monkeypatch, name):
    path = written(tmp_path / name, RIGHT[name])
    array = "x" if name.endswith(".npz") else None
    with monkeypatch.context() as patch:
        calls = reading(patch, lambda number, read, memories: read(memories))
        by_rows(path, array)
        count = len(calls)
    for failing in range(count):

        def fail(number, read, memories, failing=failing):
            if number == failing:
                raise OSError(5, "Input/output error")
            return read(memories)

        with monkeypatch.context() as patch:
            reading(patch, fail)
            with pytest.raises(DataflowError, match=r"input/output error"):
                by_rows(path, array)
    assert count > 1


@pytest.mark.parametrize("name", READABLE)
def test_a_system_that_reads_in_small_parts_or_from_one_place_to_the_next(tmp_path, monkeypatch, name):
    path = written(tmp_path / name, RIGHT[name])
    array = "x" if name.endswith(".npz") else None
    with monkeypatch.context() as patch:
        reading(patch, lambda number, read, memories: read([memories[0][:7]]))
        found = by_rows(path, array)
        patch.setattr("dataflow.files.regular_file._PREADV", None)
        again = by_rows(path, array)
    for rows in (found, again):
        same(rows.astype(rows.dtype.newbyteorder("=")), X)


# -- files that change ------------------------------------------------------------------------------------------------


def test_rows_of_a_file_that_has_changed_are_not_read(tmp_path):
    path = written(tmp_path / "x.npz", saved(np.savez, x=X))
    rows = open_rows(path, "x")
    assert isinstance(rows, FileArray)
    same(rows.take(np.array([7, 2])), X[[7, 2]])
    with path.open("r+b") as file:
        file.seek(200)
        file.write(b"changed")
    os.utime(path, (1, 1))
    with pytest.raises(DataflowError, match=r"x\.npz: has changed since it was opened; begin again"):
        rows.take(np.array([7, 2]))


def test_rows_stay_those_of_the_file_that_was_opened(tmp_path):
    path = written(tmp_path / "x.npz", saved(np.savez, x=X))
    rows = open_rows(path, "x")
    written(tmp_path / "new", saved(np.savez, x=X + 1)).replace(path)
    same(rows.take(np.array([7, 2])), X[[7, 2]])


def test_rows_can_be_pickled_while_their_file_stays(tmp_path):
    path = written(tmp_path / "x.npy", ROWS)
    rows = open_rows(path)
    stored = pickle.dumps(rows)
    same(pickle.loads(stored).take(np.array([1])), X[[1]])
    written(path, npy(X[:7]))
    with pytest.raises(Unreadable, match=r"x\.npy: has changed since it was opened"):
        pickle.loads(stored)


def test_checksums_are_compared_once_for_a_file_that_stays(tmp_path, monkeypatch):
    path = written(tmp_path / "x.npz", saved(np.savez, x=np.zeros(100_000)))
    read = []
    fill = RegularFile.fill
    monkeypatch.setattr(
        RegularFile, "fill", lambda self, pieces: fill(self, [(read.append(len(m)), (at, m))[1] for at, m in pieces])
    )
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))
    first, second = [(read.clear(), open_rows(path, "x"), sum(read))[2] for _ in range(2)]
    assert first > 800_000 > 200_000 > second
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataflowError, match="checksum"):
        open_rows(path, "x")
