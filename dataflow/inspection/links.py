"""What may be drawn as a wire between the cards of a scene, and which cards share a frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dataflow.graphfile.order import topological_order
from dataflow.graphfile.outline import Entry, Outline, Paragraph
from dataflow.graphfile.spelling import is_of_one_use
from dataflow.inspection.elements import Card

_FAN = 6  # readers of one port in a frame; with more, chips say more than wires
_FAN_IN = 8  # wires into one card, as well


@dataclass(frozen=True, slots=True)
class Link:
    """From a right port of a card to a left port of another."""

    source: Card
    start: int
    target: Card
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """The cards of a frame, so that values come before what reads them, and its title."""

    title: str
    cards: Sequence[Card]
    sizes: Mapping[str, tuple[float, float]]  # of the cards before chips are on them


def entries(outline: Outline) -> dict[str, Entry]:
    """What the cards of an outline show, by their ids."""
    outputs = {f"output:{name}": entry for name, entry in outline.outputs.items()}
    return {**outline.inputs, **outline.nodes, **outputs}


def groups(outline: Outline, cards: Mapping[str, Card]) -> list[Group]:
    """The frames: nodes by paragraph, inputs with their first reader, outputs with their source.

    What stands behind a blank line without a comment belongs to the heading above, if that is not of one layer alone.
    """
    paragraphs: list[Paragraph] = []
    for each in outline.paragraphs:
        if each.title or not paragraphs or is_of_one_use(paragraphs[-1].title):
            paragraphs.append(each)
        else:
            last = paragraphs[-1]
            paragraphs[-1] = Paragraph(last.title, [*last.nodes, *each.nodes], last.line)
    home = {name: i for i, each in enumerate(paragraphs) for name in each.nodes if name in cards}
    for name, entry in entries(outline).items():
        for operand in entry.operands:
            if operand.source in outline.inputs and name in home:
                home[operand.source] = min(home.get(operand.source, home[name]), home[name])
            elif name in cards and name not in home and operand.source in home:
                home[name] = home[operand.source]
    end = max(len(paragraphs) - 1, 0)
    found: list[list[Card]] = [[] for _ in range(end + 1)]
    for name in _ordered(outline, cards):
        found[home.get(name, 0 if name in outline.inputs else end)].append(cards[name])
    titles = [each.title for each in paragraphs] or [""]
    return [
        Group(title, members, {c.id: (c.width, c.height) for c in members})
        for title, members in zip(titles, found, strict=True)
        if members
    ]


def _ordered(outline: Outline, cards: Mapping[str, Card]) -> list[str]:
    """The cards so that values come before what reads them, as far as there is such an order."""
    needs = {
        name: [operand.source for operand in entry.operands if operand.source in cards]
        for name, entry in entries(outline).items()
        if name in cards
    }
    return topological_order(needs)[0]


def links(outline: Outline, cards: Mapping[str, Card]) -> list[Link]:
    """A link per port that is wired to a port of another card, and that no chip of a folded node is on."""
    starts = {(name, port.name): i for name, card in cards.items() for i, port in enumerate(card.rights)}
    found = []
    for name, entry in entries(outline).items():
        card = cards.get(name)
        for i, operand in enumerate(entry.operands if card else ()):
            start = starts.get((operand.source, operand.output))
            if card and start is not None and card.lefts[i].chip is None:
                found.append(Link(cards[operand.source], start, card, i))
    return found


def drawable(links: Sequence[Link], groups: Sequence[Group]) -> list[Link]:
    """The links within a frame that lead forward, but for those of ports that many read and of cards that read many."""
    place = {card: (i, j) for i, group in enumerate(groups) for j, card in enumerate(group.cards)}
    near = [
        link
        for link in links
        if place[link.source][0] == place[link.target][0] and place[link.source][1] < place[link.target][1]
    ]
    fan, fan_in = Counter((link.source, link.start) for link in near), Counter(link.target for link in near)
    return [link for link in near if fan[link.source, link.start] <= _FAN and fan_in[link.target] <= _FAN_IN]
