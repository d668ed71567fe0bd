"""Which columns are meant, and which names two columns must not have."""

from __future__ import annotations

import pytest

from dataflow.core.errors import DataflowError
from dataflow.training.data.columns import check_different, selected

NAMES = ["", "id", "pixel1", "pixel2", "a, b", "x*"]


def unknown(name):
    return DataflowError(f"no column '{name}'")


@pytest.mark.parametrize(
    "array, columns, wanted",
    [
        ("id", None, ["id"]),
        ("pixel2, id", None, ["pixel2", "id"]),
        ("a, b", None, ["a, b"]),
        ("", None, [""]),
        ("id,id", None, ["id", "id"]),
        (None, None, ["id", "pixel1", "pixel2", "a, b", "x*"]),
        (None, "all", ["id", "pixel1", "pixel2", "a, b", "x*"]),
        (None, "pixel*", ["pixel1", "pixel2"]),
        (None, ["pixel2", "pixel*", "id"], ["pixel2", "pixel1", "id"]),
        (None, ["x*"], ["x*"]),
        (None, ["*[12]"], ["pixel1", "pixel2"]),
        (None, {"except": "pixel*"}, ["id", "a, b", "x*"]),
        (None, {"except": ["id", "x*"]}, ["pixel1", "pixel2", "a, b"]),
    ],
)
def test_columns_that_are_meant(array, columns, wanted):
    assert selected(NAMES, array, columns, unknown) == wanted


@pytest.mark.parametrize(
    "array, columns, message",
    [
        ("idd", None, "no column 'idd'"),
        ("id, nope", None, "no column 'nope'"),
        ("pixel*", None, r"no column 'pixel\*'"),
        (None, ["voxel*"], r"no column 'voxel\*'"),
        (None, ["ID"], "no column 'ID'"),
        (None, {"except": ["idd"]}, "no column 'idd'"),
        (None, {"except": "*"}, "'columns' must leave a column with a name, got none"),
    ],
)
def test_columns_that_are_not_there(array, columns, message):
    with pytest.raises(DataflowError, match=message):
        selected(NAMES, array, columns, unknown)


def test_a_table_of_columns_without_names():
    with pytest.raises(DataflowError, match="must leave a column with a name"):
        selected([""], None, "all", unknown)


def test_two_columns_of_one_name():
    check_different(["a", "b", "A"], DataflowError)
    with pytest.raises(DataflowError, match="columns must have different names, got 'b' twice"):
        check_different(["a", "b", "c", "b", "a"], DataflowError)
