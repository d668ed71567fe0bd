"""Drawings of the report."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dataflow.quantize import report_charts as charts


@pytest.mark.parametrize(("sqnr", "hue"), [(None, 120), (0.0, 0), (10.0, 0), (27.5, 60), (45.0, 120), (90.0, 120)])
def test_hues_go_from_red_to_green(sqnr: float | None, hue: int) -> None:
    assert charts.hue(sqnr) == hue


def _node(**other: Any) -> dict[str, Any]:
    data = {"from": -1.0, "to": 3.0, "counts": [4.0, 0.0, 9.0, 1.0]}
    return {"low": 0.0, "high": 2.0, "codes": [0, 4], "scale": [0.5, 0.5], "scales": 1, "zero_point": [0, 0],
        "histogram": data} | other  # fmt: skip


def test_bars_have_the_heights_of_the_roots_and_those_outside_another_colour() -> None:
    drawn = charts.histogram(_node())
    heights = [float(h) for h in re.findall(r'class="bar[^>]*height="([\d.]+)"', drawn)]
    assert heights[0] / heights[1] == pytest.approx(2 / 3, abs=0.01)
    assert len(heights) == 3
    assert drawn.count('class="bar out"') == 0
    assert charts.histogram(_node(low=0.5)).count('class="bar out"') == 1


def test_levels_are_drawn_for_one_grid_and_not_too_many() -> None:
    levels = re.search(r'class="grid" d="([^"]*)"', charts.histogram(_node()))
    assert levels is not None
    assert levels[1].count("M") == 5
    many = re.search(r'class="grid" d="([^"]*)"', charts.histogram(_node(codes=[0, 65535], scale=[1e-4, 1e-4])))
    assert many is not None
    assert many[1].count("M") <= 300
    assert 'class="grid"' not in charts.histogram(_node(scales=16))


def test_parts_that_make_up_for_others_point_to_the_left() -> None:
    drawn = charts.shares({"weights": {"share": 1.5, "db": 20.0}, "bias": {"share": -0.5, "db": None}})
    (zero,) = re.findall(r'class="bar" x="([\d.]+)"', drawn)
    x, width = re.findall(r'class="neg" x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)[0]
    assert float(x) + float(width) == pytest.approx(float(zero), abs=0.2)


def test_curves_need_two_epochs() -> None:
    assert charts.curves({"epoch": [1.0], "loss": [2.0]}) == ""
    assert charts.curves({"epoch": [1.0, 2.0], "loss": [2.0, float("nan")]}).count("polyline") == 1


@pytest.mark.parametrize(("share", "told"), [(-0.0004, ">0.0 %<"), (-0.021, ">-2.1 %<"), (0.5, ">50.0 %<")])
def test_a_share_that_rounds_to_nothing_has_no_sign(share: float, told: str) -> None:
    assert told in charts.shares({"bias": {"share": share, "db": None}, "weights": {"share": 0.9, "db": None}})
