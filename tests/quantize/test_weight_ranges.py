"""Ranges of weights: those of groups and channels, and the ones with the least error."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.quantize.recipe import recipe
from dataflow.quantize.section import Weights
from dataflow.quantize.weight_ranges import weight_ends


def _settings(**plain: object) -> Weights:
    found = recipe({"weights": plain}).weights
    assert found is not None
    return found


@pytest.mark.parametrize("per", ["tensor", "channel", "group"])
@pytest.mark.parametrize("bits", [1, 2, 4])
def test_mse_ranges_are_no_worse_than_any_other(per: str, bits: int) -> None:
    w = np.random.default_rng(3).standard_t(3, (37, 5)).astype(np.float32)
    ends = weight_ends(w, _settings(bits=bits, per=per, group=8), 1, 0)
    attrs = {"tensor": {}, "channel": {"axis": 1}, "group": {"axis": 0, "group": 8}}[per]
    block = flow.blocks["FakeQuantSymmetric"](num_bits=bits, **attrs)
    found = np.square(block(w, ends) - w).sum()
    for share in np.linspace(0.3, 1.5, 60):
        assert np.square(block(w, (ends * share).astype(np.float32)) - w).sum() >= found * 0.99


def test_ends_of_groups_are_those_of_their_weights() -> None:
    w = np.array([[1.0, -5.0], [-2.0, 4.0], [3.0, 0.0]], np.float32)
    assert weight_ends(w, _settings(per="group", group=2, range="min_max"), 1, 0).tolist() == [[2, 5], [3, 1]]


def test_groups_of_filters_lie_along_the_input_channels() -> None:
    w = np.random.default_rng(1).standard_normal((3, 3, 6, 2)).astype(np.float32)
    ends = weight_ends(w, _settings(per="group", group=4, range="min_max"), 3, 2)
    assert ends.shape == (3, 3, 2, 2)
    np.testing.assert_array_equal(ends[:, :, 1], np.abs(w[:, :, 4:]).max(2))


def test_all_zero_weights_have_a_range_that_can_be_divided_by() -> None:
    assert weight_ends(np.zeros((3, 2), np.float32), _settings(), 1, 0).tolist() == [1, 1]


def test_percentiles_are_of_the_sizes() -> None:
    w = np.arange(-100, 101, dtype=np.float32).reshape(-1, 1)
    (end,) = weight_ends(w, _settings(range="percentile:90"), 1, 0)
    assert end == np.percentile(np.abs(w), 90)


def test_methods_for_values_of_runs_are_refused() -> None:
    with pytest.raises(DataflowError, match="range must be min_max, mse or percentile:P, got entropy"):
        weight_ends(np.ones((2, 2), np.float32), _settings(range="entropy"), 1, 0)


def test_no_channels_have_no_ends() -> None:
    assert weight_ends(np.zeros((4, 0), np.float32), Weights(), 1, 0).shape == (0,)
