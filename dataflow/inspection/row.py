"""A row of cards: those that wires connect, in columns along the wires, and the wires into the next row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dataflow.inspection.columns import Box, Edge
from dataflow.inspection.elements import Card
from dataflow.inspection.layout import Layers, arrange
from dataflow.inspection.links import Link
from dataflow.inspection.packing import Rect
from dataflow.inspection.paths import Path, Point
from dataflow.inspection.ranks import THROUGH, components, cut, ranks

_LONG = 3  # columns that a wire may pass; longer ones become chips


class Row:
    """Cards and the wires between them; ``onward`` lead from its last column into the next row.

    Places are along and across the wires, from `origin` on.
    """

    def __init__(self, group: int, cards: Sequence[Card], links: Sequence[Link]):
        self.group, self.cards = group, cards
        names = [card.id for card in cards]
        rank = ranks(names, _ends(links))
        self.links = [x for x in links if rank[x.target.id] - rank[x.source.id] <= _LONG]
        self.ranks = ranks(names, _ends(self.links))
        self.onward: list[Link] = []
        self.rect = Rect(0.0, 0.0)  # in its frame
        self.origin: Point = (0.0, 0.0)
        self._boxes: dict[object, Box] = {}  # of cards, of links that come in, of ports from which links leave
        self._layers = Layers([], {}, {}, 0.0, 0.0)

    @property
    def last(self) -> int:
        """The last column with a card that is no output."""
        return max((self.ranks[card.id] for card in self.cards if card.kind != "output"), default=0)

    def arrange(self, incoming: Sequence[Link], down: bool) -> tuple[float, float]:
        """Place the cards, and points where wires come in and leave; return the length and breadth of the row."""
        shift, end = bool(incoming), max(self.ranks.values(), default=0)
        rank: dict[Box, int] = {}
        for link in incoming:
            self._boxes[link] = box = Box(0.0, 0.0, (), (0.0,))
            rank[box] = 0
        for card in self.cards:
            self._boxes[card] = box = _box(card, down)
            rank[box] = self.ranks[card.id] + shift
        leaving = {(link.source, link.start): link for link in self.onward}
        for port in leaving:
            self._boxes[port] = box = Box(0.0, 0.0, (0.0,), ())
            rank[box] = end + shift + 1
        edges = [self._edge(link) for link in self.links]
        edges += [self._incoming(link) for link in incoming]
        edges += [self._leaving(link) for link in leaving.values()]
        self._layers = arrange([*rank], edges, rank)
        return self._layers.width, self._layers.height

    def place(self, card: Card) -> Point:
        """Where a card stands, along and across."""
        box = self._boxes[card]
        return self.origin[0] + box.x, self.origin[1] + box.y

    def entry(self, link: Link) -> Point:
        """Where a wire from the row before comes in."""
        box = self._boxes[link]
        return self.origin[0] + box.x, self.origin[1] + box.y

    def inside(self, link: Link) -> Path:
        """The line of a wire within the row."""
        return self._drawn(self._edge(link))

    def begun(self, link: Link) -> Path:
        """The line of a wire that leads on, up to the end of the row."""
        return self._drawn(self._leaving(link))

    def end(self, link: Link, path: Path) -> None:
        """Draw a wire that has come to its entry on to its port."""
        self._drawn(self._incoming(link), path)

    def _edge(self, link: Link) -> Edge:
        return Edge(self._boxes[link.source], link.start, self._boxes[link.target], link.end)

    def _incoming(self, link: Link) -> Edge:
        return Edge(self._boxes[link], 0, self._boxes[link.target], link.end)

    def _leaving(self, link: Link) -> Edge:
        return Edge(self._boxes[link.source], link.start, self._boxes[link.source, link.start], 0)

    def _drawn(self, edge: Edge, path: Path | None = None) -> Path:
        """Level past cards, curved between columns."""
        x, y = self.origin
        for i, (start, end) in enumerate(self._layers.corners(edge)):
            first = start[0] + x, start[1] + y
            if path is None:
                path = Path(first)
            elif i:
                path.curve(first)
            path.line((end[0] + x, end[1] + y))
        assert path is not None
        return path


def rows_of(
    group: int, cards: Sequence[Card], links: Sequence[Link], lengths: Mapping[str, float], most: float
) -> list[Row]:
    """The rows of the cards of a frame, each of about this length at most.

    Inputs and outputs stay with the cards that they are wired to.
    """
    known = {card.id: card for card in cards}
    leaving: dict[str, list[Link]] = {name: [] for name in known}
    for link in links:
        leaving[link.source.id].append(link)
    found: list[Row] = []
    for names in components([*known], _ends(links)):
        edges = _ends(here := [link for name in names for link in leaving[name]])
        home = _homes(names, edges, known, lengths, most)
        members: list[list[Card]] = [[] for _ in range(max(home.values()) + 1)]
        inside: list[list[Link]] = [[] for _ in members]
        for name in names:
            members[home[name]].append(known[name])
        for link in here:
            if home[link.source.id] == home[link.target.id]:
                inside[home[link.source.id]].append(link)
        found += map(Row, [group] * len(members), members, inside)
    return found


def _homes(
    names: Sequence[str],
    edges: Sequence[tuple[str, str]],
    cards: Mapping[str, Card],
    lengths: Mapping[str, float],
    most: float,
) -> dict[str, int]:
    """The row of each of some cards that wires connect."""
    inner = [name for name in names if cards[name].kind not in ("input", "output")]
    between = [(a, b) for a, b in edges if cards[a].kind != "input" and cards[b].kind != "output"]
    rows = cut(inner, between, lengths, most) if inner else []
    home = {name: i for i, row in enumerate(rows) for name in row}
    for source, target in edges:
        if cards[source].kind == "input" and target in home:
            home[source] = min(home.get(source, len(rows)), home[target])
    for source, target in edges:
        home.setdefault(target, home.get(source, 0))
    return {name: home.get(name, 0) for name in names}


def join(rows: Sequence[Row], links: Sequence[Link], free: bool = False) -> None:
    """Choose the wires that lead from the end of a row to the beginning of the next: at most two.

    free : whether frames may stand anywhere, so that none leads from one to the next.
    """
    place = {card: i for i, row in enumerate(rows) for card in row.cards}
    ends = [row.last for row in rows]
    for link in links:
        at, to = place[link.source], place[link.target]
        if to != at + 1 or len(rows[at].onward) == THROUGH or link.source.kind == "input":
            continue
        if free and rows[at].group != rows[to].group:
            continue
        if rows[at].ranks[link.source.id] == ends[at] and rows[to].ranks[link.target.id] <= 1:
            rows[at].onward.append(link)


def _ends(links: Sequence[Link]) -> list[tuple[str, str]]:
    return [(link.source.id, link.target.id) for link in links]


def _box(card: Card, down: bool) -> Box:
    if down:
        return Box(card.height, card.width, [port.x for port in card.lefts], [port.x for port in card.rights])
    return Box(card.width, card.height, [port.y for port in card.lefts], [port.y for port in card.rights])
