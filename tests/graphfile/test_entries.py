"""What a graph file has in the place of each part of a graph."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.graphfile.entries import Entries


def graph():
    made = flow.Graph("g")
    x = made.input("x", "float16", ["N", 2], doc="rows: $2", range=[0, 1])
    made.add(flow.blocks["AddN"](), [(x, np.float16([[1, 2]]))], name="s", doc="a sum")
    made.constant(np.arange(3, dtype=np.float32), name="c")
    made.output("y", "s")
    return made


def test_entries_are_what_a_file_says():
    entries, nodes = Entries(graph(), inline=16), graph().nodes
    assert entries.input(nodes["x"]) == {
        "dtype": "float16",
        "shape": ["N", 2],
        "range": [0.0, 1.0],
        "doc": "rows: $2",
    }
    assert entries.node(nodes["c"]) == {"block": "Const", "attrs": {"value": [0.0, 1.0, 2.0]}}
    assert entries.node(nodes["s"]) == {"block": "AddN", "inputs": {"inputs": ["x", [[1.0, 2.0]]]}, "doc": "a sum"}
    assert entries.outputs() == {"y": "s"}


def test_larger_arrays_are_arrays_still():
    entries, nodes = Entries(graph(), inline=1), graph().nodes
    assert isinstance(entries.node(nodes["c"])["attrs"]["value"], np.ndarray)
    assert isinstance(entries.node(nodes["s"])["inputs"]["inputs"][1], np.ndarray)


def test_wires_are_named_as_the_file_names_them():
    entries = Entries(graph(), inline=16, wire=lambda link: f"<{link.node}>")
    assert entries.outputs() == {"y": "<s>"}
    assert entries.node(graph().nodes["s"])["inputs"]["inputs"][0] == "<x>"


def test_sections_must_be_known_and_name_files_as_asked():
    made = graph()
    made.sections = {"data": {"train": {"path": "/a/d.npz", "inputs": {"x": "$x"}}}}
    found = Entries(made, inline=16).sections(lambda name, path: f"{name}!{path}")
    assert found == {"data": {"train": {"path": "data!/a/d.npz", "inputs": {"x": "$$x"}}}}
    made.sections = {"dta": {}}
    with pytest.raises(GraphError, match=r"^graph 'g': sections must be data.*, got 'dta'$"):
        Entries(made, inline=16).sections(lambda name, path: path)
