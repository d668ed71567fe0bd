"""Statistics of columns: exact quantiles, moments that merge, and the same bits whatever the rows are cut into."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflow.training.data import statistics
from dataflow.training.data.statistics import Moments, moments, most_frequent, quantiles

SMALLEST = 5e-324


def passes(rows, size=7):
    rows = np.asarray(rows, np.float64)
    rows = rows if rows.ndim > 1 else rows[:, None]
    return lambda: (rows[i : i + size] for i in range(0, max(len(rows), 1), size))


values = st.lists(
    st.one_of(
        st.floats(allow_nan=False),
        st.sampled_from([0.0, -0.0, np.inf, -np.inf, SMALLEST, -SMALLEST, 1e308, -1e308, 1.0, 1.0, 2.0]),
    ),
    min_size=1,
    max_size=40,
)


# -- quantiles ----------------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(values, st.floats(0, 1), st.integers(1, 9))
def test_quantiles_are_those_of_numpy(found, share, size):
    with np.errstate(all="ignore"):
        wanted = np.quantile(found, share)
    (got,) = quantiles(passes(found, size), [share])[0]
    if np.isnan(wanted):  # which takes inf - inf, or 0 * inf: exact where a value is hit
        ordered, place = np.sort(found), share * (len(found) - 1)
        lower, upper = ordered[int(place)], ordered[min(int(place) + 1, len(found) - 1)]
        assert got == lower if place % 1 == 0 or lower == upper else np.isnan(got) or np.isinf(got)
    else:
        assert got == wanted


@pytest.mark.parametrize("columns", [1, 3, 400])
def test_many_columns_take_narrow_counts(columns):
    rows = np.random.default_rng(1).normal(size=(101, columns))
    rows[::7, 0] = np.nan
    found = quantiles(passes(rows, 30), [0.25, 0.5, 0.9])
    np.testing.assert_array_equal(found, np.nanquantile(rows, [0.25, 0.5, 0.9], axis=0))


def test_counts_are_bounded(monkeypatch):
    sizes = []
    zeros = np.zeros
    monkeypatch.setattr(
        statistics.np, "zeros", lambda shape, *args: sizes.append(np.prod(shape)) or zeros(shape, *args)
    )
    quantiles(passes(np.ones((3, 784))), [0.25, 0.5, 0.75])
    assert max(sizes) * 8 < 64 << 20


def test_of_nothing_a_quantile_is_not_a_number():
    assert np.isnan(quantiles(passes([np.nan, np.nan]), [0.5])).all()
    assert quantiles(passes([np.nan, 3.0]), [0.0, 0.5, 1.0])[:, 0].tolist() == [3, 3, 3]


# -- moments ------------------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=1, max_size=60), st.integers(1, 30))
def test_moments_in_parts_are_those_at_once(found, size):
    apart, whole = moments(passes(found, size)), moments(passes(found, 1000))
    for name in ("count", "low", "high"):
        assert getattr(apart, name).tolist() == getattr(whole, name).tolist()
    scale = np.nanmax(np.abs(found), initial=0)
    assert abs(apart.mean - whole.mean)[0] <= 1e-12 * scale
    assert abs(apart.deviation - whole.deviation)[0] <= 1e-9 * scale or np.isnan(apart.deviation + whole.deviation)


def test_moments_of_large_parts_merge_to_the_last_digits():
    rows = np.random.default_rng(0).normal(1e3, 7, size=(200_000, 3))
    found = moments(passes(rows, 1 << 16))
    exact = rows.astype(np.longdouble)
    np.testing.assert_allclose(found.mean, exact.mean(axis=0).astype(np.float64), rtol=1e-12)
    np.testing.assert_allclose(found.deviation, exact.std(axis=0).astype(np.float64), rtol=1e-12)


def test_moments_depend_on_the_rows_alone():
    rows = np.random.default_rng(0).normal(size=(1000, 5))
    wide = np.zeros((1000, 10))
    wide[:, ::2] = rows
    for same in (np.asfortranarray(rows), wide[:, ::2], rows[::-1].copy()[::-1]):
        first, second = Moments.of(rows), Moments.of(same)
        assert first.mean.tobytes() == second.mean.tobytes() and first.squares.tobytes() == second.squares.tobytes()


@pytest.mark.parametrize("value", [0.1, 1e300, SMALLEST, -7.3])
@pytest.mark.parametrize("size", [3, 1000])
def test_equal_values_have_no_deviation(value, size):
    found = moments(passes([value] * 1000, size))
    assert (found.mean.tolist(), found.deviation.tolist()) == ([value], [0])


def test_what_float64_does_not_hold_is_no_deviation():
    assert np.isnan(moments(passes([1e-300, 2e-300])).deviation).all()
    assert not np.isfinite(moments(passes([1e200, -1e200])).deviation).any()
    assert not np.isfinite(moments(passes([np.inf, 1, -np.inf])).deviation).any()


def test_of_nothing_there_are_no_moments():
    found = moments(passes([np.nan, np.nan]))
    assert (found.count.tolist(), found.mean.tolist(), found.deviation.tolist()) == ([0], [0], [0])
    with pytest.raises(ValueError, match="must have rows, got none"):
        moments(lambda: iter(()))


# -- most frequent ------------------------------------------------------------------------------------------------


def test_the_most_frequent_is_the_lowest_of_several():
    rows = [[1, 5, np.nan], [2, 5, np.nan], [2, -1, np.nan], [1, -1, np.nan]]
    found = most_frequent(passes(rows, 2), 3)
    assert found[:2] == [1, -1] and np.isnan(found[2])


def test_there_are_only_so_many_values_to_count(monkeypatch):
    monkeypatch.setattr(statistics, "_MOST", 10)
    assert most_frequent(passes([*range(10)]), 1) == [0]
    with pytest.raises(ValueError, match="may have at most 10 different values for 'most_frequent', got more"):
        most_frequent(passes([*range(11)]), 1)
