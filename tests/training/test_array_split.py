"""Arrays in memory as a split."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.training.array_split import ArraySplit, inputs_of


@pytest.fixture
def graph():
    made = flow.Graph("g")
    made.input("x", "float32", ["N", 2])
    made.input("y", "int64", ["N"])
    return made


X, Y = np.arange(10, dtype=np.float32).reshape(5, 2), np.arange(5)


def test_rows_and_batches(graph):
    split = ArraySplit(graph, "train", {"x": X, "y": Y})
    assert split.length == 5 and inputs_of(split) == ["x", "y"]
    assert split.rows()["x"] is X
    assert split.rows(np.array([3, 1]))["y"].tolist() == [3, 1]
    order = np.array([4, 3, 2, 1, 0])
    assert [part["y"].tolist() for part in split.batches(2)] == [[0, 1], [2, 3], [4]]
    assert [part["y"].tolist() for part in split.batches(2, 1, order)] == [[2, 1], [0]]
    assert [part["x"].tolist() for part in split.batches(4, 1)] == [[[8.0, 9.0]]]


def test_lists_take_the_dtype_of_the_input(graph):
    split = ArraySplit(graph, "train", {"x": [[1, 2], [3, 4]], "y": [0, 1]})
    assert split.rows()["x"].dtype == np.float32 and split.rows()["y"].dtype == np.int64


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"x": X, "y": Y[:3]}, "arrays must have equally many rows, got x 5 and y 3"),
        ({"x": X, "z": Y}, "no graph input named 'z'; it has x and y"),
        ({"x": X.astype(np.float64)}, "input 'x' must be float32, got float64; convert it with .astype"),
        ({"x": X[:, :1]}, r"input 'x' must be float32[N, 2], got float32[5, 1]"),
        ({"y": np.int64(3)}, r"input 'y' must be int64[N], got int64[]"),
        ({"y": ["a"]}, "input 'y' must be"),
    ],
)
def test_what_does_not_fit_is_told(graph, arrays, message):
    with pytest.raises(GraphError) as caught:
        ArraySplit(graph, "train", arrays)
    assert str(caught.value).startswith(f"graph 'g': data 'train': {message}")


def test_digests_are_of_the_values(graph):
    digest = ArraySplit(graph, "train", {"x": X, "y": Y}).digest
    assert ArraySplit(graph, "test", {"y": Y, "x": np.asfortranarray(X)}).digest == digest
    assert ArraySplit(graph, "train", {"x": X + 1, "y": Y}).digest != digest
    assert ArraySplit(graph, "train", {"y": Y}).digest != digest
