"""Changes of plain trees: what becomes of them where parts are missing, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from dataflow.graphfile.editing.changes import Change, Drop, Insert, Part, Put, Refusal, Rekey, at, plain_value, told

TREE = {"a": {"b": 1, "c": [1, 2, {"d": 3}]}, "e": None, "f": {"g": {"h": 1}}, "i": [5]}


def made(change: Change, tree: Any = None) -> Any:
    tree = copy.deepcopy(TREE if tree is None else tree)
    for part in change.within(tree):
        part.apply(tree)
    return tree


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Put(("a", "b"), 2), {"a": {"b": 2, "c": [1, 2, {"d": 3}]}}),
        (Put(("a", "c", 2, "d"), 4), {"a": {"b": 1, "c": [1, 2, {"d": 4}]}}),
        (Put(("a", "x", "y"), 4), {"a": {"b": 1, "c": [1, 2, {"d": 3}], "x": {"y": 4}}}),
        (Put(("e", "x"), 4), {"e": {"x": 4}}),
        (Put(("a", "x"), 0, before="b"), {"a": {"x": 0, "b": 1, "c": [1, 2, {"d": 3}]}}),
        (Put(("a", "x"), 0, after="b"), {"a": {"b": 1, "x": 0, "c": [1, 2, {"d": 3}]}}),
        (Insert(("a", "c", 0), 9), {"a": {"b": 1, "c": [9, 1, 2, {"d": 3}]}}),
        (Insert(("a", "c", 3), 9), {"a": {"b": 1, "c": [1, 2, {"d": 3}, 9]}}),
        (Drop(("a", "b")), {"a": {"c": [1, 2, {"d": 3}]}}),
        (Drop(("a", "c", 0)), {"a": {"b": 1, "c": [2, {"d": 3}]}}),
        (Drop(("i", 0)), {"i": []}),
        (Part(("a", "b")), {}),
        (Rekey(("a", "b"), "z"), {"a": {"z": 1, "c": [1, 2, {"d": 3}]}}),
    ],
)
def test_a_change_does_what_it_says_and_no_more(change: Change, expected: dict[str, Any]) -> None:
    found = made(change)
    assert found == {**TREE, **expected}
    assert [list(found[key]) for key in expected] == [list(value) for value in expected.values()]  # in this order


def test_the_only_key_takes_the_mappings_with_it() -> None:
    assert made(Drop(("f", "g", "h"))) == {key: value for key, value in TREE.items() if key != "f"}
    assert made(Drop(("a", "b")), {"a": {"b": 1}, "c": 1}) == {"c": 1}
    assert made(Drop(("a", 0, "b")), {"a": [{"b": 1}, 2]}) == {"a": [{}, 2]}  # an item of a list stays


def test_only_what_differs_is_put() -> None:
    old = {"a": [[1, 2.0], [3, True]], "b": {"c": 1}}
    parts = Put(("x",), {"a": [[1, 2], [3, 1]], "b": {"c": 1}}).within({"x": old})
    assert [(part.path, part.value) for part in parts if isinstance(part, Put)] == [
        (("x", "a", 0, 1), 2),
        (("x", "a", 1, 1), 1),
    ]
    assert Put(("x",), copy.deepcopy(old)).within({"x": old}) == []
    assert Put(("x", "a"), [1]).within({"x": old}) == [Put(("x", "a"), [1])]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (Put(("a", "c", 7), 1), ("a", "c"), "'a.c' has 3 items, got place 7"),
        (Put(("a", "b", "x"), 1), ("a", "b"), "'a.b' must be a mapping to have 'x', got '1'"),
        (Put(("a", "x"), 1, before="zz"), ("a",), "no 'zz' beside which to write"),
        (Put(("a", "x", 1), 1), ("x",), "'1' must be a key, got a place in a list that is not there"),
        (Drop(("a", "bb")), ("a",), "'a' has no 'bb'"),
        (Drop(("zz",)), (), "the file has no 'zz'"),
        (Rekey(("a", "b"), "c"), ("a", "c"), "'c' is there already"),
        (Insert(("a", "c", 9), 1), ("a", "c"), "'a.c.9' must be a place in a list, got a list of 3"),
        (Insert(("a", "b"), 1), ("a",), "'a.b' must be a place in a list, got a mapping"),
    ],
)
def test_what_is_not_there_is_refused(change: Change, path: tuple[Any, ...], message: str) -> None:
    with pytest.raises(Refusal) as refusal:
        made(change)
    assert refusal.value.message.startswith(message)
    assert refusal.value.path == path or path == ("x",)


def test_values_are_plain_and_copied() -> None:
    inner = [1]
    value = plain_value({"a": np.float32(0.1), "b": np.array([[1, 2]]), "c": (1, inner), 3: None})
    assert value == {"a": 0.1, "b": [[1, 2]], "c": [1, [1]], "3": None}
    inner.append(2)
    assert value["c"] == [1, [1]]
    assert at(value, ("b", 0, 1)) == 2
    assert told(("nodes", "a", 1)) == "nodes.a.1"
