"""Ranges from statistics, and what lies outside of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from quantize.observing import calibration, drawn

from dataflow.core.errors import DataflowError
from dataflow.quantize.ranges import clipped, range_of


def test_clipped_shares() -> None:
    seen = calibration(np.linspace(-1, 3, 8000, dtype=np.float32).reshape(1000, 8)).statistics().wires["x"]
    assert clipped(seen, np.float32(-1), np.float32(3)) == 0
    assert clipped(seen, np.float32(0), np.float32(3)) == pytest.approx(0.25, abs=1e-3)
    assert clipped(seen, np.float32(-0.5), np.float32(2)) == pytest.approx(0.375, abs=2e-3)


def test_a_symmetric_range_is_for_as_many_levels_on_each_side() -> None:
    seen = calibration(drawn(400)).statistics().wires["x"]
    low, high = range_of(seen, "mse", 4, symmetric=True)
    assert low == -high
    assert (low, high) == range_of(seen, "mse", 4, symmetric=True, narrow=True)
    assert (low, high) != range_of(seen, "mse", 4, symmetric=True, narrow=False)


def test_a_moving_average_needs_batches() -> None:
    seen = replace(calibration(drawn(40)).statistics().wires["x"], batches=None)
    with pytest.raises(DataflowError, match="a moving average must be of a wire whose first axis is that of rows"):
        range_of(seen, "moving_average")
    assert range_of(seen, "min_max") == (seen.low, seen.high)
