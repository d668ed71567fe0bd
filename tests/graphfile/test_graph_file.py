"""The sections of a file: which there may be, of what kind, and the short way to write a type."""

from __future__ import annotations

import pytest

from dataflow.graphfile.graph_file import NOTHING, WRONG, define, known_keys, mapping, short_type, text
from dataflow.graphfile.parse import parse
from dataflow.graphfile.tree import Document, Value


def defined(source):
    document = parse(source, "graph.yaml")
    return define(document), [(p.line, p.column, p.message, p.hint) for p in document.problems.values()]


def test_the_sections_are_told_apart():
    found, wrong = defined(
        "dataflow: 1\nname: n\ndoc: d\nparams: {p: 1}\ninputs: {x: float32}\nnodes: {y: {}}\noutputs: {y: y}\n"
        "train: {minimize: y}\nx-any: [1, 2]\n"
    )
    assert (wrong, found.broken, found.name, found.doc) == ([], False, "n", "d")
    assert found.params["p"].default == 1
    assert [list(section.data) for section in (found.inputs, found.nodes, found.outputs)] == [["x"], ["y"], ["y"]]
    assert list(found.sections) == ["train"]
    assert found.sections["train"].plain() == {"minimize": "y"}
    assert (found.place, found.places["train"]) == ((4, 1), (8, 1))


def test_what_is_absent_or_empty_is_an_empty_mapping():
    for source in ("dataflow: 1\n", "dataflow: 1\ninputs:\nnodes: ~\noutputs: {}\nparams:\n"):
        found, wrong = defined(source)
        assert wrong == []
        assert (found.name, found.doc, found.params, found.sections) == ("", "", {}, {})
        assert found.inputs.data == found.nodes.data == found.outputs.data == {}
    assert defined("dataflow: 1\n")[0].place == (1, 1)


@pytest.mark.parametrize(
    "source, problem",
    [
        ("[1]", (1, 1, "a graph file must be a mapping that begins with 'dataflow: 1', got a list", "")),
        ("name: n\n", (1, 1, "a graph file must begin with 'dataflow: 1', got no such line", "")),
        ("dataflow: 2\n", (1, 11, "'dataflow' must be 1, the version of the format, got 2", "")),
        ("dataflow: true\n", (1, 11, "'dataflow' must be 1, the version of the format, got true", "")),
        ("name: n\ndataflow: 1\n", (2, 1, "'dataflow: 1' must be the first key of the file", "")),
        ("dataflow: 1\nnods: {}\n", (2, 1, "a graph file has no key 'nods'", "did you mean 'nodes'?")),
        ("dataflow: 1\nname: 3\n", (2, 7, "'name' must be text, got 3", "write it in quotes")),
        ("dataflow: 1\ndoc: [a]\n", (2, 6, "'doc' must be text, got a list", "")),
        ("dataflow: 1\nnodes: [a]\n", (2, 8, "'nodes' must map names to blocks, got a list", "")),
        ("dataflow: 1\ninputs: x\n", (2, 9, "'inputs' must map names to types, got 'x'", "")),
        ("dataflow: 1\noutputs: 1\n", (2, 10, "'outputs' must map names to wires, got 1", "")),
        ("dataflow: 1\nparams: a\n", (2, 9, "'params' must map names to values, got 'a'", "")),
    ],
)
def test_what_is_wrong_with_sections(source, problem):
    assert defined(source)[1] == [problem]


def test_a_file_that_is_no_mapping_is_broken_and_one_of_a_wrong_version_is_not():
    assert defined("[1]")[0].broken
    assert defined("")[0].broken
    assert not defined("dataflow: 2\n")[0].broken


def test_everything_wrong_is_told_at_once():
    _, wrong = defined("name: 1\nnods: 1\nnodes: 1\n")
    assert [message.partition(" ")[0] for *_, message, _ in wrong] == ["a", "a", "'name'", "'nodes'"]


def test_unknown_keys_are_reported_where_they_stand():
    document = parse("{one: 1, tow: 2, x-three: 3}", "graph.yaml")
    assert known_keys(document, document.root, ("one", "tow"), "it", ignored="x-")
    assert not document.problems
    assert not known_keys(document, document.root, ("one", "two"), "it")
    assert [(p.column, p.message, p.hint) for p in document.problems.values()] == [
        (10, "it has no key 'tow'", "did you mean 'two'?"),
        (18, "it has no key 'x-three'", "it has one, two"),
    ]


def test_mappings_that_may_be_left_out():
    document = Document("graph.yaml")
    value = Value({"a": Value(1, (1, 4))}, (1, 1))
    assert mapping(document, value, "must map") is value
    assert mapping(document, None, "must map") is mapping(document, Value(None, (1, 1)), "must map") is NOTHING
    assert not document.problems
    assert mapping(document, Value([], (2, 3)), "'a' must map", "node 'y'") is WRONG
    ((place, message),) = document.problems
    assert (place, message) == ((2, 3), "node 'y': 'a' must map, got a list")


def test_text_that_may_be_left_out():
    document = Document("graph.yaml")
    assert text(document, None, "'doc'") == ""
    assert text(document, Value("told", (1, 1)), "'doc'") == "told"
    assert not document.problems
    assert text(document, Value(1.5, (1, 1)), "'doc'") == text(document, Value(None, (2, 1)), "'doc'") == ""
    assert [(p.message, p.hint) for p in document.problems.values()] == [
        ("'doc' must be text, got 1.5", "write it in quotes"),
        ("'doc' must be text, got nothing", ""),
    ]


@pytest.mark.parametrize(
    "written, dtype, shape",
    [
        ("float32", "float32", None),
        ("float32[...]", "float32", None),
        (" float32 [ ... ] ", "float32", None),
        ("float32[]", "float32", []),
        ("float32[ ]", "float32", []),
        ("int8[N, 64]", "int8", ["N", 64]),
        ("int8[?,None,-1,0x10,~]", "int8", ["?", "None", -1, 16, None]),
        ("int8[\n N,\n 2 ]", "int8", ["N", 2]),
        ("nothing_known[1]", "nothing_known", [1]),
    ],
)
def test_short_types(written, dtype, shape):
    found = short_type(Value(written, (3, 4)))
    assert found["dtype"].plain() == dtype
    assert ("shape" in found, shape is not None) in ((True, True), (False, False))
    assert shape is None or found["shape"].plain() == shape
    assert {value.place for value in found.values()} == {(3, 4)}


@pytest.mark.parametrize("written", ["", "float32[", "float32]", "[3]", "float32[1] x", "float 32"])
def test_what_is_no_short_type(written):
    with pytest.raises(ValueError) as caught:
        short_type(Value(written, (1, 1)))
    assert str(caught.value) == f"must be a type such as float32[N, 64], got '{written}'"


def test_a_dim_that_fits_no_number():
    with pytest.raises(ValueError, match="whole numbers must fit 64 bits"):
        short_type(Value("float32[99999999999999999999]", (1, 1)))
