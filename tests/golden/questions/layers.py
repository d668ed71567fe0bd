"""What to ask about what stands between the products of a network: biases, rectifiers, softmax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import FLOATS, NUMBER, REAL, SHAPES, label, numbers, singles, special, stored, wide

FORMATS = {
    "NHWC": ((2, 3), (0, 3), (2, 2, 3), (1, 2, 2, 3), (2, 1, 2, 2, 3)),
    "NCHW": ((2, 3), (2, 3, 2), (1, 3, 2, 2), (2, 3, 0, 1)),
}


@asks("BiasAdd")
def bias(random: np.random.Generator) -> Iterator[Question]:
    for data_format, shapes in FORMATS.items():
        for dtype in NUMBER:
            for shape in shapes if dtype == "float32" else shapes[2:3]:
                inputs = {"value": numbers(random, dtype, shape), "bias": numbers(random, dtype, (3,))}
                name = f"{dtype}_{data_format}_{label(shape)}"
                yield Question(name, {"data_format": data_format}, inputs, slopes=wide(dtype))


@asks("BiasAddGrad", ulps=None)
def bias_gradient(random: np.random.Generator) -> Iterator[Question]:
    for data_format, shapes in FORMATS.items():
        for dtype in NUMBER:
            for shape in shapes if dtype == "float32" else shapes[2:3]:
                inputs = {"out_backprop": numbers(random, dtype, shape)}
                name = f"{dtype}_{data_format}_{label(shape)}"
                yield Question(name, {"data_format": data_format}, inputs, slopes=wide(dtype))
        one = numbers(random, "float32", (2, 1, 3) if data_format == "NCHW" else (2, 3, 1))
        yield Question(f"one_channel_{data_format}", {"data_format": data_format}, {"out_backprop": one}, slopes=True)


def edges(dtype: str) -> Any:
    """Special values, and the two sides of the ceiling; what becomes of -0.0 differs between dtypes."""
    x = np.concatenate([special(dtype, subnormal=False), np.array([5, 6, 7]).astype(stored(dtype))])
    return x[~((x == 0) & np.signbit(x))] if dtype in FLOATS else x


@asks("Relu", "Relu6")
def rectifier(random: np.random.Generator) -> Iterator[Question]:
    for name, dtype, x in singles(random, REAL, numbers):
        yield Question(name, {}, {"features": x}, slopes=wide(dtype))
    for dtype in REAL:
        yield Question(f"{dtype}_special", {}, {"features": edges(dtype)})


@asks("ReluGrad", "Relu6Grad")
def rectifier_gradient(random: np.random.Generator) -> Iterator[Question]:
    for dtype in REAL:
        for shape in SHAPES if dtype == "float32" else SHAPES[-1:]:
            inputs = {"gradients": numbers(random, dtype, shape), "features": numbers(random, dtype, shape)}
            yield Question(f"{dtype}_{label(shape)}", {}, inputs, slopes=wide(dtype))
    for dtype in FLOATS:
        x = edges(dtype)
        yield Question(f"{dtype}_special", {}, {"gradients": numbers(random, dtype, x.shape), "features": x})


@asks("Softmax", "LogSoftmax", ulps=None)
def softmax(random: np.random.Generator) -> Iterator[Question]:
    for dtype in FLOATS:
        for shape in ((3, 4), (5,), (1,), (3, 1), (0, 3), (2, 3, 4), (1, 2, 2, 3)) if dtype == "float32" else ((3, 4),):
            yield Question(f"{dtype}_{label(shape)}", {}, {"logits": numbers(random, dtype, shape)}, slopes=wide(dtype))
        x = np.array([[1, 1, 1], [1000, 0, -1000], [-np.inf, 0, 1], [80, -80, 81], [-0.0, 0.0, 5]]).astype(
            stored(dtype)
        )
        yield Question(f"{dtype}_extreme", {}, {"logits": x})
        x = np.array([[np.nan, 0, 1], [np.inf, 0, 1], [-np.inf] * 3], np.float32).astype(stored(dtype))
        yield Question(f"{dtype}_nan", {}, {"logits": x})
