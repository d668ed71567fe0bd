"""Layered layout: boxes in columns from left to right, wires that keep clear of every box.

Columns come from longest paths, the order in a column from barycentres, heights from least squares under that order.
Wires from one port share a trunk, and a long one passes every column in a slot of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dataflow.core.errors import DataflowError

Point = tuple[float, float]
_End = tuple["_Slot", float]
_Pull = tuple["_Slot", float, float]  # another slot, how far below its top, with what weight
_SWEEPS = 24  # of ordering, and of straightening; both settle well before
_FULL = 10_000  # boxes, and pieces of wires between columns, that get them all; more get fewer
_MOST = 100_000  # boxes and pieces of a drawing: with more it takes minutes, and shows nothing


@dataclass(eq=False)
class Box:
    """What is to be placed: its size, how far down each port is, and where it ended up.

    pin : ``"left"`` or ``"right"`` for what stands in the first or last column.
    """

    width: float
    height: float
    lefts: Sequence[float] = ()
    rights: Sequence[float] = ()
    pin: str = ""
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, eq=False)
class Tie:
    """A wire, from the right port ``start`` of one box to the left port ``end`` of another."""

    source: Box
    start: int
    target: Box
    end: int


@dataclass(eq=False)
class _Slot:
    """A place in a column: a box, or a point where a trunk passes."""

    box: Box | None
    place: int
    y: float = 0.0

    @property
    def height(self) -> float:
        return self.box.height if self.box else 0.0


@dataclass(frozen=True, eq=False)
class _Segment:
    """A piece of a wire between neighbouring columns; ``dy`` is how far below the top of its slot it ends."""

    left: _Slot
    left_dy: float
    right: _Slot
    right_dy: float

    @property
    def weight(self) -> float:
        return (1.0, 2.0, 16.0)[(self.left.box is None) + (self.right.box is None)]  # long trunks are to be straight


@dataclass(eq=False)
class _Column:
    slots: list[_Slot] = field(default_factory=list)
    segments: list[_Segment] = field(default_factory=list)  # those that end here
    x: float = 0.0
    width: float = 0.0

    @property
    def right(self) -> float:
        return self.x + self.width


def place(
    boxes: Sequence[Box], ties: Sequence[Tie], gap: float = 26.0
) -> tuple[float, float, dict[tuple[Box, int], str]]:
    """Give every box its x and y; boxes come so that each stands after those that feed it.

    Returns
    -------
    The width and height of the whole, and an SVG path for each (box, right port) that a wire leaves from.

    Raises
    ------
    DataflowError
        When there is too much to draw.
    """
    rank = _ranks(boxes, ties)
    count = len(boxes) + len(ties) + 2 * _bends(rank, ties)
    if count > _MOST:
        raise DataflowError(
            f"drawing: must have at most {_MOST:,} boxes and pieces of wires, got {count:,}; "
            "draw its parts, or write DOT and let Graphviz draw it"
        )
    sweeps = max(2, min(_SWEEPS, _SWEEPS * _FULL // max(count, 1)))
    columns = [_Column() for _ in range(max(rank.values(), default=-1) + 1)]
    slots = {box: _Slot(box, 0) for box in boxes}
    for box in boxes:
        columns[rank[box]].slots.append(slots[box])
    trunks = _trunks(columns, slots, rank, ties)
    _order(columns, sweeps)
    _straighten(columns, trunks.values(), gap, sweeps // 2)
    top = min((s.y for c in columns for s in c.slots), default=0.0)
    x = bottom = 0.0
    for column in columns:
        if column is not columns[0]:
            x += _between(column)
        column.x, column.width = x, max((s.box.width for s in column.slots if s.box), default=0.0)
        x += column.width
        for slot in column.slots:
            slot.y -= top
            bottom = max(bottom, slot.y + slot.height)
            if slot.box:
                slot.box.x, slot.box.y = column.x, slot.y
    branches: dict[tuple[Box, int], list[Tie]] = {}
    for tie in ties:
        branches.setdefault((tie.source, tie.start), []).append(tie)
    return x, bottom, {key: _path(columns, rank, trunks[key], ends) for key, ends in branches.items()}


def _ranks(boxes: Sequence[Box], ties: Sequence[Tie]) -> dict[Box, int]:
    """The column of each box. What needs no pinned box stands as far right as what reads it allows."""
    readers: dict[Box, list[Box]] = {box: [] for box in boxes}
    feeders: dict[Box, list[Box]] = {box: [] for box in boxes}
    for tie in ties:
        readers[tie.source].append(tie.target)
        feeders[tie.target].append(tie.source)
    rank: dict[Box, int] = {}
    fed: set[Box] = {box for box in boxes if box.pin == "left"}
    for box in boxes:
        rank[box] = max((rank[f] + 1 for f in feeders[box]), default=0)
        if any(f in fed for f in feeders[box]):
            fed.add(box)
    last = max(rank.values(), default=0)
    for box in reversed(boxes):
        if box.pin == "right":
            rank[box] = last
        elif box not in fed and readers[box]:
            rank[box] = min(rank[r] for r in readers[box]) - 1
    return rank


def _bends(rank: dict[Box, int], ties: Sequence[Tie]) -> int:
    """How many columns wires pass between their ends, those from one port together."""
    longest: dict[tuple[Box, int], int] = {}
    for tie in ties:
        key, span = (tie.source, tie.start), rank[tie.target] - rank[tie.source] - 1
        longest[key] = max(longest.get(key, 0), span)
    return sum(longest.values())


def _trunks(
    columns: list[_Column], slots: dict[Box, _Slot], rank: dict[Box, int], ties: Sequence[Tie]
) -> dict[tuple[Box, int], list[_Slot]]:
    """For each right port in use the slots its trunk passes, one a column; segments are noted in their columns."""
    trunks: dict[tuple[Box, int], list[_Slot]] = {}
    for tie in ties:
        trunk = trunks.setdefault((tie.source, tie.start), [slots[tie.source]])
        first, last = rank[tie.source], rank[tie.target]
        while first + len(trunk) < last:
            column, passing = columns[first + len(trunk)], _Slot(None, 0)
            before = trunk[-1]
            column.segments.append(_Segment(before, _exit(before, tie.start), passing, 0.0))
            column.slots.append(passing)
            trunk.append(passing)
        before = trunk[last - first - 1]
        ends = slots[tie.target], tie.target.lefts[tie.end]
        columns[last].segments.append(_Segment(before, _exit(before, tie.start), *ends))
    return trunks


def _exit(slot: _Slot, port: int) -> float:
    return slot.box.rights[port] if slot.box else 0.0


# -- order ------------------------------------------------------------------------------------------------------


def _order(columns: list[_Column], sweeps: int) -> None:
    """Order the slots of each column so that wires cross little; of all the orders met, the best is kept."""
    for column in columns:
        _number(column.slots)
    best, kept = _crossings(columns), [list(c.slots) for c in columns]
    for sweep in range(sweeps):
        if not best:
            break
        forward = sweep % 2 == 0
        for i in range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1):
            segments = columns[i].segments if forward else columns[i + 1].segments
            _by_barycentre(columns[i].slots, segments, forward)
        crossings = _crossings(columns)
        if crossings < best:
            best, kept = crossings, [list(c.slots) for c in columns]
    for column, slots in zip(columns, kept, strict=True):
        column.slots = slots
        _number(slots)
    _swap(columns, sweeps)


def _by_barycentre(slots: list[_Slot], segments: Iterable[_Segment], forward: bool) -> None:
    seen: dict[_Slot, list[float]] = {}
    for s in segments:
        here, there, dy = (s.right, s.left, s.left_dy) if forward else (s.left, s.right, s.right_dy)
        seen.setdefault(here, []).append(_height_at(there, dy))
    means = {slot: sum(ys) / len(ys) for slot, ys in seen.items()}
    # a slot without neighbours on that side keeps its place among the others
    movable = sorted((s for s in slots if s in means), key=lambda s: (means[s], s.place))
    queue = iter(movable)
    slots[:] = [next(queue) if s in means else s for s in slots]
    _number(slots)


def _swap(columns: list[_Column], sweeps: int) -> None:
    """Exchange neighbours in a column wherever that undoes crossings: what barycentres leave undone."""
    ends: dict[_Slot, tuple[list[_End], list[_End]]] = {s: ([], []) for c in columns for s in c.slots}
    for column in columns:
        for s in column.segments:
            ends[s.right][0].append((s.left, s.left_dy))
            ends[s.left][1].append((s.right, s.right_dy))
    for _ in range(sweeps):
        swapped = False
        for column in columns:
            for i in range(len(column.slots) - 1):
                a, b = column.slots[i : i + 2]
                if _inversions(ends[b], ends[a]) < _inversions(ends[a], ends[b]):
                    column.slots[i : i + 2] = b, a
                    a.place, b.place = b.place, a.place
                    swapped = True
        if not swapped:
            break


def _inversions(upper: tuple[list[_End], list[_End]], lower: tuple[list[_End], list[_End]]) -> int:
    count = 0
    for above, below in zip(upper, lower, strict=True):
        if above and below:
            heights = sorted(_height_at(*end) for end in below)
            count += sum(bisect_left(heights, _height_at(*end)) for end in above)
    return count


def _number(slots: Iterable[_Slot]) -> None:
    for i, slot in enumerate(slots):
        slot.place = i


def _height_at(slot: _Slot, dy: float) -> float:
    return slot.place + (dy / slot.height if slot.height else 0.5) * 0.9


def _crossings(columns: Iterable[_Column]) -> int:
    count = 0
    for column in columns:
        met: list[float] = []
        ends = [(_height_at(s.left, s.left_dy), _height_at(s.right, s.right_dy)) for s in column.segments]
        for _, right in sorted(ends):
            count += len(met) - bisect_right(met, right)
            insort(met, right)
    return count


# -- heights ----------------------------------------------------------------------------------------------------


def _straighten(columns: list[_Column], trunks: Iterable[Sequence[_Slot]], gap: float, sweeps: int) -> None:
    """Give every slot its y: near those it is wired to, in order and apart from its neighbours in the column.

    Waves from the left and from the right come first, then both sides pull, and the points of a trunk to their middle.
    """
    lefts: dict[_Slot, list[_Pull]] = {s: [] for c in columns for s in c.slots}
    rights: dict[_Slot, list[_Pull]] = {s: [] for s in lefts}
    for s in (s for c in columns for s in c.segments):
        shift = s.left_dy - s.right_dy
        lefts[s.right].append((s.left, shift, s.weight))
        rights[s.left].append((s.right, -shift, s.weight))
    for column in columns:
        _settle(column.slots, [[]] * len(column.slots), gap)
    for _ in range(sweeps):
        for pulls, order in ((lefts, columns), (rights, columns[::-1])):
            for column in order:
                _settle(column.slots, [pulls[s] for s in column.slots], gap)
    both = {s: lefts[s] + rights[s] for s in lefts}
    middles = [(_Slot(None, 0), points) for _, *points in trunks if len(points) > 1]
    for middle, points in middles:
        for point in points:
            both[point].append((middle, 0.0, 16.0 * len(points)))
    for _ in range(sweeps):
        for order in (columns, columns[::-1]):
            for middle, points in middles:
                middle.y = sum(point.y for point in points) / len(points)
            for column in order:
                _settle(column.slots, [both[s] for s in column.slots], gap)


def _settle(slots: Sequence[_Slot], pulls: Sequence[Sequence[_Pull]], gap: float) -> None:
    """The heights nearest to where each slot is pulled (least squares) that keep order and distance.

    Once the least distances are taken off, this is a fit of a rising sequence: neighbours that clash are pooled.
    """
    wanted = []
    for slot, near in zip(slots, pulls, strict=True):
        weight = sum(w for _, _, w in near)
        mean = sum((other.y + shift) * w for other, shift, w in near) / weight if weight else slot.y
        wanted.append((mean, weight or 0.01))
    offsets = [0.0]
    for a, b in pairwise(slots):
        offsets.append(offsets[-1] + a.height + gap * (1.0, 0.7, 0.5)[(a.box is None) + (b.box is None)])
    pools: list[tuple[float, float, int]] = []  # mean, weight, number of slots
    for (y, weight), offset in zip(wanted, offsets, strict=True):
        pool = (y - offset, weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, heavy, count = pools.pop()
            total = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / total, total, count + pool[2])
        pools.append(pool)
    means = [mean for mean, _, count in pools for _ in range(count)]
    for slot, mean, offset in zip(slots, means, offsets, strict=True):
        slot.y = mean + offset


# -- wires ------------------------------------------------------------------------------------------------------


def _between(column: _Column) -> float:
    """Room left of a column: more where wires climb far."""
    climb = max((abs(s.left.y + s.left_dy - s.right.y - s.right_dy) for s in column.segments), default=0.0)
    return 44.0 + min(climb * 0.16, 90.0)


def _path(columns: list[_Column], rank: dict[Box, int], trunk: list[_Slot], ends: Sequence[Tie]) -> str:
    """A trunk and its branches: level across columns, curved between them."""
    box, first = ends[0].source, rank[ends[0].source]
    heights = [box.y + box.rights[ends[0].start], *(slot.y for slot in trunk[1:])]
    parts = [_level((box.x + box.width, heights[0]), columns[first].right)]
    for i in range(1, len(trunk)):
        before, column = columns[first + i - 1], columns[first + i]
        parts.append(_curve((before.right, heights[i - 1]), (column.x, heights[i])))
        parts.append(_level((column.x, heights[i]), column.right))
    for tie in ends:
        at = rank[tie.target] - 1
        end = tie.target.x, tie.target.y + tie.target.lefts[tie.end]
        parts.append(_curve((columns[at].right, heights[at - first]), end))
    return "".join(parts)


def _level(start: Point, x: float) -> str:
    return f"M{start[0]:.1f} {start[1]:.1f}H{x:.1f}" if x > start[0] else ""


def _curve(start: Point, end: Point) -> str:
    (x, y), (to_x, to_y) = start, end
    middle = (x + to_x) / 2
    return f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
