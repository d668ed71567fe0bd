"""The heights of boxes: in order, apart, and level with what they are wired to."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.inspection.columns import Box, Column, Segment, Slot
from dataflow.inspection.heights import assign_heights


def boxes(*heights: float) -> Column:
    return Column([Slot(Box(10.0, height), i) for i, height in enumerate(heights)])


def wire(columns: list[Column], at: int, a: int, b: int, left_dy: float = 5.0, right_dy: float = 5.0) -> None:
    columns[at].segments.append(Segment(columns[at - 1].slots[a], left_dy, columns[at].slots[b], right_dy))


def ys(column: Column) -> list[float]:
    return [slot.y for slot in column.slots]


def test_a_column_is_packed_with_gaps() -> None:
    column = boxes(10.0, 20.0, 30.0)
    assign_heights([column], [], 5.0, 12)
    assert [b - a for a, b in pairwise(ys(column))] == [15.0, 25.0]


def test_trunks_stand_closer() -> None:
    column = Column([Slot(Box(1.0, 10.0), 0), Slot(None, 1), Slot(None, 2), Slot(Box(1.0, 10.0), 3)])
    assign_heights([column], [], 10.0, 12)
    assert [round(b - a, 6) for a, b in pairwise(ys(column))] == [17.0, 5.0, 7.0]


@pytest.mark.parametrize("left_dy, right_dy", [(5.0, 5.0), (0.0, 30.0), (30.0, 2.5)])
def test_one_wire_runs_level_from_port_to_port(left_dy: float, right_dy: float) -> None:
    columns = [boxes(40.0), boxes(40.0)]
    wire(columns, 1, 0, 0, left_dy, right_dy)
    assign_heights(columns, [], 5.0, 12)
    assert columns[0].slots[0].y + left_dy == pytest.approx(columns[1].slots[0].y + right_dy)


def test_a_box_stands_in_the_middle_of_those_it_is_wired_to() -> None:
    columns = [boxes(10.0, 10.0, 10.0), boxes(10.0)]
    for i in range(3):
        wire(columns, 1, i, 0)
    assign_heights(columns, [], 30.0, 12)
    assert ys(columns[1])[0] == pytest.approx(ys(columns[0])[1])


def test_boxes_that_want_the_same_place_stand_around_it() -> None:
    columns = [boxes(10.0), boxes(10.0, 10.0)]
    for i in range(2):
        wire(columns, 1, 0, i)
    assign_heights(columns, [], 6.0, 12)
    (middle,), (upper, lower) = ys(columns[0]), ys(columns[1])
    assert (lower - upper, (lower + upper) / 2) == (pytest.approx(16.0), pytest.approx(middle))


def test_both_sides_pull_at_once() -> None:
    columns = [boxes(10.0, 100.0, 10.0), boxes(10.0, 10.0), boxes(10.0)]
    for at, a, b in ((1, 0, 0), (1, 2, 1), (2, 0, 0), (2, 1, 0)):
        wire(columns, at, a, b)
    assign_heights(columns, [], 5.0, 50)
    (upper, _, lower), middle, (end,) = map(ys, columns)
    assert middle == pytest.approx([(upper + end) / 2, (lower + end) / 2], abs=0.01)
    assert upper < middle[0] < end < middle[1] < lower


def test_a_long_trunk_is_straight_though_boxes_beside_it_are_pulled() -> None:
    beside = [(20.0, "above"), (100.0, "below"), (100.0, "above"), (20.0, "below"), (100.0, "below")]
    passing = [Slot(None, 0) for _ in beside]
    columns = [boxes(10.0), *(boxes(height) for height, _ in beside), boxes(10.0)]
    blocks = [column.slots[0] for column in columns]
    for column, slot, (_, where) in zip(columns[1:], passing, beside, strict=False):
        column.slots.insert(1 if where == "above" else 0, slot)
    ends = [(blocks[0], 5.0), *((slot, 0.0) for slot in passing), (blocks[-1], 5.0)]
    for column, (left, left_dy), (right, right_dy) in zip(columns[1:], ends, ends[1:], strict=False):
        column.segments.append(Segment(left, left_dy, right, right_dy))
    for at, port in ((1, 0.0), (4, 10.0), (5, 40.0)):  # wires from box to box
        columns[at].segments.append(Segment(blocks[at - 1], port, blocks[at], 5.0))
    assign_heights(columns, [[blocks[0], *passing]], 8.0, 12)
    heights = [slot.y for slot in passing]
    assert max(heights) - min(heights) < 4.0


@given(st.data())
def test_order_and_distance_are_kept_whatever_pulls(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 4))
    columns = [boxes(*data.draw(st.lists(st.sampled_from([10.0, 35.0]), min_size=1, max_size=4))) for _ in range(count)]
    for at in range(1, count):
        for _ in range(data.draw(st.integers(0, 5))):
            a, b = (data.draw(st.integers(0, len(columns[i].slots) - 1)) for i in (at - 1, at))
            wire(columns, at, a, b)
    assign_heights(columns, [], 6.0, data.draw(st.sampled_from([1, 12])))
    for column in columns:
        for upper, lower in pairwise(column.slots):
            assert lower.y - upper.y - upper.height >= 6.0 - 1e-6


def energy(columns: list[Column]) -> float:
    """How far wires are from level: squares of their climbs, weighted."""
    wires = [s for column in columns for s in column.segments]
    return sum(s.weight * (s.left.y + s.left_dy - s.right.y - s.right_dy) ** 2 for s in wires)


@given(st.data())
def test_no_box_that_may_move_had_better_stand_elsewhere(data: st.DataObject) -> None:
    count, gap = data.draw(st.integers(2, 4)), 6.0
    columns = [boxes(*data.draw(st.lists(st.sampled_from([10.0, 35.0]), min_size=1, max_size=4))) for _ in range(count)]
    for at in range(1, count):
        for _ in range(data.draw(st.integers(0, 5))):
            wire(columns, at, *(data.draw(st.integers(0, len(columns[i].slots) - 1)) for i in (at - 1, at)))
    assign_heights(columns, [], gap, 100)
    least = energy(columns)
    for column in columns:
        for i, slot in enumerate(column.slots):
            before = slot.y
            above, below = column.slots[i - 1] if i else None, column.slots[i + 1 : i + 2]
            low = above.y + above.height + gap if above else -1e9
            high = below[0].y - slot.height - gap if below else 1e9
            for y in (max(before - 1, low), min(before + 1, high)):
                slot.y = y
                assert energy(columns) >= least - 1e-3
            slot.y = before


def test_what_was_found_before_is_found_again() -> None:
    """Of columns that are alike the heights are the same, to the bit, also where they were kept."""
    found = []
    for _ in range(2):
        boxes = [Slot(Box(10.0, height, (5.0,), (3.0, 7.0)), 0) for height in (20.0, 31.0, 17.0, 44.0)]
        columns = [Column(boxes[:1]), Column(boxes[1:3]), Column(boxes[3:])]
        for right in boxes[1:3]:
            columns[1].segments.append(Segment(boxes[0], 3.0, right, 5.0))
            columns[2].segments.append(Segment(right, 7.0, boxes[3], 5.0))
        assign_heights(columns, [[boxes[0]]], 13.7, 5)
        found.append([slot.y for slot in boxes])
    assert found[0] == found[1]
    assert len(set(found[0])) > 1
