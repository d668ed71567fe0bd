"""Quantizers, and what computes with codes, at about `n` elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from .asking import Call, Calls, floats, image, rows, scalars, whole

RANGE = (-3.0, 3.1)  # 0.2 % of the values lie outside
QUARTER = 9000  # of the codes of 32 bits, so that sums of them do not overflow


def fake(n: int) -> Calls:
    x, dy, ends = floats(n), floats(n), scalars(*RANGE)
    for block, given in (("FakeQuantWithMinMax{}", [x]), ("FakeQuantWithMinMax{}Gradient", [dy, x])):
        yield Call(block.format("Args"), given, {"min": RANGE[0], "max": RANGE[1]})
        yield Call(block.format("Vars"), [*given, *ends])
        for channels in (10, 100):
            shape = rows(n, channels)
            wide = [array[: shape[0] * channels].reshape(shape) for array in given]
            low, high = -np.linspace(2.5, 3, channels), np.linspace(3.1, 3.6, channels)
            each = [low.astype(np.float32), high.astype(np.float32)]
            yield Call(block.format("VarsPerChannel"), [*wide, *each], {}, f"{channels}")


def round_trips(n: int) -> Calls:
    x, dy, ends = floats(n), floats(n), scalars(*RANGE)
    for block in ("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV4"):
        yield Call(block, [x, *ends], {"range_given": True}, "given")
        yield Call(block, [x, *ends], {"range_given": False}, "measured")
    yield Call("QuantizeAndDequantizeV3", [x, *ends, np.int32(8)], {"range_given": True}, "given")
    yield Call("QuantizeAndDequantizeV4Grad", [dy, x, *ends])


def codes(n: int) -> Calls:
    x, ends = floats(n), scalars(*RANGE)
    for mode, dtype in (("MIN_COMBINED", "quint8"), ("MIN_FIRST", "quint8"), ("SCALED", "qint8")):
        attrs = {"mode": mode, "T": dtype}
        yield Call("QuantizeV2", [x, *ends], attrs, f"{mode} {dtype}")
        stored = whole(128, n, dtype=dtype.removeprefix("q"))
        yield Call("Dequantize", [stored, *ends], {"mode": mode}, f"{mode} {dtype}")
    sums = whole(1 << 20, n)
    yield Call("QuantizeDownAndShrinkRange", [sums, *ends], {"out_type": "quint8"})
    yield Call("Requantize", [sums, *ends, *scalars(-1, 1)], {"out_type": "quint8"})
    yield Call("RequantizationRange", [sums, *ends])


def layers(n: int) -> Calls:
    x, ends = whole(256, *image(n, 32), dtype="uint8"), scalars(*RANGE)
    attrs: dict[str, Any] = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "SAME"}
    yield Call("QuantizedAvgPool", [x, *ends], attrs)
    yield Call("QuantizedMaxPool", [x, *ends], attrs)
    yield Call("QuantizedRelu", [x, *ends])
    yield Call("QuantizedRelu6", [x, *ends])
    yield Call("QuantizedBiasAdd", [x, x[0, 0, 0], *ends, *ends], {"out_type": "qint32"})
    yield Call("QuantizedInstanceNorm", [x, *ends])
    yield Call("QuantizedConcat", [np.int32(0), [x, x], [ends[0]] * 2, [ends[1]] * 2])
    yield Call("QuantizedAdd", [x, x, *ends, *ends])
    yield Call("QuantizedMul", [x, x, *ends, *ends])
    kernel = whole(256, 3, 3, 32, 32, dtype="uint8")
    yield Call("QuantizedConv2D", [x, kernel, *ends, *ends], {"strides": [1, 1, 1, 1], "padding": "SAME"})
    yield Call("QuantizedMatMul", [x.reshape(-1, 32), kernel[0, 0], *ends, *ends])


FAMILIES = (fake, round_trips, codes, layers)
