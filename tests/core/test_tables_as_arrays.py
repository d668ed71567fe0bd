"""Tables of other libraries as matrices: columns of one dtype, or what is wrong with which of them."""

from __future__ import annotations

import numpy as np
import pyarrow
import pytest

from dataflow.core import conversion
from dataflow.core.conversion import ConversionError


class Frame(dict):
    """A table as pandas has it: names of columns, each an array of its own."""

    @property
    def columns(self):
        return [*self.keys()]

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("columns are looked at one by one")


TABLES = [Frame, pyarrow.table, pyarrow.record_batch]


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_matrices(table):
    found = conversion.array(table({"a": np.float32([1, 2]), "b": np.float32([3, 4])}), "float32")
    assert found.dtype == np.float32 and found.tolist() == [[1, 3], [2, 4]]
    with pytest.raises(ConversionError, match="must be float32, got float64; convert it"):
        conversion.array(table({"a": np.float64([1, 2])}), "float32")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "columns, message",
    [
        ({"a": np.int64([1]), "b": np.float32([1])}, "must have columns of one dtype, got int64 and, in 'b', float32"),
        ({"a": np.float32([1]), "b": np.array(["x"])}, "column 'b' must be numbers, got "),
        ({}, "must have columns, got a table without|must be an array"),
    ],
)
def test_tables_that_are_no_matrix(table, columns, message):
    with pytest.raises(ConversionError, match=message):
        conversion.array(table(columns))


def test_a_column_with_missing_values_is_told_by_name():
    with pytest.raises(ConversionError, match="column 'b' must have no missing values, got 1; fill them"):
        conversion.array(pyarrow.table({"a": np.float32([1, 2]), "b": pyarrow.array([1, None], pyarrow.float32())}))
    with pytest.raises(ConversionError, match="columns have different names, got one twice"):
        conversion.array(pyarrow.table([[1], [2]], names=["a", "a"]))
