"""Files with data by how their names end."""

from __future__ import annotations

import pytest

from dataflow.files import endings


@pytest.mark.parametrize(
    "path, wanted",
    [("a.csv", True), ("A.CSV.GZ", True), ("a.tsv", True), ("a.tab", True), ("a.parquet", True), ("a.feather", True),
     ("a.arrow", True), ("a.npy", False), ("a.csv.npz", False), ("csv", False)],
)  # fmt: skip
def test_tables_by_their_ending(path, wanted):
    assert endings.is_table(path) is wanted


def test_each_format_is_said_once():
    assert len({*endings.DATA}) == len(endings.DATA)
    assert all(f"x{ending}".endswith(endings.DATA) for ending in ("-ubyte.gz", ".npz", ".csv.gz", ".safetensors"))
