"""Nodes of a text put into a file."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.core.errors import GraphFileError

TEXT = """\
dataflow: 1
params:
  ax: 0
inputs:
  x: float32[N, 4]
nodes:
  r: {block: Relu, inputs: {features: x}}  # rect
  m: {block: Mul, inputs: [r, 0.5]}

  # other
  c:
    block: Pack  # stack
    inputs: {values: [r, m]}
    attrs: {axis: $ax}
"""


def test_copies_get_numbers_and_are_wired_among_each_other() -> None:
    file = flow.edit("g.yaml", TEXT)
    done = file.paste(file.copy(["m", "c"]))
    assert done.names == {"m": "m_2", "c": "c_2"} and done.notes == []
    assert file.text == TEXT + (
        "  m_2: {block: Mul, inputs: [r, 0.5]}\n\n  # other\n  c_2:\n    block: Pack  # stack\n"
        "    inputs: {values: [r, m_2]}\n    attrs: {axis: $ax}\n"
    )
    assert file.undo_title == "paste m_2 and c_2" and file.problems() == []
    assert file.paste(file.copy(["m_2"])).names == {"m_2": "m_3"}
    assert file.undo() and file.undo() and file.text == TEXT


def test_they_come_behind_a_node() -> None:
    file = flow.edit("g.yaml", TEXT)
    file.paste("n: {block: Neg, inputs: [m]}\nr: {block: Neg, inputs: [n]}\n", after="r")
    added = "  n: {block: Neg, inputs: [m]}\n  r_2: {block: Neg, inputs: [n]}\n"
    assert file.text == TEXT.replace("# rect\n", "# rect\n" + added)
    with pytest.raises(GraphFileError, match="no node 'k'"):
        file.paste("n: {block: Neg}", after="k")


@pytest.mark.parametrize("text", ["dataflow: 1\n", "dataflow: 1\nnodes: {}\n", "dataflow: 1\r\n", "dataflow: 1"])
def test_into_an_empty_file(text: str) -> None:
    file = flow.edit("g.yaml", text)
    done = file.paste(TEXT)
    assert [*done.names] == ["r", "m", "c"]
    assert done.notes == [
        "r.features: no node or input 'x' here, so the wire is left out",
        "c: no param 'ax' here, so it must be added",
    ]
    nodes = file.tree["nodes"]
    assert nodes["r"] == {"block": "Relu"} and nodes["c"]["inputs"] == {"values": ["r", "m"]}
    if "{}" not in text:
        assert "# other" in file.text and "# rect" in file.text


def test_wires_to_what_is_not_there_are_left_out_of_lists_too() -> None:
    file = flow.edit("g.yaml", TEXT)
    done = file.paste("p: {block: Pack, inputs: {values: [zz, r, qq.z, p]}}\nq: {block: AddV2, inputs: [zz, r]}\n")
    assert file.tree["nodes"]["p"]["inputs"] == {"values": ["r", "p"]}
    assert file.tree["nodes"]["q"]["inputs"] == {"y": "r"}
    assert [note.partition(":")[0] for note in done.notes] == ["p.values", "p.values", "q.x"]


def test_anchors_indents_and_json_are_taken_as_they_come() -> None:
    file = flow.edit("g.yaml", TEXT)
    assert file.paste("    a: &k {block: Neg, inputs: [r]}\n    b: {<<: *k, inputs: [a]}\n").names == {
        "a": "a",
        "b": "b",
    }
    assert file.paste('{"a": {"block": "Neg", "inputs": ["a"]}}').names == {"a": "a_2"}
    assert file.tree["nodes"]["a_2"] == {"block": "Neg", "inputs": ["a_2"]}
    other = flow.edit("g.yaml", '{"dataflow": 1, "nodes": {"r": {"block": "Const"}}}')
    other.paste(TEXT)
    assert '"r_2": {"block": "Relu"}' in other.text


def test_wires_behind_the_last_input_of_a_block_are_left_out_too() -> None:
    file = flow.edit("g.yaml", TEXT)
    pasted = file.paste("n: {block: Neg, inputs: [zz, r, zzz]}")
    assert [note.partition(":")[0] for note in pasted.notes] == ["n.x", "n.2"]
    assert file.tree["nodes"]["n"]["inputs"] == {"1": "r"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "the pasted text:1:1: must have nodes by name, got 'hello'"),
        ("a: 1", "node 'a' must be a mapping with 'block'"),
        ("a: [", "the pasted text:2:1: not YAML"),
        ("", "got an empty file"),
        ("nodes: {}\ndataflow: 1", "must have nodes, got none"),
        ("a-b: {block: Neg}", "names must be letters, digits and _"),
    ],
)
def test_what_has_no_nodes_is_refused(text: str, message: str) -> None:
    file = flow.edit("g.yaml", TEXT)
    with pytest.raises(GraphFileError, match=message):
        file.paste(text)
    assert file.text == TEXT
