"""Real scales as a multiplier and a shift."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflow.core.errors import DataflowError
from dataflow.core.fixed_point import fixed_point


@given(st.floats(2.0**-32, 2.0**30, exclude_max=True))
def test_a_scale_is_met_within_half_a_unit_of_31_bits(scale):
    multiplier, shift = (int(a) for a in fixed_point(scale))
    assert 1 << 30 <= multiplier < 1 << 31
    assert 0 <= shift <= 62
    unit = Fraction(1, 1 << 31)
    assert abs(Fraction(multiplier, 1 << shift) - Fraction(scale)) <= Fraction(scale) * unit


@given(st.integers(1 << 30, (1 << 31) - 1), st.integers(1, 62))
def test_what_is_fixed_point_already_comes_back(multiplier, shift):
    assert [*map(int, fixed_point(multiplier / 2.0**shift))] == [multiplier, shift]


@pytest.mark.parametrize(
    ("scale", "power"), [(0.75, 0), (0.7, -1), (1.0, 0), (1.4, 0), (1.5, 1), (2.0**-32, -32), (2.0**30 - 1, 30)]
)
def test_a_power_of_two_has_the_nearest_logarithm(scale, power):
    multiplier, shift = fixed_point(scale, power_of_two=True)
    assert (int(multiplier), int(shift)) == (1 << 30, 30 - power)


@pytest.mark.parametrize("scale", [0.0, 2.0**-40, 1e-300])
def test_what_is_too_small_is_zero(scale):
    for power_of_two in (False, True):
        assert int(fixed_point(scale, power_of_two).multiplier) == 0


def test_a_mantissa_that_is_rounded_up_to_the_next_power_of_two():
    assert [*map(int, fixed_point(np.nextafter(1.0, 0.0)))] == [1 << 30, 30]


def test_scales_of_channels_and_back():
    scales = np.array([[0.1, 3.0], [1e-4, 0.5]])
    found = fixed_point(scales)
    assert found.multiplier.dtype == found.shift.dtype == np.int32
    np.testing.assert_allclose(found.scale, scales, rtol=2.0**-31, atol=0)


@pytest.mark.parametrize("scale", [-1.0, float("nan"), float("inf"), 2.0**30])
def test_other_scales_are_refused(scale):
    with pytest.raises(DataflowError, match=r"scale: must lie in \[0, 2\*\*30\)"):
        fixed_point([0.5, scale])
