"""Pooling over images of quantized numbers, whose range stays."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.window_ranges import by_channel
from blocks.kernels.window_reduce import bind_mean
from blocks.nn_ops.max_pooling import Largest
from blocks.nn_ops.pooling_base import Pooling
from dataflow.core.block import In, Out, Shape, TensorType
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.ranges import Range
from dataflow.core.workspace import Kernel, Workspace


class QuantizedPooling(Pooling, abstract=True):
    """A number per window of images, in the range of the images."""

    T = ("quint8", "qint8")
    input = In("T", "images of quantized numbers, 4 dims")
    min_input = In("float32", "value of the lowest number", shape=())
    max_input = In("float32", "value of the highest number", shape=())
    output = Out("T", "images with a pixel per window")
    min_output = Out("float32", "`min_input`", shape=())
    max_output = Out("float32", "`max_input`", shape=())
    grad = None

    def shape_of(self, input: TensorType, *ends: TensorType) -> Shape:
        return self.pooled("input", input.shape)

    def bound(self, input: Range, *ends: Range) -> list[Range]:
        over_channels = self.ksize[-1] > 1
        return [by_channel(input, None if over_channels else self.channel), *ends]

    def bind(self, memory: Workspace, *types: TensorType) -> Kernel:
        reduced = self.bind_reduced(memory, *types)

        def kernel(
            input: Array, min_input: Array, max_input: Array, out: Array | None = None
        ) -> tuple[Array, Array, Array]:
            return reduced(input, out=out), min_input.copy(), max_input.copy()

        return kernel

    def bind_reduced(self, memory: Workspace, *types: TensorType) -> Kernel:
        """The kernel that gives the number of each window."""
        raise TypeError(f"{self._who}: must have a method bind_reduced, got none; write one")


class QuantizedMaxPool(QuantizedPooling, Largest):
    """Largest number of each window of an image of quantized numbers, ``max(window)``.

    A window may also lie on channels alone: its size and its step are then a divisor of their number.

    >>> pool = QuantizedMaxPool(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")
    >>> pool(np.array([[[[1], [3], [0]]]], np.uint8), -1.0, 1.0).output.ravel()
    array([3, 0], dtype=uint8)

    Source: tf.raw_ops.QuantizedMaxPool.
    """

    found_by = ("max pooling", "downsample")

    def bind_reduced(self, memory: Workspace, *types: TensorType) -> Kernel:
        return Largest.bind(self, memory, *types)


class QuantizedAvgPool(QuantizedPooling):
    """Mean of each window of an image of quantized numbers, ``trunc(sum(window) / count)``.

    What reaches over the border does not count. Negative means are truncated towards 0 too, which the reference's own
    kernels do; those of oneDNN round. Sums are exact; in windows of more than eight million pixels they wrap there.

    >>> pool = QuantizedAvgPool(ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding="SAME")
    >>> pool(np.array([[[[1], [4], [7]]]], np.uint8), -1.0, 1.0).output.ravel()
    array([2, 7], dtype=uint8)

    Source: tf.raw_ops.QuantizedAvgPool.
    """

    found_by = ("average pooling", "mean pooling", "downsample")

    @property
    def sum_dtype(self) -> DType:
        """A float in which sums of windows are exact, and means truncated as if they were: float32 if it can be."""
        return np.dtype(np.float32 if prod(self.ksize) < 1 << 16 else np.float64)

    def bind_reduced(self, memory: Workspace, *types: TensorType) -> Kernel:
        input, made = types[0], self.infer(*types)[0]
        slides, dtype = self.slides("input", input.sizes), storage(input.dtype)
        return self.bind_moving(bind_mean(memory, input.sizes, slides, dtype, self.sum_dtype), made)
