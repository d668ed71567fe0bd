"""A graph as SVG: what is in it, and that text of others stays text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hostile_graph import ACTING, HOSTILE, RAW, acting_graph, hostile_graph

from dataflow.core.errors import visible
from dataflow.core.registry import blocks
from dataflow.graph.gradient import gradient
from dataflow.graph.graph import Graph
from dataflow.inspection.picture import block_svg, svg
from dataflow.inspection.scene_svg import Mark


def words(graph: Graph, *kinds: str) -> list[str]:
    """The texts in elements of these kinds."""
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg(graph)).iter() if e.tag.endswith(kinds)]


def test_text_of_others_stays_text() -> None:
    assert words(hostile_graph(), "text", "desc").count(HOSTILE) == 2  # the graph's doc, the output's name
    root = ElementTree.fromstring(svg(hostile_graph()))
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "path", "g", "circle", "text", "tspan",
    }  # fmt: skip


def test_pictures_show_types_and_what_stands_on_ports() -> None:
    shown = words(hostile_graph(), "text")
    for word in ("x_q", "FakeQuantWithMinMaxVars", "min", "-1.0", "N×4", "num_bits 4", "values[2]"):
        assert word in shown
    assert svg(hostile_graph()) == svg(hostile_graph())


def test_there_is_a_card_per_node_and_a_wire_per_port_that_is_wired() -> None:
    root = ElementTree.fromstring(svg(hostile_graph()))
    cards = [e.get("class") for e in root.iter() if e.tag.endswith("rect")]
    assert (cards.count("card"), cards.count("pill"), cards.count("paper")) == (2, 3, 1)  # the variable is a chip
    wires = [e for e in root.iter() if (e.get("class") or "").startswith("wire")]
    assert sorted(e[0].text or "" for e in wires) == [
        f"part/wide.output to output:{HOSTILE}.value",
        "x.output to part/wide.values[1]",
        "x.output to x_q.inputs",
        "x_q.outputs to part/wide.values[0]",
    ]
    assert {e.get("stroke") for e in wires} == {"var(--float)"}


def test_a_wire_has_the_colour_of_its_dtype_which_the_legend_tells() -> None:
    graph = Graph()
    x = graph.input("x", "int8", [3])
    graph.output("y", blocks["Cast"](DstT="bool")(x))
    root = ElementTree.fromstring(svg(graph))
    wires = {e[0].text: e.get("stroke") for e in root.iter() if e.get("class") == "wire"}
    assert wires == {"x.output to cast.x": "var(--int)", "cast.y to output:y.value": "var(--bool)"}
    assert {"int", "bool"} < set(words(graph, "text"))
    assert "float" not in words(graph, "text")


def test_names_of_outputs_are_shown_where_there_are_several() -> None:
    graph = Graph()
    low, high = blocks["MinMaxObserver"]()(graph.input("x", "float32", [3]), name="range")
    graph.output("d", high - low)
    assert {"min", "max"} <= set(words(graph, "text"))
    graph = Graph()
    blocks["Square"]()(graph.input("x", "float32", [3]))
    assert words(graph, "text").count("3") == 2  # the shapes of the input and of the node
    assert "y" not in words(graph, "text")


def test_cards_are_coloured_by_marks_and_grey_without() -> None:
    graph = Graph()
    x = graph.input("x", "float32", [3])
    graph.output("y", blocks["Exp"]()(blocks["Square"]()(x, name="good"), name="plain"))
    drawn = svg(graph, {"good": Mark(120, "44.0 dB")})
    root = ElementTree.fromstring(drawn)
    assert "Square  44.0 dB" in ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
    groups = [e for e in root.iter() if e.get("style") and e.tag.endswith("}g")]
    assert [g.get("class") for g in groups if g.get("style") == "--hue:120"] == [None]
    assert sum(g.get("class") == "grey" for g in groups) == 1


def test_wires_of_reverse_passes_are_dashed() -> None:
    graph = Graph()
    x = graph.input("x", "float32", [3])
    goal = blocks["Mean"]()(blocks["Square"]()(x), [0], name="goal")
    graph.output("goal", goal)
    root = ElementTree.fromstring(svg(gradient(graph, of="goal", wrt="x")))
    assert [e for e in root.iter() if e.get("class") == "wire dash"]
    assert {"Reverse pass"} <= {"".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")}


def test_wires_lead_down_if_told() -> None:
    graph = Graph()
    graph.output("y", blocks["Square"]()(graph.input("x", "float32", [3])))
    right, down = (ElementTree.fromstring(svg(graph, direction=each)) for each in ("right", "down"))
    assert int(right.get("width") or 0) > int(right.get("height") or 0)
    assert int(down.get("width") or 0) < int(down.get("height") or 0)


def test_a_card_tells_its_doc_or_what_its_block_computes() -> None:
    graph = Graph("g")
    x = graph.input("x", "float32", doc="pixels")
    graph.add(blocks["Square"](), [x], name="told", doc="energy")
    graph.add(blocks["Square"](), [x], name="plain")
    titles = words(graph, "title")
    assert {"g", "pixels", "energy"} <= set(titles)
    assert sum("``x * x``" in title for title in titles) == 1


def test_characters_that_xml_cannot_hold_are_spelled_out() -> None:
    root = ElementTree.fromstring(svg(Graph("bell\x07", doc="\x00\ud800\uffff and text")))
    assert [e.text for e in root if e.tag.endswith(("title", "desc"))] == [
        "bell\\x07",
        "\\x00\\ud800\ufffd and text",
    ]


def test_characters_that_act_are_spelled_out() -> None:
    drawn = svg(acting_graph())
    assert not RAW.search(drawn)
    title = ElementTree.fromstring(svg(Graph(ACTING))).find("{*}title")
    assert title is not None and title.text == visible(ACTING)


def test_a_block_is_drawn_with_its_ports_attrs_and_dtypes() -> None:
    root = ElementTree.fromstring(block_svg(blocks["FakeQuantWithMinMaxVars"](num_bits=4)))
    shown = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
    assert shown[:2] == ["FakeQuantWithMinMaxVars", "quantization_ops"]
    assert {"inputs", "T", "min", "R[]", "outputs"} <= set(shown)
    assert "num_bits 4" in " ".join(shown) and "narrow_range false" in " ".join(shown)
    assert len([e for e in root.iter() if e.get("class") == "port"]) == 4


def test_an_empty_graph_can_be_drawn() -> None:
    root = ElementTree.fromstring(svg(Graph("g")))
    assert re.fullmatch(r"-24 -24 48 48", root.get("viewBox") or "")
    assert [e for e in root.iter() if e.get("class") in ("card", "pill", "wire")] == []
