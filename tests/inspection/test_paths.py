"""The lines of wires as data of SVG paths."""

from __future__ import annotations

from dataflow.inspection.paths import Path


def test_level_pieces_and_curves() -> None:
    path = Path((0.0, 10.0))
    path.line((20.0, 10.0))
    path.curve((60.0, 30.0))
    path.line((60.0, 30.0))  # it is there already
    assert path.data(down=False) == "M0.0 10.0L20.0 10.0C40.0 10.0 40.0 30.0 60.0 30.0"
    assert path.data(down=True) == "M10.0 0.0L10.0 20.0C10.0 40.0 30.0 40.0 30.0 60.0"


def test_a_curve_at_one_height_is_a_line() -> None:
    path = Path((0.0, 10.0))
    path.curve((60.0, 10.0))
    assert path.data(down=False) == "M0.0 10.0L60.0 10.0"


def test_corners_are_round_and_the_line_ends_where_it_shall() -> None:
    path = Path((0.0, 0.0))
    path.corners([(50.0, 0.0), (50.0, 40.0), (90.0, 40.0)])
    assert path.end == (90.0, 40.0)
    assert [len(part) for part in path.parts] == [1, 3, 1, 3, 1]
    assert path.parts[0] == ((41.0, 0.0),) and path.parts[1][-1] == (50.0, 9.0)


def test_corners_close_together_are_less_round() -> None:
    path = Path((0.0, 0.0))
    path.corners([(50.0, 0.0), (50.0, 4.0), (90.0, 4.0)])
    assert path.parts[1][-1] == (50.0, 2.0)
    assert path.end == (90.0, 4.0)
