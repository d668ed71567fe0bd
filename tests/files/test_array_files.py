"""Files with arrays: what is in them comes back, and what they say without its being there is an error that says so."""

from __future__ import annotations

import gzip
import struct
import zipfile

import numpy as np
import pytest
from array_files import READERS, by_graph, by_option, by_rows, declared, header, idx, npy, one_member, written, zipped
from graph_text import same
from written_arrays import RIGHT, X, saved

from dataflow.core.errors import DataflowError
from dataflow.files import ArrayFile
from dataflow.training.data.table import open_rows


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
    "empty.npy": (b"", "must be .npy, .npz, .safetensors or IDX, plain or gzip, got something else"),
    "text.npz": (b"PK? no", "must be .npy, .npz, .safetensors or IDX, plain or gzip, got something else"),
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
