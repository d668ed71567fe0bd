"""Values matched with variables: what fits is taken as a copy, the rest is named."""

from __future__ import annotations

import numpy as np

import dataflow as flow
from dataflow.engine.matching import match


def graph():
    made = flow.Graph("g")
    made.variable("a", np.float32([1, 2]))
    made.variable("b", np.int64(1))
    made.variable("c", initializer="zeros", shape=[2], dtype="bfloat16")
    return made


def test_what_fits_is_taken_as_a_copy_in_the_order_of_the_graph():
    given = np.float32([3, 4])
    found = match(graph(), {"b": 5, "c": [1.5, 2.5], "a": given})
    assert found.problems == [] and list(found.values) == ["a", "b", "c"]
    given[0] = 9
    assert found.values["a"].tolist() == [3, 4]
    assert (found.values["b"].dtype, found.values["c"].dtype.name) == (np.int64, "bfloat16")


def test_what_does_not_fit_is_named():
    found = match(graph(), {"a": np.float32([1, 2, 3]), "d": 1, "c": np.float32([1, 2])})
    assert found.values == {}
    assert found.misfits == [
        "variable 'a' must have shape [2], got [3]",
        "variable 'c' must be bfloat16, got float32; convert it with .astype",
    ]
    assert found.left_over == ["graph 'g' has no variable 'd'; it has a, b and c"]
    assert found.missing == ["b"]
    assert found.problems == [*found.misfits, *found.left_over, "variable 'b' must be given, got nothing"]


def test_a_left_over_name_is_compared_with_those_that_are_missing():
    assert match(graph(), {"a1": 1, "b": 1}).left_over == ["graph 'g' has no variable 'a1'; did you mean 'a'?"]


def test_masked_and_text_values_are_told():
    found = match(graph(), {"a": np.ma.array([1.0, 2.0], mask=[0, 1]), "b": np.array(["x"])})
    assert found.misfits[0].startswith("variable 'a' must be an array without a mask")
    assert found.misfits[1].startswith("variable 'b' must be numbers, got text")
