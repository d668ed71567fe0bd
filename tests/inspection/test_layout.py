"""Drawings of large graphs: what laying them out costs is bounded, or they are refused."""

from __future__ import annotations

import random
from itertools import product

import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.inspection import crossings, layout, svg
from dataflow.inspection.columns import Slot


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
