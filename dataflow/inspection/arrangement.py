"""One way to place the cards of a scene: rows of at most some length, packed into frames, and frames into the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TypeVar

from dataflow.inspection.cards import wire_chip
from dataflow.inspection.elements import Card, Frame
from dataflow.inspection.gutters import Gutters, Hop
from dataflow.inspection.links import Group, Link, drawable
from dataflow.inspection.packing import Packing, Place, Rect, packed
from dataflow.inspection.paths import Path, Point
from dataflow.inspection.row import Row, join, rows_of
from dataflow.inspection.sizes import Style, sized

T = TypeVar("T")
_PAGE = 1000.0, 700.0  # pixels that a page has for the whole
_ANY = 1e6  # a length that shelves may have where only the page counts
_INSET, _TITLE, _GAP, _ROWS = 16.0, 28.0, 28.0, 26.0
_ASIDE = 24.0  # beside the whole, where wires run there


@dataclass
class Memory:
    """How a picture is arranged, so that what it is after an edit is arranged alike; all of it by card."""

    free: bool | None = None  # whether frames have left their order
    limits: dict[str, float] = field(default_factory=dict)  # how long the rows of its frame may be
    frames: dict[str, Place] = field(default_factory=dict)  # of its frame
    rows: dict[str, Place] = field(default_factory=dict)  # of its row in its frame
    middles: dict[str, Point] = field(default_factory=dict)  # of cards with wires, and of those that are loose


def known(by_card: Mapping[str, T], cards: Iterable[Card]) -> T | None:
    """What was remembered of a frame or a row with these cards: of the first that is not new."""
    return next((by_card[card.id] for card in cards if card.id in by_card), None)


class Arrangement:
    """Cards in rows, for each frame of at most some length; `drawn` are the wires, all other links are chips.

    free : whether frames may leave their order, which leaves no wires between them.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        links: Sequence[Link],
        limits: Sequence[float],
        style: Style,
        memory: Memory | None = None,
        free: bool = False,
    ):
        self.groups, self.style, self.down, self.limits, self.free = groups, style, style.down, limits, free
        self.memory = memory or Memory()
        home = {card: i for i, group in enumerate(groups) for card in group.cards}
        near: list[list[Link]] = [[] for _ in groups]
        for link in drawable(links, groups):
            near[home[link.source]].append(link)
        self.rows: list[Row] = []
        for i, group in enumerate(groups):
            lengths = {name: size[self.down] for name, size in group.sizes.items()}
            self.rows += rows_of(i, group.cards, near[i], lengths, limits[i])
        join(self.rows, links, free)
        self.drawn = [link for row in self.rows for link in (*row.links, *row.onward)]
        self._label(links)
        before: Row | None = None
        for row in self.rows:
            row.rect = Rect(*row.arrange(before.onward if before else (), self.down))
            before = row
        self._pack()

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

    # -- frames -------------------------------------------------------------------------------------------------

    def _pack(self) -> None:
        """Place rows in frames, and frames."""
        self.alone = len(self.groups) == 1 and not self.groups[0].title
        self.packings: list[Packing] = []
        frames = []
        for i in range(len(self.groups)):
            rows = [row for row in self.rows if row.group == i]
            sizes = [(row.rect.length, row.rect.breadth) for row in rows]
            was = [known(self.memory.rows, row.cards) for row in rows]
            most = max(self.limits[i], *(length for length, _ in sizes))
            if self.alone:
                packing, rects = packed(sizes, _ANY, _ROWS, partial(fit, down=self.down), was)
            else:
                packing, rects = packed(sizes, most, _ROWS, lambda length, breadth: -length * breadth, was)
            for row, rect in zip(rows, rects, strict=True):
                row.rect = rect
            self.packings.append(packing)
            pads = self._pads(i)
            frames.append((packing.length + pads[0] + pads[2], packing.breadth + pads[1] + pads[3]))
        self.sizes = frames
        was = [known(self.memory.frames, group.cards) for group in self.groups]
        self.whole, self.frames = fitted(frames, self.down, was, self.free)
        self.aside = _ASIDE if self._turns() else 0.0
        self.length, self.breadth = self.whole.length + 2 * self.aside, self.whole.breadth
        for row in self.rows:
            along, across = self._inner(row.group)
            row.origin = along + row.rect.along, across + row.rect.across

    def _turns(self) -> bool:
        """Whether wires run beside the whole, from the end of a shelf to the beginning of the next."""
        for row, after in pairwise(self.rows):
            inner = row.group == after.group
            one, two = (row.rect, after.rect) if inner else (self.frames[row.group], self.frames[after.group])
            beside = (one.shelf, one.stack + 1) == (two.shelf, two.stack)
            if row.onward and inner == self.alone and not beside:
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

    def remember(self) -> None:
        """Keep in the memory how all of it is arranged."""
        self.memory.free = self.free
        self.memory.limits, self.memory.frames = {}, {}
        for group, limit, frame in zip(self.groups, self.limits, self.frames, strict=True):
            names = [card.id for card in group.cards]
            self.memory.limits |= dict.fromkeys(names, limit)
            self.memory.frames |= dict.fromkeys(names, (frame.shelf, frame.stack))
        self.memory.rows = {card.id: (row.rect.shelf, row.rect.stack) for row in self.rows for card in row.cards}

    def place(self) -> list[Frame]:
        """Give the cards their places; return the frames."""
        for row in self.rows:
            for card in row.cards:
                card.x, card.y = _turned(*row.place(card), self.down)
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
            found += [(link, row.inside(link)) for link in row.links]
            if row.onward:
                found += self._onward(row, self.rows[i + 1], gutters)
        return found

    def _onward(self, row: Row, after: Row, gutters: Gutters) -> list[tuple[Link, Path]]:
        """The wires into the next row, in an order in which lanes further out do not cross those further in."""
        if row.group == after.group:
            hop = Hop(self.packings[row.group], row.rect, after.rect, self._inner(row.group))
        else:
            hop = Hop(self.whole, self.frames[row.group], self.frames[after.group], (self.aside, 0.0))
        begun = [(link, row.begun(link), after.entry(link)) for link in row.onward]
        up = hop.source.shelf == hop.target.shelf and sum(end[1] - path.end[1] for _, path, end in begun) < 0
        begun.sort(key=lambda each: each[1].end[1], reverse=not up)
        for link, path, end in begun:
            gutters.lead(path, (link.source.id, link.start), hop, end)
            after.end(link, path)
        return [(link, path) for link, path, _ in begun]


def fit(length: float, breadth: float, down: bool) -> float:
    """The zoom at which so much fits into a page, at most 1."""
    width, height = (breadth, length) if down else (length, breadth)
    return min(_PAGE[0] / max(width, 1.0), _PAGE[1] / max(height, 1.0), 1.0)


def fitted(
    sizes: Sequence[tuple[float, float]], down: bool, was: Sequence[Place | None] = (), free: bool = False
) -> tuple[Packing, list[Rect]]:
    """Frames of these lengths and breadths, placed so that a page holds them at the largest zoom, or nearly so."""
    return packed(sizes, _ANY, _GAP, partial(fit, down=down), was, free)


def _turned(along: float, across: float, down: bool) -> tuple[float, float]:
    return (across, along) if down else (along, across)
