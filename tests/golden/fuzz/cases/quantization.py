"""The quantization family: ranges of all kinds, numbers on and between their levels."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core import dtypes

from ..draw import Draw
from .asking import Drawn, fuzzes

ODD = (
    *((0.0, 0.0), (1.0, 1.0), (0.5, 2.0), (-3.0, -1.0), (1.0, -1.0), (0.0, 6.0), (-0.0, 6.0), (-4.0, 0.0)),
    *((-128.0, 127.0), (-1e-30, 2e-30), (-1e-40, 2e-40), (-3e38, 3e38), (-np.inf, 1.0), (np.nan, 1.0), (-1.0, np.nan)),
)
ROUNDS = ("HALF_TO_EVEN", "HALF_UP")


def ends(draw: Draw, count: int | None, odd: float = 0.3, dtype: Any = np.float32) -> tuple[Any, Any]:
    """Lower and upper ends, of one range or so many."""
    size = count if count is not None else 1
    scale = 10.0 ** draw.random.uniform(-6, 6, size)
    low, high = -draw.random.uniform(0, scale), draw.random.uniform(0, scale)
    for i in range(size):
        if draw.chance(odd):
            low[i], high[i] = draw.pick(ODD)
    low, high = low.astype(dtype), high.astype(dtype)
    return (low, high) if count is not None else (low[0], high[0])


def around(draw: Draw, shape: Any, low: Any, high: Any, levels: float, dtype: Any = np.float32) -> Any:
    """Numbers in and around the range: many halfway between two levels, and their neighbours, and odd ones."""
    with np.errstate(all="ignore"):
        low, high = (np.where(np.isfinite(end), end, np.sign(np.nan_to_num(end))) for end in (low, high))
        step = np.maximum((high.astype(np.float64) - low) / levels, np.finfo(dtype).tiny)
        place = draw.random.uniform(-3, levels + 3, shape)
        place = np.where(draw.random.random(shape) < 0.5, np.floor(place) + 0.5, place)
        x = np.asarray(place * step + np.where(draw.random.random(shape) < 0.5, low, 0)).astype(dtype)
        toward = draw.random.choice(np.array([-np.inf, np.inf], dtype), shape)
        x = np.where(draw.random.random(shape) < 0.3, np.nextafter(x, toward), x)
    if draw.chance(0.5):
        odd = draw.values(shape, np.dtype(dtype).name, kinds=["special", "wide"])
        x = np.where(draw.random.random(shape) < 0.1, odd, x)
    return x.astype(dtype)


@fuzzes("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsGradient", dtypes=("float32",), subnormal=True)
@fuzzes("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxArgsGradient", dtypes=("float32",), subnormal=True)
def fake(op: str, draw: Draw) -> Drawn:
    attrs: dict[str, Any] = {"num_bits": draw.between(2, 16), "narrow_range": draw.chance(0.5)}
    shape = draw.shape()
    low, high = ends(draw, None)
    x = around(draw, shape, low, high, 2 ** attrs["num_bits"] - 1)
    gradients = draw.values(shape, "float32", kinds=["plain", "special"])
    if "Args" in op:
        if not float(high) - float(low) > 1e-37:
            low, high = -1.0, 3.0
        return attrs | {"min": float(low), "max": float(high)}, {"gradients": gradients, "inputs": x}
    return attrs, {"gradients": gradients, "inputs": x, "min": low, "max": high}


@fuzzes(
    "FakeQuantWithMinMaxVarsPerChannel",
    "FakeQuantWithMinMaxVarsPerChannelGradient",
    dtypes=("float32",),
    subnormal=True,
)
def fake_channels(op: str, draw: Draw) -> Drawn:
    attrs = {"num_bits": draw.between(2, 16), "narrow_range": draw.chance(0.5)}
    shape = draw.shape(1, 4)
    if "Gradient" in op and len(shape) == 3:
        shape = (*shape, 2)
    low, high = ends(draw, shape[-1], 0.1)
    x = around(draw, shape, low, high, 2 ** attrs["num_bits"] - 1)
    gradients = draw.values(shape, "float32", kinds=["plain", "special"])
    return attrs, {"gradients": gradients, "inputs": x, "min": low, "max": high}


@fuzzes(
    "QuantizeAndDequantizeV2",
    "QuantizeAndDequantizeV3",
    "QuantizeAndDequantizeV4",
    dtypes=("float32", "float64"),
    subnormal=True,
)
@fuzzes("QuantizeAndDequantizeV4Grad", dtypes=("float32", "float64"), subnormal=True)
def there_and_back(op: str, draw: Draw) -> Drawn:
    dtype = np.dtype(draw.dtype).type
    shape = draw.shape(1, 4)
    axis = draw.pick([-1, -1, draw.between(0, len(shape) - 1)])
    given = draw.chance(0.6)
    if op in ("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV4") and axis >= 0 and given and draw.large:
        axis = -1
    low, high = ends(draw, None if axis < 0 else shape[axis], 0.2 if axis < 0 else 0.0, dtype)
    attrs = {
        "signed_input": draw.chance(0.6),
        "num_bits": draw.pick([2, 3, 4, 8, 8, 12, 16, 24, 31, 53]),
        "range_given": given,
        "narrow_range": draw.chance(0.5),
        "round_mode": draw.pick(ROUNDS),
        "axis": axis,
    }
    if axis >= 0:
        bottom, top = (np.reshape(end, [-1 if i == axis else 1 for i in range(len(shape))]) for end in (low, high))
    else:
        bottom, top = low, high
    x = around(draw, shape, bottom, top, 2.0 ** attrs["num_bits"], dtype)
    if not given:
        x = np.where(np.isfinite(x), x, dtype(0))
    gradients = draw.values(shape, kinds=["plain", "special"])
    return attrs, {"gradients": gradients, "input": x, "input_min": low, "input_max": high}


def whole(draw: Draw, shape: Any, dtype: str) -> Any:
    return draw.values(shape, dtype, kinds=["wide", "special", "bits", "ties"])


@fuzzes("QuantizeV2", dtypes=dtypes.quantized, subnormal=True)
def quantize(op: str, draw: Draw) -> Drawn:
    mode = draw.pick(["MIN_COMBINED", "MIN_FIRST", "SCALED"])
    shape = draw.shape(1, 4)
    axis = draw.between(0, len(shape) - 1) if mode != "MIN_FIRST" and draw.chance(0.4) and 0 not in shape else -1
    low, high = ends(draw, None if axis < 0 else shape[axis], 0.2)
    low, high = np.fmin(low, high), np.fmax(low, high)
    lowest, highest = dtypes.limits(draw.dtype)
    bottom, top = (
        np.reshape(e, [-1 if i == axis else 1 for i in range(len(shape))]) if axis >= 0 else e for e in (low, high)
    )
    x = around(draw, shape, bottom, top, float(highest - lowest))
    attrs = {
        "T": draw.dtype,
        "mode": mode,
        "round_mode": draw.pick(["HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"]) if mode == "SCALED" else "HALF_AWAY_FROM_ZERO",
        "narrow_range": mode == "SCALED" and draw.chance(0.4),
        "axis": axis,
        "ensure_minimum_range": draw.pick([0.01, 0.0, 0.1]),
    }
    return attrs, {"input": x, "min_range": low, "max_range": high}


@fuzzes("Dequantize", dtypes=dtypes.quantized, subnormal=True)
def dequantize(op: str, draw: Draw) -> Drawn:
    mode = draw.pick(["MIN_COMBINED", "MIN_FIRST", "SCALED"])
    shape = draw.shape(1, 4)
    axis = draw.between(0, len(shape) - 1) if mode != "MIN_FIRST" and draw.chance(0.4) and 0 not in shape else -1
    low, high = ends(draw, None if axis < 0 else shape[axis], 0.2)
    dtype = draw.pick(["float32", "bfloat16"]) if mode == "MIN_COMBINED" else "float32"
    attrs = {"T": draw.dtype, "mode": mode, "narrow_range": draw.chance(0.4), "axis": axis, "dtype": dtype}
    return attrs, {"input": whole(draw, shape, draw.dtype), "min_range": low, "max_range": high}


@fuzzes("RequantizationRange", "QuantizeDownAndShrinkRange", "Requantize", dtypes=("qint32",), subnormal=True)
def requantize(op: str, draw: Draw) -> Drawn:
    low, high = ends(draw, None, 0.1)
    q = whole(draw, draw.shape(1, 4), draw.dtype) >> draw.between(0, 20)
    new_low, new_high = ends(draw, None, 0.1)
    requested = {
        "requested_output_min": np.minimum(new_low, np.float32(0)),
        "requested_output_max": np.fmax(new_high, np.float32(0)),
    }
    out_type = "quint8" if op == "QuantizeDownAndShrinkRange" else draw.pick(["quint8", "qint8"])
    return {"out_type": out_type}, {"input": q, "input_min": low, "input_max": high} | requested


@fuzzes("RequantizationRangePerChannel", "RequantizePerChannel", dtypes=("qint32",), subnormal=True)
def requantize_channels(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(4, 4)
    q = whole(draw, shape, draw.dtype) >> draw.between(0, 20)
    low, high = ends(draw, shape[-1], 0.05)
    new_low, new_high = ends(draw, None, 0.1)
    attrs = {"out_type": draw.pick(["quint8", "qint8"]), "clip_value_max": draw.pick([1e30, 6.0, 1.0])}
    requested = {"requested_output_min": new_low, "requested_output_max": new_high}
    return attrs, {"input": np.abs(q) if draw.chance(0.3) else q, "input_min": low, "input_max": high} | requested


@fuzzes("QuantizedConcat", dtypes=("quint8", "qint32"), subnormal=True)
def concat(op: str, draw: Draw) -> Drawn:
    count, rows = draw.between(2, 4), draw.count(600)
    rows = 100_000 if draw.large else rows
    parts = {f"value{i}": whole(draw, (rows, draw.between(1, 4)), draw.dtype) for i in range(count)}
    low, high = ends(draw, count, 0.1)
    if draw.chance(0.3):
        low[:], high[:] = low[0], high[0]
    return {"T": draw.dtype, "concat_dim": 1}, parts | {"input_mins": low, "input_maxes": high}
