"""Blocks and graphs as data, text and pictures."""

from __future__ import annotations

import itertools
import json
import re
import sys
import types
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dataflow as flow
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.inspection import block_markdown, describe, dot, mermaid, svg, text
from dataflow.inspection.columns import Box, Edge
from dataflow.inspection.data import brief, category, parts
from dataflow.inspection.drawing import drawing
from dataflow.inspection.layout import place

HOSTILE = """<b> & "x" 'y' ]]> {|} \\ `z` --> é"""


def sample() -> Graph:
    graph = Graph("sample", doc=HOSTILE)
    x = graph.input("x", "float32", ["N", 4], doc="pixels & <more>")
    x_q = blocks["FakeQuantWithMinMaxVars"](num_bits=4)(x, -1.0, 1.0, name="x_q")
    wide = blocks["Concat"]()([x_q, x, [[1.0, 2.0, 3.0, 4.0]]], 0, name="part/wide")
    kept = graph.add(blocks["Variable"](dtype="float32", shape=[3]), name="kept")
    graph.output(HOSTILE, wide)
    graph.output("kept", kept)
    return graph


def test_a_block_is_found_by_name_alias_class_and_instance() -> None:
    told = describe("Subtract")
    assert told == describe("Sub") == describe(blocks["Subtract"]) == describe(blocks["Subtract"]())
    assert told["aliases"] == ["Sub"]
    assert (told["category"], told["kind"], told["formula"]) == ("math_ops", "Binary", "x - y")
    assert told["source"] == "tf.math.subtract"
    assert told["example"].startswith(">>> Subtract()")


def test_ports_and_attrs_are_told() -> None:
    told = describe("FakeQuantWithMinMaxArgs")
    bits = next(a for a in told["attrs"] if a["name"] == "num_bits")
    assert (bits["type"], bits["default"], bits["min"], bits["max"], bits["required"]) == ("int", 8, 2, 16, False)
    assert bits["limits"] == "between 2 and 16"
    assert describe("Concat")["inputs"][0]["many"]
    assert describe("Mean")["inputs"][1]["static"]
    assert describe("Variable")["inputs"][0]["optional"]
    assert "int64" in describe("Cast")["outputs"][0]["dtypes"]


def test_gradients_are_told() -> None:
    class Unfinished(flow.Block, abstract=True):
        """Nothing, ``x``."""

    assert [describe(b)["gradient"] for b in ("Add", "ArgMax", Unfinished)] == ["yes", "none flows", "missing"]


def test_the_docstring_is_taken_apart() -> None:
    found = parts("""What, ``a`` of ``b + c``.

    More on
    two lines.

    >>> 1
    1

    Even more.

    Source: somewhere.
    """)
    assert found["formula"] == "b + c"
    assert found["details"] == "More on\ntwo lines.\n\nEven more."
    assert (found["example"], found["source"]) == (">>> 1\n1", "somewhere")
    assert set(parts("").values()) == {""}


def test_the_category_is_the_folder_of_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    def placed(module: str, package: str) -> str:
        made = types.ModuleType(module)
        made.__package__ = package
        monkeypatch.setitem(sys.modules, module, made)
        return category(type("Some", (flow.Block,), {"__module__": module}, abstract=True))

    assert placed("acme.special_ops.one", "acme.special_ops") == "special_ops"
    assert placed("acme_blocks.one", "acme_blocks") == "acme_blocks"
    assert placed("single", "") == "single"


def test_a_graph_is_plain_data() -> None:
    told = describe(sample())
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["inputs"] == [{"name": "x", "dtype": "float32", "shape": ["N", 4], "doc": "pixels & <more>"}]
    nodes = {n["name"]: n for n in told["nodes"]}
    assert nodes["x_q"]["inputs"] == {"inputs": {"wire": "x"}, "min": {"value": -1.0}, "max": {"value": 1.0}}
    assert nodes["x_q"]["attrs"] == {"num_bits": 4}
    assert nodes["x_q"]["outputs"] == [{"name": "outputs", "dtype": "float32", "shape": ["N", 4]}]
    assert nodes["part/wide"]["inputs"]["values"][:2] == [{"wire": "x_q"}, {"wire": "x"}]
    assert nodes["kept"]["inputs"] == {"initvalues": None}
    assert told["outputs"] == {HOSTILE: "part/wide", "kept": "kept"}


def test_values_are_told_in_short() -> None:
    assert [brief(v) for v in (1, 1.0, True, None, "SAME", (1, 2))] == ["1", "1.0", "true", "null", "SAME", "[1, 2]"]
    assert brief(np.array([0.1, np.nan, np.inf], np.float32)) == "[0.1, .nan, .inf]"
    assert brief(np.zeros((100, 3))) == "float64[100, 3]"
    assert brief(list(range(60))).endswith("…")


@pytest.mark.parametrize("name", blocks)
def test_every_block_can_be_shown(name: str) -> None:
    told = describe(name)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    page, lines = block_markdown(name, "dataflow: 1\n"), text(name)
    for row in (*told["inputs"], *told["attrs"], *told["outputs"]):
        assert f"| `{row['name']}` |" in page
        assert f"  {row['name']} " in lines


def test_a_block_is_drawn_with_letters() -> None:
    """Optional inputs have a dotted arrow; attrs that must be given have no default."""
    assert drawing(describe("EinsumGrad")).splitlines() == [
        "             ┌─ EinsumGrad ─┐",
        "dy     T  ──▶│ equation     │──▶ dx  T",
        "input  T  ──▶│ position = 0 │",
        "other  T  ╌╌▶│              │",
        "             └──────────────┘",
    ]
    assert drawing(describe("NoOp")).splitlines() == ["┌─ NoOp ─┐", "│        │", "└────────┘"]


def test_text_of_others_stays_text() -> None:
    drawn = svg(sample())
    root = ElementTree.fromstring(drawn)
    words = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith(("text", "desc"))]
    assert words.count(HOSTILE) == 2  # the graph's doc, the output's name
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "path", "g", "circle", "text", "tspan",
    }  # fmt: skip
    for line in mermaid(sample()).splitlines()[1:]:
        assert re.fullmatch(r"""  \w+(\(\["[^"`<>{}]*"\]\)|\["([^"`<>{}]|<br/>)*"\]| -->\|"[^"`<>{}]*"\| \w+)""", line)
    assert r'label="<b> & \"x\"' in dot(sample())


def test_pictures_show_types_and_literals() -> None:
    words = ["".join(e.itertext()) for e in ElementTree.fromstring(svg(sample())).iter() if e.tag.endswith("text")]
    for word in (
        "x_q",
        "FakeQuantWithMinMaxVars",
        "min = -1.0",
        "float32[N, 4]",
        "num_bits = 4",
        "values[2] = [[1.0, 2.0, 3.0, 4.0]]",
    ):
        assert word in words
    assert svg(sample()) == svg(sample())


def test_characters_that_xml_cannot_hold_are_spelled_out() -> None:
    root = ElementTree.fromstring(svg(Graph("bell\x07", doc="\x00\ud800\uffff and text")))
    assert [e.text for e in root if e.tag.endswith(("title", "desc"))] == [
        "bell\\x07",
        "\\x00\\ud800\ufffd and text",
    ]


def test_an_empty_graph_can_be_drawn() -> None:
    for draw in (svg, mermaid, dot):
        assert draw(Graph())


# -- layout -----------------------------------------------------------------------------------------------------


@st.composite
def drawings(pick: Any) -> tuple[list[Box], list[Edge]]:
    boxes: list[Box] = []
    edges = []
    for i in range(pick(st.integers(1, 14))):
        lefts = pick(st.integers(0, min(3, i)))
        rights = pick(st.integers(0, 3)) if i else 1
        height = 50.0 + 20 * max(lefts, rights)
        pin = (
            pick(st.sampled_from(["", "", "left"]))
            if not lefts
            else pick(st.sampled_from(["", "", "right"]))
            if not rights
            else ""
        )
        box = Box(
            pick(st.sampled_from([60.0, 150.0])),
            height,
            [50.0 + 20 * n for n in range(lefts)],
            [50.0 + 20 * n for n in range(rights)],
            pin,
        )
        open_ports = [(b, n) for b in boxes for n in range(len(b.rights))]
        for end in range(lefts if open_ports else 0):
            source, start = pick(st.sampled_from(open_ports))
            edges.append(Edge(source, start, box, end))
        boxes.append(box)
    return boxes, edges


@given(drawings())
def test_nothing_overlaps(drawing: tuple[list[Box], list[Edge]]) -> None:
    boxes, edges = drawing
    width, height, paths = place(boxes, edges)
    for box in boxes:
        assert 0 <= box.x <= box.x + box.width <= width + 1e-6
        assert -1e-6 <= box.y <= box.y + box.height <= height + 1e-6
    for a, b in itertools.combinations(boxes, 2):
        assert a.x + a.width < b.x or b.x + b.width < a.x or a.y + a.height < b.y or b.y + b.height < a.y
    for edge in edges:
        assert edge.source.x + edge.source.width < edge.target.x
        path = paths[edge.source, edge.start]
        assert path.startswith(
            f"M{edge.source.x + edge.source.width:.1f} {edge.source.y + edge.source.rights[edge.start]:.1f}"
        )
        assert f"{edge.target.x:.1f} {edge.target.y + edge.target.lefts[edge.end]:.1f}" in path
    for path in paths.values():
        for low, high, left, right in pieces(path):
            for box in boxes:
                beside = right <= box.x + 0.1 or left >= box.x + box.width - 0.1
                assert beside or high < box.y or low > box.y + box.height


def pieces(path: str) -> list[tuple[float, float, float, float]]:
    """What each piece of a path spans: lowest and highest y, leftmost and rightmost x."""
    found = []
    for x, y, kind, rest in re.findall(r"M(\S+?) (\S+?)([HC])([^MHC]+)", path):
        numbers = [float(n) for n in rest.split()]
        to_x, to_y = (numbers[0], float(y)) if kind == "H" else (numbers[-2], numbers[-1])
        found.append((*sorted([float(y), to_y]), float(x), to_x))
    assert len(found) == path.count("M") == path.count("H") + path.count("C")
    return found
