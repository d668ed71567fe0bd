"""Headers of arrays in files: what they declare, and that nothing in them is believed or run without being checked."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from array_files import check_refusal, declared, header, idx, npy
from written_arrays import X

from dataflow.core import dtypes
from dataflow.core.errors import DataflowError
from dataflow.files import Unreadable, array_headers
from dataflow.files.array_headers import LONGEST, Header
from dataflow.training.data.table import open_rows

FLOAT32 = np.dtype("<f4")


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 0, 3), (1,) * 64], ids=len)
def test_what_numpy_writes_is_read(version: tuple[int, int], shape: tuple[int, ...]) -> None:
    data = npy(np.zeros(shape, np.float32), version)
    found = array_headers.npy(data[:LONGEST])
    assert (found.shape, found.dtype, found.by_columns) == (shape, FLOAT32, False)
    assert found.size + found.nbytes == len(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (declared((8, 3), order=True), ((8, 3), "<f4", True)),
        (declared((8,), ">c16"), ((8,), ">c16", False)),
        (declared((8,), "|b1"), ((8,), "?", False)),
        (declared((8,), "=i8"), ((8,), "=i8", False)),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (8L, 3L), }"), ((8, 3), "<f4", False)),  # Python 2
        (header(' {"shape":(8,3),"fortran_order":True,"descr":"<f4"} '), ((8, 3), "<f4", True)),
        (header("{'descr': '<u2', 'fortran_order': False, 'shape': ( ) }"), ((), "<u2", False)),
    ],
)
def test_headers_may_be_written_in_several_ways(data: bytes, expected: tuple[object, ...]) -> None:
    found = array_headers.npy(data + bytes(100))
    assert (found.shape, found.dtype, found.by_columns) == expected
    assert found.size == len(data)


def test_bfloat16_is_stored_as_two_bytes_that_numpy_does_not_know() -> None:
    assert array_headers.npy(declared((3,), "|V2")).dtype == ml_dtypes.bfloat16
    with pytest.raises(Unreadable, match=r"must be of numbers, got dtype \|V4"):
        array_headers.npy(declared((3,), "|V4"))


@pytest.mark.parametrize("name", dtypes.narrow)
def test_formats_that_numpy_lacks_are_bytes_in_a_field_of_their_name(name: str) -> None:
    values = np.arange(6, dtype=np.uint8).reshape(3, 2).astype(dtypes.storage(name))
    data = npy(array_headers.as_written(values))
    found = array_headers.npy(data[:LONGEST])
    assert (found.dtype, found.shape, found.size + found.nbytes) == (values.dtype, (3, 2), len(data))
    assert np.load(io.BytesIO(data))[name].tolist() == values.view(np.uint8).tolist()  # what others see
    text = "{'descr': [('%s', '|%s')], 'fortran_order': False, 'shape': (3,), }"
    for field, kind in ((name, "i1"), ("weights", "u1"), ("float32", "u1")):
        with pytest.raises(Unreadable, match="must have a header with one dtype"):
            array_headers.npy(header(text % (field, kind)))


@pytest.mark.parametrize(("kind", "dtype"), [(8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")])
def test_idx_says_dtype_and_sizes(kind: int, dtype: str) -> None:
    data = idx(np.zeros((5, 2, 3), dtype), kind)
    assert array_headers.idx(data) == Header((5, 2, 3), np.dtype(dtype), False, 16)
    assert array_headers.idx(idx(np.zeros((), dtype), kind)).shape == ()


def test_bytes_are_counted_exactly() -> None:
    assert Header((2**40, 2**20), np.dtype("u1"), False, 0).nbytes == 2**60
    assert Header((2**62, 0), np.dtype("u1"), False, 0).nbytes == 0
    with pytest.raises(Unreadable, match=r"must have sizes that an array can have, got \[4611686018427387904, 0, 2\]"):
        Header((2**62, 0, 2), np.dtype("u1"), False, 0)


# -- what is wrong ----------------------------------------------------------------------------------------------------

ROWS = npy(X)
NESTED = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {'(' * 4000}3,{')' * 4000}}}"
MINUS = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({'-' * 9000}3,)}}"
TWICE = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'shape': (4,)}"
WRONG = {
    "2_60.npy": (
        declared((2**60, 4)) + b"1234",
        "must have sizes that an array can have, got [1152921504606846976, 4]",
    ),
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
    "rank_255.idx": (struct.pack(">HBB255I", 0, 8, 255, *[1] * 255) + b"a", "may have at most 64 dims, got 255"),
    "rank_9_short.idx": (struct.pack(">HBB", 0, 8, 9), "must have 9 sizes as it declares, got fewer"),
    "kind_7.idx": (struct.pack(">HBBI", 0, 7, 1, 1) + b"a", "must begin as an IDX file, got something else"),
    "short_header.npy": (ROWS[:20], "must have a header of 118 bytes as it declares, got too few"),
    "twice.npy": (header(TWICE), "must have a header with one dtype, the order and the shape, got {'descr'"),
    "text_for_shape.npy": (declared("3"), "must have a header with one dtype, the order and the shape"),
    "no_dtype.npy": (declared((3,), "<q9"), "must be of numbers, got dtype <q9"),
    "order_of_1.npy": (declared((3,), order=1), "must have a header with one dtype, the order and the shape"),
    "short.idx": (b"\0\0\x0d", "must begin as an IDX file, got something else"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_header_is_said_by_all_who_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    check_refusal(tmp_path / name, *WRONG[name])
    assert not (tmp_path / "ran").exists()


def test_a_header_alone_says_the_same() -> None:
    for name, (data, message) in WRONG.items():
        parse = array_headers.idx if name.endswith(".idx") else array_headers.npy
        with pytest.raises(Unreadable) as refused:
            parse(data[:LONGEST])
        assert message in str(refused.value)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((2**40, 0), "rows must have elements, got shape [1099511627776, 0]"), ((), "must have rows")],
)
def test_rows_of_nothing_are_no_rows(tmp_path: Path, shape: tuple[int, ...], message: str) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(declared(shape) + (b"" if shape else b"1234"))
    with pytest.raises(DataflowError) as caught:
        open_rows(path)
    assert message in str(caught.value)
