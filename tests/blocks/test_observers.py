"""Observers keep the same bits however values are divided, ordered and counted."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import dataflow as flow
from dataflow import blocks
from dataflow.core.errors import DataflowError
from dataflow.engine.tiling import shortened

HistogramObserver = blocks["HistogramObserver"]
FLOATS = arrays(np.float32, st.tuples(st.integers(1, 60), st.just(3)), elements=st.floats(width=32))


def counted(values, bits):
    """The histogram of values by its definition, one after the other."""
    counts = np.zeros(1 << bits, np.int64)
    for value in values.astype(np.float32).reshape(-1):
        counts[(0x7FC00000 if np.isnan(value) else int(value.view(np.uint32))) >> (32 - bits)] += 1
    return counts


def ends(values):
    finite = values[np.isfinite(values)] + values.dtype.type(0)
    return finite.min(initial=np.inf), finite.max(initial=-np.inf)


def hard(count, dtype=np.float32):
    """Values of many sizes, with NaN of several patterns, infinities, subnormals and zeros of both signs among them."""
    rng = np.random.default_rng(0)
    values = (rng.standard_normal(count) * np.exp(rng.uniform(-100, 80, count))).astype(np.float32)
    special = np.array([0x7F800001, 0xFFC12345, 0x7F800000, 0xFF800000, 1, 0x80000000, 0, 0x7F7FFFFF], np.uint32)
    values[: 3 * special.size : 3] = special.view(np.float32)
    with np.errstate(all="ignore"):
        return rng.permutation(values).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16, np.float64])
def test_bins_are_the_first_bits_of_the_pattern(dtype):
    values = hard(4000, dtype)
    counts, low, high = HistogramObserver()(values)
    np.testing.assert_array_equal(counts, counted(values, 16))
    assert counts.sum() == values.size
    assert (low, high) == ends(values)
    assert low.dtype == dtype


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("kernels", ["numpy", "jit"])
def test_each_channel_has_a_histogram(axis, kernels):
    values = hard(7 * 5 * 11).reshape(7, 5, 11)
    graph = flow.Graph()
    for name, ref in zip(("counts", "low", "high"), HistogramObserver(axis=axis)(graph.input("x")), strict=True):
        graph.output(name, ref)
    found = flow.plan(graph, kernels=kernels).run(x=values)
    for channel, own in enumerate(np.moveaxis(values, axis, 0)):
        np.testing.assert_array_equal(found["counts"][channel], counted(own, 12))
        assert (found["low"][channel], found["high"][channel]) == ends(own)


@settings(max_examples=40, deadline=None)
@given(values=FLOATS, axis=st.sampled_from([None, 1]), data=st.data())
def test_parts_in_any_order_add_up_to_the_whole(values, axis, data):
    observer = HistogramObserver(axis=axis)
    whole = observer(values)
    order = np.array(data.draw(st.permutations(range(len(values)))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=6)))
    parts = [observer(part) for part in np.split(values[order], cuts)]
    for ufunc, of_parts, of_whole in zip(
        (np.add, np.minimum, np.maximum), zip(*parts, strict=True), whole, strict=True
    ):
        assert ufunc.reduce(np.array(of_parts)).tobytes() == of_whole.tobytes()


@pytest.mark.parametrize("axis", [None, 1])
@pytest.mark.parametrize("kernels", ["numpy", "jit"])
def test_tiles_and_threads_change_nothing(axis, kernels):
    values = hard(3000).reshape(1000, 3)
    whole = HistogramObserver(axis=axis)(values)
    with shortened(96, 48):
        for threads in (1, 2, 3):
            graph = flow.Graph()
            for name, ref in zip(
                "clh", HistogramObserver(axis=axis)(graph.input("x", "float32", ["N", 3])), strict=True
            ):
                graph.output(name, ref)
            plan = flow.plan(graph, threads=threads, kernels=kernels)
            if kernels == "numpy":
                assert "tiles of 96 elements" in str(flow.plan(graph, x=[1000, 3], kernels=kernels))
            for got, wanted in zip(plan.run(x=values).values(), whole, strict=True):
                assert got.tobytes() == wanted.tobytes()


@pytest.mark.parametrize(("name", "attrs"), [("Histogram", {}), ("MinMax", {}), ("MinMax", {"symmetric": True})])
def test_zero_has_no_sign_in_the_range(name, attrs):
    for zeros in ([0.0, -0.0], [-0.0, 0.0], [-0.0]):
        low, high = blocks[f"{name}Observer"](**attrs)(zeros)[-2:]
        assert not np.signbit(low)
        assert not np.signbit(high)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_neighbours_along_an_axis_may_count_as_one_channel(axis):
    values = hard(7 * 5 * 11).reshape(7, 5, 11)
    low, high = blocks["MinMaxObserver"](axis=axis, group=3)(values)
    lines = np.moveaxis(values, axis, 0)
    groups = [lines[start : start + 3] for start in range(0, len(lines), 3)]
    np.testing.assert_array_equal(low, [group.min() for group in groups])
    np.testing.assert_array_equal(high, [group.max() for group in groups])
    with pytest.raises(DataflowError, match="attr 'axis' must be given with attr 'group'"):
        blocks["MinMaxObserver"](group=3)


def test_finite_numbers_beyond_float32_are_not_infinite():
    counts, low, high = HistogramObserver()(np.array([1e300, -1e300, np.inf]))
    assert counts[[0x7F7F, 0xFF7F, 0x7F80, 0xFF80]].tolist() == [1, 1, 1, 0]
    assert (low, high) == (-1e300, 1e300)


@settings(max_examples=40, deadline=None)
@given(values=arrays(np.float32, 30, elements=st.floats(-100, 100, width=32)), data=st.data())
def test_a_table_of_batches_does_not_depend_on_who_counts_what_when(values, data):
    """Parts of numbered batches, in any order and in several tables that are merged, give one table."""
    observer = blocks["MovingAverageObserver"]()
    batches, empty = values.reshape(5, 6), np.full((5, 2), np.nan, np.float32)
    parts = [(number, half) for number, batch in enumerate(batches) for half in (batch[:2], batch[2:])]
    tables = [empty, empty]
    for number, part in data.draw(st.permutations(parts)):
        where = data.draw(st.integers(0, 1))
        tables[where] = observer(tables[where], part, number)
    merged = np.stack([np.fmin(*(t[:, 0] for t in tables)), np.fmax(*(t[:, 1] for t in tables))], -1)
    np.testing.assert_array_equal(merged, np.stack([batches.min(1), batches.max(1)], -1))


def test_a_batch_without_a_row_is_told():
    with pytest.raises(DataflowError, match=r"input 'number' must be below 2, the rows of 'batches', .*got 2"):
        blocks["MovingAverageObserver"]()(np.zeros((2, 2), np.float32), [1.0], 2)
