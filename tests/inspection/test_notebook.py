"""What a notebook shows of graphs, blocks and plans."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

import dataflow as flow
from dataflow.conformance.samples import documented

SVG = "{http://www.w3.org/2000/svg}"


def line(dim: int | str = "N") -> flow.Graph:
    graph = flow.Graph("line")
    graph.output("y", flow.blocks["Relu"]()(2 * graph.input("x", "float32", [dim]) + 1, name="kept"))
    return graph


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_graph_is_a_picture_and_its_lines() -> None:
    shown = line()._repr_mimebundle_()
    assert shown["text/plain"] == str(line())
    assert {"x", "kept", "Relu", "y"} <= set(texts(shown["image/svg+xml"]))


def test_a_graph_that_is_too_large_is_its_lines() -> None:
    graph = flow.Graph("long")
    wire = graph.input("x", shape=[2])
    for _ in range(301):
        wire = -wire
    assert set(graph._repr_mimebundle_()) == {"text/plain"}


def test_a_graph_with_too_many_cards_is_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataflow.inspection.scene._MOST", 3)
    assert set(line()._repr_mimebundle_()) == {"text/plain"}


def test_a_block_is_a_picture_with_the_values_of_its_attrs() -> None:
    shown = flow.blocks["Cast"](DstT="int8")._repr_mimebundle_()
    assert shown["text/plain"] == "Cast(DstT='int8')"
    assert {"Cast", "math_ops", "DstT int8", "Truncate false"} <= set(texts(shown["image/svg+xml"]))


@pytest.mark.parametrize("name", list(flow.blocks))
def test_every_block_has_a_picture(name: str) -> None:
    for sample in documented(flow.blocks[name])[:1]:
        found = texts(sample.block._repr_mimebundle_()["image/svg+xml"])
        assert name in found
        assert all(any(text.startswith(port) for text in found) for port in sample.block.signature.outputs)


def test_a_plan_is_a_table() -> None:
    plan = flow.plan(line(), x=[3])
    shown = plan._repr_mimebundle_()
    assert shown["text/plain"] == str(plan)
    table = ElementTree.fromstring(shown["text/html"].replace("&emsp;", " "))
    assert table.findtext("caption") == "for x[3]"
    assert [cell.text for cell in table.iter("th")] == ["node", "block", "type", "where"]
    rows = [["".join(cell.itertext()).strip() for cell in row] for row in table.iter("tr")][1:]
    assert next(row for row in rows if row[0] == "kept")[1:3] == ["Relu(add_v2)", "float32[3]"]
    assert len(rows[-1]) == 1 and "held at most" in rows[-1][0]


def test_a_plan_without_shapes_says_what_it_waits_for() -> None:
    assert (
        flow.plan(line())._repr_mimebundle_()["text/html"].startswith("<p>no shapes yet for x: float32[N]; give them")
    )
