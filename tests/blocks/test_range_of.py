"""Ranges from what observers kept, beside what all values say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from blocks.kernels.range_search import divergences
from dataflow import blocks
from dataflow.core.errors import DataflowError

RNG = np.random.default_rng(0)
VALUES = {
    "normal": RNG.standard_normal(30_000),
    "relu": np.maximum(RNG.standard_normal(30_000), 0),
    "laplace": RNG.laplace(size=30_000),
    "skewed": RNG.gamma(2, size=30_000) - 1,
    "outlier": np.append(RNG.standard_normal(30_000), 100),
    "many sizes": RNG.standard_t(3, 30_000) * np.exp(RNG.standard_normal(30_000)),
}
VALUES = {name: values.astype(np.float32) for name, values in VALUES.items()}


def range_of(values, axis=None, **attrs):
    return blocks["RangeOf"](**attrs)(*blocks["HistogramObserver"](axis=axis)(values))


def error(values, low, high, **attrs):
    rounded = blocks["FakeQuantWithMinMaxVars"](**attrs)(values, np.float32(low), np.float32(high))
    return np.square(rounded - values, dtype=np.float64).sum()


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("num_bits", [2, 4, 8])
@pytest.mark.parametrize("symmetric", [False, True])
def test_no_shrunken_range_has_a_smaller_error(name, num_bits, symmetric):
    """A search over all values, with the quantizer itself, finds nothing that is better by more than 1 %."""
    values = VALUES[name]
    lowest, highest = min(values.min(), 0), max(values.max(), 0)
    if symmetric:
        lowest, highest = -max(-lowest, highest), max(-lowest, highest)
    # with a lowest level, 0.0 would be halfway between two levels of a symmetric range, and rounding would choose
    attrs = {"num_bits": num_bits, "narrow_range": symmetric}
    parts = np.concatenate([np.linspace(1, 0.02, 150), np.geomspace(0.02, 0.001, 20)])
    least = min(error(values, lowest * part, highest * part, **attrs) for part in parts)
    observed = range_of(values, method="mse", symmetric=symmetric, **attrs)
    searched = blocks["RangeOfValues"](method="mse", symmetric=symmetric, **attrs)(values)
    for low, high in (observed, searched):
        assert error(values, low, high, **attrs) <= 1.01 * least


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("percent", [50, 99, 99.9, 99.99, 100])
def test_percentiles_are_within_a_bin(name, percent):
    values = VALUES[name]
    low, high = range_of(values, method=f"percentile:{percent}")
    inverse = {"method": "inverted_cdf"}
    exact = [min(np.percentile(values, 100 - percent, **inverse), 0), max(np.percentile(values, percent, **inverse), 0)]
    np.testing.assert_allclose([low, high], exact, rtol=2**-7, atol=1e-6)
    low, high = range_of(values, method=f"percentile:{percent}", symmetric=True)
    np.testing.assert_allclose(high, np.percentile(np.abs(values), percent, **inverse), rtol=2**-7, atol=1e-6)
    assert low == -high


def test_min_max_is_exact_and_holds_zero():
    for values, wanted in (([1.5, 2.5], (0, 2.5)), ([-3, -1], (-3, 0)), ([-1, 2], (-1, 2)), ([np.nan, np.inf], (0, 0))):
        assert range_of(values) == wanted
        assert blocks["RangeOfValues"]()(values) == wanted
    assert range_of([-1.0, 3.0], symmetric=True) == (-3, 3)


@pytest.mark.parametrize("method", ["min_max", "percentile:99", "mse", "entropy"])
def test_channels_are_searched_each_by_itself(method):
    values = np.stack([VALUES["normal"], 5 * VALUES["laplace"], np.zeros(30_000, np.float32), VALUES["relu"]], -1)
    counts, low, high = blocks["HistogramObserver"](axis=1)(values)
    search = blocks["RangeOf"](method=method, num_bits=4)
    together = search(counts, low, high)
    for channel in range(4):
        own = slice(channel, channel + 1)
        alone = search(counts[own], low[own], high[own])
        np.testing.assert_array_equal(np.concatenate(alone), [end[channel] for end in together])
    assert [end[2] for end in together] == [0, 0]


@pytest.mark.parametrize("count", [100, 20_000])
def test_channels_of_weights(count):
    values = VALUES["laplace"][:count]
    axis_first = np.stack([values, 3 * values])
    low, high = blocks["RangeOfValues"](axis=0, method="mse", num_bits=4, symmetric=True, narrow_range=True)(axis_first)
    alone = blocks["RangeOfValues"](method="mse", num_bits=4, symmetric=True, narrow_range=True)(values)
    assert (low[0], high[0]) == alone
    np.testing.assert_allclose(high[1], 3 * high[0], rtol=0.02)


def test_divergence_by_its_definition():
    histogram, levels = np.array([4.0, 2, 0, 1, 3, 0, 0, 5]), 2
    stops, found = divergences(histogram, levels)
    wanted = []
    for stop in stops:
        p = histogram[:stop].copy()
        p[-1] += histogram[stop:].sum()
        q = np.zeros(stop)
        for level in range(levels):
            own = slice(level * stop // levels, (level + 1) * stop // levels)
            full = histogram[own] > 0
            q[own] = full * histogram[own].sum() / max(full.sum(), 1)
        q[(p > 0) & (q == 0)] = 1e-4
        p, q = p / p.sum(), q / q.sum()
        wanted.append(sum(a * np.log(a / b) for a, b in zip(p, q, strict=True) if a))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert list(stops) == [2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("value", [1.0, -0.3])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_entropy_keeps_values_that_are_all_one(value: float, bits: int) -> None:
    low, high = range_of(np.full(64, value, np.float32), method="entropy", num_bits=bits)
    assert (low, high) == (min(np.float32(value), 0), max(np.float32(value), 0))


def test_entropy_cuts_off_what_is_far_away():
    low, high = range_of(VALUES["outlier"], method="entropy")
    assert 3 < high < 15
    assert -5 < low < -3


def test_a_moving_average_goes_by_the_numbers_of_batches():
    table = np.array([[-1, 2], [np.nan, np.nan], [-3, 4], [-2, 0]], np.float32)
    observed = blocks["HistogramObserver"]()([0.0])
    low, high = blocks["RangeOf"](method="moving_average:0.75")(*observed, table)
    expected = np.array([-1.0, 2.0])
    for row in ([-3, 4], [-2, 0]):
        expected = 0.75 * expected + 0.25 * np.array(row)
    np.testing.assert_allclose([low, high], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("attrs", "told"),
    [
        ({"method": "mean"}, "attr 'method' must be min_max, .*, got 'mean'"),
        ({"method": "percentille"}, "did you mean 'percentile'"),
        ({"method": "mse:3"}, "must be 'mse' without a number, got 'mse:3'"),
        ({"method": "percentile:101"}, "a number from 50 to 100, got 'percentile:101'"),
        ({"method": "moving_average"}, "input 'batches' must be the table of MovingAverageObserver .* got nothing"),
    ],
)
def test_what_is_wrong_is_told(attrs, told):
    with pytest.raises(DataflowError, match=told):
        range_of([1.0], **attrs)


def test_counts_and_ends_must_be_of_one_observer():
    counts, _, _ = blocks["HistogramObserver"]()([1.0])
    with pytest.raises(DataflowError, match=r"'counts' must have shape \[3, 4096\] beside 'lowest' of \[3\]"):
        blocks["RangeOf"]()(counts, np.zeros(3, np.float32), np.ones(3, np.float32))


@settings(max_examples=150, deadline=None)
@given(
    values=arrays(np.float32, st.integers(1, 30), elements=st.floats(width=32)),
    method=st.sampled_from(["min_max", "percentile:99", "mse", "entropy"]),
    num_bits=st.sampled_from([2, 8, 16]),
    symmetric=st.booleans(),
)
@example(np.float32([np.nan]), "percentile:99", 8, False)
@example(np.float32([np.inf, -np.inf]), "entropy", 8, True)
@example(np.float32([3e38, -3e38, 1]), "mse", 2, False)
@example(np.float32([1e-45, 2e-45]), "mse", 16, False)
@example(np.float32([0.0, -0.0]), "entropy", 8, True)
def test_any_values_have_a_range_within_them(values, method, num_bits, symmetric):
    low, high = range_of(values, method=method, num_bits=num_bits, symmetric=symmetric)
    assert not np.signbit(low) or low < 0
    finite = values[np.isfinite(values)]
    lowest, highest = finite.min(initial=0), finite.max(initial=0)
    if symmetric:
        highest = max(-lowest, highest)
        lowest = -highest
        assert low == -high
    assert lowest <= low <= 0 <= high <= highest
    searched = blocks["RangeOfValues"](method=method, num_bits=num_bits, symmetric=symmetric)(values)
    assert lowest <= searched.min <= 0 <= searched.max <= highest
