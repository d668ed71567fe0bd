"""Forms: codes, sums and real numbers made of one another stand for the same values."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.forms import Form, as_sums, codes_form, dequantized, requantized, rescaled, stored_as

CODES = np.array([[0, 3, 7], [255, 12, 100]], np.uint8)
GRID = Grid(np.asarray(0.25), np.asarray(3), 0, 255)


def _start(codes: Array = CODES) -> tuple[Rebuild, Form]:
    graph = flow.Graph("g")
    graph.constant(codes, name="q")
    new = Rebuild(graph)
    for node in graph.nodes.values():
        new.copy(node)
    return new, codes_form(new.result.ref("q"), GRID)


def _value(new: Rebuild, wire: object) -> Array:
    graph = new.result.copy()
    graph.output("y", wire.wire)  # type: ignore[attr-defined]
    found: Array = flow.run(graph)["y"]
    return found


def test_sums_are_codes_less_their_zero_point() -> None:
    new, form = _start()
    sums = as_sums(new, form, "q")
    assert _value(new, sums.wire).tolist() == (CODES.astype(int) - 3).tolist()
    assert (sums.zero_point, sums.grid, float(sums.scale)) == (0, None, 0.25)
    assert as_sums(new, sums, "q") is sums


def test_real_numbers_are_those_of_the_grid() -> None:
    new, form = _start()
    np.testing.assert_array_equal(_value(new, dequantized(new, form, "q")), GRID.values(CODES))


def test_cuts_are_made_where_the_form_is_left() -> None:
    new, form = _start()
    cut = Form(form.wire, form.scale, 3, grid=GRID, low=0.0, high=6.0)
    assert _value(new, dequantized(new, cut, "q")).max() == 6.0
    other = Grid(np.asarray(0.5), np.asarray(-100), -128, 127)
    codes = _value(new, requantized(new, cut, other, "r", "half_up", False).wire)
    assert (codes.min(), codes.max()) == (-100, -100 + 12)


@pytest.mark.parametrize("axis", [None, 1])
def test_requantized_values_are_rounded_once(axis: int | None) -> None:
    rng = np.random.default_rng(4)
    sums = rng.integers(-(10**6), 10**6, (500, 3)).astype(np.int32)
    graph = flow.Graph("g")
    graph.constant(sums, name="s")
    new = Rebuild(graph)
    new.copy(graph.nodes["s"])
    scale = np.array([1e-4, 3e-4, 7e-4]) if axis is not None else np.asarray(2e-4)
    grid = Grid(np.asarray(0.7), np.asarray(5), -128, 127)
    made = requantized(new, Form(new.result.ref("s"), scale, axis=axis), grid, "r", "half_even", False)
    exact = np.rint(sums * (scale / 0.7)) + 5
    assert np.abs(_value(new, made.wire) - np.clip(exact, -128, 127)).max() == 0
    assert made.grid is grid


def test_rescaled_values_are_multiples_of_the_scale() -> None:
    new, form = _start()
    found = _value(new, rescaled(new, form, 0.25 / 1024, "t", "half_up"))
    assert found.tolist() == ((CODES.astype(int) - 3) * 1024).tolist()


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (0, 255, "uint8"),
        (1, 15, "uint8"),
        (-8, 7, "int8"),
        (0, 256, "uint16"),
        (-129, 0, "int16"),
        (-(2**20), 0, "int32"),
    ],
)
def test_codes_are_stored_in_the_narrowest_dtype(low: int, high: int, dtype: str) -> None:
    assert stored_as(Grid(np.asarray(1.0), np.asarray(0), low, high)) == dtype
