"""The scene of a graph file: a frame per paragraph, in it cards from left to right and the wires between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

from dataflow.graph.graph import Graph
from dataflow.graphfile.order import topological_order
from dataflow.graphfile.outline import Outline, Paragraph
from dataflow.inspection.cards import Cards, wire_chip
from dataflow.inspection.columns import Box, Edge
from dataflow.inspection.elements import Card, Frame, Scene, Wire
from dataflow.inspection.folding import folding
from dataflow.inspection.layout import Layers, arrange
from dataflow.inspection.sizes import sized

_INSET, _TITLE, _GUTTER = 16.0, 30.0, 36.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A wire that is drawn: from a port of a card to one of another."""

    source: Card
    start: int
    target: Card
    end: int


def scene(
    outline: Outline,
    graph: Graph,
    *,
    direction: str = "right",
    unfolded: Collection[str] = frozenset(),
    positions: Mapping[str, tuple[float, float]] | None = None,
) -> Scene:
    """The picture of a graph file, or of a graph file that a node of it uses.

    outline : of the file; ``graph`` is that of the loaded file, from which the types come.
    direction : in which wires lead, ``right`` or ``down``.
    unfolded : nodes that get a card of their own though they could be drawn within another.
    positions : of cards that stand elsewhere than where they would be placed, by id.
    """
    folded = folding(outline, unfolded)
    cards = Cards(outline, graph, folded, unfolded).all()
    order = _ordered(outline, cards)
    groups = _groups(outline, cards, order)
    wires = _wires(outline, cards, order, groups)
    frames, drawn, y, width = [], [], 0.0, 0.0
    for i, (title, members) in enumerate(groups):
        inside = [cards[name] for name in members]
        for card in inside:
            card.frame = f"frame{i}"
        ends = [w for w in wires if w.source.frame == card.frame and w.target.frame == card.frame]
        boxes = {card: _box(card) for card in inside}
        layers = arrange([*boxes.values()], [_edge(w, boxes) for w in ends])
        top = y + (_TITLE if title else _INSET)
        for card, box in boxes.items():
            card.x, card.y = box.x + _INSET, box.y + top
        drawn += [_wire(w, layers, boxes, _INSET, top) for w in ends]
        frames.append(Frame(f"frame{i}", title, 0.0, y, layers.width + 2 * _INSET, top - y + layers.height + _INSET))
        y += frames[-1].height + _GUTTER
        width = max(width, frames[-1].width)
    return Scene(width, max(y - _GUTTER, 0.0), frames, [*cards.values()], drawn)


def _ordered(outline: Outline, cards: Mapping[str, Card]) -> dict[str, int]:
    """The place of each card in an order in which values come before what reads them, as far as there is one."""
    entries = [(name, outline.nodes[name]) for name in outline.nodes if name in cards]
    entries += [(f"output:{name}", entry) for name, entry in outline.outputs.items()]
    needs = {name: [o.source for o in entry.operands if o.source in outline.nodes] for name, entry in entries}
    known = {name: [s for s in sources if s in needs] for name, sources in needs.items()}
    return {name: i for i, name in enumerate([*outline.inputs, *topological_order(known)[0]])}


def _groups(outline: Outline, cards: Mapping[str, Card], order: Mapping[str, int]) -> list[tuple[str, list[str]]]:
    """The cards of each frame: nodes by paragraph, inputs with their first reader, outputs with their source."""
    paragraphs: list[Paragraph] = []
    for each in outline.paragraphs:
        if each.title or not paragraphs:
            paragraphs.append(each)
        else:
            last = paragraphs[-1]
            paragraphs[-1] = Paragraph(last.title, [*last.nodes, *each.nodes], last.line)
    home = {name: i for i, each in enumerate(paragraphs) for name in each.nodes if name in cards}
    for name, entry in [*outline.nodes.items(), *((f"output:{n}", e) for n, e in outline.outputs.items())]:
        for operand in entry.operands:
            if operand.source in outline.inputs and name in home:
                home[operand.source] = min(home.get(operand.source, home[name]), home[name])
            elif name in cards and name not in home and operand.source in home:
                home[name] = home[operand.source]
    groups: list[tuple[str, list[str]]] = [(each.title, []) for each in paragraphs] or [("", [])]
    for name in sorted(cards, key=order.__getitem__):
        groups[home.get(name, len(groups) - 1 if name.startswith("output:") else 0)][1].append(name)
    return [group for group in groups if group[1]]


def _wires(
    outline: Outline, cards: Mapping[str, Card], order: Mapping[str, int], groups: list[tuple[str, list[str]]]
) -> list[Drawn]:
    """The wires that are drawn; on the other ports that are wired chips say what comes in."""
    group = {name: i for i, (_, names) in enumerate(groups) for name in names}
    starts = {(name, port.name): i for name, card in cards.items() for i, port in enumerate(card.rights)}
    entries = {**outline.inputs, **outline.nodes, **{f"output:{n}": e for n, e in outline.outputs.items()}}
    drawn = []
    for name, card in cards.items():
        for i, (port, operand) in enumerate(zip(card.lefts, entries[name].operands, strict=True)):
            if not operand.source or port.chip is not None:
                continue
            start = starts.get((operand.source, operand.output))
            near = start is not None and group[operand.source] == group[name]
            if start is not None and near and order[operand.source] < order[name]:
                drawn.append(Drawn(cards[operand.source], start, card, i))
                continue
            port.chip = wire_chip(port)
            if start is not None:
                cards[operand.source].rights[start].tags += 1
    for card in cards.values():
        sized(card)
    return drawn


def _box(card: Card) -> Box:
    return Box(card.width, card.height, [port.y for port in card.lefts], [port.y for port in card.rights])


def _edge(wire: Drawn, boxes: Mapping[Card, Box]) -> Edge:
    return Edge(boxes[wire.source], wire.start, boxes[wire.target], wire.end)


def _wire(wire: Drawn, layers: Layers, boxes: Mapping[Card, Box], dx: float, dy: float) -> Wire:
    source, target = wire.source.rights[wire.start], wire.target.lefts[wire.end]
    pieces = layers.corners(_edge(wire, boxes))
    (x, y), (end, _) = pieces[0]
    path = f"M{x + dx:.1f} {y + dy:.1f}H{end + dx:.1f}"
    for (_, (x, y)), (start, (end, _)) in pairwise(pieces):
        middle = (x + start[0]) / 2 + dx
        path += f"C{middle:.1f} {y + dy:.1f} {middle:.1f} {start[1] + dy:.1f} {start[0] + dx:.1f} {start[1] + dy:.1f}"
        path += f"H{end + dx:.1f}" if end > start[0] else ""
    identity = f"{wire.target.id}.{target.name}"
    gradient = wire.source.gradient
    return Wire(identity, (wire.source.id, source.name), (wire.target.id, target.name), source.family, gradient, path)
