"""The order of boxes in each column that lets few wires cross: barycentres, then exchanges of neighbours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from dataflow.inspection.columns import Column, Segment, Slot

_End = tuple[Slot, float]


def reduce_crossings(columns: list[Column], sweeps: int) -> None:
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


def _by_barycentre(slots: list[Slot], segments: Iterable[Segment], forward: bool) -> None:
    seen: dict[Slot, list[float]] = {}
    for s in segments:
        here, there, dy = (s.right, s.left, s.left_dy) if forward else (s.left, s.right, s.right_dy)
        seen.setdefault(here, []).append(_height_at(there, dy))
    means = {slot: sum(ys) / len(ys) for slot, ys in seen.items()}
    # a slot without neighbours on that side keeps its place among the others
    movable = sorted((s for s in slots if s in means), key=lambda s: (means[s], s.place))
    queue = iter(movable)
    slots[:] = [next(queue) if s in means else s for s in slots]
    _number(slots)


def _swap(columns: list[Column], sweeps: int) -> None:
    """Exchange neighbours in a column wherever that undoes crossings: what barycentres leave undone."""
    ends: dict[Slot, tuple[list[_End], list[_End]]] = {s: ([], []) for c in columns for s in c.slots}
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


def _number(slots: Iterable[Slot]) -> None:
    for i, slot in enumerate(slots):
        slot.place = i


def _height_at(slot: Slot, dy: float) -> float:
    return slot.place + (dy / slot.height if slot.height else 0.5) * 0.9


def _crossings(columns: Iterable[Column]) -> int:
    count = 0
    for column in columns:
        met: list[float] = []
        ends = [(_height_at(s.left, s.left_dy), _height_at(s.right, s.right_dy)) for s in column.segments]
        for _, right in sorted(ends):
            count += len(met) - bisect_right(met, right)
            insort(met, right)
    return count
