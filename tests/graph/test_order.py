"""Topological order: sources first, ties broken by the keys alone."""

from __future__ import annotations

import pytest

from dataflow.graph.order import topological

DIAMOND = {"end": ["left", "right"], "left": ["begin"], "right": ["begin"], "begin": []}


@pytest.mark.parametrize("keys", [DIAMOND, reversed(DIAMOND), sorted(DIAMOND)])
def test_the_order_does_not_depend_on_that_of_the_keys(keys):
    assert topological({key: DIAMOND[key] for key in keys}) == ["begin", "left", "right", "end"]


def test_the_least_of_those_that_are_ready_comes_next():
    assert topological({3: [], 1: [2], 2: [], 0: [3]}) == [2, 1, 3, 0]
    assert topological({(1, "b"): [], (1, "a"): [], (0, "z"): [(1, "b")]}) == [(1, "a"), (1, "b"), (0, "z")]
    assert topological({}) == []


def test_a_source_may_be_read_twice():
    assert topological({"twice": ["x", "x"], "x": []}) == ["x", "twice"]


def test_what_lies_on_a_cycle_or_behind_one_is_left_out():
    assert topological({"a": ["b"], "b": ["a"], "behind": ["a"], "free": []}) == ["free"]
