"""C that rounds: equal to FixedPointRequantize for ends, halves, and every shift."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quantize.export.compiling import header_of, run_test

import dataflow as flow
from dataflow.core.fixed_point import ROUNDINGS

SHIFTS = np.arange(63, dtype=np.int32)


@pytest.mark.slow
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_every_shift(rounding: str, tmp_path: Path) -> None:
    graph = flow.Graph(rounding)
    x = graph.input("x", "int32", ["N", len(SHIFTS)])
    random = np.random.default_rng(2)
    multipliers = random.integers(2**30, 2**31, len(SHIFTS)).astype(np.int32)
    halves, whole = (
        flow.blocks["FixedPointRequantize"](out_type=dtype, axis=1, rounding=rounding) for dtype in ("int8", "int32")
    )
    wires = [halves(x, np.full(len(SHIFTS), 2**30, np.int32), SHIFTS, -3), whole(x, multipliers, SHIFTS, 0)]
    rows = random.integers(-(2**31), 2**31, (40, len(SHIFTS))) >> random.integers(0, 31, (40, len(SHIFTS)))
    rows[:2] = [[-(2**31)], [2**31 - 1]]
    rows[2:8] = np.arange(-3, 3)[:, None] * 2 ** np.maximum(SHIFTS - 31, 0)
    code, told = run_test(header_of(wires, {"x": rows.clip(-(2**31), 2**31 - 1).astype(np.int32)}, 40), tmp_path)
    assert code == 0, told
