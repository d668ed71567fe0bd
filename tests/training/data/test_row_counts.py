"""Rows of a split: as many of each input, and the part of them that it takes."""

from __future__ import annotations

import numpy as np
import pytest
from tables import csv, graph_of

from dataflow.core.errors import GraphError
from dataflow.training.data import row_counts, split
from dataflow.training.data.row_order import MANY
from dataflow.training.data.section import Split


@pytest.mark.parametrize(
    "lengths, wanted", [({"x": 3, "y": 3}, 3), ({"x": None, "y": 4}, 4), ({"x": None}, None), ({}, 0), ({"x": 0}, 0)]
)
def test_rows_that_all_have(lengths, wanted):
    assert row_counts.common("data 'a'", lengths) == wanted


def test_inputs_with_other_rows_are_refused():
    with pytest.raises(GraphError, match=r"^data 'a': arrays must have equally many rows, got x 3 and z 4$"):
        row_counts.common("data 'a'", {"x": 3, "y": None, "z": 4})


@pytest.mark.parametrize(
    "keys, whole, wanted",
    [
        ({}, 10, (0, 10)),
        ({"rows": (2, 7)}, 10, (2, 7)),
        ({"rows": (10, 10)}, 10, (10, 10)),
        ({"fraction": (0, 0.25)}, 10, (0, 2)),
        ({"fraction": (0.25, 1)}, 10, (2, 10)),
    ],
)
def test_the_part_of_them(keys, whole, wanted):
    assert row_counts.bounds("who", Split(inputs={}, **keys), whole) == wanted


@pytest.mark.parametrize("share", [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.3, 1)])
def test_a_fraction_has_as_many_rows_as_it_is_said_to(tmp_path, share):
    path = str(csv(tmp_path / "t.csv", "a\n" + "1\n" * 7))
    graph = graph_of({"array": "a"}, path=path, fraction=share)
    start, stop = row_counts.bounds("who", Split(inputs={}, fraction=share), 7)
    found = split(graph)
    assert found.length == stop - start == len(found.rows(np.arange(found.length))["x"])


@pytest.mark.parametrize(
    "keys, whole, message",
    [
        ({"rows": (2, 11)}, 10, r"^who: 'rows' must lie within the 10 there are, got \[2, 11\]$"),
        ({"fraction": (0, 0.5)}, MANY + 1, "^who: 'fraction' may be of at most"),
    ],
)
def test_parts_beyond_the_rows_are_refused(keys, whole, message):
    with pytest.raises(GraphError, match=message):
        row_counts.bounds("who", Split(inputs={}, **keys), whole)
