"""Parquet and Arrow files: each type read right or refused with its column, damaged files told, the same as CSV."""

from __future__ import annotations

import datetime
import io
import random
import sys
import tracemalloc
from decimal import Decimal

import numpy as np
import pytest
from tables import columns, csv

from dataflow.core.errors import DataflowError
from dataflow.training.data import arrow_table
from dataflow.training.data.arrow_table import ArrowFile
from dataflow.training.data.table import Csv, CsvFile
from dataflow.training.data.wanted import TEXT, Vocabulary, Wanted

pa = pytest.importorskip("pyarrow")
feather = pytest.importorskip("pyarrow.feather")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def as_parquet(**options):
    def write(table):
        parquet.write_table(table, "t.parquet", **options)
        return ArrowFile("t.parquet")

    return write


def as_feather(compression):
    def write(table):
        feather.write_feather(table, "t.feather", compression=compression)
        return ArrowFile("t.feather")

    return write


FORMATS = [
    as_parquet(),
    as_parquet(row_group_size=2, compression="zstd"),
    as_feather("lz4"),
    as_feather("uncompressed"),
]


@pytest.fixture(params=FORMATS, ids=["parquet", "row_groups", "lz4", "uncompressed"])
def write(request):
    return request.param


def array(values, kind=None):
    return pa.array(values, kind)


RIGHT = [
    (array([True, False]), "bool", [True, False]),
    (array([True, False]), "float32", [1, 0]),
    *(
        (array([1, 100], kind()), "int64", [1, 100])
        for kind in (pa.int8, pa.uint8, pa.int16, pa.uint16, pa.int32, pa.uint32)
    ),
    (array([2**63 - 1, -(2**63)]), "int64", [2**63 - 1, -(2**63)]),
    (array([2**64 - 1, 0], pa.uint64()), "uint64", [2**64 - 1, 0]),
    (array(np.float16([1.5, 65504])), "float16", [1.5, 65504]),
    (array([0.1, 1e30]), "float32", np.float32([0.1, 1e30]).tolist()),
    (array([1 + 2.0**-8 + 2.0**-40, 2.0]), "bfloat16", [1 + 2.0**-7, 2]),
    (array([Decimal("0.1"), Decimal("-2.50")]), "float64", [0.1, -2.5]),
    (array([Decimal("3.00"), Decimal("-2.00")]), "int8", [3, -2]),
    (array([Decimal("1.00390625000090949470177292823791503906"), Decimal(0)]), "bfloat16", [1 + 2.0**-7, 0]),
    (array([5, 6]).dictionary_encode(), "int8", [5, 6]),
    (array([0.5, None]), "float64", [0.5, None]),
    (array([5, None]), "float64", [5, None]),
    (array([2**53 + 1, None]), "float64", [2.0**53, None]),
    (array([True, None]), "float64", [1, None]),
    (array([np.float16(0.5), None], pa.float16()), "float64", [0.5, None]),
    (array([Decimal("0.1"), None]), "float64", [0.1, None]),
    (array([5, None]).dictionary_encode(), "float64", [5, None]),
    *((array(["a", None], kind()), TEXT, ["a", None]) for kind in (pa.string, pa.large_string, pa.string_view)),
    (array(["a", None]).dictionary_encode(), TEXT, ["a", None]),
    (array(["", " a"]), TEXT, ["", " a"]),
    (array([7, None]), TEXT, ["7", None]),
    (array([True, False]), TEXT, ["True", "False"]),
]


@pytest.mark.parametrize("values, kind, wanted", RIGHT, ids=lambda value: str(getattr(value, "type", value)))
def test_types_that_are_read(write, values, kind, wanted):
    file = write(pa.table({"z": [0, 0], "a": values, "b": [0, 0]}))
    assert file.names == ["z", "a", "b"]
    (found,) = columns(file, [Wanted("a", kind, None in wanted)])
    if kind != TEXT:
        assert found.dtype == Wanted("a", kind).storage
        found = [None if value != value else value for value in found.tolist()]
    assert found == wanted


WRONG = [
    (array(["1", "2"]), "float32", "must be numbers, got string; write classes or categories"),
    (array(["1", "2"]).dictionary_encode(), "float32", "must be numbers, got string; write classes or categories"),
    (array([b"1", b"2"]), "float32", "must be numbers, got binary"),
    (array([datetime.date(2020, 1, 1)] * 2), "float32", "must be numbers, got date32[day]"),
    (array([datetime.datetime(2020, 1, 1)] * 2), "int64", "must be numbers, got timestamp[us]"),
    (array([datetime.timedelta(1)] * 2), "int64", "must be numbers, got duration[us]"),
    (array([[1], [2]]), "float32", "must be numbers, got list<"),
    (array([[1.0, 2], [3, 4]], pa.list_(pa.float32(), 2)), "float32", "must be numbers, got fixed_size_list<"),
    (array([{"x": 1}, {"x": 2}]), "float32", "must be numbers, got struct<"),
    (array([[1], [2]]), TEXT, "must be text or whole numbers to be labels, got list<"),
    (array([1.5, 2]), TEXT, "must be text or whole numbers to be labels, got double"),
    (array([None, None]), "float32", "row 0: column 'a' must have a value, got none; say with 'missing'"),
    (array([1, None]), "int64", "row 1: column 'a' must have a value, got none; say with 'missing'"),
    (array(["x", None]), TEXT, "row 1: column 'a' must have a value, got none; say with 'missing'"),
    (array([0, 2**63], pa.uint64()), "int64", "row 1: column 'a' must be int64, got 9223372036854775808"),
    (array([1, 300]), "uint8", "row 1: column 'a' must be uint8, got 300; it holds 0 to 255"),
    (array([1, 1.5]), "int8", "row 1: column 'a' must be int8, got 1.5; write a whole number"),
    (array([1, float("nan")]), "int8", "row 1: column 'a' must be int8, got nan"),
    (array([1, 1e39]), "float32", "row 1: column 'a' must be float32, got 1e+39; it holds no number as large"),
    (array([Decimal(1), Decimal("1e30")]), "int64", "row 1: column 'a' must be int64, got '1"),
    (array([Decimal(1), Decimal("70000")]), "float16", "row 1: column 'a' must be float16, got 70000"),
    (array([0, 2]), "bool", "row 1: column 'a' must be 0 or 1 to become bool, got 2"),
]


@pytest.mark.parametrize("values, kind, message", WRONG, ids=lambda value: str(getattr(value, "type", value))[:40])
def test_types_and_values_that_are_refused(write, values, kind, message):
    file = write(pa.table({"z": [0, 0], "a": values}))
    with pytest.raises(DataflowError) as caught:
        columns(file, [Wanted("a", kind)])
    assert message in str(caught.value) and "column 'a'" in str(caught.value)
    assert str(caught.value).startswith(f"{file.path}: ")


def test_the_row_of_an_error_beyond_the_first_pieces(write, monkeypatch):
    monkeypatch.setattr(arrow_table, "_ROWS", 3)
    values = [*range(10), None, *range(10)]
    for wanted, message in (
        (Wanted("a", "int8"), "row 10: column 'a' must have a value"),
        (Wanted("b", "int8"), "row 15"),
    ):
        with pytest.raises(DataflowError, match=message):
            columns(write(pa.table({"a": values, "b": [*range(15), 300, *range(5)]})), [wanted])
    file = write(pa.table({"a": values}))
    assert len(next(file.pieces([Wanted("a", "float32", True)], Vocabulary()))[0]) <= 3
    assert len(columns(file, [Wanted("a", "float32", True)])[0]) == 21


def test_columns_by_their_own_names(write):
    file = write(pa.table({"a.b": [1.0], "c": [3.0], "a": [2.0]}))
    assert np.concatenate(columns(file, [Wanted(name, "float32") for name in ("c", "a", "a.b")])).tolist() == [3, 2, 1]
    assert str(file.unknown("aa")) == f"{file.path}: no column 'aa'; did you mean 'a'?"


def test_two_columns_of_one_name():
    table = pa.table([[1.0], [2.0]], names=["a", "b"]).rename_columns(["a", "a"])
    with pytest.raises(DataflowError, match=r"t\.feather: columns must have different names, got 'a' twice"):
        as_feather("lz4")(table)


def test_an_empty_table(write):
    number, text = columns(write(pa.table({"a": array([], pa.float64()), "b": array([], pa.string())})), [
        Wanted("a", "float32"), Wanted("b", TEXT)
    ])  # fmt: skip
    assert number.shape == (0,) and text == []


def test_a_csv_and_a_parquet_of_one_table_give_the_same_bits(write):
    from pyarrow import csv as written

    rng = np.random.default_rng(0)
    real = rng.normal(size=500) * 10.0 ** rng.integers(-40, 30, 500)
    real[:4] = 5e-324, 0, -0.0, 1e-46
    table = pa.table({
        "whole": rng.integers(-(2**63), 2**63 - 1, 500),
        "real": real,
        "text": [f"t{i % 7}" for i in range(500)],
        "gone": array([None if i % 3 else i / 7 for i in range(500)]),
    })  # fmt: skip
    written.write_csv(table, "t.csv")
    kinds = [("whole", "int64"), ("whole", "float32"), ("real", "float64"), ("real", "float32"), ("real", "bfloat16")]
    wanted = [*(Wanted(*each) for each in kinds), Wanted("text", TEXT), Wanted("gone", "float64", True)]
    for left, right in zip(columns(write(table), wanted), columns(CsvFile("t.csv", Csv()), wanted), strict=True):
        assert left == right if isinstance(left, list) else left.tobytes() == right.tobytes()


# -- files that are damaged, or others ----------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1PAR1", b"ARROW1\0\0", b"a,b\n1,2\n", bytes(100)])
@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "t.arrow"])
def test_other_files(name, data):
    with pytest.raises(DataflowError, match=rf"{name}: cannot be read as data: ."):
        ArrowFile(csv(name, data))


def test_a_file_that_is_not_there():
    with pytest.raises(DataflowError, match=r"t\.parquet: cannot be read as data: no such file"):
        ArrowFile("t.parquet")


def test_without_pyarrow_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        DataflowError, match=r"must have pyarrow to be read, got none; pip install 'dataflow-blocks\[arrow\]'"
    ):
        ArrowFile("t.parquet")


@pytest.mark.parametrize("format", ["parquet", "plain parquet", "zstd", "uncompressed"])
@pytest.mark.parametrize("seed", range(3))
def test_damaged_bytes_are_told_and_never_more(format, seed):
    table = pa.table({
        "i": array([1, None, 3] * 20), "f": np.arange(60.0) / 7, "s": ["a", "bé", ""] * 20,
        "b": [True, None, False] * 20, "d": array(["x", "y", "z"] * 20).dictionary_encode(),
        "dec": array([Decimal("1.5")] * 60),
    })  # fmt: skip
    file = io.BytesIO()
    if "parquet" in format:
        plain = {"compression": "none", "use_dictionary": False} if "plain" in format else {}
        parquet.write_table(table, file, row_group_size=25, **plain)
    else:
        feather.write_feather(table, file, compression=format)
    right, rng = file.getvalue(), random.Random(seed)
    wanted = [Wanted("i", "float64", True), Wanted("f", "float32"), Wanted("s", TEXT, True), Wanted("d", TEXT, True),
              Wanted("b", "float64", True), Wanted("dec", "float64")]  # fmt: skip
    told = 0
    for _ in range(60):
        data = bytearray(right[: rng.randrange(len(right))] if rng.random() < 0.15 else right)
        for _ in range(rng.choice([0, 1, 1, 3, 20]) if data else 0):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            columns(ArrowFile(csv("damaged", bytes(data))), wanted)
        except DataflowError as error:
            assert str(error).startswith("damaged: ")
            told += 1
    assert told > 20


def test_a_row_group_is_not_read_whole():
    table = pa.table({"a": np.random.default_rng(0).normal(size=1 << 20)})
    parquet.write_table(table, "t.parquet", use_dictionary=False)
    parts = ArrowFile("t.parquet").pieces([Wanted("a", "float32")], Vocabulary())
    tracemalloc.start()
    assert sum(len(part) for (part,) in parts) == 1 << 20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 << 20  # of 8 MiB in one row group
