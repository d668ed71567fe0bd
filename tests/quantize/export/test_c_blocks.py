"""C of blocks, compiled and run: every number is that of the block."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quantize.export.compiling import header_of, run_test

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.quantize.export.c_blocks import SAME, WRITERS

B = flow.blocks
RANDOM = np.random.default_rng(5)
X = {"x": RANDOM.integers(-(2**31), 2**31, (3, 4, 6), dtype=np.int32)}


def _graph() -> flow.Graph:
    return flow.Graph("blocks of C")


@pytest.mark.slow
def test_elements_wrap_around_move_and_add_up(tmp_path: Path) -> None:
    x = _graph().input("x", "int32", ["N", 4, 6])
    far: Array = RANDOM.integers(-(2**31), 2**31, (4, 6), dtype=np.int32)
    narrow = B["Cast"](DstT="int8")(x)
    wires = [
        B["BiasAdd"]()(x, far[0]),
        B["AddV2"]()(x, x),
        B["AddV2"]()(far[:, :1], x),
        B["Subtract"]()(x, far),
        B["Subtract"]()(x, -(2**31)),
        B["AddN"]()([x, x, x]),
        B["Relu"]()(x),
        B["Relu"]()(narrow),
        B["AddV2"]()(narrow, narrow),
        B["Concat"]()([narrow, B["Relu"]()(narrow)], 1),
        B["Concat"]()([x, B["Relu"]()(x), x], -1),
        B["Sum"]()(x, [1]),
        B["Sum"](keep_dims=True)(x, [1, 2]),
        B["Transpose"]()(x, [0, 2, 1]),
        B["Pad"]()(narrow, [[0, 0], [1, 2], [0, 3]]),
        B["Relu"]()(B["Reshape"]()(x, [-1, 24])),
    ]
    code, told = run_test(header_of(wires, X), tmp_path)
    assert (code, told.split(": ")[-1].split(" ")[0]) == (0, "0"), told


@pytest.mark.slow
def test_layouts_of_biases_and_channels(tmp_path: Path) -> None:
    x = _graph().input("x", "int32", ["N", 4, 2, 3])
    wires = [
        B["BiasAdd"](data_format="NCHW")(x, np.arange(4, dtype=np.int32)),
        B["FixedPointRequantize"](out_type="int8", axis=1)(x, np.full(4, 2**30, np.int32), [50, 52, 53, 55], 3),
        B["FixedPointRequantize"](out_type="uint8", axis=-1, low=5, high=90)(x, 2**30, 55, [1, 2, 60]),
    ]
    feeds = {"x": RANDOM.integers(-(2**31), 2**31, (3, 4, 2, 3), dtype=np.int32)}
    assert run_test(header_of(wires, feeds), tmp_path)[0] == 0


def test_sums_of_64_bits_are_refused() -> None:
    x = _graph().input("x", "int64", ["N", 2])
    with pytest.raises(DataflowError, match="must requantize int32 sums in C, got int64; export its vectors"):
        header_of([B["FixedPointRequantize"](out_type="int8")(x, 2**30, 31, 0)], {"x": np.ones((1, 2), np.int64)})


def test_every_name_is_that_of_a_block() -> None:
    assert all(B[name].__name__ == name for name in (*WRITERS, *SAME))
