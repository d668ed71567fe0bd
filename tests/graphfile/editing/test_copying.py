"""Nodes as text of their own."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.core.errors import GraphFileError

TEXT = """\
dataflow: 1
nodes:
  # a heading

  # of r
  r: {block: Relu, inputs: {features: x}}  # rect
  # of half
  m: {block: Mul, inputs: [r, 0.5]}  # half

  # other
  c:
    block: Pack  # stack
    inputs: {values: [r, m]}
    # about attrs
    attrs: {axis: $ax}
outputs:
  y: m
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_nodes_come_with_their_comments_in_the_order_of_the_file(end: str) -> None:
    file = flow.edit("g.yaml", TEXT.replace("\n", end))
    assert file.copy(["c", "r"]) == (
        "# of r\nr: {block: Relu, inputs: {features: x}}  # rect\n\n# other\nc:\n  block: Pack  # stack\n"
        "  inputs: {values: [r, m]}\n  # about attrs\n  attrs: {axis: $ax}\n"
    )
    assert file.copy(["m"]) == "# of half\nm: {block: Mul, inputs: [r, 0.5]}  # half\n"


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("x-a: &k {axis: 1}\nnodes:\n  c: {block: Pack, attrs: *k}\n", "c: {block: Pack, attrs: {axis: 1}}\n"),
        ("dataflow: 1\nnodes:\n  b: &b {block: Neg}\n  c: {<<: *b, doc: d}\n", "c: {doc: d, block: Neg}\n"),
        ('{"dataflow": 1, "nodes": {"c": {"block": "Neg"}}}', "c: {block: Neg}\n"),
        ("dataflow: 1\nnodes:\n  ? c\n  : {block: Neg}\n", "c: {block: Neg}\n"),
        ("dataflow: 1\nnodes:\n    c:\n      block: Neg\n      doc: |\n        a\n\n        b\n", None),
    ],
)  # fmt: skip
def test_what_does_not_stand_alone_is_written_out(text: str, copied: str | None) -> None:
    found = flow.edit("g.yaml", text).copy(["c"])
    assert found == (copied or "c:\n  block: Neg\n  doc: |\n    a\n\n    b\n")


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(GraphFileError, match="no node 'k'; it has r, m and c"):
        flow.edit("g.yaml", TEXT).copy(["r", "k"])
