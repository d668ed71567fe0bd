"""Causes: each rule on values made for it."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import quantized, residual

from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid
from dataflow.quantize.causes import causes
from dataflow.quantize.measures import Measure

X = np.random.default_rng(1).standard_normal((40, 8)).astype(np.float32)
GRAPH = quantized(residual(), 4, X).graph


def _measure(values: Array, node: str = "joined_q", step: float = 0.1, low: int = -128, high: int = 127) -> Measure:
    each = Measure(node, "joined", "values", 8, Grid(np.asarray(step), np.asarray(0), low, high))
    exact = values.astype(np.float32)
    rounded = each.grid.values(each.grid.codes(exact))
    each.add(exact, rounded, rounded)
    return each


def _spread(rows: int = 500, channels: int = 4) -> Array:
    made: Array = np.random.default_rng(2).uniform(-12, 12, (rows, channels))
    return made


@pytest.mark.parametrize(
    ("values", "grid", "cause"),
    [
        (_spread(), {}, "resolution"),
        (3 * _spread(), {}, "clipping"),
        (_spread() * np.array([0.05, 0.05, 1.0, 0.05]), {}, "outlier channel 2"),
        (np.abs(_spread()), {}, "zero point off"),
        (np.abs(_spread()), {"low": 0, "high": 255, "step": 0.05}, "resolution"),
    ],
)
def test_rules(values: Array, grid: dict[str, float], cause: str) -> None:
    each = _measure(values, **grid)  # type: ignore[arg-type]
    assert causes(GRAPH, [each], {}) == {"joined_q": cause}


def test_noise_that_came_in_is_named_by_its_worst_source() -> None:
    before, worse, each = _measure(_spread(), "x_q"), _measure(_spread(), "first_w_q", step=1.0), _measure(_spread())
    each.noise = 100 * each.own
    assert causes(GRAPH, [before, worse, each], {})["joined_q"] == "inherited from first_w_q"


def test_sums_beyond_32_bits_come_first() -> None:
    assert causes(GRAPH, [_measure(3 * _spread())], {"joined_q": 33}) == {"joined_q": "saturated accumulator"}
    assert causes(GRAPH, [_measure(3 * _spread())], {"joined_q": 32}) == {"joined_q": "clipping"}
