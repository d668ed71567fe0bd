"""The bins of finite floats: each number lies in its own, and they follow each other without gaps."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.float_bins import PER_CHANNEL, WHOLE, finite_bins


@pytest.mark.parametrize("bits", [WHOLE, PER_CHANNEL])
def test_numbers_lie_between_the_ends_of_their_bins(bits: int) -> None:
    bins = finite_bins(bits)
    rank = {int(place): i for i, place in enumerate(bins.places)}
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 1 << 32, 20_000, np.uint32).view(np.float32)
    for number in numbers[np.isfinite(numbers)]:
        i = rank[int(number.view(np.uint32)) >> (32 - bits)]
        below, above = (bins.low[i], bins.high[i]) if not np.signbit(number) else (-bins.high[i], -bins.low[i])
        assert below <= abs(float(number)) < above


@pytest.mark.parametrize("bits", [WHOLE, PER_CHANNEL])
def test_bins_are_in_order_without_gaps(bits: int) -> None:
    bins = finite_bins(bits)
    np.testing.assert_array_equal(bins.low[1:], bins.high[:-1])
    assert (bins.low < bins.high).all()
    assert len({*bins.places.tolist()}) == bins.places.size < 1 << bits
