"""Nodes found by words."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.core.errors import DataflowError
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.suggest.finding import Hit, Query, find

ONE = """\
dataflow: 1
inputs:
  image: float32[N, 64]
nodes:
  conv_image: {block: Relu, inputs: [image]}
  q: {block: FakeQuantWithMinMaxArgs, inputs: [image], attrs: {num_bits: 8, narrow_range: true}}
  half: {block: Mul, inputs: [q, 0.5]}
  bad: {block: Mul, inputs: [q]}
outputs:
  image_out: half
"""
TWO = "dataflow: 1\nnodes:\n  q2: {block: FakeQuantWithMinMaxArgs, attrs: {num_bits: 4}}\nnmes: 3\n"


def found(text: str, clipped: tuple[str, ...] = ()) -> list[str]:
    query = Query.of(text)
    files = {"one.yaml": ONE, "two.yaml": TWO}
    hits = find(query, (read(path, text=text) for path, text in files.items()), clipped)
    return [hit.node or f"{Path(hit.path).stem}:{hit.line}" for hit in hits]


@pytest.mark.parametrize(
    ("query", "nodes"),
    [
        ("image", ["image", "conv_image", "one:10"]),
        ("IMAGE conv", ["conv_image"]),
        ("q*", ["q", "q2"]),
        ('"half"', ["half"]),
        ("block:mul", ["half", "bad"]),
        ("block:multiply half", ["half"]),
        ("block:FakeQuant*", ["q", "q2"]),
        ("attr:num_bits", ["q", "q2"]),
        ("attr:num_bits=4", ["q2"]),
        ("attr:narrow_range=true", ["q"]),
        ("is:problem", ["two:4", "bad", "q2"]),
        ("is:problem block:mul", ["bad"]),
        ("is:clipped", ["q"]),
        ("nothing", []),
    ],
)
def test_all_words_must_be_right(query: str, nodes: list[str]) -> None:
    assert sorted(found(query, ("q", "q2"))) == sorted(nodes)


def test_hits_have_the_line_as_it_stands_there() -> None:
    (hit,) = find(Query.of("conv"), [read("one.yaml", text=ONE)])
    assert hit == Hit("one.yaml", "conv_image", 5, "conv_image: {block: Relu, inputs: [image]}")


def test_files_need_not_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(ONE)
    assert not Query.of("half").needs_load and Query.of("is:problem").needs_load
    assert [hit.node for hit in find(Query.of("half"), [LoadContext(tmp_path / "g.yaml")])] == ["half"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("blok:Relu", "'blok:' must be block:, attr: or is:, got another word; did you mean 'block'"),
        ("is:problm", "'is:problm' must be is:problem or is:clipped; did you mean 'problem'"),
    ],
)
def test_words_that_mean_nothing_are_refused(query: str, message: str) -> None:
    with pytest.raises(DataflowError, match=message):
        Query.of(query)
