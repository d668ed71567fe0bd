"""Orders of rows: each row once, the same for the same seed, however it is sliced, and parts that divide them up."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflow.core.errors import GraphError
from dataflow.core.random import Key
from dataflow.training.data import row_order
from dataflow.training.data.row_order import Permutation, part, permutation, shuffled

LENGTHS = sorted({max(4**k + d, 1) for k in range(7) for d in (-1, 0, 1)} | {2, 3, 31, 32, 33, 1000})


@pytest.mark.parametrize("length", LENGTHS)
def test_a_permutation_has_each_number_once(length):
    found = Permutation(length, Key(3))[:]
    assert found.dtype == np.int64 and sorted(found.tolist()) == [*range(length)]


@pytest.mark.parametrize("length", [1, 5, 64, 65, 1000])
def test_a_slice_of_a_permutation_is_the_same_as_of_the_whole(length):
    order = Permutation(length, Key(1, "a", 2))
    whole = order[:]
    assert len(order) == length
    for start in range(0, length, 7):
        assert order[start : start + 7].tolist() == whole[start : start + 7].tolist()
    assert order[length:].tolist() == [] and order[: length + 9].tolist() == whole.tolist()


def test_keys_tell_permutations_apart():
    orders = {Permutation(500, key)[:].tobytes() for key in (Key(0), Key(1), Key(0, "a"), Key(0, "", 1))}
    assert len(orders) == 4
    assert Permutation(500, Key(0))[:].tobytes() in orders


def test_a_permutation_is_mixed():
    found = Permutation(4000, Key(0))[:]
    assert abs(np.corrcoef(found, np.arange(4000))[0, 1]) < 0.05
    assert (np.abs(np.diff(found)) == 1).mean() < 0.01
    means = np.array([Permutation(101, Key(seed))[:] for seed in range(300)]).mean(axis=0)
    assert abs(means - 50).max() < 9  # five deviations of the mean of 300


def test_a_permutation_of_billions_takes_no_memory():
    order = permutation(1 << 40, Key(0))
    found = order[1 << 39 : (1 << 39) + 1000]
    assert isinstance(order, Permutation) and len(set(found.tolist())) == 1000 and found.max() < 1 << 40


@pytest.mark.parametrize("length", [0, 1, 100, 101, 102])
def test_many_rows_are_permuted_where_they_are_read(monkeypatch, length):
    monkeypatch.setattr(row_order, "MANY", 100)
    order = shuffled(length, 3, 1)
    assert isinstance(order, Permutation) is (length > 100)
    assert sorted(order[:].tolist()) == [*range(length)]
    assert order[:].tolist() == shuffled(length, 3, 1)[:].tolist()


def test_each_epoch_has_an_order_of_its_own():
    orders = [tuple(shuffled(100, seed, epoch)[:].tolist()) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4


# -- parts --------------------------------------------------------------------------------------------------------

cuts = st.lists(st.floats(0, 1), max_size=4, unique=True).map(lambda inner: sorted({0.0, 1.0, *inner}))


@settings(max_examples=150)
@given(st.integers(0, 300), cuts, st.integers(0, 5), st.integers(0, 6))
def test_parts_share_no_row_and_leave_none_out(length, ends, seed, kinds):
    groups = np.random.default_rng(seed).integers(0, kinds, length) if kinds else None
    parts = [part(length, pair, seed, groups) for pair in pairwise(ends)]
    assert sorted(np.concatenate(parts).tolist()) == [*range(length)]
    for (start, stop), rows in zip(pairwise(ends), parts, strict=True):
        assert (np.diff(rows) > 0).all()
        assert abs(len(rows) - (stop - start) * length) <= 1


@pytest.mark.parametrize(
    "counts",
    [[50, 50], [90, 10], [97, 2, 1], [10] * 10, [1] * 100, [500, *[1] * 100], [300, 200, 7, 5, 3, 1, 1], [1000, 3]],
    ids=lambda counts: f"{len(counts)} groups of {counts[0]} and less",
)
@pytest.mark.parametrize("cut", [0.1, 0.25, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("seed", [0, 1])
def test_each_part_has_its_share_of_every_group(counts, cut, seed):
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    for ends in ((0, cut), (cut, 1)):
        rows = part(len(groups), ends, seed, groups)
        got = np.bincount(groups[rows], minlength=len(counts))
        assert (abs(got - np.array(counts) * (ends[1] - ends[0])) < 1 + 1e-9).all(), got


def test_parts_depend_on_the_seed_and_not_on_how_groups_are_numbered():
    groups = np.array([0, 1, 1, 2] * 25)
    first = part(100, (0, 0.5), 0, groups)
    assert first.tolist() == part(100, (0, 0.5), 0, groups * 7 - 3).tolist() != part(100, (0, 0.5), 1, groups).tolist()


def test_missing_values_are_a_group():
    groups = np.array([np.nan, 1.0] * 20)
    assert np.isnan(groups[part(40, (0, 0.5), 0, groups)]).sum() == 10


def test_too_many_rows_for_parts(monkeypatch):
    monkeypatch.setattr(row_order, "MANY", 10)
    with pytest.raises(GraphError, match="'fraction' may be of at most 10 rows, got 11; give 'rows'"):
        part(11, (0, 0.5), 0)
