"""Layered layout: boxes in columns from left to right, wires that keep clear of every box.

The order in a column comes from barycentres (`crossings`), heights from least squares under that order (`heights`).
Wires from one port share a trunk, and a long one passes every column in a slot of its own.
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


def arrange(boxes: Sequence[Box], edges: Sequence[Edge], rank: dict[Box, int], gap: float = 16.0) -> Layers:
    """Give every box its x and y, in the column that is its rank; wires must lead to columns further right.

    Raises DataflowError when there is too much to draw.
    """
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
    before: Column | None = None
    for column in columns:
        if before is not None:
            x += _between(before, column)
        before = column
        column.x, column.width = x, max((s.box.width for s in column.slots if s.box), default=0.0)
        x += column.width
        for slot in column.slots:
            slot.y -= top
            bottom = max(bottom, slot.y + slot.height)
            if slot.box:
                slot.box.x, slot.box.y = column.x, slot.y
    return Layers(columns, rank, trunks, x, bottom)


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


def _between(before: Column, column: Column) -> float:
    """Room between columns: more where wires climb far, less where they only come into the picture or leave it."""
    climb = max((abs(s.left.y + s.left_dy - s.right.y - s.right_dy) for s in column.segments), default=0.0)
    least = 36.0 if before.width and any(slot.box and slot.box.width for slot in column.slots) else 14.0
    return least + min(climb * 0.1, 40.0)
