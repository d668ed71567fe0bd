"""Outputs as columns: their names and order, and what cannot be a table."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.errors import DataflowError
from dataflow.files.table import columns, named


def test_columns_are_named_after_outputs_and_places():
    made = np.arange(12).reshape(3, 2, 2)
    found, left_out = columns({"b": np.array([7, 8, 9]), "a": made[:, 0], "c": made, "mean": np.float32(1).reshape(())})
    assert list(found) == ["b", "a_0", "a_1", "c_0_0", "c_0_1", "c_1_0", "c_1_1"]
    assert (found["a_1"].tolist(), found["c_1_0"].tolist()) == ([1, 5, 9], [2, 6, 10])
    assert left_out == ["mean"]


def test_scalars_alone_are_one_row():
    found, left_out = columns({"a": np.array(1), "b": np.array(2.5)})
    assert ({name: value.tolist() for name, value in found.items()}, left_out) == ({"a": [1], "b": [2.5]}, [])


def test_empty_outputs_keep_their_columns():
    assert list(columns({"a": np.zeros((0, 2))})[0]) == ["a_0", "a_1"]
    assert columns({"a": np.zeros((3, 0))})[0] == {} == columns({})[0]


def test_what_cannot_be_a_table():
    with pytest.raises(DataflowError, match=r"must have equally many rows to be a table, got a 2 and b 3; write .npz"):
        columns({"a": np.zeros(2), "b": np.zeros(3)})
    with pytest.raises(DataflowError, match="must differ in name, got 'a_0' twice; rename an output"):
        columns({"a": np.zeros((2, 1)), "a_0": np.zeros(2)})


def test_labels_stand_for_numbers():
    outputs = {"kind": np.array([2, 0]), "pairs": np.array([[1], [0]], np.uint8), "p": np.ones(2)}
    found = named(outputs, {"kind": ["cat", "dog", "häuser"], "pairs": ["no", "yes"]})
    assert found["kind"].tolist() == ["häuser", "cat"] and found["pairs"].tolist() == [["yes"], ["no"]]
    assert found["p"] is outputs["p"]


@pytest.mark.parametrize("number", [3, -1])
def test_a_class_without_a_label_is_told(number):
    with pytest.raises(DataflowError, match=f"output 'kind': must be a class from 0 to 2, got {number}"):
        named({"kind": np.array([0, number])}, {"kind": ["a", "b", "c"]})
    with pytest.raises(DataflowError, match="output 'kind': must be whole numbers to have labels, got float32"):
        named({"kind": np.float32([0])}, {"kind": ["a"]})
