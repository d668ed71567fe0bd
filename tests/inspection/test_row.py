"""Rows of cards, and the wires from one into the next."""

from __future__ import annotations

from dataflow.inspection.elements import Card, LeftPort, RightPort
from dataflow.inspection.links import Link
from dataflow.inspection.row import Row, join, rows_of


def card(name: str, lefts: int = 1, kind: str = "node") -> Card:
    made = Card(name, kind, name, width=100.0, height=80.0)
    made.lefts = [LeftPort(name=f"p{i}", family="float", y=30.0 + 20 * i) for i in range(lefts)]
    made.rights = [RightPort(name="out", family="float", x=100.0, y=30.0)]
    return made


def wired(cards: dict[str, Card], *pairs: str) -> list[Link]:
    """Links of ``a-b`` or ``a-b.1``, to a port by its number."""
    found = []
    for pair in pairs:
        source, _, target = pair.partition("-")
        name, _, port = target.partition(".")
        found.append(Link(cards[source], 0, cards[name], int(port or 0)))
    return found


def rows(cards: dict[str, Card], links: list[Link], most: float) -> list[Row]:
    return rows_of(0, [*cards.values()], links, dict.fromkeys(cards, 100.0), most)


def names(found: list[Row]) -> list[list[str]]:
    return [[card.id for card in row.cards] for row in found]


def test_cards_that_no_wire_connects_are_rows_of_their_own() -> None:
    cards = {name: card(name) for name in "abc"}
    assert names(rows(cards, wired(cards, "a-c"), 1000.0)) == [["a", "c"], ["b"]]


def test_inputs_stand_with_their_first_reader_and_outputs_with_their_source() -> None:
    cards = {"x": card("x", 0, "input"), **{name: card(name) for name in "abcd"}, "y": card("y", 1, "output")}
    found = rows(cards, wired(cards, "x-b", "a-b", "b-c", "c-d", "b-y"), 250.0)
    assert names(found) == [["x", "a", "b", "y"], ["c", "d"]]


def test_wires_lead_on_from_the_last_column_into_the_first_two() -> None:
    cards = {name: card(name, 3) for name in "abcdef"}
    links = wired(cards, "a-b", "b-c", "c-d", "d-e", "e-f", "c-e.1", "b-d.1", "c-f.2")
    found = rows(cards, links, 400.0)
    assert names(found) == [["a", "b", "c"], ["d", "e", "f"]]
    join(found, links)
    assert [(link.source.id, link.target.id) for link in found[0].onward] == [("c", "d"), ("c", "e")]


def test_at_most_two_wires_lead_on() -> None:
    cards = {name: card(name, 3) for name in "abcd"}
    links = wired(cards, "a-d", "b-d.1", "c-d.2")
    found = [Row(0, [cards[name] for name in "abc"], []), Row(1, [cards["d"]], [])]
    join(found, links)
    assert len(found[0].onward) == 2 and found[1].onward == []


def test_none_leads_on_between_frames_that_may_stand_anywhere() -> None:
    cards = {name: card(name) for name in "abc"}
    links = wired(cards, "a-b", "b-c")
    found = [Row(0, [cards["a"]], []), Row(1, [cards["b"]], []), Row(1, [cards["c"]], [])]
    join(found, links, free=True)
    assert [[link.target.id for link in row.onward] for row in found] == [[], ["c"], []]


def test_a_wire_past_many_columns_is_not_drawn() -> None:
    cards = {name: card(name, 2) for name in "abcdef"}
    links = wired(cards, "a-b", "b-c", "c-d", "d-e", "e-f", "a-d.1", "a-f.1")
    (row,) = rows(cards, links, 2000.0)
    assert [link.target.id for link in row.links if link.source.id == "a"] == ["b", "d"]


def test_lines_lead_from_port_to_port_and_from_row_to_row() -> None:
    cards = {name: card(name) for name in "abc"}
    one, two = Row(0, [cards["a"], cards["b"]], wired(cards, "a-b")), Row(0, [cards["c"]], [])
    (onward,) = links = wired(cards, "b-c")
    join([one, two], links)
    length, _ = one.arrange([], down=False)
    two.arrange(one.onward, down=False)
    two.origin = (0.0, 300.0)
    x, y = one.place(cards["a"])
    path = one.inside(one.links[0])
    assert path.start == (x + 100.0, y + 30.0)
    assert path.end == (one.place(cards["b"])[0], one.place(cards["b"])[1] + 30.0)
    begun = one.begun(onward)
    assert begun.end[0] == length
    begun.line(two.entry(onward))
    two.end(onward, begun)
    assert begun.end == (two.place(cards["c"])[0], two.place(cards["c"])[1] + 30.0)
