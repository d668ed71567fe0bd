"""The order in columns: few wires cross, nothing is lost, and counting them is cheap."""

from __future__ import annotations

import random
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.inspection import crossings
from dataflow.inspection.columns import Box, Column, Segment, Slot
from dataflow.inspection.crossings import reduce_crossings


def wired(sizes: list[int], wires: list[tuple[int, int, int]]) -> list[Column]:
    """Columns of boxes with a port in the middle; a wire is (column it ends in, slot before, slot there)."""
    columns = [Column([Slot(Box(10.0, 10.0), 0) for _ in range(size)]) for size in sizes]
    for at, a, b in wires:
        columns[at].segments.append(Segment(columns[at - 1].slots[a], 5.0, columns[at].slots[b], 5.0))
    return columns


def crossed(columns: list[Column]) -> int:
    """How many pairs of wires cross, each compared with each."""
    count = 0
    for before, column in pairwise(columns):
        ends = [(before.slots.index(s.left), column.slots.index(s.right)) for s in column.segments]
        count += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(ends, 2))
    return count


@pytest.mark.parametrize(
    "sizes, wires, least",
    [
        ([], [], 0),
        ([3], [], 0),
        ([2, 2], [(1, 0, 1), (1, 1, 0)], 0),
        ([3, 3], [(1, 0, 2), (1, 1, 1), (1, 2, 0)], 0),
        ([2, 2], [(1, a, b) for a in (0, 1) for b in (0, 1)], 1),  # all with all: one crossing is left
        ([2, 2, 2], [(1, 0, 1), (1, 1, 0), (2, 0, 0), (2, 1, 1)], 0),
        # what barycentres leave, and what a later sweep makes worse
        ([3, 3], [(1, 0, 0), (1, 1, 1), (1, 1, 2), (1, 2, 0), (1, 2, 2)], 0),
        ([3, 3], [(1, 0, 0), (1, 0, 1), (1, 0, 2), (1, 1, 2), (1, 2, 1), (1, 2, 2)], 1),
        ([3, 4, 2], [(1, 0, 0), (1, 0, 2), (1, 1, 3), (1, 2, 2), (2, 0, 1), (2, 2, 1), (2, 3, 1)], 0),
        ([1, 3, 3], [(1, 0, 0), (1, 0, 1), (1, 0, 2), (2, 0, 2), (2, 1, 0), (2, 2, 1)], 0),
    ],
)
def test_crossings_that_can_be_undone_are(sizes: list[int], wires: list[tuple[int, int, int]], least: int) -> None:
    columns = wired(sizes, wires)
    reduce_crossings(columns, 24)
    assert crossed(columns) == least


def test_what_crosses_nothing_stays_in_order() -> None:
    columns = wired([3, 3], [(1, i, i) for i in range(3)])
    before = [list(column.slots) for column in columns]
    reduce_crossings(columns, 24)
    assert [column.slots for column in columns] == before


@given(st.data())
def test_the_order_is_never_worse_and_all_slots_are_kept(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    spots = [(at, a, b) for at in range(1, len(sizes)) for a in range(sizes[at - 1]) for b in range(sizes[at])]
    columns = wired(sizes, data.draw(st.lists(st.sampled_from(spots), max_size=12, unique=True)))
    before, slots = crossed(columns), [set(column.slots) for column in columns]
    reduce_crossings(columns, data.draw(st.sampled_from([2, 24])))
    assert crossed(columns) <= before
    assert [set(column.slots) for column in columns] == slots
    assert all([slot.place for slot in column.slots] == [*range(len(column.slots))] for column in columns)


def test_crossings_of_two_neighbours_are_counted_without_comparing_all_with_all(monkeypatch):
    looks, height = [], crossings._height_at
    monkeypatch.setattr(crossings, "_height_at", lambda *end: looks.append(end) or height(*end))
    rng = random.Random(5)
    for size in (0, 1, 7, 300):
        ends = [tuple([(Slot(None, rng.randrange(20)), 0.0) for _ in range(size)] for _ in range(2)) for _ in range(2)]
        looks.clear()
        found = crossings._inversions(*ends)
        assert len(looks) <= 4 * size
        upper, lower = ends
        assert found == sum(height(*a) > height(*b) for side in (0, 1) for a, b in product(upper[side], lower[side]))
