"""The height of each box in its column: least squares under a given order, so that wires run straight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from dataflow.inspection.columns import Column, Slot

_MOST = 2_000  # rows whose heights are kept
_FOUND: dict[tuple[object, ...], tuple[float, ...]] = {}
_Pull = tuple[Slot, float, float]  # another slot, how far below its top, with what weight


def assign_heights(columns: list[Column], trunks: Iterable[Sequence[Slot]], gap: float, sweeps: int) -> None:
    """Give every slot its y: near those it is wired to, in order and apart from its neighbours in the column.

    First sweeps from the left and from the right, then both sides pull at once, and trunks are pulled straight. What
    was found for as many columns before is taken again: an edit changes one row of a picture, and leaves the others.
    """
    trunks = list(trunks)
    place = {slot: i for i, slot in enumerate(slot for column in columns for slot in column.slots)}
    key = (
        tuple(tuple((slot.height, slot.box is None) for slot in column.slots) for column in columns),
        tuple((place[s.left], s.left_dy, place[s.right], s.right_dy) for column in columns for s in column.segments),
        tuple(tuple(place[slot] for slot in trunk) for trunk in trunks),
        (gap, sweeps),
    )
    found = _FOUND.get(key)
    if found is None:
        _sweep(columns, trunks, gap, sweeps)
        if len(_FOUND) >= _MOST:
            _FOUND.clear()
        _FOUND[key] = tuple(slot.y for slot in place)
        return
    for slot, y in zip(place, found, strict=True):
        slot.y = y


def _sweep(columns: list[Column], trunks: Sequence[Sequence[Slot]], gap: float, sweeps: int) -> None:
    lefts: dict[Slot, list[_Pull]] = {s: [] for c in columns for s in c.slots}
    rights: dict[Slot, list[_Pull]] = {s: [] for s in lefts}
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
    middles = [(Slot(None, 0), points) for _, *points in trunks if len(points) > 1]
    for middle, points in middles:
        for point in points:
            both[point].append((middle, 0.0, 16.0 * len(points)))
    for _ in range(sweeps):
        for order in (columns, columns[::-1]):
            for middle, points in middles:
                middle.y = sum(point.y for point in points) / len(points)
            for column in order:
                _settle(column.slots, [both[s] for s in column.slots], gap)


def _settle(slots: Sequence[Slot], pulls: Sequence[Sequence[_Pull]], gap: float) -> None:
    """Set the heights that are nearest to where each slot is pulled (least squares) and keep order and distance.

    With the least distances subtracted this is isotonic regression: neighbours that clash are pooled.
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
