"""Files with arrays: recognized by how they begin, read whole or by rows, and told what is in them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from array_files import by_graph, by_option, by_rows, check_refusal, declared, idx, npy, written, zipped
from graph_text import same
from written_arrays import RIGHT, X, saved

from dataflow.core import dtypes
from dataflow.core.attrs import StoredArray
from dataflow.core.dtypes import Array
from dataflow.files import ArrayFile, Unreadable, array_headers
from dataflow.files.atomic import write_arrays


@pytest.mark.parametrize("read", [by_rows, by_graph, by_option])
@pytest.mark.parametrize("name", RIGHT)
def test_what_is_in_a_file_comes_back(tmp_path: Path, name: str, read: Callable[..., Array]) -> None:
    found = read(written(tmp_path / name, RIGHT[name]), "x" if name.endswith(".npz") else None)
    same(found.astype(found.dtype.newbyteorder("=")), X)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 0), (1,) * 64])
@pytest.mark.parametrize("dtype", ["f2", ">f8", "?", "u1", ">c16", "V2"])
def test_arrays_of_any_shape_and_dtype(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    values = np.zeros(shape, dtype)
    for path in (written(tmp_path / "a.npy", npy(values)), written(tmp_path / "a.npz", zipped({"a.npy": npy(values)}))):
        found = ArrayFile(path).entry().read()
        assert found.shape == shape and found.dtype.isnative
        assert found.dtype == ("bfloat16" if dtype == "V2" else values.dtype.newbyteorder("="))


def test_shape_and_dtype_are_known_before_values_are_read(tmp_path: Path) -> None:
    with ArrayFile(written(tmp_path / "x.npz", zipped({"x.npy": npy(np.asfortranarray(X))}))) as file:
        entry = file.entry("x")
        assert (entry.shape, entry.dtype, entry.nbytes, file.names, file.has_names) == ((8, 3), "f4", 96, ["x"], True)
        same(entry.read(), X)
        same(entry.read(), X)
    with pytest.raises(ValueError, match="closed file"):
        entry.read()


def test_an_array_is_read_in_its_order_and_kind(tmp_path: Path) -> None:
    columns = ArrayFile(written(tmp_path / "x.npy", npy(np.asfortranarray(X)))).entry().read(StoredArray)
    assert type(columns) is StoredArray and columns.flags.f_contiguous and (columns == X).all()
    there = ArrayFile(written(tmp_path / "y.npy", npy(X.astype(">f4")))).entry().read()
    assert there.dtype.isnative and there.flags.c_contiguous and there.flags.writeable


def test_bfloat16_comes_back(tmp_path: Path) -> None:
    values = np.array([1.5, -2], ml_dtypes.bfloat16)
    same(ArrayFile(written(tmp_path / "x.npy", npy(values.view("V2")))).entry().read(), values)


@pytest.mark.parametrize("name", dtypes.narrow)
def test_formats_of_few_bits_come_back(tmp_path: Path, name: str) -> None:
    bits = dtypes.bits(dtypes.storage(name))
    values = np.arange(1 << bits, dtype=np.uint8).view(dtypes.storage(name)).reshape(2, -1)
    write_arrays(tmp_path / "x.npz", {"x": values.T, "y": values[:, ::-1]})
    with ArrayFile(tmp_path / "x.npz") as file:
        same(np.ascontiguousarray(file.entry("x").read()), np.ascontiguousarray(values.T))
        same(file.entry("y").read(), np.ascontiguousarray(values[:, ::-1]))
    if bits < 8:
        data = npy(array_headers.as_written(np.array([1, 0, 1 << bits], np.uint8).view(values.dtype)))
        with pytest.raises(Unreadable, match=f"must have numbers of {bits} bits, got the byte {1 << bits}"):
            ArrayFile(written(tmp_path / "x.npy", data)).entry().read()


@pytest.mark.parametrize(
    ("data", "stays"),
    [
        (npy(X), True),
        (npy(np.asfortranarray(X)), False),
        (declared((24,), order=True) + X.tobytes(), True),  # in one dim both orders are one
        (zipped({"x.npy": npy(X)}), True),
        (zipped({"x.npy": npy(X)}, 8), False),
        (idx(X.astype(">f4"), 13), True),
        (gzip.compress(idx(X.astype(">f4"), 13)), False),
    ],
)
def test_values_that_lie_row_by_row_can_stay_in_the_file(tmp_path: Path, data: bytes, stays: bool) -> None:
    entry = ArrayFile(written(tmp_path / "x", data)).entry()
    place = entry.in_rows()
    assert (place is not None) is stays
    if place:
        file, start = place
        assert np.frombuffer(file.read(start, entry.nbytes), entry.dtype).tolist() == entry.read().reshape(-1).tolist()


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "wanted", "told"),
    [
        (["x", "y"], None, "'array' must be given, got nothing; it has x and y"),
        (["images", "labels"], "imags", "no array 'imags'; did you mean 'images'?"),
        (["x"], "zzzzz", "no array 'zzzzz'; it has x"),
        (list("abcdefghijkl"), None, "'array' must be given, got nothing; it has a, b, c, d, e, f, g, h, i, j and ..."),
        (["x"], "z" * 90, f"no array '{'z' * 57}...'; it has x"),
    ],
)
def test_arrays_that_are_not_there_are_told(tmp_path: Path, names: list[str], wanted: str | None, told: str) -> None:
    file = ArrayFile(written(tmp_path / "a.npz", saved(np.savez, **dict.fromkeys(names, X))))
    assert file.names == names
    with pytest.raises(Unreadable) as refused:
        file.entry(wanted)
    assert str(refused.value) == told


def test_a_file_with_one_array_has_no_names(tmp_path: Path) -> None:
    file = ArrayFile(written(tmp_path / "x.npy", npy(X)))
    assert (file.names, file.has_names) == ([], False)
    with pytest.raises(Unreadable, match=r"must be .npz or .safetensors to have an array 'x', got another; leave out"):
        file.entry("x")
    same(ArrayFile(written(tmp_path / "x.npz", zipped({"x.npy": npy(X)}))).entry().read(), X)  # the only one


# -- what is wrong ----------------------------------------------------------------------------------------------------


def test_an_array_without_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ArrayFile(written(tmp_path / "x.npz", zipped({"x.npy": npy(X)}))).entry("x")

    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(type(entry.content), "read_after", refuse)
    with pytest.raises(Unreadable, match=r"^array 'x' takes 96 bytes of memory, more than there is$"):
        entry.read()


def test_the_array_is_named_where_its_values_are_read(tmp_path: Path) -> None:
    data = bytearray(zipped({"x.npy": npy(X)}))
    data[200] ^= 1
    entry = ArrayFile(written(tmp_path / "x.npz", bytes(data))).entry("x")
    for read in (entry.read, entry.in_rows):
        with pytest.raises(Unreadable, match=r"^array 'x' is damaged: its bytes do not have the checksum"):
            read()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="must be a file, got a folder"):
        ArrayFile(tmp_path)


WRONG = {
    "just_magic.npy": (b"\x93NUMPY", "must begin as a .npy file, got something else"),
    "empty.npy": (b"", "must be .npy, .npz, .safetensors or IDX, plain or gzip, got something else"),
    "text.npz": (b"PK? no", "must be .npy, .npz, .safetensors or IDX, plain or gzip, got something else"),
    "text.gz": (gzip.compress(b"text"), "must begin as an IDX file, got something else"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_file_with_arrays_is_told_by_all_who_read_it(tmp_path: Path, name: str) -> None:
    check_refusal(tmp_path / name, *WRONG[name])
