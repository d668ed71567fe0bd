"""Wires between rows and frames keep to lanes of their own."""

from __future__ import annotations

from dataflow.inspection.gutters import Gutters, Hop
from dataflow.inspection.packing import pack
from dataflow.inspection.paths import Path, Point


def led(gutters: Gutters, hop: Hop, port: str, start: float, end: Point) -> list[Point]:
    """The points at which a wire from the far edge of the first rectangle turns, and its end."""
    path = Path((hop.source.along + hop.source.length, start))
    gutters.lead(path, (port, 0), hop, end)
    return [part[-1] for part in path.parts]


def test_to_what_stands_beside_a_wire_turns_once_between_them() -> None:
    packing, (one, two) = pack([(100, 80), (100, 200)], most=500, tall=0, gap=30)
    points = led(Gutters(), Hop(packing, one, two), "a", 20.0, (130.0, 150.0))
    assert points[-1] == (130.0, 150.0)
    assert {x for x, _ in points} <= {107.5, 115.0, 122.5, 130.0}  # the lane is half way, with round corners


def test_to_what_stands_beside_at_nearly_the_same_height_it_is_a_curve() -> None:
    packing, (one, two) = pack([(100, 80), (100, 80)], most=500, tall=0, gap=30)
    path = Path((100.0, 20.0))
    Gutters().lead(path, ("a", 0), Hop(packing, one, two), (130.0, 25.0))
    assert [len(part) for part in path.parts] == [1, 3, 1] and path.end == (130.0, 25.0)


def test_to_the_next_shelf_it_runs_between_the_shelves() -> None:
    packing, (one, two) = pack([(100, 80), (100, 80)], most=150, tall=0, gap=30)
    points = led(Gutters(), Hop(packing, one, two), "a", 20.0, (0.0, 140.0))
    assert max(x for x, _ in points) == 115.0 and min(x for x, _ in points) == -15.0
    assert 95.0 in {y for _, y in points} and points[-1] == (0.0, 140.0)


def test_two_wires_have_two_lanes_and_those_of_one_port_share_them() -> None:
    packing, (one, two) = pack([(100, 80), (100, 80)], most=150, tall=0, gap=30)
    gutters, hop = Gutters(), Hop(packing, one, two)
    first, same, other = (
        led(gutters, hop, port, start, (0.0, end))
        for port, start, end in (("a", 60.0, 150.0), ("a", 60.0, 170.0), ("b", 20.0, 130.0))
    )
    assert max(x for x, _ in first) == max(x for x, _ in same) == 115.0
    assert max(x for x, _ in other) == 122.0
    assert 95.0 in {y for _, y in first} and 102.0 in {y for _, y in other}


def test_lanes_stay_within_their_gutter() -> None:
    packing, (one, two) = pack([(100, 80), (100, 80)], most=150, tall=0, gap=26)
    gutters, hop = Gutters(), Hop(packing, one, two)
    for i in range(6):
        points = led(gutters, hop, f"p{i}", 10.0 + i, (0.0, 130.0 + i))
        assert all(-26 < x < 126 for x, _ in points)
        assert 80 < max(y for x, y in points if x > 50) < 106  # where it runs back
