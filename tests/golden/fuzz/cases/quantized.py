"""Blocks that compute with quantized numbers: numbers of all kinds, ranges of all kinds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..draw import Draw
from .asking import Drawn, fuzzes
from .quantization import ends, whole
from .windows import images, moved, pooling

f32 = np.float32


def wide(draw: Draw) -> tuple[Any, Any]:
    """The ends of a range that has a width, most often around 0."""
    low, high = ends(draw, None, 0.1)
    if not 1e-30 < float(high) - float(low) < 3e38:
        return f32(-1), f32(3)
    return low, high


@fuzzes("QuantizedRelu", "QuantizedRelu6", dtypes=("quint8", "qint32"), subnormal=True)
def rectify(op: str, draw: Draw) -> Drawn:
    low, high = ends(draw, None, 0.3)
    x = whole(draw, draw.shape(), draw.dtype)
    return {"out_type": draw.dtype}, {"features": x, "min_features": low, "max_features": high}


@fuzzes("QuantizedMaxPool", "QuantizedAvgPool", dtypes=("quint8", "qint8"))
def pool(op: str, draw: Draw) -> Drawn:
    shape, _, attrs = pooling(draw, 2)
    low, high = ends(draw, None)
    return attrs, {"input": whole(draw, shape, draw.dtype), "min_input": low, "max_input": high}


@fuzzes("QuantizedReshape", dtypes=("quint8", "qint32"))
def reshape(op: str, draw: Draw) -> Drawn:
    x = whole(draw, draw.shape(), draw.dtype)
    low, high = ends(draw, None)
    target = [draw.pick([n for n in (1, 2, 3, 4, 7) if x.size % n == 0]), -1] if x.size else [0, 3]
    inputs = {"tensor": x, "shape": np.array(target, draw.pick(["int32", "int64"]))}
    return {}, inputs | {"input_min": low, "input_max": high}


@fuzzes("QuantizedMul", "QuantizedAdd", dtypes=("quint8",))
def combine(op: str, draw: Draw) -> Drawn:
    shape = draw.shape()
    # the last dims of the other, one number, or the same: the reference is wrong elsewhere, or refuses
    other = draw.pick([shape, shape[draw.between(0, len(shape)) :], (), (1,)])
    shapes = (shape, other) if draw.chance(0.5) else (other, shape)
    x, y = (whole(draw, each, draw.dtype) for each in shapes)
    (low, high), (low_y, high_y) = wide(draw), wide(draw)
    return {}, {"x": x, "y": y, "min_x": low, "max_x": high, "min_y": low_y, "max_y": high_y}


@fuzzes("QuantizedBiasAdd", dtypes=("quint8", "qint8"))
def bias(op: str, draw: Draw) -> Drawn:
    shape = draw.shape(2, 5)
    if not shape[-1]:
        shape = (*shape[:-1], 3)  # without channels the reference divides by 0
    (low, high), (low_bias, high_bias) = ends(draw, None), ends(draw, None)
    inputs = {"input": whole(draw, shape, draw.dtype), "bias": whole(draw, shape[-1:], draw.dtype)}
    named = {"min_input": low, "max_input": high, "min_bias": low_bias, "max_bias": high_bias}
    return {"out_type": "qint32"}, inputs | named


@fuzzes("QuantizedResizeBilinear", dtypes=("quint8", "qint32"))
def resize(op: str, draw: Draw) -> Drawn:
    shape = images(draw)
    shape = (max(1, shape[0]), *shape[1:])  # of no images the reference gives no range
    corners = draw.chance(0.3)
    attrs = {"align_corners": corners, "half_pixel_centers": not corners and draw.chance(0.5)}
    size = draw.pick([shape[1:3], [draw.between(1, 40 if draw.large else 14) for _ in "rc"]])
    low, high = ends(draw, None)
    inputs = {"images": whole(draw, shape, draw.dtype), "size": np.array(size, np.int32)}
    return attrs, inputs | {"min": low, "max": high}


@fuzzes("QuantizedBatchNormWithGlobalNormalization", dtypes=("quint8",), subnormal=True)
def batch_norm(op: str, draw: Draw) -> Drawn:
    """Moments for which no value times its scale reaches 512, where the reference wraps around."""
    shape = images(draw)
    reach = {"t": 20.0, "m": 20.0, "beta": 1e3, "gamma": 6.0}
    inputs: dict[str, Any] = {}
    for port in ("t", "m", "v", "beta", "gamma"):
        low, high = sorted(draw.random.uniform(-1, 1, 2) * reach[port]) if port in reach else (0.3, draw.between(1, 90))
        if draw.chance(0.1):
            low = high
        inputs[port] = whole(draw, shape if port == "t" else shape[-1:], draw.dtype)
        inputs |= {f"{port}_min": f32(low), f"{port}_max": f32(high)}
    scaled = {"variance_epsilon": draw.pick([1e-3, 0.0, 1.0]), "scale_after_normalization": draw.chance(0.5)}
    return {"out_type": "qint32"} | scaled, inputs


@fuzzes("QuantizedInstanceNorm", dtypes=("quint8",), subnormal=True)
def instance_norm(op: str, draw: Draw) -> Drawn:
    shape = images(draw, channels=20)
    given = {"output_range_given": True, "given_y_min": -draw.random.random() * 3, "given_y_max": draw.random.random()}
    attrs = {"variance_epsilon": draw.pick([1e-5, 1e-3, 1.0]), "min_separation": draw.pick([1e-3, 5.0])}
    low, high = wide(draw)
    x = draw.whole(0, draw.pick([256, 256, 100]), shape, "uint8")
    return attrs | (given if draw.chance(0.3) else {}), {"x": x, "x_min": low, "x_max": high}


def near(draw: Draw) -> tuple[Any, Any]:
    """The ends of a range that is not far from 0.0, and no wider than sums can bear."""
    low, high = wide(draw)
    far = abs(float(low) + float(high)) > 1000 * (float(high) - float(low))
    return (f32(-1), f32(3)) if far else (low, high)


@fuzzes("QuantizedMatMul", dtypes=("quint8",), subnormal=True)
def multiply(op: str, draw: Draw) -> Drawn:
    m, k, n = (draw.between(1, 400 if draw.large else 40) for _ in "mkn")
    if draw.large:
        m, k = 1500, 400
    turned = {"transpose_a": draw.chance(0.5), "transpose_b": draw.chance(0.5)}
    a, b = (whole(draw, shape, draw.dtype) for shape in ((m, k), (k, n)))
    (low, high), (low_b, high_b) = near(draw), near(draw)
    inputs = {"a": a.T if turned["transpose_a"] else a, "b": b.T if turned["transpose_b"] else b}
    return turned, inputs | {"min_a": low, "max_a": high, "min_b": low_b, "max_b": high_b}


@fuzzes("QuantizedConv2D", dtypes=("quint8",), subnormal=True)
def convolve(op: str, draw: Draw) -> Drawn:
    shape = images(draw)
    shape = (max(1, shape[0]), *shape[1:])  # without images the reference stops
    window, (step, _), padding, _ = moved(draw, shape, 2, False)
    low, high = near(draw)
    if padding == "SAME" and high < 0:
        high = f32(0)  # the reference pads with another number than that of 0.0
    low_filter, high_filter = near(draw)
    filter = whole(draw, (*window, shape[-1], draw.between(1, 6)), draw.dtype)
    inputs = {"input": whole(draw, shape, draw.dtype), "filter": filter, "min_input": low, "max_input": high}
    attrs = {"strides": [1, step, step, 1], "padding": padding}
    return attrs, inputs | {"min_filter": low_filter, "max_filter": high_filter}
