"""Files of outputs: what is written reads back, in every format; what cannot be written is told before."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from graph_text import same

from dataflow.core.errors import DataflowError
from dataflow.files.output_file import check_output_file, to_json, write_outputs
from dataflow.training.data.table import open_rows

OUTPUTS = {
    "p": np.float32([[0.1, 1e-9], [np.inf, -0.0], [1 / 3, 7]]),
    "id": np.array([2**62 + 1, -5, 0]),
    "half": np.array([0.1, 2, 3], ml_dtypes.bfloat16),
    "ok": np.array([True, False, True]),
}
MEAN = {"mean": np.float64(0.25).reshape(())}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_csv_is_as_the_rfc_says():
    left_out = write_outputs(
        "out.csv",
        {'say "hi", you': np.array([0, 1]), "kind\n": np.array([1, 0])},
        {'say "hi", you': ['a "b"', "c,d"], "kind\n": ["é\r\n", ""]},
    )
    assert Path("out.csv").read_bytes().decode() == ('"say ""hi"", you","kind\n"\r\n"a ""b""",\r\n"c,d","é\r\n"\r\n')
    assert left_out == []


def test_csv_keeps_bits_and_the_order_of_rows():
    assert write_outputs("out.csv", OUTPUTS | MEAN) == ["mean"]
    with Path("out.csv").open(newline="", encoding="utf-8") as file:
        first, *rows = csv.reader(file)
    assert first == ["p_0", "p_1", "id", "half", "ok"]
    same(np.float64([row[:2] for row in rows]).astype(np.float32), OUTPUTS["p"])
    assert [int(row[2]) for row in rows] == OUTPUTS["id"].tolist()
    same(np.float32([row[3] for row in rows]).astype(ml_dtypes.bfloat16), OUTPUTS["half"])
    assert [row[4] for row in rows] == ["1", "0", "1"]


def test_csv_is_read_as_data():
    values = np.random.default_rng(0).normal(size=(40_000, 2)).astype(np.float32)  # written in several parts
    write_outputs("out.csv", {"x": values})
    rows = open_rows("out.csv")
    same(rows.take(np.arange(rows.shape[0])), values)


def test_csv_of_outputs_without_rows():
    write_outputs("out.csv", {"x": np.zeros((0, 2)), "y": np.zeros(0)})
    assert Path("out.csv").read_text() == "x_0,x_1,y\n"
    write_outputs("out.csv", MEAN)
    assert Path("out.csv").read_text() == "mean\n0.25\n"


def test_npz_and_npy_keep_everything():
    write_outputs("out.npz", OUTPUTS | MEAN, {"id": ["a"]})
    with np.load("out.npz") as archive:
        assert set(archive.files) == {*OUTPUTS, "mean"}
        for name in ("p", "id", "ok"):
            same(archive[name], OUTPUTS[name])
    write_outputs("out.npy", {"p": OUTPUTS["p"]})
    same(np.load("out.npy"), OUTPUTS["p"])


def test_json_has_every_output():
    write_outputs("out.json", OUTPUTS | MEAN)
    found = json.loads(Path("out.json").read_text())
    assert list(found) == [*OUTPUTS, "mean"]
    same(np.float32(found["p"]), OUTPUTS["p"])
    assert (found["id"], found["ok"], found["mean"]) == (OUTPUTS["id"].tolist(), [True, False, True], 0.25)
    write_outputs("out.json", {"kind": np.array([[1, 0]])}, {"kind": ["a", "b"]})
    assert json.loads(Path("out.json").read_text()) == {"kind": [["b", "a"]]}
    assert to_json({}) == "{}"


@pytest.mark.slow
def test_parquet_keeps_types():
    from pyarrow import parquet

    assert write_outputs("out.parquet", OUTPUTS | MEAN | {"kind": np.array([1, 0, 1])}, {"kind": ["a", "b"]}) == [
        "mean"
    ]
    table = parquet.read_table("out.parquet")
    assert [str(field.type) for field in table.schema] == ["float", "float", "int64", "float", "bool", "string"]
    same(np.stack([table["p_0"].to_numpy(), table["p_1"].to_numpy()], 1), OUTPUTS["p"])
    assert table["id"].to_pylist() == OUTPUTS["id"].tolist() and table["kind"].to_pylist() == ["b", "a", "b"]
    same(table["half"].to_numpy().astype(ml_dtypes.bfloat16), OUTPUTS["half"])
    with pytest.raises(DataflowError, match=r"output 'z': numbers must be real, got complex64; write .npz"):
        write_outputs("other.parquet", {"z": np.ones(2, np.complex64)})
    assert not Path("other.parquet").exists()


@pytest.mark.parametrize("ending", ["csv", "json", "parquet", "npz"])
def test_numbers_of_other_byte_order(ending):
    for order in "<>":
        write_outputs(f"{ord(order)}.{ending}", {"y": np.array([[1.5, -2], [3, 4]], f"{order}f4"), "n": np.arange(2)})
    if ending == "npz":
        np.testing.assert_array_equal(*(np.load(f"{ord(order)}.npz")["y"] for order in "<>"))
    else:
        assert Path(f"{ord('<')}.{ending}").read_bytes() == Path(f"{ord('>')}.{ending}").read_bytes()


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataflowError, match=r"^out.parquet: .* pip install 'dataflow-blocks\[arrow\]'$"):
        check_output_file("out.parquet", ["a"])


@pytest.mark.parametrize("path", ["out.txt", "out", "out.NPZ", "out.csv.gz", ".csv"])
def test_other_endings_are_refused(path):
    with pytest.raises(DataflowError, match=rf"^{path}: the name must end in .csv, .npz, .npy, .parquet or .json"):
        check_output_file(path, ["a"])


def test_what_cannot_be_written_is_told_before():
    with pytest.raises(DataflowError, match=r"^out.npy: .npy holds one output, got 2: a and b; write .npz$"):
        check_output_file("out.npy", ["a", "b"])
    with pytest.raises(DataflowError, match=r"^none/out.csv: cannot be written: no such file"):
        check_output_file("none/out.csv", ["a"])
    check_output_file("out.csv", ["a"])
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("path", ["out.csv", "out.json"])
def test_a_file_stays_what_it_was_where_writing_fails(path):
    Path(path).write_text("before")
    with pytest.raises(DataflowError, match="numbers must be real, got complex128"):
        write_outputs(path, {"a": np.arange(100_000), "z": np.ones(100_000, np.complex128)})
    assert Path(path).read_text() == "before" and list(Path().iterdir()) == [Path(path)]


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no such device here")
def test_devices_take_npz():
    check_output_file("/dev/null", ["a", "b"])
    assert write_outputs("/dev/null", {"a": np.ones(2)}) == []
