"""Cards that hold their texts, and where their ports are."""

from __future__ import annotations

import pytest

from dataflow.inspection.elements import Attr, Card, Chip, LeftPort, RightPort
from dataflow.inspection.letters import MONO, sans
from dataflow.inspection.sizes import (
    HEAD,
    HISTOGRAM,
    LINE,
    NAME,
    PAD,
    ROW,
    TIME,
    Style,
    attr_lines,
    note_lines,
    shape_text,
    sized,
)

LONG = "a name that is longer than that of any port beside it"


def card(kind: str = "node", lefts: int = 1, rights: int = 1, **texts: str) -> Card:
    made = Card("x", kind, texts.get("name", "a"), block=texts.get("block", "Relu"))
    made.lefts = [LeftPort(name=texts.get("left", "a"), family="float") for _ in range(lefts)]
    made.rights = [RightPort(name=texts.get("right", "b"), family="float", type="float32[N, 8]") for _ in range(rights)]
    if "chip" in texts:
        made.lefts[0].chip = Chip(texts["chip"], "wire")
    return made


def placed(made: Card, **style: bool) -> Card:
    sized(made, Style(**style))
    return made


@pytest.mark.parametrize("place", ["name", "block", "left", "chip"])
def test_a_card_is_wide_enough_for_its_texts(place: str) -> None:
    assert placed(card(**{place: LONG})).width > 5.5 * len(LONG) > placed(card()).width


def test_names_of_outputs_are_told_where_there_are_several() -> None:
    assert placed(card(right=LONG)).width == placed(card()).width
    assert placed(card(rights=2, right=LONG)).width > 5.5 * len(LONG)
    assert placed(card("block", right=LONG)).width > 5.5 * len(LONG)


def test_there_is_room_for_what_a_run_tells_where_it_may_tell_something() -> None:
    wide, narrow = placed(card(chip=LONG)), placed(card(chip=LONG), values=False)
    assert wide.width - narrow.width == HISTOGRAM + 6


def test_a_name_stands_whole_beside_the_time_of_a_run() -> None:
    wide, narrow = placed(card(name=LONG)), placed(card(name=LONG), values=False)
    assert narrow.width >= sans(LONG, NAME, bold=True) + 2 * PAD
    assert wide.width - narrow.width == TIME > sans("~100 ms", 11.0)


def test_ports_stand_below_the_head_with_dots_at_the_sides() -> None:
    made = placed(card(lefts=3, rights=1))
    assert [port.row for port in made.lefts] == [HEAD + 3 + ROW * (i + 0.5) for i in range(3)]
    assert [(port.x, port.y) for port in made.lefts] == [(0.0, port.row) for port in made.lefts]
    assert [(port.x, port.y) for port in made.rights] == [(made.width, made.lefts[0].row)]
    assert made.height > made.lefts[-1].row + ROW / 2


def test_where_wires_lead_down_dots_are_above_and_below_and_texts_stay() -> None:
    right, down = placed(card(lefts=3)), placed(card(lefts=3), down=True)
    assert (right.width, right.height) == (down.width, down.height)
    assert [port.row for port in right.lefts] == [port.row for port in down.lefts]
    assert [(port.x, port.y) for port in down.lefts] == [(down.width * i / 4, 0.0) for i in (1, 2, 3)]
    assert [(port.x, port.y) for port in down.rights] == [(down.width / 2, down.height)]


def test_attrs_stand_on_lines_that_the_card_holds() -> None:
    made = card()
    made.attrs = [Attr("strides", "[1, 2, 2, 1]", False), Attr("padding", "SAME", False), Attr("k", LONG, False)]
    made.notes = ["updates mean, variance"]
    bare = placed(card()).height
    placed(made)
    lines = attr_lines(made)
    assert lines[0] == "strides [1, 2, 2, 1]" and lines[1] == "padding SAME"
    assert all(len(line) * MONO <= made.width - 20 for line in lines)
    assert note_lines(made) == ["↻ updates mean, variance"]
    assert made.height == bare + LINE * (len(lines) + 1) + 6


def test_short_attrs_share_a_line() -> None:
    made = card(name=LONG)
    made.attrs = [Attr("axis", "1", False), Attr("keep_dims", "true", False)]
    assert attr_lines(placed(made)) == ["axis 1 · keep_dims true"]


@pytest.mark.parametrize("kind", ["input", "output"])
def test_inputs_and_outputs_are_pills(kind: str) -> None:
    made = placed(card(kind, lefts=kind == "output", rights=kind == "input", name="logits"))
    ports = [*made.lefts, *made.rights]
    assert [(port.x, port.y) for port in ports] == [(made.width * (kind == "input"), made.height / 2)]
    assert placed(card(kind, 0, 0, name=LONG)).width > made.width


def test_shapes_in_few_letters() -> None:
    found = [shape_text(each) for each in ("float32[N, 8, ?]", "int64[]", "bool[...]", "", "T")]
    assert found == ["N×8×?", "scalar", "…", "", "T"]
