"""The kinds of values under a key: what each takes, from a file and from Python, and what it says otherwise."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import numpy as np
import pytest
from graph_text import node

from dataflow.core.attrs import attr
from dataflow.core.errors import GraphFileError
from dataflow.graphfile import sections
from dataflow.graphfile.collection_kinds import MapOf, MapOfInputs
from dataflow.graphfile.record import Record
from dataflow.graphfile.schema import schema
from dataflow.graphfile.sections import Section
from dataflow.graphfile.value_kinds import (
    AnyMapping,
    ListOfNames,
    NameOfWire,
    PathOfFile,
    Positive,
    Scalar,
)


def scalar(kind, wanted="", **limits):
    return Scalar(attr("what it is", **limits).named("a", kind), wanted)


@pytest.mark.parametrize(
    "kind, value, parsed",
    [
        (scalar("int"), 3, 3),
        (scalar("int", ge=1, le=3), 3, 3),
        (scalar("float"), 3, 3),  # what a large whole number says is kept
        (scalar("float"), 2**53 + 1, 2**53 + 1),
        (scalar("bool"), True, True),
        (scalar("str", choices=("a", "b")), "a", "a"),
        (scalar("Dtype"), "half", "float16"),
        (Positive(), 3, 3),
        (Positive(), np.float32(0.5), np.float32(0.5)),
        (ListOfNames(), ["a", "b"], ("a", "b")),
        (ListOfNames(), [], ()),
        (NameOfWire(), "y.port", "y.port"),
        (PathOfFile(), "a/b.npz", "a/b.npz"),
        (AnyMapping(), {"a": [1]}, {"a": [1]}),
    ],
)
def test_values_from_python(kind, value, parsed):
    found = kind.parse(value)
    assert (type(found), found) == (type(parsed), parsed)


@pytest.mark.parametrize(
    "kind, value, message",
    [
        (scalar("int"), 1.5, "must be a whole number, got 1.5"),
        (scalar("int"), True, "must be a whole number, got True"),
        (scalar("int", ge=1), 0, "must be a whole number from 1, got 0"),
        (scalar("int", le=9), 10, "must be a whole number up to 9, got 10"),
        (scalar("int", ge=1, le=9), "x", "must be a whole number from 1 to 9, got 'x'"),
        (scalar("int", "the number of a row", ge=1), "x", "must be the number of a row, got 'x'"),
        (scalar("int", "the number of a row", ge=1), 0, "must be at least 1, got 0"),
        (scalar("str", "the name of a row"), 1, "must be the name of a row, got 1"),
        (scalar("str", choices=("a", "b")), "c", "must be a or b, got 'c'"),
        (Positive(), 0, "must be a number above 0, got 0"),
        (Positive(), -1.5, "must be a number above 0, got -1.5"),
        (Positive(), float("nan"), "must be a number above 0, got nan"),
        (Positive(), True, "must be a number above 0, got True"),
        (Positive(), "1", "must be a number above 0, got '1'"),
        (ListOfNames(), "ab", "must be a list of names, got 'ab'"),
        (ListOfNames(), ["a", 1], "must be a list of names, got ['a', 1]"),
        (NameOfWire(), 1, "must be the name of an output or wire, got 1"),
        (PathOfFile(), 1, "must be text, got 1"),
        (AnyMapping(), [], "must be a mapping, got []"),
    ],
)
def test_values_that_are_refused(kind, value, message):
    with pytest.raises(ValueError) as caught:
        kind.parse(value)
    assert str(caught.value).partition("; ")[0] == message


class Settings(Record):
    """One key of each kind."""

    number: int = attr("a number", default=1, ge=0)


KINDS = {
    "number": scalar("int", ge=0),
    "kind": scalar("str", choices=("same", "valid")),
    "rate": Positive(),
    "names": ListOfNames(),
    "wire": NameOfWire(),
    "file": PathOfFile(),
    "map": AnyMapping(),
    "rates": MapOf(Positive(), noun="rate"),
    "inputs": MapOfInputs(Positive()),
    "settings": MapOf(Settings),
}
GRAPH = "params: {p: 3}\ninputs: {x: float32}\n" + node("Relu", "inputs: {features: x}")


@pytest.fixture
def read_kind(read, monkeypatch):
    """Reads a section of one key, whose value is of this kind; gives it, or the problems."""

    def found(kind, text):
        monkeypatch.setitem(sections._loaders, "extra", lambda: Section(MapOf(KINDS[kind])))
        try:
            return read(f"{GRAPH}extra: {{key: {text}}}\n").sections["extra"]["key"]
        except GraphFileError as error:
            return [(p.column, p.message, p.hint.partition(";")[0]) for p in error.problems]

    return found


@pytest.mark.parametrize(
    "kind, text, value",
    [
        ("number", "$p", 3),
        ("kind", "same", "same"),
        ("rate", ".5", 0.5),
        ("names", "[a, b]", ["a", "b"]),
        ("wire", "y", "y"),
        ("wire", "y.activations", "y.activations"),
        ("wire", "x", "x"),
        ("map", "{a: [1, {b: $p}]}", {"a": [1, {"b": 3}]}),
        ("rates", "{a: 1, b: 2.5}", {"a": 1, "b": 2.5}),
        ("rates", "{}", {}),
        ("inputs", "{x: 2}", {"x": 2}),
        ("settings", "{a: {}, b: {number: 4}}", {"a": {}, "b": {"number": 4}}),
    ],
)
def test_values_of_a_file(read_kind, kind, text, value):
    assert read_kind(kind, text) == value


@pytest.mark.parametrize(
    "kind, text, problem",
    [
        ("number", "-1", (14, "extra 'key' must be a whole number from 0, got -1", "")),
        ("number", "", (14, "extra 'key' must be a whole number from 0, got nothing", "")),
        ("number", "{}", (14, "extra 'key' must be a whole number from 0, got a mapping", "")),
        ("kind", "sane", (14, "extra 'key' must be same or valid, got 'sane'", "did you mean 'same'?")),
        ("rate", "[1]", (14, "extra 'key' must be a number above 0, got a list", "")),
        ("names", "[a, [b]]", (14, "extra 'key' must be a list of names, got a list", "")),
        ("wire", "z", (14, "extra 'key': no node, input or output named 'z'", "")),
        ("wire", "[y]", (14, "extra 'key' must be the name of an output or wire, got a list", "")),
        (
            "file",
            "/a.npz",
            (
                14,
                "'extra': paths must be relative to this file, got '/a.npz'",
                "or name its folder in DATAFLOW_DATA_ROOT",
            ),
        ),
        ("file", "3", (14, "extra 'key' must be text, got 3", "")),
        ("map", "[a]", (14, "extra 'key' must be a mapping, got a list", "")),
        ("rates", "a", (14, "extra 'key' must be a mapping, got 'a'", "")),
        ("rates", "{a: 0}", (18, "'extra': rate 'a' must be a number above 0, got 0", "")),
        ("inputs", "{xx: 1}", (15, "'extra': no graph input named 'xx'", "did you mean 'x'?")),
        ("settings", "{a: {numbr: 1}}", (19, "extra 'key': 'a' has no key 'numbr'", "did you mean 'number'?")),
        ("settings", "{a: {number: -1}}", (27, "extra 'key': 'a': 'number' must be a whole number from 0, got -1", "")),
    ],
)
def test_mistakes_in_a_file(read_kind, kind, text, problem):
    assert read_kind(kind, text) == [problem]


def test_files_are_known_by_their_real_paths(read_kind):
    Path("data").mkdir()
    Path("link").symlink_to("data")
    assert read_kind("file", "link/d.npz") == str(Path("data/d.npz").resolve())


@pytest.mark.parametrize(
    "kind, right, wrong",
    [
        ("number", [0], [-1, "a"]),
        ("kind", ["same"], ["sane"]),
        ("rate", [0.5], [0, "a"]),
        ("names", [["a"], []], ["a", [1]]),
        ("wire", ["y.out"], [1, "a b"]),
        ("file", ["a/b"], [1]),
        ("map", [{"a": 1}], [[]]),
        ("rates", [{"a": 1}], [{"a": 0}, []]),
        ("inputs", [{"x": 1}], [{"x": 0}]),
        ("settings", [{"a": {"number": 1}}], [{"a": {"number": -1}}, {"a": {"b": 1}}]),
    ],
)
def test_the_schema_takes_what_the_kind_takes(kind, right, wrong):
    validator = jsonschema.Draft7Validator({**KINDS[kind].schema(), "definitions": schema()["definitions"]})
    assert all(map(validator.is_valid, right))
    assert not any(map(validator.is_valid, wrong))
