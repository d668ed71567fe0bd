"""Where boxes stand and wires run, and that drawings of large graphs cost no more than they may."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.inspection import layout, svg
from dataflow.inspection.columns import Box, Edge
from dataflow.inspection.layout import place


def box(lefts: int = 0, rights: int = 0, pin: str = "", width: float = 60.0) -> Box:
    height = 50.0 + 20 * max(lefts, rights)
    return Box(width, height, *([50.0 + 20 * n for n in range(ports)] for ports in (lefts, rights)), pin)


def test_nothing_to_place() -> None:
    assert place([], []) == (0.0, 0.0, {})


def test_one_box_stands_at_the_origin() -> None:
    only = box()
    assert place([only], []) == (60.0, 50.0, {})
    assert (only.x, only.y) == (0.0, 0.0)


def test_what_reads_stands_to_the_right_of_what_is_read() -> None:
    a, b, c = box(0, 1, width=100.0), box(1, 1), box(2)
    width, _, paths = place([a, b, c], [Edge(a, 0, b, 0), Edge(b, 0, c, 0), Edge(a, 0, c, 1)])
    assert (a.x, b.x, c.x) == (0.0, pytest.approx(144.0, abs=90), pytest.approx(248.0, abs=180))
    assert a.x + a.width + 44 <= b.x and b.x + b.width + 44 <= c.x
    assert width == c.x + c.width
    assert paths.keys() == {(a, 0), (b, 0)}  # two wires from one port are one path


def test_pinned_boxes_stand_in_the_first_and_last_column() -> None:
    x, w, y, short, long = box(0, 1, "left"), box(0, 1), box(2, 1), box(1, 0, "right"), box(1, 0, "right")
    place([x, w, y, short, long], [Edge(x, 0, y, 0), Edge(w, 0, y, 1), Edge(y, 0, long, 0), Edge(x, 0, short, 0)])
    assert x.x == 0.0
    assert short.x == long.x > y.x


def test_what_needs_no_input_stands_beside_what_reads_it() -> None:
    x, a, b, w, y = box(0, 1, "left"), box(1, 1), box(1, 1), box(0, 1), box(2)
    place([x, a, b, w, y], [Edge(x, 0, a, 0), Edge(a, 0, b, 0), Edge(b, 0, y, 0), Edge(w, 0, y, 1)])
    assert w.x == b.x > a.x


def test_the_layout_is_the_same_each_time() -> None:
    def made() -> list[tuple[float, float]]:
        boxes = [box(min(i, 2), 2) for i in range(12)]
        edges = [Edge(boxes[(i * 7 + n) % i], n, boxes[i], n) for i in range(1, 12) for n in range(min(i, 2))]
        place(boxes, edges)
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
        pin = (
            pick(st.sampled_from(["", "", "left"]))
            if not lefts
            else pick(st.sampled_from(["", "", "right"]))
            if not rights
            else ""
        )
        box = Box(
            pick(st.sampled_from([60.0, 150.0])),
            height,
            [50.0 + 20 * n for n in range(lefts)],
            [50.0 + 20 * n for n in range(rights)],
            pin,
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
    width, height, paths = place(boxes, edges)
    for box in boxes:
        assert 0 <= box.x <= box.x + box.width <= width + 1e-6
        assert -1e-6 <= box.y <= box.y + box.height <= height + 1e-6
    for a, b in itertools.combinations(boxes, 2):
        assert a.x + a.width < b.x or b.x + b.width < a.x or a.y + a.height < b.y or b.y + b.height < a.y
    for edge in edges:
        assert edge.source.x + edge.source.width < edge.target.x
        path = paths[edge.source, edge.start]
        assert path.startswith(
            f"M{edge.source.x + edge.source.width:.1f} {edge.source.y + edge.source.rights[edge.start]:.1f}"
        )
        assert f"{edge.target.x:.1f} {edge.target.y + edge.target.lefts[edge.end]:.1f}" in path
    for path in paths.values():
        for low, high, left, right in pieces(path):
            for box in boxes:
                beside = right <= box.x + 0.1 or left >= box.x + box.width - 0.1
                assert beside or high < box.y or low > box.y + box.height


def pieces(path: str) -> list[tuple[float, float, float, float]]:
    """What each piece of a path spans: lowest and highest y, leftmost and rightmost x."""
    found = []
    for x, y, kind, rest in re.findall(r"M(\S+?) (\S+?)([HC])([^MHC]+)", path):
        numbers = [float(n) for n in rest.split()]
        to_x, to_y = (numbers[0], float(y)) if kind == "H" else (numbers[-2], numbers[-1])
        found.append((*sorted([float(y), to_y]), float(x), to_x))
    assert len(found) == path.count("M") == path.count("H") + path.count("C")
    return found


# -- large drawings -------------------------------------------------------------------------------------------------


def skips(count):
    """A chain whose nodes also read one half as far: wires that pass hundreds of columns."""
    graph = flow.Graph()
    x = graph.input("x", "float32", [3])
    made = [x]
    for i in range(count):
        made.append(flow.blocks["AddV2"]()(made[-1], made[i // 2]))
    graph.output("y", made[-1])
    return graph


def test_a_drawing_of_too_much_is_refused_before_it_is_laid_out(monkeypatch):
    monkeypatch.setattr(layout, "_MOST", 2000)
    assert svg(skips(50)).startswith("<svg")
    with pytest.raises(DataflowError, match="drawing: must have at most 2,000 boxes and pieces of wires, got 10,703"):
        svg(skips(200))


def test_large_drawings_are_swept_less(monkeypatch):
    sweeps = []
    reduce = layout.reduce_crossings
    monkeypatch.setattr(layout, "reduce_crossings", lambda columns, n: (sweeps.append(n), reduce(columns, n)))
    for full in (10_000, 100, 10):
        monkeypatch.setattr(layout, "_FULL", full)
        svg(skips(20))
    assert sweeps[0] == layout._SWEEPS > sweeps[1] > sweeps[2] == 2
