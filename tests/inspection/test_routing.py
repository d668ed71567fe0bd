"""Wires between cards that stand anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scene_geometry import traced

from dataflow.inspection.routing import Area, routed

BOXES = st.lists(
    st.tuples(st.floats(0, 600), st.floats(0, 400), st.floats(20, 200), st.floats(20, 120)), min_size=0, max_size=6
)


def over(path: str, areas: list[Area]) -> list[Area]:
    return [a for a in areas if any(a[0] < x < a[2] and a[1] < y < a[3] for x, y in traced(path))]


def test_a_way_that_is_free_is_straight() -> None:
    assert routed((0.0, 5.0), (100.0, 5.0), []).data(down=False) == "M0.0 5.0L100.0 5.0"


def test_it_leads_around_what_is_in_the_way() -> None:
    area = (100.0, -30.0, 160.0, 30.0)
    path = routed((0.0, 0.0), (300.0, 0.0), [area]).data(down=False)
    assert not over(path, [area]) and path.count("C") == 4


def test_it_leads_back_to_what_stands_before_it() -> None:
    source, target = (200.0, 0.0, 300.0, 50.0), (0.0, 0.0, 100.0, 50.0)
    path = routed((300.0, 25.0), (0.0, 25.0), [source, target]).data(down=False)
    assert not over(path, [source, target])
    assert path.startswith("M300.0 25.0") and path.endswith("L0.0 25.0")


def test_where_there_is_no_way_it_is_a_curve() -> None:
    path = routed((0.0, 0.0), (300.0, 80.0), [(10.0, -10.0, 40.0, 10.0)])
    assert [len(part) for part in path.parts] == [3]


@given(BOXES, st.floats(-100, 700), st.floats(-100, 500))
def test_it_ends_where_it_shall_and_touches_nothing(
    boxes: list[tuple[float, float, float, float]], x: float, y: float
) -> None:
    areas = [(a, b, a + w, b + h) for a, b, w, h in boxes]
    start = (-60.0, 200.0)
    path = routed(start, (x, y), areas)
    assert path.start == start and path.end == (x, y)
    if len(path.parts) > 1:  # no plain curve
        assert not over(path.data(down=False), [(a + 1, b + 1, c - 1, d - 1) for a, b, c, d in areas])
