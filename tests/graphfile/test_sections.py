"""Sections that packages above declare: registered by name, loaded when a file has them."""

from __future__ import annotations

from pathlib import Path

import places
import pytest
from graph_text import node, problems

import dataflow as flow
from dataflow.core.attrs import attr
from dataflow.core.errors import GraphError
from dataflow.graph.layout import Layout
from dataflow.graphfile import sections
from dataflow.graphfile.record import Record
from dataflow.graphfile.sections import Section


class Extra(Record):
    """A section of its own."""

    rows: int = attr("rows to show", default=20, ge=1)


GRAPH = node("Const", "attrs: {value: 1}")


@pytest.fixture
def loaded(monkeypatch):
    """Registers a section; lists each time its declaration was asked for."""
    monkeypatch.setattr(sections, "_loaders", dict(sections._loaders))
    asked = []
    sections.register("extra", lambda: asked.append("extra") or Section(Extra))
    return asked


def test_names_come_in_the_order_registered(loaded):
    assert sections.names()[-1] == "extra"
    assert set(sections.names()) >= {"data", "train"}
    assert sections.declaration("extra") is Extra


def test_a_declaration_is_loaded_when_a_file_has_the_section(read, loaded):
    read(GRAPH)
    read(GRAPH + "extra:\n")
    assert loaded == []
    assert read(GRAPH + "extra: {rows: 3}\n").sections == {"extra": {"rows": 3}}
    assert loaded


def test_sections_are_saved_in_the_order_registered(read, loaded):
    graph = read("extra: {rows: 3}\n" + GRAPH + "train: {optimizer: {block: ApplyGradientDescent}}\n")
    graph.layout = Layout()  # as if it were made in Python
    flow.save(graph, "saved.yaml")
    text = Path("saved.yaml").read_text()
    assert text.index("\ntrain:") < text.index("\nextra:\n  rows: 3\n")
    assert flow.load("saved.yaml").sections == graph.sections


def test_a_file_may_have_only_those_that_are_registered(read):
    (problem,) = problems(read, GRAPH + "extra: {rows: 3}\n")
    assert (problem.line, problem.message) == (5, "a graph file has no key 'extra'")
    graph = flow.Graph("g", sections={"extra": {}})
    with pytest.raises(GraphError, match="graph 'g': sections must be data, train and quantization, got 'extra'"):
        flow.save(graph, "g.yaml")


def test_every_section_of_this_package_is_documented():
    page = (places.DOCS / "graph_format.md").read_text("utf-8")
    assert all(f"| `{name}` |" in page for name in sections.names())
