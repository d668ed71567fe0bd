"""The elements of a picture: sizes that hold their text, and well-formed SVG of any text."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.core import dtypes
from dataflow.inspection.card import Card, Label, card, document, draw, escape, family, pill, wire

LONG = "a name that is longer than that of any port beside it"


@pytest.mark.parametrize(
    "names, found",
    [
        (["float32"], "float"),
        (["float16", "bfloat16"], "float"),
        (["int8", "int64"], "int"),
        (["uint8"], "uint"),
        (["qint8", "quint8"], "quantized"),
        (["complex64"], "complex"),
        (["bool"], "bool"),
        (["int8", "uint8"], "any"),
        (dtypes.every, "any"),
    ],
)
def test_the_family_of_dtypes(names: list[str], found: str) -> None:
    assert family(names) == found


def test_every_dtype_has_a_family() -> None:
    assert "any" not in {family([name]) for name in dtypes.every}


def test_the_width_of_a_label() -> None:
    assert Label().width == 0
    assert Label("ab").width == Label(dim="ab").width > 0
    assert Label("ab", "cd").width == Label("ab cd").width  # a blank is between them


def test_ports_stand_in_rows_below_the_head_and_notes_below_them() -> None:
    made = card("x", "Relu", "nn_ops", "", [Label("a"), Label("b")], [Label("c")], [Label("n")])
    assert made.lefts == [58.0, 78.0] and made.rights == [58.0]
    bare = card("x", "Relu", "nn_ops", "", [Label("a"), Label("b")], [Label("c")], [])
    assert made.height - bare.height == 26
    assert max(made.lefts) < bare.height


@pytest.mark.parametrize("place", ["name", "kind", "left", "right", "note"])
def test_a_card_is_wide_enough_for_its_text(place: str) -> None:
    def width(text: str) -> float:
        at = {p: [Label(text if p == place else "a")] for p in ("left", "right", "note")}
        name, kind = (text if p == place else "a" for p in ("name", "kind"))
        return card(name, kind, "g", "", at["left"], at["right"], at["note"]).width

    assert width(LONG) > width("a")
    assert width(LONG) >= 5.5 * len(LONG)


def test_cards_of_a_group_have_a_colour() -> None:
    def hue(group: str) -> int:
        return card("x", "Relu", group, "", [], [], []).hue

    assert hue("nn_ops") == hue("nn_ops") != hue("math_ops")
    assert 0 <= hue("nn_ops") < 360


def test_pills_are_pinned_where_their_wire_does_not_leave() -> None:
    fed, read = pill("x", "tip", right=[Label(dim="float32")]), pill("y", "", left=[Label(dim="float32")])
    assert (fed.pin, read.pin) == ("left", "right")
    assert (list(fed.rights), list(read.lefts), fed.kind) == ([22.0], [22.0], "")
    assert pill(LONG, "").width > fed.width


def elements(drawn: Card) -> list[ElementTree.Element]:
    return [*ElementTree.fromstring(draw(drawn)).iter()]


def test_a_card_is_drawn_where_it_was_placed() -> None:
    made = card(
        "x", "Relu", "nn_ops", "what it is", [Label("a", "= 1", "any", hollow=True)], [Label("", "int8", "int")], []
    )
    made.x, made.y = 10.0, 20.5
    group, *parts = elements(made)
    assert group.get("transform") == "translate(10.0 20.5)"
    assert [e.text for e in parts if e.tag == "title"] == ["what it is"]
    assert ["".join(e.itertext()) for e in parts if e.tag == "text"] == ["x", "Relu", "a = 1", "int8"]
    open_port, port = (e for e in parts if e.tag == "circle")
    assert (open_port.get("cx"), open_port.get("style")) == ("0.0", None)
    assert (port.get("cx"), port.get("style")) == (f"{made.width:.1f}", "fill:var(--int)")


def test_a_pill_shows_its_name_and_type() -> None:
    parts = elements(pill("x", "", right=[Label(dim="float32[N]", family="float")]))
    assert [e.text for e in parts if e.tag == "text"] == ["x", "float32[N]"]
    assert not [e for e in parts if e.tag == "title"]


def test_wires_and_the_whole_picture() -> None:
    body = wire("M0 0H9", "int", "x: int8[3]")
    root = ElementTree.fromstring(document(100.0, 50.0, body, "a & b", ""))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("148", "98", "-24 -24 148 98")
    assert [e.text for e in root.iter() if e.tag.endswith("title")] == ["a & b", "x: int8[3]"]
    assert not [e for e in root.iter() if e.tag.endswith("desc")]
    assert [e.get("d") for e in root.iter() if e.get("class") in ("halo", "wire")] == ["M0 0H9"] * 2


@given(st.text())
def test_any_text_is_xml(text: str) -> None:
    root = ElementTree.fromstring(f"<t>{escape(text)}</t>")
    plain = all(c.isprintable() and c not in "\ufffe\uffff" for c in text)
    assert not plain or (root.text or "") == text
    assert len(root) == 0


@given(st.text(), st.text(), st.text())
def test_any_card_is_xml(name: str, tip: str, strong: str) -> None:
    for drawn in (
        card(name, strong, "g", tip, [Label(strong, tip)], [], [Label(name)]),
        pill(name, tip, [Label(dim=tip)]),
    ):
        ElementTree.fromstring(draw(drawn))
    ElementTree.fromstring(document(1.0, 1.0, "", name, tip))
