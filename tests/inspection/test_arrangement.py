"""How rows and frames are placed: for a page, each frame with rows of its own length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from places import GRAPHS

from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.inspection.arrangement import Arrangement, Memory, fit, fitted, known
from dataflow.inspection.cards import Cards
from dataflow.inspection.folding import folding
from dataflow.inspection.links import groups, links
from dataflow.inspection.sizes import Style, sized


def arranged(
    limits: float | Sequence[float],
    down: bool = False,
    file: str = "digits/cnn_flat",
    free: bool = False,
    memory: Memory | None = None,
    title: str | None = None,
) -> Arrangement:
    context = read(GRAPHS / f"{file}.yaml")
    told, style = outline(context), Style(down=down)
    cards = Cards(told, context.graph, folding(told)).all()
    for card in cards.values():
        sized(card, style)
    parts = groups(told, cards)
    if title is not None:
        parts = [replace(each, title=title) for each in parts]
    each = [limits] * len(parts) if isinstance(limits, float) else limits
    return Arrangement(parts, links(told, cards), each, style, memory, free)


def test_the_zoom_at_which_so_much_fits() -> None:
    assert fit(2000.0, 700.0, down=False) == 0.5
    assert fit(1000.0, 1400.0, down=False) == 0.5
    assert fit(700.0, 2000.0, down=True) == 0.5
    assert fit(10.0, 10.0, down=False) == 1.0


def test_frames_are_placed_so_that_a_page_shows_them_large() -> None:
    packing, _ = fitted([(900.0, 100.0), (300.0, 100.0), (300.0, 100.0), (260.0, 100.0)], down=False)
    assert packing.length < 1000 and packing.breadth < 700


def test_rows_of_a_frame_are_as_long_as_told() -> None:
    wide, narrow = arranged(1600.0), arranged(700.0)
    assert len(wide.rows) < len(narrow.rows)
    mixed = arranged([1600.0, 700.0, 1600.0, 1600.0])
    assert [sum(row.group == i for row in mixed.rows) for i in range(4)] == [1, 2, 1, 1]
    assert max(row.rect.length for row in narrow.rows) < 1000


@pytest.mark.parametrize("title", ["", "Layers"])
def test_frames_of_one_title_are_remembered_each_by_itself(title: str) -> None:
    memory, limits = Memory(), [1600.0, 700.0, 1300.0, 1050.0]
    made = arranged(limits, memory=memory, title=title)
    made.remember()
    places = [(frame.shelf, frame.stack) for frame in made.frames]
    assert len({*places}) > 1
    for group, limit, place in zip(made.groups, limits, places, strict=True):
        cards = group.cards[1:] if len(group.cards) > 1 else group.cards  # the first one may be gone by then
        assert (known(memory.limits, cards), known(memory.frames, cards)) == (limit, place)


def test_what_is_not_drawn_is_a_chip() -> None:
    made = arranged(1600.0, file="quant/digits_fake_quant")
    drawn = {(link.target.id, link.end) for link in made.drawn}
    for row in made.rows:
        for card in row.cards:
            for i, port in enumerate(card.lefts):
                assert not port.wire or (port.chip is None) == ((card.id, i) in drawn)


def test_between_frames_that_may_leave_their_order_there_are_chips() -> None:
    ordered, free = arranged(1600.0), arranged(1600.0, free=True)
    for made in (ordered, free):
        made.place()
    between = [link for link in ordered.drawn if link.source.frame != link.target.frame]
    chips = {(card.id, i) for row in free.rows for card in row.cards for i, left in enumerate(card.lefts) if left.chip}
    assert between and chips >= {(link.target.id, link.end) for link in between}
    assert all(link.source.frame == link.target.frame for link in free.drawn)


def test_a_frame_holds_its_cards_under_its_title() -> None:
    made = arranged(1600.0)
    frames = {frame.id: frame for frame in made.place()}
    assert frames["frame1"].title == "First convolution: 8x8, 32 channels, pooled to 4x4"
    for row in made.rows:
        for card in row.cards:
            frame = frames[card.frame]
            top = 28.0 if frame.title else 16.0
            assert frame.y + top <= card.y + 0.1 and frame.x + 16.0 <= card.x + 0.1


def test_a_graph_without_headings_has_no_frames() -> None:
    made = arranged(1600.0, file="digits/cnn")
    assert made.place() == [] and {card.frame for row in made.rows for card in row.cards} == {""}


@pytest.mark.parametrize("down", [False, True])
def test_there_is_a_line_for_each_wire_that_is_drawn(down: bool) -> None:
    made = arranged(700.0, down)
    made.place()
    assert len(made.paths()) == len(made.drawn) == len({id(link) for link in made.drawn})
    for link, path in made.paths():
        port, card = link.target.lefts[link.end], link.target
        end = (card.y + port.y, card.x + port.x) if down else (card.x + port.x, card.y + port.y)
        assert path.end == pytest.approx(end)


def test_there_is_room_beside_the_whole_where_wires_run_there() -> None:
    assert arranged(1600.0).aside > 0  # from the first convolution to the second
    assert arranged(1600.0, file="basic/matmul").aside == 0
