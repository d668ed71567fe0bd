"""Layered layout: boxes in columns from left to right, wires that keep clear of every box.

Columns come from longest paths, the order in a column from barycentres (`crossings`), heights from least squares under
that order (`heights`). Wires from one port share a trunk, and a long one passes every column in a slot of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dataflow.core.errors import DataflowError
from dataflow.inspection.columns import Box, Column, Edge, Segment, Slot
from dataflow.inspection.crossings import reduce_crossings
from dataflow.inspection.heights import assign_heights

Point = tuple[float, float]
_SWEEPS = 24  # of crossing reduction and of height assignment; both converge earlier
_FULL = 10_000  # boxes and pieces of wires up to which all sweeps are made
_MOST = 100_000  # boxes and pieces of wires: more would take minutes and be unreadable


def place(
    boxes: Sequence[Box], edges: Sequence[Edge], gap: float = 26.0
) -> tuple[float, float, dict[tuple[Box, int], str]]:
    """Give every box its x and y; the boxes must be in topological order.

    Returns
    -------
    The width and height of the whole, and an SVG path for each (box, right port) that a wire leaves from.

    Raises
    ------
    DataflowError
        When there is too much to draw.
    """
    layers = arrange(boxes, edges, gap)
    branches: dict[tuple[Box, int], list[Edge]] = {}
    for edge in edges:
        branches.setdefault((edge.source, edge.start), []).append(edge)
    paths = {key: _path(layers.columns, layers.rank, layers.trunks[key], ends) for key, ends in branches.items()}
    return layers.width, layers.height, paths


@dataclass(frozen=True, eq=False)
class Layers:
    """Boxes that have their places, and how wires pass the columns."""

    columns: list[Column]
    rank: dict[Box, int]
    trunks: dict[tuple[Box, int], list[Slot]]
    width: float
    height: float

    def corners(self, edge: Edge) -> list[tuple[Point, Point]]:
        """The level pieces of a wire, from column to column; curves lead from each to the next."""
        first, last = self.rank[edge.source], self.rank[edge.target]
        trunk, source = self.trunks[edge.source, edge.start], edge.source
        x, y = source.x + source.width, source.y + source.rights[edge.start]
        pieces = [((x, y), (max(x, self.columns[first].right), y))]
        for i in range(1, last - first):
            column, y = self.columns[first + i], trunk[i].y
            pieces.append(((column.x, y), (column.right, y)))
        end = edge.target.x, edge.target.y + edge.target.lefts[edge.end]
        return [*pieces, (end, end)]


def arrange(boxes: Sequence[Box], edges: Sequence[Edge], gap: float = 26.0) -> Layers:
    """Give every box its x and y, in columns from left to right; the boxes must be in topological order.

    Raises DataflowError when there is too much to draw.
    """
    rank = _ranks(boxes, edges)
    count = len(boxes) + len(edges) + 2 * _bends(rank, edges)
    if count > _MOST:
        raise DataflowError(
            f"drawing: must have at most {_MOST:,} boxes and pieces of wires, got {count:,}; "
            "draw its parts, or write DOT and let Graphviz draw it"
        )
    sweeps = max(2, min(_SWEEPS, _SWEEPS * _FULL // max(count, 1)))
    columns = [Column() for _ in range(max(rank.values(), default=-1) + 1)]
    slots = {box: Slot(box, 0) for box in boxes}
    for box in boxes:
        columns[rank[box]].slots.append(slots[box])
    trunks = _trunks(columns, slots, rank, edges)
    reduce_crossings(columns, sweeps)
    assign_heights(columns, trunks.values(), gap, sweeps // 2)
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
    return Layers(columns, rank, trunks, x, bottom)


def _ranks(boxes: Sequence[Box], edges: Sequence[Edge]) -> dict[Box, int]:
    """The column of each box. What needs no pinned box stands as far right as what reads it allows."""
    readers: dict[Box, list[Box]] = {box: [] for box in boxes}
    feeders: dict[Box, list[Box]] = {box: [] for box in boxes}
    for edge in edges:
        readers[edge.source].append(edge.target)
        feeders[edge.target].append(edge.source)
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


def _bends(rank: dict[Box, int], edges: Sequence[Edge]) -> int:
    """How many columns wires pass between their ends, those from one port together."""
    longest: dict[tuple[Box, int], int] = {}
    for edge in edges:
        key, span = (edge.source, edge.start), rank[edge.target] - rank[edge.source] - 1
        longest[key] = max(longest.get(key, 0), span)
    return sum(longest.values())


def _trunks(
    columns: list[Column], slots: dict[Box, Slot], rank: dict[Box, int], edges: Sequence[Edge]
) -> dict[tuple[Box, int], list[Slot]]:
    """For each right port in use the slots its trunk passes, one a column; segments are noted in their columns."""
    trunks: dict[tuple[Box, int], list[Slot]] = {}
    for edge in edges:
        trunk = trunks.setdefault((edge.source, edge.start), [slots[edge.source]])
        first, last = rank[edge.source], rank[edge.target]
        while first + len(trunk) < last:
            column, passing = columns[first + len(trunk)], Slot(None, 0)
            before = trunk[-1]
            column.segments.append(Segment(before, _exit(before, edge.start), passing, 0.0))
            column.slots.append(passing)
            trunk.append(passing)
        before = trunk[last - first - 1]
        ends = slots[edge.target], edge.target.lefts[edge.end]
        columns[last].segments.append(Segment(before, _exit(before, edge.start), *ends))
    return trunks


def _exit(slot: Slot, port: int) -> float:
    return slot.box.rights[port] if slot.box else 0.0


def _between(column: Column) -> float:
    """Room left of a column: more where wires climb far."""
    climb = max((abs(s.left.y + s.left_dy - s.right.y - s.right_dy) for s in column.segments), default=0.0)
    return 44.0 + min(climb * 0.16, 90.0)


def _path(columns: list[Column], rank: dict[Box, int], trunk: list[Slot], ends: Sequence[Edge]) -> str:
    """A trunk and its branches: level across columns, curved between them."""
    box, first = ends[0].source, rank[ends[0].source]
    heights = [box.y + box.rights[ends[0].start], *(slot.y for slot in trunk[1:])]
    parts = [_level((box.x + box.width, heights[0]), columns[first].right)]
    for i in range(1, len(trunk)):
        before, column = columns[first + i - 1], columns[first + i]
        parts.append(_curve((before.right, heights[i - 1]), (column.x, heights[i])))
        parts.append(_level((column.x, heights[i]), column.right))
    for edge in ends:
        at = rank[edge.target] - 1
        end = edge.target.x, edge.target.y + edge.target.lefts[edge.end]
        parts.append(_curve((columns[at].right, heights[at - first]), end))
    return "".join(parts)


def _level(start: Point, x: float) -> str:
    return f"M{start[0]:.1f} {start[1]:.1f}H{x:.1f}" if x > start[0] else ""


def _curve(start: Point, end: Point) -> str:
    (x, y), (to_x, to_y) = start, end
    middle = (x + to_x) / 2
    return f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
