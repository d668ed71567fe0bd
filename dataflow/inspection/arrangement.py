"""One way to place the cards of a scene: rows of at most some length, packed into frames, and frames into the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from dataflow.inspection.cards import wire_chip
from dataflow.inspection.columns import Box, Edge
from dataflow.inspection.elements import Card, Frame
from dataflow.inspection.gutters import Gutters, Hop
from dataflow.inspection.layout import Layers, arrange
from dataflow.inspection.links import Group, Link, drawable
from dataflow.inspection.packing import Packing, Rect, packed
from dataflow.inspection.paths import Path, Point
from dataflow.inspection.rows import THROUGH, components, cut, ranks
from dataflow.inspection.sizes import Style, sized

_PAGE = 1000.0, 700.0  # pixels that a page has for the whole
_ANY = 1e6  # a length that shelves may have where only the page counts
_INSET, _TITLE, _GAP, _ROWS = 20.0, 32.0, 32.0, 30.0
_ASIDE = 24.0  # beside the whole, where wires run there
_LONG = 3  # columns that a wire may pass; longer ones become chips


@dataclass(eq=False)
class Row:
    """Cards between which wires are drawn, and those that lead into the next row."""

    group: int
    cards: list[Card]
    links: list[Link] = field(default_factory=list)
    onward: list[Link] = field(default_factory=list)
    ranks: dict[str, int] = field(default_factory=dict)
    boxes: dict[object, Box] = field(
        default_factory=dict
    )  # of cards; of links where they come in, of ports where those leave
    layers: Layers | None = None
    rect: Rect | None = None
    origin: Point = (0.0, 0.0)


class Arrangement:
    """Cards in rows, for each frame of at most some length; `drawn` are the wires, all other links are chips."""

    def __init__(self, groups: Sequence[Group], links: Sequence[Link], limits: Sequence[float], style: Style):
        self.groups, self.style, self.down, self.limits = groups, style, style.down, limits
        near: list[list[Link]] = [[] for _ in groups]
        home = {card: i for i, group in enumerate(groups) for card in group.cards}
        for link in drawable(links, groups):
            near[home[link.source]].append(link)
        self.rows = [row for i, group in enumerate(groups) for row in self._rows(i, group, near[i])]
        self._join(links)
        self.drawn = [link for row in self.rows for link in (*row.links, *row.onward)]
        self._label(links)
        for i, row in enumerate(self.rows):
            self._arrange(row, self.rows[i - 1].onward if i else [])
        self._pack()

    # -- rows ---------------------------------------------------------------------------------------------------

    def _rows(self, index: int, group: Group, links: Sequence[Link]) -> list[Row]:
        edges = [(link.source.id, link.target.id) for link in links]
        cards = {card.id: card for card in group.cards}
        leaving: dict[str, list[Link]] = {name: [] for name in cards}
        for link in links:
            leaving[link.source.id].append(link)
        found = []
        for names in components([*cards], edges):
            found += self._cut(index, [cards[name] for name in names], [x for name in names for x in leaving[name]])
        return found

    def _cut(self, index: int, cards: Sequence[Card], links: Sequence[Link]) -> list[Row]:
        """The rows of cards that wires connect; inputs and outputs stay with the cards that they are wired to."""
        edges = [(link.source.id, link.target.id) for link in links]
        inner = [card.id for card in cards if card.kind in ("node", "graph")]
        known = set(inner)
        lengths = {name: size[self.down] for name, size in self.groups[index].sizes.items()}
        between = [edge for edge in edges if edge[0] in known and edge[1] in known]
        rows = cut(inner, between, lengths, self.limits[index]) if inner else [[card.id for card in cards]]
        home = {name: i for i, names in enumerate(rows) for name in names}
        for source, target in edges:
            if target in known and source not in known:
                home[source] = min(home.get(source, len(rows)), home[target])
        for source, target in edges:
            home.setdefault(target, home.get(source, 0))
        made = [Row(index, []) for _ in rows]
        for card in cards:
            made[home.get(card.id, 0)].cards.append(card)
        for link in links:
            if home[link.source.id] == home[link.target.id]:
                made[home[link.source.id]].links.append(link)
        for row in made:
            names = [card.id for card in row.cards]
            rank = ranks(names, [(x.source.id, x.target.id) for x in row.links])
            row.links = [x for x in row.links if rank[x.target.id] - rank[x.source.id] <= _LONG]
            row.ranks = ranks(names, [(x.source.id, x.target.id) for x in row.links])
        return made

    def _join(self, links: Sequence[Link]) -> None:
        """Choose the wires that lead from the end of a row to the beginning of the next."""
        place = {card: i for i, row in enumerate(self.rows) for card in row.cards}
        ends = [max((row.ranks[c.id] for c in row.cards if c.kind != "output"), default=0) for row in self.rows]
        for link in links:
            at, to = place[link.source], place[link.target]
            row = self.rows[at]
            if to != at + 1 or len(row.onward) == THROUGH or link.source.kind == "input":
                continue
            if row.ranks[link.source.id] == ends[at] and self.rows[to].ranks[link.target.id] <= 1:
                row.onward.append(link)

    def _label(self, links: Sequence[Link]) -> None:
        """Put chips where no wire is drawn, and give the cards their sizes."""
        drawn = set(self.drawn)
        cards = [card for row in self.rows for card in row.cards]
        for card in cards:
            for right in card.rights:
                right.tags = 0
        for link in links:
            left, wired = link.target.lefts[link.end], link in drawn
            left.chip = None if wired else wire_chip(left)
            link.source.rights[link.start].tags += not wired
        for card in cards:
            sized(card, self.style)

    def _arrange(self, row: Row, incoming: Sequence[Link]) -> None:
        """Place the cards of a row, and points where wires come in and leave."""
        shift, last = bool(incoming), max(row.ranks.values(), default=0)
        rank: dict[Box, int] = {}
        for link in incoming:
            row.boxes[link] = box = Box(0.0, 0.0, (), (0.0,))
            rank[box] = 0
        for card in row.cards:
            row.boxes[card] = box = _box(card, self.down)
            rank[box] = row.ranks[card.id] + shift
        leaving = {(link.source, link.start): link for link in row.onward}
        for key in leaving:
            row.boxes[key] = box = Box(0.0, 0.0, (0.0,), ())
            rank[box] = last + shift + 1
        edges = [self._edge(row, link) for link in row.links]
        edges += [self._incoming(row, link) for link in incoming]
        edges += [self._leaving(row, link) for link in leaving.values()]
        row.layers = arrange([*rank], edges, rank)

    @staticmethod
    def _edge(row: Row, link: Link) -> Edge:
        return Edge(row.boxes[link.source], link.start, row.boxes[link.target], link.end)

    @staticmethod
    def _incoming(row: Row, link: Link) -> Edge:
        return Edge(row.boxes[link], 0, row.boxes[link.target], link.end)

    @staticmethod
    def _leaving(row: Row, link: Link) -> Edge:
        return Edge(row.boxes[link.source], link.start, row.boxes[link.source, link.start], 0)

    # -- frames -------------------------------------------------------------------------------------------------

    def _pack(self) -> None:
        """Place rows in frames, and frames."""
        self.alone = len(self.groups) == 1 and not self.groups[0].title
        self.packings: list[Packing] = []
        frames = []
        for i in range(len(self.groups)):
            rows = [row for row in self.rows if row.group == i]
            sizes = [(row.layers.width, row.layers.height) for row in rows if row.layers]
            most = max(self.limits[i], *(length for length, _ in sizes))
            if self.alone:
                packing, rects = packed(sizes, _ANY, _ROWS, partial(fit, down=self.down))
            else:
                packing, rects = packed(sizes, most, _ROWS, lambda length, breadth: -length * breadth)
            for row, rect in zip(rows, rects, strict=True):
                row.rect = rect
            self.packings.append(packing)
            pads = self._pads(i)
            frames.append((packing.length + pads[0] + pads[2], packing.breadth + pads[1] + pads[3]))
        self.sizes = frames
        self.whole, self.frames = fitted(frames, self.down)
        self.aside = _ASIDE if self._turns() else 0.0
        self.length, self.breadth = self.whole.length + 2 * self.aside, self.whole.breadth
        for row in self.rows:
            assert row.rect is not None
            along, across = self._inner(row.group)
            row.origin = along + row.rect.along, across + row.rect.across

    def _turns(self) -> bool:
        """Whether wires run beside the whole, from the end of a shelf to the beginning of the next."""
        for row, after in pairwise(self.rows):
            inner = row.group == after.group
            one, two = (row.rect, after.rect) if inner else (self.frames[row.group], self.frames[after.group])
            if (
                row.onward
                and inner == self.alone
                and one
                and two
                and (one.shelf, one.stack + 1) != (two.shelf, two.stack)
            ):
                return True
        return False

    def _inner(self, group: int) -> Point:
        """Where the rows of a frame lie."""
        frame, pads = self.frames[group], self._pads(group)
        return self.aside + frame.along + pads[0], frame.across + pads[1]

    def _pads(self, group: int) -> tuple[float, float, float, float]:
        """Room in a frame before its rows, along and across, and behind them."""
        if self.alone:
            return 0.0, 0.0, 0.0, 0.0
        title = _TITLE if self.groups[group].title else _INSET
        return (title, _INSET, _INSET, _INSET) if self.down else (_INSET, title, _INSET, _INSET)

    # -- the result ---------------------------------------------------------------------------------------------

    def place(self) -> list[Frame]:
        """Give the cards their places; return the frames."""
        for row in self.rows:
            for card in row.cards:
                box = row.boxes[card]
                along, across = row.origin[0] + box.x, row.origin[1] + box.y
                card.x, card.y = (across, along) if self.down else (along, across)
                card.frame = "" if self.alone else f"frame{row.group}"
        if self.alone:
            return []
        turn = partial(_turned, down=self.down)
        return [
            Frame(
                f"frame{i}",
                group.title.replace("`", ""),
                *turn(self.aside + rect.along, rect.across),
                *turn(rect.length, rect.breadth),
            )
            for i, (group, rect) in enumerate(zip(self.groups, self.frames, strict=True))
        ]

    def paths(self) -> list[tuple[Link, Path]]:
        """The lines of the wires."""
        gutters, found = Gutters(), []
        for i, row in enumerate(self.rows):
            for link in row.links:
                found.append((link, _within(row, self._edge(row, link))))
            if row.onward:
                found += self._onward(row, self.rows[i + 1], gutters)
        return found

    def _onward(self, row: Row, after: Row, gutters: Gutters) -> list[tuple[Link, Path]]:
        """The wires into the next row, in an order in which lanes further out do not cross those further in."""
        assert row.rect is not None and after.rect is not None
        if row.group == after.group:
            hop = Hop(self.packings[row.group], row.rect, after.rect, self._inner(row.group))
        else:
            hop = Hop(self.whole, self.frames[row.group], self.frames[after.group], (self.aside, 0.0))
        begun = []
        for link in row.onward:
            entry = after.boxes[link]
            end = after.origin[0] + entry.x, after.origin[1] + entry.y
            begun.append((link, _within(row, self._leaving(row, link)), end))
        up = hop.source.shelf == hop.target.shelf and sum(end[1] - path.end[1] for _, path, end in begun) < 0
        begun.sort(key=lambda each: each[1].end[1], reverse=not up)
        for link, path, end in begun:
            gutters.lead(path, (link.source.id, link.start), hop, end)
            _within(after, self._incoming(after, link), path)
        return [(link, path) for link, path, _ in begun]


def fit(length: float, breadth: float, down: bool) -> float:
    """The zoom at which so much fits into a page, at most 1."""
    width, height = (breadth, length) if down else (length, breadth)
    return min(_PAGE[0] / max(width, 1.0), _PAGE[1] / max(height, 1.0), 1.0)


def fitted(sizes: Sequence[tuple[float, float]], down: bool) -> tuple[Packing, list[Rect]]:
    """Frames of these lengths and breadths, placed so that a page holds them at the largest zoom."""
    return packed(sizes, _ANY, _GAP, partial(fit, down=down))


def _within(row: Row, edge: Edge, path: Path | None = None) -> Path:
    """The line of a wire in a row: level past cards, curved between columns."""
    assert row.layers is not None
    x, y = row.origin
    for i, (start, end) in enumerate(row.layers.corners(edge)):
        first = start[0] + x, start[1] + y
        if path is None:
            path = Path(first)
        elif i:
            path.curve(first)
        path.line((end[0] + x, end[1] + y))
    assert path is not None
    return path


def _box(card: Card, down: bool) -> Box:
    if down:
        return Box(card.height, card.width, [port.x for port in card.lefts], [port.x for port in card.rights])
    return Box(card.width, card.height, [port.y for port in card.lefts], [port.y for port in card.rights])


def _turned(along: float, across: float, down: bool) -> tuple[float, float]:
    return (across, along) if down else (along, across)
