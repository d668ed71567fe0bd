"""Mappings of names to values of a kind, and lists of them: what they take, and whose value a message is about."""

from __future__ import annotations

import pytest
from graph_text import node

from dataflow.core.errors import GraphFileError
from dataflow.graphfile import sections
from dataflow.graphfile.collection_kinds import ListOf, MapOf, MapOfInputs, of_whole, within
from dataflow.graphfile.sections import Section
from dataflow.graphfile.value_kinds import PathOfFile, Positive

GRAPH = "inputs: {x: float32}\n" + node("Relu", "inputs: {features: x}")


@pytest.mark.parametrize(
    "kind, value, parsed",
    [
        (MapOf(Positive()), {"a": 1}, {"a": 1}),
        (MapOf(MapOf(Positive())), {"a": {"b": 1}}, {"a": {"b": 1}}),
        (MapOfInputs(Positive()), {"x": 2}, {"x": 2}),
        (ListOf(Positive()), [1, 0.5], (1, 0.5)),
        (ListOf(MapOf(Positive())), ({"a": 1},), ({"a": 1},)),
    ],
)
def test_values_from_python(kind, value, parsed):
    found = kind.parse(value)
    assert (type(found), found) == (type(parsed), parsed)


@pytest.mark.parametrize(
    "kind, value, message",
    [
        (MapOf(Positive(), wanted="map names to rates"), 1, "must map names to rates, got 1"),
        (MapOf(Positive()), {"a": 0}, "'a' must be a number above 0, got 0"),
        (MapOf(Positive(), noun="rate"), {"a": 0}, "rate 'a' must be a number above 0, got 0"),
        (MapOf(MapOf(Positive())), {"a": {"b": 0}}, "'a': 'b' must be a number above 0, got 0"),
        (MapOfInputs(Positive()), {"x": 0}, "input 'x' must be a number above 0, got 0"),
        (ListOf(Positive()), "ab", "must be a list, got 'ab'"),
        (ListOf(Positive()), [1, 0], "'2' must be a number above 0, got 0"),
    ],
)
def test_values_that_are_refused(kind, value, message):
    with pytest.raises(ValueError) as caught:
        kind.parse(value)
    assert str(caught.value) == message


def test_whose_value_a_message_is_about():
    assert of_whole("must be a number, got 'x'") and of_whole("has no key 'x'")
    assert not of_whole("'a' must be a number, got 'x'")
    with pytest.raises(ValueError, match=r"^'rates': 'x' must be a number above 0, got 0$"):
        within("rates", MapOf(Positive()), {"x": 0})
    with pytest.raises(ValueError, match=r"^input 'x' must be a number above 0, got 0$"):
        within("rates", MapOfInputs(Positive()), {"x": 0})


def test_what_has_no_value_is_left_out_of_a_map(read, monkeypatch):
    monkeypatch.setitem(sections._loaders, "extra", lambda: Section(MapOf(Positive())))
    with pytest.raises(GraphFileError) as caught:
        read(f"{GRAPH}extra: {{a: $q, b: 0}}\n")
    assert [p.message for p in caught.value.problems] == [
        "'extra': no param 'q'",
        "extra 'b' must be a number above 0, got 0",
    ]


def test_paths_in_them_are_changed_and_what_is_none_of_them_stays():
    kind = MapOf(ListOf(PathOfFile()))
    assert kind.with_paths({"a": ["b", "c"], "d": 1}, str.upper) == {"a": ["B", "C"], "d": 1}
    assert kind.with_paths("text", str.upper) == "text"
