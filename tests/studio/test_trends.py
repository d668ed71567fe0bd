"""Curves of training: bounded, with the least, the mean and the greatest of what each point stands for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dataflow.studio.trends import MOST, THIN, Trend, Trends, points


def grown(steps: Any, values: Any, batch: int = 700) -> Trend:
    trend = Trend()
    for i in range(0, len(steps), batch):
        trend.extend(np.asarray(steps[i : i + batch]), np.asarray(values[i : i + batch]))
    return trend


def test_few_values_are_kept_as_they_came() -> None:
    assert grown([1, 2, 5], [3.0, 1.0, 2.0]).plain() == {
        "steps": [1, 2, 5],
        "low": [3.0, 1.0, 2.0],
        "mean": [3.0, 1.0, 2.0],
        "high": [3.0, 1.0, 2.0],
        "stride": 1,
    }


@pytest.mark.parametrize("batch", [1, 700, 10_000])
def test_many_values_are_those_of_their_steps(batch: int) -> None:
    values = np.sin(np.arange(10_001) / 7)
    trend = grown(np.arange(10_001), values, batch)
    plain: dict[str, Any] = trend.plain()
    assert MOST / 2 < len(plain["steps"]) <= MOST
    assert trend.stride == 8
    for i, begin in enumerate(plain["steps"]):
        those = values[begin : begin + trend.stride]
        assert (plain["low"][i], plain["high"][i]) == (those.min(), those.max())
        assert plain["mean"][i] == pytest.approx(those.mean())


def test_where_steps_are_left_out_points_are_those_that_came() -> None:
    trend = grown(np.arange(0, 100_000, 37), np.ones(2703))
    gaps = np.diff(trend.steps)
    assert len(trend.steps) <= MOST
    assert gaps.max() <= 2 * trend.stride
    assert trend.plain()["mean"] == [1.0] * len(trend.steps)


def test_what_is_not_finite_is_left_out() -> None:
    trend = grown([0, 1, 2], [np.nan, 2.0, np.inf])
    assert trend.plain()["steps"] == [1]
    assert grown([0], [np.nan]).plain()["mean"] == []


def test_a_page_is_told_the_ends_of_many_values() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    told = points(np.arange(5000), values)
    assert THIN <= len(told) <= 2 * THIN
    assert [step for step, _ in told] == sorted({int(str(step)) for step, _ in told})
    seen = [value for _, value in told]
    assert (max(seen), min(seen)) == (values.max(), values.min())  # type: ignore[type-var]
    assert points(np.arange(200), np.full(200, np.nan)) == []


def test_curves_appear_with_their_first_values() -> None:
    trends = Trends()
    told = trends.extend({"loss": np.array([1])}, {"loss": np.array([0.5])})
    assert told == {"loss": [[1, 0.5]]}
    assert [*trends.plain()] == ["loss"]
