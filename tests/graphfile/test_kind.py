"""Where values of sections stand, and where they name what is in the graph."""

from __future__ import annotations

from typing import Any

import pytest

from dataflow.core.attrs import attr
from dataflow.graphfile.collection_kinds import ListOf, MapOf, MapOfInputs
from dataflow.graphfile.kind import Mention, Spot
from dataflow.graphfile.record import Record
from dataflow.graphfile.value_kinds import (
    AnyMapping,
    Entries,
    FilePath,
    NameOf,
    NamePatterns,
    Names,
    Operands,
    OutputNames,
    VariableNames,
    WireName,
)


class Inner(Record):
    """A mapping within."""

    short = "goal"
    goal: WireName | None = attr("what is meant", default=None)
    operands: Operands = attr("wires or numbers", default={})


class Outer(Record):
    """A section."""

    inner: Inner = attr("a mapping", default={})
    many: list[Inner] = attr("a list of them", default=[])
    variables: VariableNames | None = attr("variables", default=None)
    outputs: OutputNames = attr("outputs", default=())
    patterns: NamePatterns | None = attr("patterns", default=None)
    names: Names = attr("names of anything else", default=())
    path: FilePath | None = attr("a file", default=None)
    entries: Entries = attr("anything", default={})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"inner": "a"}, [(("inner",), "result")]),
        ({"inner": {"goal": "a", "operands": {"x": "b", "y": 1}}}, [
            (("inner", "goal"), "result"), (("inner", "operands", "x"), "wire"),
        ]),
        ({"many": [{"goal": "a"}, "b"]}, [(("many", 0, "goal"), "result"), (("many", 1), "result")]),
        ({"variables": ["v", "w"]}, [(("variables", 0), "node"), (("variables", 1), "node")]),
        ({"outputs": ["o"]}, [(("outputs", 0), "output")]),
        ({"patterns": "a*"}, [(("patterns",), "pattern")]),
        ({"patterns": ["a*", "b"]}, [(("patterns", 0), "pattern"), (("patterns", 1), "pattern")]),
        ({"names": ["n"], "path": "p", "entries": {"a": "b"}, "unknown": "u"}, []),
        ({"variables": "$names", "many": "$many", "inner": 3, "outputs": None}, []),
        ("text", []),
    ],
)  # fmt: skip
def test_a_section_says_where_it_names_what_is_in_the_graph(value: Any, expected: list[Any]) -> None:
    assert [(each.path, each.what) for each in Outer.mentions(value)] == expected


def test_keys_may_be_names_too() -> None:
    assert [*MapOfInputs(NameOf("wire")).mentions({"x": "a"})] == [
        Mention(("x",), "wire"),
        Mention(("x",), "input", is_key=True),
    ]
    assert [*MapOf(ListOf(NameOf("wire"))).mentions({"x": ["a"]})] == [Mention(("x", 0), "wire")]
    assert [*MapOf(AnyMapping()).mentions(None)] == []


def test_a_mention_from_further_out() -> None:
    assert Mention(("a", 0), "wire").below("b", 1) == Mention(("b", 1, "a", 0), "wire")


def test_a_spot_names_what_it_is() -> None:
    spot = Spot(None, "train", (1, 1), top=True)  # type: ignore[arg-type]
    assert spot.name == "'train'"
    assert spot.inner("clip", (2, 3)).name == "train 'clip'"
    assert spot.inner("clip", (2, 3)).inner("norm", (3, 3)).name == "train 'clip': 'norm'"
    assert spot.inner("x", (2, 3), "input").name == ": input 'x'"
