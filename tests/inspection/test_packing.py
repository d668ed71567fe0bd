"""Rectangles on shelves: in their order unless they are free of it, apart, and placed as the score likes best."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dataflow.inspection.packing import pack, packed

SIZES = st.lists(st.tuples(st.floats(1, 900), st.floats(1, 500)), min_size=1, max_size=9)


def test_rectangles_stand_side_by_side_until_a_shelf_is_full() -> None:
    packing, rects = pack([(40, 10), (40, 20), (40, 10)], most=100, tall=0, gap=10)
    assert [(r.along, r.across, r.shelf, r.stack) for r in rects] == [(0, 0, 0, 0), (50, 0, 0, 1), (0, 30, 1, 0)]
    assert (packing.length, packing.breadth, packing.ends) == (90, 40, [20, 40])


def test_low_ones_are_stacked() -> None:
    packing, rects = pack([(40, 50), (40, 20), (30, 20)], most=100, tall=50, gap=10)
    assert [(r.along, r.across, r.stack) for r in rects] == [(0, 0, 0), (50, 0, 1), (50, 30, 1)]
    assert (packing.length, packing.breadth) == (90, 50)


def test_free_ones_fill_what_is_left_below_those_before_them() -> None:
    sizes = [(80, 40), (90, 150), (60, 70), (85, 20)]  # the last is longer than the first, and stands by itself
    packing, rects = pack(sizes, most=300, tall=160, gap=10, free=True)
    assert [(r.along, r.across, r.shelf, r.stack) for r in rects] == [
        (0, 0, 0, 0),
        (90, 0, 0, 1),
        (0, 50, 0, 0),
        (190, 0, 0, 2),
    ]
    assert (packing.length, packing.breadth) == (275, 150)
    _, rects = pack(sizes, most=300, tall=160, gap=10)
    assert [(r.shelf, r.stack) for r in rects] == [(0, 0), (0, 1), (0, 2), (0, 2)]


def test_free_ones_are_placed_so_where_that_is_better() -> None:
    sizes = [(80.0, 40.0), (90.0, 120.0), (60.0, 70.0)]

    def score(length: float, breadth: float) -> float:
        return -max(length, 1.4 * breadth)

    ordered, free = (packed(sizes, 500.0, 10.0, score, free=free)[0] for free in (False, True))
    assert score(free.length, free.breadth) == -180 > score(ordered.length, ordered.breadth)


def test_nothing_to_place() -> None:
    packing, rects = pack([], most=100, tall=0, gap=10)
    assert (packing.length, packing.breadth, rects) == (0.0, 0.0, [])


@given(SIZES, st.floats(100, 1500), st.floats(0, 900), st.booleans())
def test_they_are_apart_and_in_their_order(
    sizes: list[tuple[float, float]], most: float, tall: float, free: bool
) -> None:
    packing, rects = pack(sizes, most, tall, 12.0, free)
    for a, b in itertools.combinations(rects, 2):
        beside = a.along + a.length + 12 <= b.along + 1e-6 or b.along + b.length + 12 <= a.along + 1e-6
        above = a.across + a.breadth + 12 <= b.across + 1e-6 or b.across + b.breadth + 12 <= a.across + 1e-6
        assert beside or above
        assert free or (a.shelf, a.stack, a.across) <= (b.shelf, b.stack, b.across)
    assert abs(packing.length - max(r.along + r.length for r in rects)) < 1e-6
    assert abs(packing.breadth - max(r.across + r.breadth for r in rects)) < 1e-6
    assert packing.length <= max(most, *(length for length, _ in sizes)) + 1e-6


def test_what_was_side_by_side_stays_so_where_that_is_nearly_as_good() -> None:
    sizes = [(40.0, 10.0)] * 3

    def score(length: float, breadth: float) -> float:
        return {40: 100, 90: 85, 140: 50}[int(length)]  # in one stack, with one beside, all side by side

    def places(was: list[tuple[int, int] | None]) -> list[tuple[int, int]]:
        return [(rect.shelf, rect.stack) for rect in packed(sizes, 500.0, 10.0, score, was)[1]]

    stacked, beside, apart = [(0, 0), (0, 0), (0, 0)], [(0, 0), (0, 0), (0, 1)], [(0, 0), (0, 1), (0, 2)]
    assert places([]) == places([None] * 3) == places([*stacked]) == stacked
    assert places([*beside]) == places([None, (4, 1), (4, 2)]) == beside  # on whatever shelf that was
    assert places([*apart]) != apart  # far from the best


@given(SIZES)
def test_none_that_was_tried_is_better(sizes: list[tuple[float, float]]) -> None:
    def score(length: float, breadth: float) -> float:
        return -max(length, 1.5 * breadth)

    packing, _ = packed(sizes, 1000.0, 12.0, score)
    found = score(packing.length, packing.breadth)
    in_a_line, _ = pack(sizes, 1000.0, 0.0, 12.0)
    assert found >= score(in_a_line.length, in_a_line.breadth)
