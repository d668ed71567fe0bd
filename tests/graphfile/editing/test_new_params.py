"""A value made a param."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.core.errors import GraphFileError

TEXT = """\
dataflow: 1
params:
  ax: 0
  bits: {type: int, default: 8}
inputs:
  x: float32[N, 4]
nodes:
  q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: 8, min: -1.0}}
  c: {block: Pack, inputs: {values: [q, 0.5]}, attrs: {axis: $ax}}
  l: {block: LeakyRelu, inputs: {features: x}}
outputs: {y: c}
train: {minimize: c, optimizer: {block: ApplyAdam}, epochs: 3}
"""


@pytest.mark.parametrize(
    ("name", "place", "changed"),
    [
        ("low", "q.min", [("min: -1.0", "min: $low"), ("default: 8}\n", "default: 8}\n  low: -1.0\n")]),
        ("bits", "q.num_bits", [("num_bits: 8", "num_bits: $bits")]),
        ("half", "c.values.1", [("[q, 0.5]", "[q, $half]"), ("default: 8}\n", "default: 8}\n  half: 0.5\n")]),
        ("n", "train.epochs", [("epochs: 3", "epochs: $n"), ("default: 8}\n", "default: 8}\n  n: 3\n")]),
        (
            "by",
            "l.alpha",
            [("{features: x}}", "{features: x}, attrs: {alpha: $by}}"), ("default: 8}\n", "default: 8}\n  by: 0.2\n")],
        ),
    ],
)
def test_the_value_becomes_the_default(name: str, place: str, changed: list[tuple[str, str]]) -> None:
    file = flow.edit("g.yaml", TEXT)
    known = file.problems()
    file.param(name, place)
    text = TEXT
    for old, new in changed:
        text = text.replace(old, new)
    assert file.text == text and file.problems(known) == []
    file.undo()
    assert file.text == TEXT


@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("ax", "q.num_bits", "the param 'ax' has another value, 0; choose another name"),
        ("a b", "q.num_bits", "names must be letters"),
        ("a", "c.axis", "'nodes.c.attrs.axis' has a param already, '\\$ax'"),
        ("a", "c.values.0", "names something of the graph"),
        ("a", "outputs.y", "names something of the graph"),
        ("a", "q.inputs", "must be a value to become a param, got a mapping"),
        ("a", "q.doc", "cannot be a param"),
        ("a", "params.ax", "cannot be a param"),
        ("a", "inputs.x.shape.1", "must be a value to become a param, got nothing"),
        ("a", "c.inputs.more", "must be a value to become a param, got nothing"),
    ],
)
def test_what_can_be_no_param_is_refused(name: str, place: str, message: str) -> None:
    file = flow.edit("g.yaml", TEXT)
    with pytest.raises(GraphFileError, match=message):
        file.param(name, place)
    assert file.text == TEXT
