"""Conversion between float16 and float32 gives NumPy's bits, and so do results that are looked up."""

from __future__ import annotations

import numpy as np
import pytest

from blocks.kernels.half import FEW, PART, convert
from dataflow import blocks
from dataflow.conformance.equality import same

HALVES = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
SPECIAL = np.float32([0, -0.0, 1e-45, 2.0**-25, 2.0**-24, 65504, 65519.996, 65520, 65536, 3e38, np.inf, np.nan])


def between():
    """Every number of float16 as float32, what lies halfway to the next one, and the neighbours of both."""
    with np.errstate(all="ignore"):
        numbers = HALVES.astype(np.float32)
        halfway = (numbers + np.roll(numbers, -1)) / 2
        around = [np.nextafter(each, np.float32(end)) for each in (numbers, halfway) for end in (-np.inf, np.inf)]
    return np.concatenate([numbers, halfway, *around, SPECIAL, -SPECIAL])


def test_all_halves_become_floats():
    made = convert(HALVES, np.empty(HALVES.shape, np.float32))
    np.testing.assert_array_equal(made.view(np.uint32), HALVES.astype(np.float32).view(np.uint32))


def test_floats_become_the_nearest_halves():
    numbers = between()
    with np.errstate(all="ignore"):
        expected = numbers.astype(np.float16)
        assert same(convert(numbers, np.empty(numbers.shape, np.float16)), expected)
        finite = numbers[np.abs(numbers) < 2.0**15]  # where no number needs NumPy
    assert same(convert(finite, np.empty(finite.shape, np.float16)), finite.astype(np.float16))


@pytest.mark.parametrize("size", [0, 1, FEW, FEW + 1, PART, PART + 1, 3 * PART + 5])
def test_any_size_and_layout(size):
    numbers = np.random.default_rng(size).normal(0, 1e-3, (size, 2)).astype(np.float32)
    for given in (numbers, numbers[:, 1], numbers[::-1], numbers.T):
        narrow = convert(given, np.empty(given.shape, np.float16))
        assert same(narrow, given.astype(np.float16))
        assert same(convert(narrow, np.empty(given.shape, np.float32)), narrow.astype(np.float32))


@pytest.mark.parametrize("name", ["FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxArgs"])
def test_results_that_are_looked_up(name):
    ends = (np.float32(-1), np.float32(2)) if name.endswith("Vars") else ()
    numbers = np.tile(HALVES, 3)
    parts = [blocks[name]()(part, *ends) for part in numbers.reshape(48, -1)]
    assert same(blocks[name]()(numbers, *ends), np.concatenate(parts))
