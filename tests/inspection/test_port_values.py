"""Values drawn on ports, what quantizing does to them, and the colours of SQNR."""

from __future__ import annotations

import re

import pytest

from dataflow.inspection.elements import Card, RightPort
from dataflow.inspection.port_values import PortValue, bits_svg, grade_of, legend_svg, tint_svg, value_svg, worst

PORT = RightPort(name="y", family="float", value_of="a.y", x=100.0, y=60.0)


@pytest.mark.parametrize(
    ("sqnr", "grade"), [(-5.0, 0), (9.99, 0), (10.0, 1), (29.9, 2), (30.0, 3), (40.0, 4), (300.0, 4)]
)
def test_grades(sqnr: float, grade: int) -> None:
    assert grade_of(sqnr) == grade


def test_a_histogram_stands_before_its_place_in_heights_by_the_root() -> None:
    svg = value_svg(PortValue(bins=[0, 4, 1, 16]), 200.0, 50.0, "int")
    assert 'transform="translate(152.0 57.5)"' in svg and "var(--int)" in svg
    bars = re.findall(r"M([\d.]+) 0v-([\d.]+)h12.0", svg)
    assert bars == [("12.0", "7.5"), ("24.0", "3.8"), ("36.0", "15.0")]
    assert value_svg(PortValue(bins=[0, 0]), 0.0, 0.0, "int") == ""


def test_one_element_is_a_number_and_an_old_one_is_dim() -> None:
    assert value_svg(PortValue("3.14", [1]), 200.0, 50.0, "float") == (
        '<text class="number" text-anchor="end" x="200.0" y="54.0">3.14</text>'
    )
    for value in (PortValue("3.14", old=True), PortValue(bins=[1], old=True)):
        assert " old" in value_svg(value, 0.0, 0.0, "float")
    assert 'class="old"' in bits_svg(PortValue(bits=["8b"], old=True), PORT)


def test_bits_stand_above_the_wire_and_the_rest_below() -> None:
    svg = bits_svg(PortValue(bits=["8b", "31dB", "1.3%"]), PORT)
    assert re.findall(r'x="([\d.]+)" y="([\d.]+)">([^<]+)<', svg) == [
        ("108.0", "55.0", "8b"),
        ("108.0", "81.0", "31dB"),
        ("108.0", "93.0", "1.3%"),
    ]
    assert bits_svg(PortValue("3"), PORT) == ""


def test_a_card_has_the_colour_of_its_worst_port() -> None:
    other = RightPort(name="z", family="float", value_of="a.z")
    card = Card("a", "node", "a", width=200.0, height=80.0, rights=[PORT, other])
    values = {"a.y": PortValue(sqnr=35.04), "a.z": PortValue(sqnr=12.3), "b.y": PortValue(sqnr=1.0)}
    assert worst(card, values) == 12.3
    svg = tint_svg(card, values)
    assert "12.3 dB" in svg and svg.count("var(--g1)") == 3
    right = max(float(x) + float(width) for x, width in re.findall(r'badge" x="([\d.]+)" y="-9" width="([\d.]+)"', svg))
    assert right == pytest.approx(192.0, abs=0.1)
    assert worst(card, {"a.y": PortValue("1")}) is None
    assert tint_svg(card, {}) == ""


def test_the_legend_tells_the_grades_that_there_are() -> None:
    svg, end = legend_svg([3, 1, 3], 50.0)
    assert re.findall(r">([^<]+)<", svg) == ["SQNR accumulated:", "10 to 20", "30 to 40"]
    assert end > 250.0
    assert legend_svg([], 50.0) == ("", 50.0)
