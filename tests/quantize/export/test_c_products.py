"""C of products and windows, compiled and run: every number is that of the block."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quantize.export.compiling import header_of, run_test

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError

B = flow.blocks
RANDOM = np.random.default_rng(6)


def _codes(*shape: int, dtype: str = "int8", bits: int = 8) -> Array:
    limits = np.iinfo(dtype)
    low, high = (limits.min, limits.max) if bits >= 8 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    made: Array = RANDOM.integers(low, high, shape, dtype=dtype, endpoint=True)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16"])
def test_dense_layers(dtype: str, tmp_path: Path) -> None:
    graph = flow.Graph("dense")
    x = graph.input("x", dtype, ["N", 7])
    y = graph.input("y", dtype, ["N", 3, 7])
    limit = int(np.iinfo(dtype).max)
    wires = [
        B["IntegerMatMul"]()(x, _codes(7, 5), limit),
        B["IntegerMatMul"](transpose_b=True)(x, _codes(5, 7, bits=4), None, _codes(5).astype(np.int32)),
        B["IntegerMatMul"](out_type="int64")(x, _codes(7, 5, dtype="uint16"), limit, 3),
        B["IntegerMatMul"]()(y, _codes(7, 2)),
        B["IntegerMatMul"](transpose_b=True)(y, y, 1, 2),
        B["IntegerMatMul"](transpose_a=True)(y, y),
    ]
    feeds = {"x": _codes(3, 7, dtype=dtype), "y": _codes(3, 3, 7, dtype=dtype)}
    code, told = run_test(header_of(wires, feeds), tmp_path)
    assert code == 0, told


@pytest.mark.slow
@pytest.mark.parametrize("nchw", [False, True])
def test_windows(nchw: bool, tmp_path: Path) -> None:
    layout = {"data_format": "NCHW"} if nchw else {}

    def turned(sizes: list[int]) -> list[int]:
        return [sizes[0], sizes[3], sizes[1], sizes[2]] if nchw else sizes

    graph = flow.Graph("windows")
    shape = turned([3, 7, 6, 4])
    x = graph.input("x", "uint8", ["N", *shape[1:]])
    same = {"strides": turned([1, 1, 1, 1]), "padding": "SAME", **layout}
    coarse = {"strides": turned([1, 2, 3, 1]), "padding": "VALID", **layout}
    around = [0, 0, 1, 2, 0, 3, 0, 0]
    explicit = {
        "strides": turned([1, 2, 1, 1]),
        "padding": "EXPLICIT",
        "explicit_paddings": [0, 0, 0, 0, 1, 2, 0, 3] if nchw else around,
        **layout,
    }
    wires = [
        B["IntegerConv2D"](**same)(x, _codes(3, 3, 4, 5), 200),
        B["IntegerConv2D"](**coarse)(x, _codes(3, 2, 4, 5, bits=4), None, np.arange(5, dtype=np.int32)),
        B["IntegerConv2D"](**explicit)(x, _codes(2, 3, 4, 5), 9, 7),
        B["IntegerConv2D"](**same, dilations=turned([1, 2, 2, 1]))(x, _codes(3, 3, 4, 2)),
        B["IntegerConv2D"](**same)(x, _codes(3, 3, 2, 6), 3),
        B["IntegerDepthwiseConv2D"](**same)(x, _codes(3, 3, 4, 1, bits=3), 128),
        B["IntegerDepthwiseConv2D"](**same)(x, _codes(2, 3, 4, 2), 5, np.arange(8, dtype=np.int32)),
        B["MaxPool"](ksize=turned([1, 3, 2, 1]), **same)(x),
        B["MaxPool"](ksize=turned([1, 2, 2, 1]), **coarse)(B["Cast"](DstT="int8")(x)),
    ]
    code, told = run_test(header_of(wires, {"x": _codes(*shape, dtype="uint8")}), tmp_path)
    assert code == 0, told


def test_windows_over_channels_are_refused() -> None:
    graph = flow.Graph("deep")
    x = graph.input("x", "int8", ["N", 2, 2, 4])
    pool = B["MaxPool"](ksize=[1, 1, 1, 2], strides=[1, 1, 1, 2], padding="SAME")
    with pytest.raises(DataflowError, match="its window must lie on rows and columns alone"):
        header_of([pool(x)], {"x": _codes(1, 2, 2, 4)})
