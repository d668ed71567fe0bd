"""Small blocks that the tests of Block are about."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dataflow.core.block import Block, In, Out, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import TensorType


class Scaled(Block, abstract=True):
    """Its input times a number, in a dtype that may be given."""

    T = ("float32", "int32")
    x = In("T", "values")
    y = Out("T", "the values, scaled")
    factor: int = attr("what they are multiplied with", ge=0)
    offset: float = attr("added in the end", default=0.0)

    def check(self) -> None:
        if self.factor == 13 and self.offset:
            raise self.error("attr 'factor' must not be 13 beside an offset; take 12")

    def shape_of(self, x: TensorType) -> Any:
        return x.shape

    def kernel(self, x: Array) -> Any:
        return x * np.float64(self.factor) + self.offset  # of another dtype than declared


class SameShape(Opaque, abstract=True):
    """Gives values of the shape of its input; which, a block made of it says."""

    T = ("float32",)
    x = In("T", "values")
    y = Out("T", "other values")

    def shape_of(self, x: TensorType) -> Any:
        return x.shape


class Ends(Block, abstract=True):
    """The least and the greatest value."""

    values = In("float32", "values")
    low = Out("float32", "the least", shape=())
    high = Out("float32", "the greatest", shape=())

    def kernel(self, values: Array) -> Any:
        return values.min(), values.max()


class Ranged(Opaque, abstract=True):
    """Has a range made once; its first input is read for its shape alone."""

    like = In("float32", "lends its shape", like=True)
    low = In("float32", "least", shape=())
    x = In("float32", "values")
    high = In("float32", "greatest", shape=())
    y = Out("float32", "the values within the range")
    made: ClassVar[list[tuple[float, float]]] = []

    def shape_of(self, like: TensorType, low: TensorType, x: TensorType, high: TensorType) -> Any:
        return x.shape

    def precompute(self, high: Array, low: Array) -> Any:
        self.made.append((float(low), float(high)))
        return low, high

    def kernel(self, like: Array, x: Array, ends: Any) -> Any:
        return np.clip(x, *ends)
