"""The checks of inference find rules that refuse too much, say too much, or differ from the kernel."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import Made, double, made, told

from dataflow import blocks
from dataflow.conformance import inference
from dataflow.core.block import TensorType


@pytest.mark.parametrize("name", ["accepted", "inferred", "valueless", "unknown_dims"])
@pytest.mark.parametrize(
    "block", [Made, blocks["Sum"], blocks["Concat"], blocks["Const"]], ids=lambda block: block.__name__
)
def test_a_right_block_passes(name, block):
    getattr(inference, name)(block)


def float32_only(self, x):
    if x.dtype != "float32":
        raise self.error(f"input 'x' must be float32, got {x.dtype}")
    return [TensorType(x.dtype, x.shape)]


def by_dims(self, x):
    return [TensorType("float64" if x.shape is None else x.dtype, x.shape)]


WRONG = [
    ("accepted", made(infer=float32_only), "must accept Made()(bfloat16[2]), got the error: Made: input 'x' must be"),
    (
        "inferred",
        made(kernel=lambda self, x, out=None: x * np.float64(2)),
        "'y' of Made()(float32[2]) must be float32, got float64",
    ),
    ("inferred", made(kernel=lambda self, x, out=None: np.atleast_1d(double(self, x))), "must have shape [], got [1]"),
    (
        "valueless",
        made(shape_of=lambda self, x: x.shape if x.value is None else (x.value.size, 1)),
        "static=True on inputs whose values decide the types, got float32[2, 1] with values, float32[2] without",
    ),
    (
        "valueless",
        made(infer=lambda self, x: [x]),
        "must have static=True on inputs whose values decide the types, got float32[2] with values, float32[2] without",
    ),
    ("unknown_dims", made(shape_of=lambda self, x: tuple(x.shape)), "inference must accept unknown rank for Made()"),
    ("unknown_dims", made(shape_of=lambda self, x: (7,) if x.shape == (None,) else x.shape), "or less, got float32[7]"),
    ("unknown_dims", made(infer=by_dims), "with unknown rank must be inferred as float32[2] or less, got float64"),
    (
        "unknown_dims",
        made(shape_of=lambda self, x: (*x.shape, 1) if x.shape == ("N2",) else x.shape),
        "with named dims",
    ),
]


@pytest.mark.parametrize(("name", "block", "text"), WRONG, ids=[f"{name}-{text}" for name, _, text in WRONG])
def test_a_wrong_block_does_not(name, block, text):
    assert text in told(getattr(inference, name), block)


def test_less_than_the_truth_is_right():
    inference.unknown_dims(made(shape_of=lambda self, x: None if x.shape is None or None in x.shape else x.shape))
