"""SVG of scenes: what is drawn of them, and that any text is text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from dataflow.inspection.elements import Attr, Card, Chip, Frame, LeftPort, RightPort, Scene, Wire
from dataflow.inspection.port_values import PortValue
from dataflow.inspection.scene_svg import Mark, escape, scene_svg
from dataflow.inspection.sizes import Style, sized


def made(text: str = "a", **card: bool) -> Scene:
    left = LeftPort(name=text, family="float", wire="a", chip=Chip(text, "variable"))
    right = RightPort(name=text, family="bool", type="bool[3]", tags=2)
    node = Card("b", "node", text, "frame0", block=text, doc=text, lefts=[left], rights=[right], **card)
    node.attrs, node.notes = [Attr(text, text, False)], [text]
    pill = Card("a", "input", text, rights=[RightPort(name="output", family="float", type="float32[N, 8]")])
    for each in (node, pill):
        sized(each, Style())
    wire = Wire("b.x", ("a", "output"), ("b", text), "float", True, "M0.0 0.0L9.0 9.0")
    return Scene(400.0, 300.0, [Frame("frame0", text, 0.0, 0.0, 390.0, 290.0)], [node, pill], [wire])


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("}text")]


def classes(svg: str, tag: str) -> list[str]:
    return [e.get("class") or "" for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("}" + tag)]


def test_the_picture_has_a_margin_and_a_legend() -> None:
    root = ElementTree.fromstring(scene_svg(made(), "t", "d"))
    assert root.get("viewBox") == "-24 -24 448 382"
    bare = ElementTree.fromstring(scene_svg(made(), "t", "d", legend=False))
    assert bare.get("viewBox") == "-24 -24 448 348"


def test_the_legend_tells_the_colours_that_are_there() -> None:
    found = texts(scene_svg(made("q"), "t"))
    assert {"float", "bool", "variable"} <= set(found) and not {"int", "uint", "gradient"} & set(found)
    assert "gradient" in texts(scene_svg(made("q", gradient=True), "t"))


def test_a_theme_has_its_colours_alone_and_none_those_of_both() -> None:
    light, dark, both = (scene_svg(made(), "t", theme=theme) for theme in ("light", "dark", ""))
    paper = [next(iter(re.findall(r"{--paper:(#\w+)", svg))) for svg in (light, dark)]
    assert len({*paper}) == 2
    assert re.findall(r"{--paper:(#\w+)", both) == paper
    assert "prefers-color-scheme" in both and "prefers-color-scheme" not in light + dark


def test_a_scene_with_cards_left_of_its_origin_is_shown_whole() -> None:
    scene = made()
    scene.cards[0].x, scene.cards[0].y = -100.0, -50.0
    root = ElementTree.fromstring(scene_svg(scene, "t", legend=False))
    assert root.get("viewBox") == "-124 -74 548 398"


def test_cards_show_whether_they_are_wrong_or_of_a_reverse_pass() -> None:
    assert "bad" in classes(scene_svg(made(wrong=True), "t"), "g")
    assert "grad" in classes(scene_svg(made(gradient=True), "t"), "g")
    assert "wire dash" in classes(scene_svg(made(), "t"), "path")


def test_values_stand_in_their_room_and_colour_wires_and_cards() -> None:
    scene = made("q")
    scene.cards[0].rights[0].value_of, scene.cards[1].rights[0].value_of = "b.q", "a.output"
    values = {"b.q": PortValue(bins=[1, 2], sqnr=25.0), "a.output": PortValue("3.5", bits=["8b"], sqnr=15.0)}
    svg = scene_svg(scene, "t", values=values)
    assert {"3.5", "8b", "10 to 20"} <= {*texts(svg)} and "20 to 30" not in texts(svg)
    assert "spread" in classes(svg, "path") and "wire dash graded" in classes(svg, "path")
    assert "tint" not in classes(svg, "rect")
    coloured = scene_svg(scene, "t", values=values, quality=True)
    assert {"25.0 dB", "15.0 dB", "20 to 30"} <= {*texts(coloured)} and classes(coloured, "rect").count("tint") == 2
    assert "spread" not in scene_svg(scene, "t")


def test_marks_colour_cards_and_others_are_grey() -> None:
    marked = scene_svg(made("Relu"), "t", marks={"b": Mark(120, "44 dB")})
    assert "Relu  44 dB" in texts(marked) and "grey" not in classes(marked, "g")
    assert "grey" in classes(scene_svg(made(), "t", marks={}), "g")


def test_a_title_wider_than_its_frame_is_cut_and_told_in_full() -> None:
    long = "a title that is much longer than the frame which it stands above " * 2
    root = ElementTree.fromstring(scene_svg(made(long), "t"))
    assert any(t.endswith("…") for t in texts(scene_svg(made(long), "t")))
    assert long in [e.text for e in root.iter() if e.tag.endswith("}title")]


def test_a_name_that_is_cut_is_told_in_full_and_one_that_is_not_only_once() -> None:
    for name, told in (("…/b", "scope/b: doc"), ("scope/b", "doc")):
        card = Card("scope/b", "node", name, block="Relu", doc="doc")
        sized(card, Style())
        root = ElementTree.fromstring(scene_svg(Scene(200.0, 100.0, [], [card], []), "t"))
        assert [e.text for e in root.iter() if e.tag.endswith("}title")] == ["t", told]


def test_a_dot_is_filled_where_a_wire_comes() -> None:
    scene = made()
    scene.cards[0].lefts[0].chip = None
    for svg, filled in ((scene_svg(made(), "t"), 2), (scene_svg(scene, "t"), 3)):
        root = ElementTree.fromstring(svg)
        dots = [e for e in root.iter() if e.get("class") == "port"]
        assert sum("fill" in (dot.get("style") or "") for dot in dots) == filled


@given(st.text())
def test_any_text_is_xml(text: str) -> None:
    root = ElementTree.fromstring(f"<t>{escape(text)}</t>")
    plain = all(c.isprintable() and c not in "\ufffe\uffff" for c in text)
    assert not plain or (root.text or "") == text
    assert len(root) == 0


@given(st.text())
def test_any_scene_is_xml(text: str) -> None:
    ElementTree.fromstring(scene_svg(made(text), text, text, marks={"b": Mark(0, text)}))
