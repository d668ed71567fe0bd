"""Arguments of commands: each is what it must be, or the message says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dataflow.core.errors import DataflowError
from dataflow.studio.commands import arguments


@pytest.mark.parametrize(
    ("read", "right", "wrong", "why"),
    [
        (arguments.text, "a", 1, "'x' must be a text, got an int"),
        (arguments.text, "", None, "'x' must be a text, got nothing"),
        (arguments.flag, True, 1, "'x' must be true or false"),
        (arguments.number, 1.5, "1", "'x' must be a number, got the text '1'"),
        (arguments.number, 2, 10**400, "'x' must be a number up to 1.8e308"),
        (arguments.number, 2, True, "'x' must be a number"),
        (arguments.names, ["a"], ["a", 1], "'x' must be a list of names"),
        (arguments.names, [], "a", "'x' must be a list of names"),
        (arguments.mapping, {"a": 1}, [], "'x' must be a mapping"),
        (arguments.mappings, [{}], [1], "'x' must be a list of mappings"),
        (arguments.pair, ["a", "b"], ["a"], "'x' must be a node and a port, got 1 names"),
        (arguments.steps, ["train", "metrics", 0], ["train", True], "'x' must be a list of at most 100 keys and"),
        (arguments.steps, [], ["a"] * 101, "'x' must be a list of at most 100 keys and places"),
        (arguments.steps, ["a"], [-1], "'x' must be a list of at most 100 keys and places"),
        (arguments.steps, [9_999], [10_000], "'x' must be a list of at most 100 keys and places"),
        (lambda given, name: arguments.whole(given, name, 0, 9), 9, 10, "'x' must be 0 to 9, got 10"),
        (lambda given, name: arguments.whole(given, name, 0, 9), 9, 10**400, "'x' must be 0 to 9, got 1000"),
        (lambda given, name: arguments.whole(given, name, 0, 9), 0, 1.0, "'x' must be a whole number"),
        (lambda given, name: arguments.whole(given, name, 0, 9), 1, False, "'x' must be a whole number"),
        (lambda given, name: arguments.choice(given, name, ["a", "b"]), "b", "c", "'x' must be a or b, got 'c'"),
    ],
)
def test_read(read: Callable[[Any, str], Any], right: Any, wrong: Any, why: str) -> None:
    assert read({"x": right}, "x") in (right, tuple(right) if isinstance(right, list) else right)
    for given, message in (({"x": wrong}, why), ({}, "'x' must be given, got nothing")):
        if given or read is not arguments.flag:
            with pytest.raises(DataflowError, match=message.replace("(", r"\(")):
                read(given, "x")


def test_texts_that_graph_files_read_as_infinities_or_nan_are_these() -> None:
    given = {"a": [".inf", "-.Inf", 1, "x.inf", "inf", ".nan."], "b": ".nan"}
    found = arguments.numbers(given)
    assert repr(found) == "{'a': [inf, -inf, 1, 'x.inf', 'inf', '.nan.'], 'b': nan}"


def test_defaults() -> None:
    assert arguments.text({}, "x", "a") == "a"
    assert arguments.flag({}, "x") is False
    assert arguments.optional({}, "x", arguments.text) is None
    assert arguments.optional({"x": None}, "x", arguments.text) is None
    assert arguments.optional({"x": "a"}, "x", arguments.text) == "a"


def test_limits() -> None:
    with pytest.raises(DataflowError, match="at most 3 characters, got 4"):
        arguments.text({"x": "abcd"}, "x", limit=3)
    with pytest.raises(DataflowError, match="at most 10,000 names"):
        arguments.names({"x": ["a"] * 10_001}, "x")
    with pytest.raises(DataflowError, match="at most 2 items, got 3"):
        arguments.mappings({"x": [{}] * 3}, "x", 2)


def test_unknown() -> None:
    arguments.known({"a": 1}, "a", "b")
    with pytest.raises(DataflowError, match="no argument 'pth'; did you mean 'path'"):
        arguments.known({"pth": 1}, "path")
