"""Names that nothing has yet."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.editing.free_names import free_name

TREE = {"inputs": {"x": "float32"}, "nodes": {"relu": {}, "relu_1": {}, "a/b": {}}, "outputs": {"relu": "x"}}


@pytest.mark.parametrize(
    ("of", "wanted", "found"),
    [
        ("nodes", "conv", "conv"),
        ("nodes", "relu", "relu_2"),
        ("nodes", "relu_1", "relu_2"),
        ("nodes", "relu_7", "relu_7"),
        ("nodes", "x", "x_2"),
        ("inputs", "relu", "relu_2"),
        ("nodes", "a/b", "a/b_2"),
        ("outputs", "relu", "relu_2"),
        ("params", "relu", "relu"),
    ],
)
def test_a_number_is_added_to_names_that_are_taken(of: str, wanted: str, found: str) -> None:
    assert free_name(TREE, of, wanted) == found


def test_names_that_are_given_already_are_taken_too() -> None:
    assert free_name(TREE, "nodes", "relu", ["relu_2"]) == "relu_3"
    assert free_name({}, "nodes", "_1", ["_1"]) == "_1_2"


def test_what_is_no_name_is_refused() -> None:
    file = flow.edit("g.yaml", "dataflow: 1\n")
    assert file.free_name("relu") == "relu"
    with pytest.raises(GraphFileError, match="names must be letters, digits and _"):
        file.free_name("a b")
