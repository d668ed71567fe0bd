"""Which way integers are multiplied: no partial sum may grow beyond what its dtype holds."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from integers import extremes

from blocks.kernels.integer_way import DIGIT, MANY, SHORT, chosen, ends, largest_sum, limits, way

DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
HOLDS = {np.dtype(np.float32): 1 << 24, np.dtype(np.float64): 1 << 53}


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), st.integers(0, 1 << 40))
def test_no_partial_sum_grows_beyond_what_its_dtype_holds(left, right, terms):
    a, b = limits(np.dtype(left)), limits(np.dtype(right))
    how = way(terms, a, b)
    largest = max(map(abs, a)) * max(map(abs, b))
    assert how.bound == largest * terms
    if how.left > 1 or how.right > 1:
        largest = (1 << DIGIT) ** 2
        bits = DIGIT * np.array([how.left, how.right])
        assert (bits >= [8 * np.dtype(left).itemsize, 8 * np.dtype(right).itemsize]).all()
    assert largest * how.panel <= HOLDS[how.dtype]
    assert how.panel >= min(terms, SHORT)


@given(st.data())
def test_a_bound_by_weights_is_reached_and_never_passed(data):
    """Beside all partial sums that there are: of every set of terms, for the lowest and the highest values."""
    k, n = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
    low, high = sorted(data.draw(st.tuples(st.integers(-300, 300), st.integers(-300, 300))))
    dtype = data.draw(st.sampled_from(["int8", "uint8", "int16", "uint16"]))
    weights, zero = extremes(dtype, k, n), extremes(dtype, *data.draw(st.sampled_from([(), (n,)])), seed=1)
    given = weights.astype(object) - zero.astype(object)
    sets = list(chain.from_iterable(combinations(range(k), size) for size in range(k + 1)))
    reached = max(
        abs(sum(pick(x * w for x in (low, high)) for w in given[list(some), column]))
        for column in range(n)
        for some in sets
        for pick in (min, max)
    )
    assert largest_sum((low, high), weights, zero) == reached


@pytest.mark.parametrize("shape", [(3000, 7), (5, 5000), (2, 1), (0, 4), (70_000, 1)])
def test_a_bound_by_weights_is_that_of_all_slices(shape):
    weights, zero = extremes("int8", *shape), extremes("int8", shape[1], seed=1)
    given = weights.astype(np.int64) - zero
    positive, negative = np.maximum(given, 0).sum(0), np.maximum(-given, 0).sum(0)
    assert largest_sum((0, 255), weights, zero) == 255 * max(positive.max(), negative.max())
    assert largest_sum((-128, 127), weights) <= 128 * np.abs(weights.astype(np.int64)).sum(0).max()


def test_zero_points_far_from_the_codes():
    weights, zero = np.full((40_000, 2), 255, np.uint8), np.array(-(1 << 20))
    assert largest_sum((0, 255), weights, zero) == 255 * 40_000 * ((1 << 20) + 255)
    assert largest_sum((-(1 << 40), 3), weights, zero) >= (40_000 * ((1 << 20) + 255)) << 40


def test_small_weights_make_one_product_of_many_rows():
    weights = np.ones((5000, 3), np.int8)
    assert not chosen(MANY - 1, (0, 255), weights, None).is_best
    assert chosen(MANY, (0, 255), weights, None).is_best
    weights[:, 1] = 127
    assert not chosen(MANY, (0, 255), weights, None).is_best
    assert chosen(MANY, (-(1 << 15), 1 << 15), np.ones((300, 3), np.int8), None).dtype == np.float32
    assert chosen(MANY, (-(1 << 15), 1 << 15), np.full((300, 3), 9, np.int8), None).dtype == np.float64


def test_wide_dtypes_go_by_their_values():
    assert ends(np.array([3, -7, 100], np.int64)) == (-7, 100)
    assert ends(np.array([3, 7, 100], np.uint8)) == (0, 255)
    assert ends(np.array([3, 7], np.uint8), np.array([10, 200], np.uint8)) == (-200, 245)
    assert ends(np.empty((0, 3), np.int32)) == (0, 0)
    assert way(1000, (-7, 100), (0, 9)).is_best
    assert way(1000, *[limits(np.dtype("int32"))] * 2).products(32) == [(0, 0), (0, 1), (1, 0)]


@pytest.mark.parametrize(
    "terms, left, right, said",
    [
        (100, (0, 255), (-128, 127), "exact in float32: sums may reach 2^21.6, at most 2^24"),
        (0, (0, 0), (0, 0), "exact in float32: sums may reach 2^0.0, at most 2^24"),
        (
            4608,
            (0, 255),
            (-128, 127),
            "exact in float32, 9 panels of 514 terms: sums may reach 2^27.2, beyond the 2^24",
        ),
        (784, (-(1 << 15), 32767), (-128, 127), "exact in float64: sums may reach 2^31.6, beyond the 2^24 of float32"),
        (9, (-(1 << 31), 0), (-(1 << 31), 0), "exact in float64, by digits of 16 bits: sums may reach 2^65.2"),
    ],
)
def test_what_a_plan_says(terms, left, right, said):
    assert str(way(terms, left, right)).startswith(said)
