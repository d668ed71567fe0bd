"""Where the boxes of a row stand and wires run between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.core.errors import DataflowError
from dataflow.inspection import layout
from dataflow.inspection.columns import Box, Edge
from dataflow.inspection.layout import Layers, arrange


def box(lefts: int = 0, rights: int = 0, width: float = 60.0) -> Box:
    height = 50.0 + 20 * max(lefts, rights)
    return Box(width, height, *([50.0 + 20 * n for n in range(ports)] for ports in (lefts, rights)))


def placed(boxes: Sequence[Box], edges: Sequence[Edge]) -> Layers:
    """In the columns that longest paths give."""
    rank: dict[Box, int] = {}
    for each in boxes:
        rank[each] = max((rank[e.source] + 1 for e in edges if e.target is each), default=0)
    return arrange(boxes, edges, rank)


def test_nothing_to_place() -> None:
    found = placed([], [])
    assert (found.width, found.height) == (0.0, 0.0)


def test_one_box_stands_at_the_origin() -> None:
    only = box()
    found = placed([only], [])
    assert (found.width, found.height) == (60.0, 50.0)
    assert (only.x, only.y) == (0.0, 0.0)


def test_what_reads_stands_to_the_right_of_what_is_read() -> None:
    a, b, c = box(0, 1, width=100.0), box(1, 1), box(2)
    found = placed([a, b, c], [Edge(a, 0, b, 0), Edge(b, 0, c, 0), Edge(a, 0, c, 1)])
    assert a.x == 0.0
    assert a.x + a.width + 36 <= b.x and b.x + b.width + 36 <= c.x
    assert found.width == c.x + c.width


def test_a_wire_is_level_past_the_widest_box_of_each_column() -> None:
    a, wide, b, c = box(0, 1), box(0, 1, width=200.0), box(1, 1), box(2)
    edges = [Edge(a, 0, b, 0), Edge(b, 0, c, 0), Edge(a, 0, c, 1)]
    found = arrange([a, wide, b, c], edges, {a: 0, wide: 0, b: 1, c: 2})
    (start, end), (into, out), (last, _) = found.corners(edges[2])
    assert start == (60.0, a.y + 50.0) and end == (200.0, a.y + 50.0)
    assert (into[0], out[0]) == (b.x, b.x + b.width) and into[1] == out[1]
    assert last == (c.x, c.y + 70.0)


def test_ends_of_wires_that_leave_a_row_take_little_room() -> None:
    entry, a, leaving = Box(0.0, 0.0, (), (0.0,)), box(1, 1), Box(0.0, 0.0, (0.0,), ())
    found = placed([entry, a, leaving], [Edge(entry, 0, a, 0), Edge(a, 0, leaving, 0)])
    assert a.x < 25.0 and found.width - a.x - a.width < 25.0


def test_the_layout_is_the_same_each_time() -> None:
    def made() -> list[tuple[float, float]]:
        boxes = [box(min(i, 2), 2) for i in range(12)]
        edges = [Edge(boxes[(i * 7 + n) % i], n, boxes[i], n) for i in range(1, 12) for n in range(min(i, 2))]
        placed(boxes, edges)
        return [(b.x, b.y) for b in boxes]

    assert made() == made()


@st.composite
def drawings(pick: Any) -> tuple[list[Box], list[Edge]]:
    boxes: list[Box] = []
    edges = []
    for i in range(pick(st.integers(1, 14))):
        lefts = pick(st.integers(0, min(3, i)))
        rights = pick(st.integers(0, 3)) if i else 1
        height = 50.0 + 20 * max(lefts, rights)
        box = Box(
            pick(st.sampled_from([60.0, 150.0])),
            height,
            [50.0 + 20 * n for n in range(lefts)],
            [50.0 + 20 * n for n in range(rights)],
        )
        open_ports = [(b, n) for b in boxes for n in range(len(b.rights))]
        for end in range(lefts if open_ports else 0):
            source, start = pick(st.sampled_from(open_ports))
            edges.append(Edge(source, start, box, end))
        boxes.append(box)
    return boxes, edges


@given(drawings())
def test_nothing_overlaps(drawing: tuple[list[Box], list[Edge]]) -> None:
    boxes, edges = drawing
    found = placed(boxes, edges)
    for box in boxes:
        assert 0 <= box.x <= box.x + box.width <= found.width + 1e-6
        assert -1e-6 <= box.y <= box.y + box.height <= found.height + 1e-6
    for a, b in itertools.combinations(boxes, 2):
        assert a.x + a.width < b.x or b.x + b.width < a.x or a.y + a.height < b.y or b.y + b.height < a.y
    for edge in edges:
        pieces = found.corners(edge)
        assert pieces[0][0] == (edge.source.x + edge.source.width, edge.source.y + edge.source.rights[edge.start])
        assert pieces[-1][1] == (edge.target.x, edge.target.y + edge.target.lefts[edge.end])
        level = [(start[1], end[1], start[0], end[0]) for start, end in pieces]
        curved = [(a[1], b[1], a[0], b[0]) for (_, a), (b, _) in itertools.pairwise(pieces)]
        for from_y, to_y, left, right in level + curved:
            assert left <= right
            for box in boxes:
                beside = right <= box.x + 0.1 or left >= box.x + box.width - 0.1
                assert beside or max(from_y, to_y) < box.y or min(from_y, to_y) > box.y + box.height


def test_a_row_of_too_much_is_refused_before_it_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_MOST", 20)
    boxes = [box(2, 1) for _ in range(12)]
    edges = [Edge(a, 0, b, 0) for a, b in itertools.pairwise(boxes)]
    with pytest.raises(DataflowError, match="drawing: must have at most 20 boxes and pieces of wires, got 23"):
        placed(boxes, edges)


def test_large_rows_are_swept_less(monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps = []
    reduce = layout.reduce_crossings
    monkeypatch.setattr(layout, "reduce_crossings", lambda columns, n: (sweeps.append(n), reduce(columns, n)))
    boxes = [box(2, 1) for _ in range(21)]
    edges = [Edge(a, 0, b, 0) for a, b in itertools.pairwise(boxes)]
    for full in (10_000, 30, 1):
        monkeypatch.setattr(layout, "_FULL", full)
        placed(boxes, edges)
    assert sweeps[0] == layout._SWEEPS > sweeps[1] > sweeps[2] == 2
