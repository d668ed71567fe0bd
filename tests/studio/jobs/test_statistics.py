"""Statistics of ports: of every dtype, of values that are hard to count, of large arrays."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import pytest

from dataflow.core import dtypes
from dataflow.studio.jobs.statistics import BINS, MOST, spread, statistics


def bins(found: dict[str, object]) -> list[int]:
    return cast("list[int]", found["bins"])


@pytest.mark.parametrize("dtype", dtypes.every)
def test_every_dtype(dtype: str) -> None:
    values = np.array([[1, 1, 2]], np.float32)
    if dtype in ("bool", "int2"):
        values = np.array([[0, 1, 1]], np.float32)
    found = statistics(values.astype(dtypes.storage(dtype)), dtype)
    ends = {"bool": (0, 1), "int2": (0, 1)}.get(dtype, (1, 2))
    assert (found["dtype"], found["shape"]) == (dtype, [1, 3])
    assert (found["min"], found["max"]) == ends
    assert sum(bins(found)) == 3
    assert len(bins(found)) == BINS
    assert np.shape(found["shown"]) == (1, 3)
    assert found["mean"] == pytest.approx(float(values.mean()))
    assert found["std"] == pytest.approx(float(values.std()))


@pytest.mark.parametrize("dtype", dtypes.every)
def test_an_empty_array_has_no_numbers(dtype: str) -> None:
    found = statistics(np.zeros((3, 0), np.uint8).astype(dtypes.storage(dtype)), dtype)
    assert [found[key] for key in ("min", "max", "mean", "std")] == [None] * 4
    assert found["shape"] == [3, 0]
    assert found["shown"] == [[], [], []]
    assert bins(found) == [0] * BINS


def test_bins_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    found = statistics(values)
    wanted = np.histogram(values.astype(np.float64), BINS)[0]
    assert np.abs(np.array(bins(found)) - wanted).sum() <= 4  # values at an edge, in float32
    assert found["mean"] == pytest.approx(float(values.mean()), abs=1e-6)
    assert found["std"] == pytest.approx(float(values.std()), rel=1e-5)


def test_what_is_not_finite_is_counted_apart() -> None:
    found = statistics(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 4.0], np.float16))
    assert (found["nan"], found["inf"], found["zeros"]) == (1, 2, 2)
    assert (found["min"], found["max"], sum(bins(found))) == (0.0, 4.0, 3)
    assert found["shown"] == [".nan", ".inf", "-.inf", 0.0, -0.0, 4.0]
    nothing = statistics(np.full(40, np.nan))
    assert (nothing["min"], nothing["nan"], nothing["shown"]) == (None, 40, None)


@pytest.mark.parametrize(
    "values", [[-3e38, 3e38], [0.0, 1e-45], [1.0, 1.0000001], [7.5, 7.5]], ids=["wide", "subnormal", "close", "equal"]
)
def test_ends_of_any_distance(values: list[float]) -> None:
    found = statistics(np.array(values, np.float32))
    equal = values[0] == values[1]
    assert bins(found) == ([0] * 12 + [2] + [0] * 11 if equal else [1] + [0] * 22 + [1])


def test_a_spread_beyond_float64_is_none() -> None:
    found = statistics(np.array([-1.7e308, 1.7e308]))
    assert (found["mean"], found["std"]) == (0.0, None)
    assert bins(found)[0] == bins(found)[-1] == 1


def test_whole_numbers_beyond_those_of_json_are_text() -> None:
    found = statistics(np.array([2**63 - 1, -(2**63)]))
    assert found["shown"] == ["9223372036854775807", "-9223372036854775808"]
    assert found["max"] == "9223372036854775807"


def test_a_scalar_is_shown() -> None:
    assert statistics(np.array(0.1, np.float32))["shown"] == 0.1
    assert statistics(np.array(True))["shown"] is True
    assert statistics(np.array(1 + 2j))["shown"] == "(1+2j)"


def test_of_large_arrays_elements_of_all_channels_are_taken() -> None:
    values = np.broadcast_to(np.arange(64, dtype=np.float32), (512, 8, 8, 64)).copy()
    found = statistics(values)
    assert found["sampled"]
    assert (found["min"], found["max"]) == (0.0, 63.0)
    assert sum(bins(found)) <= MOST
    assert found["mean"] == pytest.approx(31.5, abs=0.1)


@pytest.mark.parametrize("shape", [(40_000,), (1 << 20,), (30, 30, 30, 30), (512, 8, 8, 32), (32_769,)])
def test_steps_have_no_factor_in_common_with_a_size(shape: tuple[int, ...]) -> None:
    size = math.prod(shape)
    step = spread(size, shape)
    assert all(math.gcd(step, n) == 1 for n in shape)
    assert MOST / 4 < -(-size // step) <= MOST


def test_layout_changes_nothing() -> None:
    values = np.random.default_rng(1).normal(size=(300, 400)).astype(np.float32)
    assert statistics(np.asfortranarray(values)) == statistics(values)
    backwards = values[::-1]
    assert statistics(backwards) == statistics(backwards.copy())
    assert statistics(values > 0) == statistics((values > 0).copy("F"))
