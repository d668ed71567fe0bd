"""A section is checked against its graph and its files: findings have a place in the file, and come in Python too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest

import dataflow as flow
from dataflow.core.attrs import Dtype, attr
from dataflow.core.errors import GraphError, GraphFileError
from dataflow.graphfile import sections
from dataflow.graphfile.collection_kinds import MapOfInputs
from dataflow.graphfile.load import check
from dataflow.graphfile.record import Record
from dataflow.graphfile.section_checks import check_sections
from dataflow.graphfile.sections import Section
from dataflow.graphfile.value_kinds import FilePath, Names


class Observer(Record):
    """How ranges are found."""

    percentile: float = attr("part of the values that a range holds", default=1.0, ge=0.5, le=1.0)
    momentum: float | None = attr("weight of the newest batch", default=None)


class Bits(Record):
    """Bits of the values on an input."""

    short = "dtype"
    dtype: Dtype = attr("dtype after quantization")


class Quantization(Record):
    """How the graph is quantized."""

    num_bits: int = attr("width of the integers", default=8, ge=2, le=16)
    skip: Names = attr("nodes that stay as they are", default=())
    observer: Observer = attr("how ranges are found", default={})
    inputs: Annotated[dict[str, Bits], MapOfInputs(Bits)] = attr("input -> dtype", default={})
    groups: dict[str, Observer] = attr("group of nodes -> how its ranges are found", default={})
    report: FilePath = attr("file for the report")


def fits(graph, section, report):
    """Findings in a list, at a missing key, at the short form of a mapping, at a mapping and at the section."""
    for i, name in enumerate(section.skip):
        if name not in graph.nodes:
            report(("skip", i), f"skip: no node '{name}'", "it has x and y")
    if section.observer.momentum is None:
        report(("observer", "momentum"), "observer: 'momentum' must be given")
    report(("inputs", "x", "dtype"), "the dtype of x")
    report(("groups", "heads"), "the group heads")
    report((), "the section")
    report(("rounding", "attrs", "mode"), "no rounding")


def opens(graph, section, report):
    report(("report",), f"{Path(section.report).name}: cannot be opened")


TEXT = """\
inputs: {x: "float32[N, 4]"}
nodes: {y: {block: Relu, inputs: {features: x}}}
params: {kept: [y, z]}
quantization:
  skip: $kept
  observer:
    percentile: 0.99
  inputs: {x: half}
  groups: {heads: {momentum: 0.1}}
  report: report.json
"""
FINDINGS = [
    (5, 1, "no rounding", ""),
    (5, 1, "the section", ""),
    (6, 9, "skip: no node 'z'", "it has x and y"),
    (7, 3, "observer: 'momentum' must be given", ""),
    (9, 15, "the dtype of x", ""),
    (10, 12, "the group heads", ""),
]


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(sections._loaders, "quantization", lambda: Section(Quantization, fits, opens))


def problems(read, text):
    with pytest.raises(GraphFileError) as caught:
        read(text, "bad.yaml")
    return [(p.line, p.column, p.message, p.hint) for p in caught.value.problems]


def test_findings_have_a_place_in_the_file(read):
    assert problems(read, TEXT) == FINDINGS
    assert [(p.line, p.column, p.message, p.hint) for p in check("bad.yaml")] == [
        *FINDINGS,
        (11, 11, "report.json: cannot be opened", ""),
    ]


@pytest.mark.parametrize(
    "change, message",
    [
        ("  num_bit: 8\n", "'quantization' has no key 'num_bit'"),
        ("  num_bits: 17\n", "quantization 'num_bits' must be a whole number from 2 to 16, got 17"),
        ("outputs: {z: w}\n", "output 'z': no node or input named 'w'"),
    ],
)
def test_a_file_with_other_problems_is_not_checked(read, change, message):
    assert [problem[2] for problem in problems(read, TEXT + change)] == [message]


def test_graphs_made_in_python_are_checked(read):
    graph = flow.Graph("g", sections={"quantization": {"skip": ["z"], "report": "r.json"}})
    messages = ["skip: no node 'z'; it has x and y", "observer: 'momentum' must be given", "the dtype of x"]
    messages += ["the group heads", "the section", "no rounding"]
    for files, more in ((False, []), (True, ["r.json: cannot be opened"])):
        with pytest.raises(GraphError) as caught:
            check_sections(graph, files)
        assert str(caught.value).splitlines() == [f"graph 'g': {message}" for message in messages + more]
    graph.sections["quantization"] = {"report": 3}
    with pytest.raises(GraphError, match=r"^graph 'g': quantization 'report' must be text, got 3$"):
        check_sections(graph)
