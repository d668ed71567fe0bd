"""How large a card is: room for its texts, and for what comes later, such as the histogram of a value."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from dataflow.inspection.elements import Card, LeftPort, RightPort
from dataflow.inspection.letters import MONO, sans

HEAD = 46.0  # of a card: its name, and its block below
ROW = 21.0  # a port
LINE = 16.0  # attrs and notes
PAD = 12.0
PILL = 40.0  # height of an input or output
HISTOGRAM = 48.0  # beside each output, once there is a value
TIME = 56.0  # beside the name of a node: "~100 ms" at 11 px, and a gap
TAG = 26.0  # "⇢ 3", beside an output with readers that no wire leads to
NAME, BLOCK, PORT = 16.0, 11.5, 13.0  # font sizes
_NARROWEST = 120.0
_WHOLE = 24  # letters of an attr or a note up to which it is not broken into lines


@dataclass(frozen=True, slots=True)
class Style:
    """How a scene is drawn: whether wires lead down, and whether there is room for values and times of runs."""

    down: bool = False
    values: bool = True


def sized(card: Card, style: Style) -> None:
    """Give a card its size and its ports their places: dots at the sides, or where wires lead down above and below."""
    value = (HISTOGRAM + 6.0) * style.values
    if card.kind in ("input", "output"):
        texts = [_right(port, value, several=False) for port in card.rights]
        texts += [_chip(port) + value for port in card.lefts]
        card.width, card.height = max([sans(card.name, NAME, bold=True), *texts]) + 32.0, PILL
        for port in (*card.lefts, *card.rights):
            port.row = PILL / 2
    else:
        _size_of_node(card, value, TIME * style.values)
    for ports, x, y in ((card.lefts, 0.0, 0.0), (card.rights, card.width, card.height)):
        for i, port in enumerate(ports):
            port.x, port.y = (card.width * (i + 1) / (len(ports) + 1), y) if style.down else (x, port.row)


def _size_of_node(card: Card, value: float, time: float) -> None:
    several = names_outputs(card)
    rows = max(len(card.lefts), len(card.rights))
    sides = [_left(port) for port in card.lefts], [_right(port, value, several) for port in card.rights]
    below = [f"{attr.name} {attr.text}" for attr in card.attrs] + [f"↻ {note}" for note in card.notes]
    texts = [min(len(text), _WHOLE) * MONO for text in below]
    texts += [sans(card.name, NAME, bold=True) + time, sans(card.block, BLOCK)]
    for i in range(rows):
        beside = [side[i] for side in sides if i < len(side)]
        texts.append(sum(beside) + 14.0 * (len(beside) - 1))
    card.width = max(_NARROWEST, max(texts) + 2 * PAD)
    lines = len(attr_lines(card)) + len(note_lines(card))
    card.height = HEAD + (ROW * rows + 6.0) + (LINE * lines + 6.0 if lines else 0.0)
    for ports in (card.lefts, card.rights):
        for i, port in enumerate(ports):
            port.row = HEAD + 3.0 + ROW * (i + 0.5)


def names_outputs(card: Card) -> bool:
    """Whether the names of outputs are shown: where there are several, and of a block by itself."""
    return len(card.rights) > 1 or card.kind == "block"


def attr_lines(card: Card) -> list[str]:
    """The attrs of a card as the lines that its width holds."""
    lines = list[str]()
    for attr in card.attrs:
        more = _lines(card, f"{attr.name} {attr.text}")
        if lines and len(more) == 1 and len(lines[-1]) + 3 + len(more[0]) <= _letters(card):
            lines[-1] += f" · {more[0]}"
        else:
            lines += more
    return lines


def note_lines(card: Card) -> list[str]:
    """The notes of a card as the lines that its width holds."""
    return [line for note in card.notes for line in _lines(card, f"↻ {note}")]


def _lines(card: Card, text: str) -> list[str]:
    return textwrap.wrap(text, _letters(card), break_on_hyphens=False)


def _letters(card: Card) -> int:
    return max(int((card.width - 2 * PAD) / MONO), 12)


def shape_text(type_: str) -> str:
    """The shape of a type such as ``float32[N, 8]`` in few letters: ``N×8``, ``scalar``; nothing where it is not known.

    >>> shape_text("float32[N, 8, ?]"), shape_text("int64[]"), shape_text("int64[...]"), shape_text("")
    ('N×8×?', 'scalar', '…', '')
    """
    dtype, bracket, inside = type_.partition("[")
    if not bracket:
        return dtype
    return inside.removesuffix("]").replace(", ", "×").replace("...", "…") or "scalar"


def _left(port: LeftPort) -> float:
    return sans(port.name, PORT) + _chip(port)


def _chip(port: LeftPort) -> float:
    return 18.0 + MONO * len(port.chip.text) if port.chip else 0.0


def _right(port: RightPort, value: float, several: bool) -> float:
    named = sans(port.name, PORT) + 6.0 if several else 0.0
    return named + value + MONO * len(shape_text(port.type)) + TAG * bool(port.tags)
