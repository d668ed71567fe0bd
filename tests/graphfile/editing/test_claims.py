"""Which changes are written in one pass over a text, and that the text is that of one after another."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from dataflow.graphfile.editing.acceptance import accepted
from dataflow.graphfile.editing.changes import Change, Drop, Put, Refusal, Rekey
from dataflow.graphfile.editing.history import made
from dataflow.graphfile.parse import parse
from dataflow.graphfile.spans import spans

LINES = """\
dataflow:   1
inputs: {x: float32}
nodes:
  # above a
  a: {block: Relu, inputs: [x, [1, 2]]}  # of a
    # deeper

  b:
    block: Add
    inputs: {x: a, y: a}

  # above c
  c: {block: Relu, inputs: {features: b}}
  d: {block: Relu}
outputs: {y: c}
"""
JSON = """\
{"dataflow": 1,
 "nodes": {
   "a": {"block": "Relu"},
   "b": {"block": "Add", "inputs": {"x": "a", "y": "a"}},
   "c": {"block": "Relu", "inputs": ["b"]},
   "d": {"block": "Relu"}},
 "outputs": {"y": "c"}}
"""
CHANGES: list[Change] = [
    Drop(("nodes", "a")),
    Drop(("nodes", "d")),
    Drop(("nodes", "b", "inputs", "x")),
    Drop(("nodes", "b", "inputs", "y")),
    Put(("nodes", "c", "inputs"), {"features": "x"}),
    Put(("nodes", "c", "doc"), "text"),
    Put(("nodes", "b", "block"), "Sub"),
    Put(("nodes", "e"), {"block": "Neg"}, after="b"),
    Put(("nodes", "f"), {"block": "Neg"}, before="c"),
    Put(("nodes", "g"), {"block": "Neg"}),
    Rekey(("nodes", "c"), "cc"),
    Put(("outputs", "y"), "b"),
]


def text_of(text: str, changes: list[Change]) -> tuple[str, int]:
    """The text after changes, and in how many passes it was written."""
    found = accepted(parse(text, "g.yaml"), spans(text), changes, in_layout=False)
    assert made(text, found.batches) == found.document.text
    return found.document.text, len(found.batches)


def test_changes_of_different_nodes_are_written_in_one_pass() -> None:
    changes: list[Change] = [
        Drop(("nodes", "a")),
        Drop(("nodes", "b", "inputs", "y")),
        Put(("nodes", "c", "doc"), "text"),
        Drop(("nodes", "d")),
        Put(("outputs", "y"), "b"),
    ]
    text, passes = text_of(LINES, changes)
    assert passes == 1
    assert text == LINES.replace("  a: {block: Relu, inputs: [x, [1, 2]]}  # of a\n    # deeper\n", "").replace(
        "{x: a, y: a}", "{x: a}"
    ).replace("{features: b}}", "{features: b}, doc: text}").replace("  d: {block: Relu}\n", "").replace("y: c", "y: b")


def test_nodes_are_added_behind_each_other_in_one_pass() -> None:
    changes: list[Change] = [
        Put(("nodes", "e"), {"block": "Neg"}, after="a"),
        Put(("nodes", "f"), {"block": "Neg"}, after="e"),
        Put(("nodes", "g"), {"block": "Neg"}, after="f"),
    ]
    text, passes = text_of(LINES, changes)
    assert passes == 1
    assert "    # deeper\n  e: {block: Neg}\n  f: {block: Neg}\n  g: {block: Neg}\n\n  b:\n" in text


@pytest.mark.parametrize("text", [LINES, JSON])
@pytest.mark.parametrize(
    "changes",
    [
        [Drop(("nodes", "b", "inputs", "x")), Drop(("nodes", "b", "inputs", "y"))],
        [Put(("nodes", "b", "block"), "Sub"), Drop(("nodes", "b"))],
        [Drop(("nodes", "b", "inputs", "x")), Put(("nodes", "b", "block"), "Sub")],
        [Put(("nodes", "e"), {"block": "Neg"}, after="d"), Drop(("nodes", "d"))],
        [Put(("nodes", "e"), {"block": "Neg"}), Put(("nodes", "f"), {"block": "Neg"})],
        [Rekey(("nodes", "c"), "cc"), Put(("nodes", "cc", "doc"), "text")],
        [Drop(("nodes", "d")), Rekey(("nodes", "c"), "d")],
        [Put(("nodes", "d", "block"), "Neg"), Drop(("nodes", "d")), Rekey(("nodes", "c"), "d")],
        [Drop(("nodes", "a")), Put(("nodes",), {"z": {"block": "Neg"}}), Drop(("outputs", "y"))],
    ],
)
def test_what_another_change_has_to_see_waits_for_it(text: str, changes: list[Change]) -> None:
    found, passes = text_of(text, changes)
    assert passes > 1
    for change in changes:
        text = text_of(text, [change])[0]
    assert found == text


@pytest.mark.parametrize("text", [LINES, LINES.rstrip("\n"), LINES.replace("\n", "\r\n"), JSON, JSON.replace("\n", "")])
def test_the_text_is_that_of_the_changes_one_after_another(text: str) -> None:
    orders = [*permutations(CHANGES, 2), *Random(0).sample([*permutations(CHANGES, 4)], 100)]
    for changes in orders:
        renamed = [change.path for change in changes if isinstance(change, Rekey)]
        if any(change.path[:2] in renamed and not isinstance(change, Rekey) for change in changes):
            continue  # one name, two nodes
        one_by_one = text
        try:
            for change in changes:
                one_by_one = text_of(one_by_one, [change])[0]
        except Refusal:  # one of them takes away what another needs
            with pytest.raises(Refusal):
                text_of(text, list(changes))
            continue
        assert text_of(text, list(changes))[0] == one_by_one, changes


def test_the_last_nodes_of_a_text_without_a_last_break_go() -> None:
    text = "dataflow:   1\nnodes:\n  a: {block: Relu}\n  b: {block: Relu}\n  c: {block: Relu}"
    found, passes = text_of(text, [Drop(("nodes", "b")), Drop(("nodes", "c"))])
    assert (found, passes) == ("dataflow:   1\nnodes:\n  a: {block: Relu}", 2)


def test_in_braces_a_node_goes_with_its_line_and_the_last_with_the_comma_before_it() -> None:
    found, passes = text_of(JSON, [Drop(("nodes", "a")), Drop(("nodes", "b"))])
    assert passes == 1 and '"nodes": {\n   "c": ' in found
    found, passes = text_of(JSON, [Drop(("nodes", "c")), Drop(("nodes", "d"))])
    assert passes == 2 and '"inputs": {"x": "a", "y": "a"}}\n   },\n "outputs"' in found


def test_what_an_anchor_shares_is_changed_alone() -> None:
    text = "dataflow:   1\nx-k: &k {block: Relu}\nnodes:\n  a: *k\n  b: {block: Neg}\n  c: {block: &n Neg, doc: *n}\n"
    for change in (Put(("nodes", "a", "doc"), "y"), Put(("nodes", "c", "doc"), ["z"]), Drop(("nodes", "c"))):
        found, passes = text_of(text, [Drop(("nodes", "b")), change])
        assert passes == 2 and found == text_of(text_of(text, [change])[0], [Drop(("nodes", "b"))])[0]
    assert text_of(text, [Drop(("nodes", "b")), Put(("nodes", "a", "block"), "Sub")])[0].startswith(
        "dataflow:   1\nx-k: &k {block: Sub}\nnodes:\n  a: *k\n  c:"
    )
