"""How large a card is: room for its texts, and for what comes later, such as the histogram of a value."""

from __future__ import annotations

import textwrap

from dataflow.inspection.card import sans
from dataflow.inspection.elements import Card, LeftPort, RightPort

HEAD = 46.0  # of a card: its name, and its block below
ROW = 21.0  # a port
LINE = 16.0  # attrs and notes
PAD = 12.0
PILL = 40.0  # height of an input or output
HISTOGRAM = 48.0  # beside each output, once there is a value
TIME = 46.0  # beside the name of a node
TAG = 26.0  # "⇢ 3", beside an output with readers that no wire leads to
NAME, BLOCK, PORT, MONO = 15.0, 11.5, 12.0, 6.4  # font sizes; the width of a letter in 10.5 px monospace
_NARROWEST = 132.0


def sized(card: Card) -> None:
    """Give a card its size and its ports their places, as for wires from left to right."""
    if card.kind in ("input", "output"):
        texts = [_right(port, several=False) for port in card.rights] + [_chip(port) for port in card.lefts]
        card.width = max(sans(card.name, 13.5), *texts, 40.0) + 32.0
        card.height = PILL
        ports: list[tuple[LeftPort | RightPort, float]] = [(port, 0.0) for port in card.lefts]
        for port, x in [*ports, *((port, card.width) for port in card.rights)]:
            port.x, port.y, port.row = x, PILL / 2, PILL / 2
        return
    several = len(card.rights) > 1
    rows = max(len(card.lefts), len(card.rights))
    lefts, rights = [_left(port) for port in card.lefts], [_right(port, several) for port in card.rights]
    beside = [
        sum(widths[i] for widths in (lefts, rights) if i < len(widths)) + 14.0 * (i < len(lefts) and i < len(rights))
        for i in range(rows)
    ]
    widest = max(sans(card.name, NAME) + TIME, sans(card.block, BLOCK), *beside, 0.0)
    card.width = max(_NARROWEST, widest + 2 * PAD)
    texts_below = len(attr_lines(card)) + len(card.notes)
    card.height = HEAD + (ROW * rows + 6.0) + (LINE * texts_below + 6.0 if texts_below else 0.0)
    for i, left in enumerate(card.lefts):
        left.x, left.y, left.row = 0.0, HEAD + 3.0 + ROW * (i + 0.5), HEAD + 3.0 + ROW * (i + 0.5)
    for i, right in enumerate(card.rights):
        right.x, right.y, right.row = card.width, HEAD + 3.0 + ROW * (i + 0.5), HEAD + 3.0 + ROW * (i + 0.5)


def attr_lines(card: Card) -> list[str]:
    """The attrs of a card as the lines that its width holds."""
    text = " · ".join(f"{attr.name} {attr.text}" for attr in card.attrs)
    letters = max(int((card.width - 2 * PAD) / MONO), 12)
    return textwrap.wrap(text, letters, break_on_hyphens=False)


def shape_text(type_: str) -> str:
    """The shape of a type such as ``float32[N, 8]`` in few letters: ``N×8``, ``scalar``; nothing where it is not known.

    >>> shape_text("float32[N, 8, ?]"), shape_text("int64[]"), shape_text("")
    ('N×8×?', 'scalar', '')
    """
    dtype, bracket, inside = type_.partition("[")
    shape = inside.removesuffix("]")
    return shape.replace(", ", "×") or "scalar" if dtype and bracket and shape != "..." else ""


def _left(port: LeftPort) -> float:
    return sans(port.name, PORT) + _chip(port)


def _chip(port: LeftPort) -> float:
    return 18.0 + MONO * len(port.chip.text) if port.chip else 0.0


def _right(port: RightPort, several: bool) -> float:
    named = sans(port.name, PORT) + 6.0 if several else 0.0
    return named + HISTOGRAM + 6.0 + MONO * len(shape_text(port.type)) + TAG * bool(port.tags)
