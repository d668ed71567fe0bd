"""A bias per channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.array_ops.fill import ZerosLike
from blocks.kernels.casting import cast_into
from blocks.kernels.channels import joined_rows
from blocks.math_ops.reduction import Sum
from blocks.nn_ops.window_base import FORMAT, FORMATS
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.folding import bind_fold, fold_rows, leading
from dataflow.core.kinds import Elementwise, Opaque
from dataflow.core.quantized import Bias
from dataflow.core.shapes import Dim, Shape, agree, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

WIDE = 128  # channels from which on rows are long enough
WORTH_RESHAPING = 1 << 14  # elements


def _channels(block: Block, port: str, shape: Shape, data_format: str) -> Dim:
    """Size of the channel dim; BlockError where the value has none."""
    if shape is None:
        return None
    if len(shape) < 2:
        raise block.error(f"input '{port}' must have at least 2 dims, got shape {show(shape)}")
    return shape[1 if data_format == "NCHW" else -1]


class BiasAdd(Elementwise):
    """Sum with one number per channel, ``value + bias``.

    >>> BiasAdd()([[1.0, 2.0], [3.0, 4.0]], [10.0, 20.0])
    array([[11., 22.],
           [13., 24.]], dtype=float32)

    Source: tf.nn.bias_add.
    """

    found_by = ("bias", "dense", "fully connected")
    monotone = True
    T = dtypes.number
    value = In("T", "values with a channel dim, of rank 2 or more")
    bias = In("T", "one number per channel", shape=("C",))
    output = Out("T", "same shape as `value`")
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)
    reuses = ("value",)
    rounds_once = True

    @property
    def quantized_as(self) -> Bias:
        return Bias("value", "bias", -1 if self.data_format == "NHWC" else 1)

    def shape_of(self, value: TensorType, bias: TensorType) -> Shape:
        channels = _channels(self, "value", value.shape, self.data_format)
        if bias.shape is not None and not agree(channels, bias.shape[0]):
            raise self.error(f"input 'bias' must have one number per channel, {channels}, got {bias.shape[0]}")
        return value.shape

    def channel_axis(self, rank: int) -> int | None:
        return 1 if self.data_format == "NCHW" else None

    def broadcast_shapes(self, value: TensorType, bias: TensorType) -> list[Shape]:
        return [value.shape, bias.shape if self.data_format == "NHWC" else None]

    @staticmethod
    def element(value: np.number[Any], bias: np.number[Any]) -> np.number[Any]:
        return value + bias

    def kernel(self, value: Array, bias: Array, out: Array | None = None) -> Array:
        if self.data_format == "NCHW":
            bias = bias.reshape(-1, *[1] * (value.ndim - 2))
            return np.add(value, bias, out)
        if out is None:
            out = np.empty(value.shape, value.dtype)
        bias = bias.reshape(-1)  # that of one channel may come as a number
        if (
            value.size < WORTH_RESHAPING
            or len(bias) >= WIDE
            or not (value.flags.c_contiguous and out.flags.c_contiguous)
        ):
            return np.add(value, bias, out)
        # NumPy is faster with long rows
        joined = np.tile(bias, joined_rows(value.size // len(bias), len(bias)))
        np.add(value.reshape(-1, len(joined)), joined, out.reshape(-1, len(joined)))
        return out

    def grad(self, value: Wire, bias: Wire, output: Wire, dy: Wire) -> Any:
        return dy, BiasAddGrad(data_format=self.data_format)(dy)


class BiasAddGrad(Opaque):
    """Gradient of BiasAdd by its bias, the sum over all dims but the channel, ``sum(out_backprop)``.

    Floats are added in float64 and rounded once, integers wrap around.

    >>> BiasAddGrad()([[1.0, 2.0], [3.0, 4.0]])
    array([4., 6.], dtype=float32)

    Source: tf.raw_ops.BiasAddGrad.
    """

    T = dtypes.number
    out_backprop = In("T", "gradient by the output of the BiasAdd")
    output = Out("T", "gradient by its bias, one number per channel")
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)

    def shape_of(self, out_backprop: TensorType) -> Shape:
        return (_channels(self, "out_backprop", out_backprop.shape, self.data_format),)

    reduces, element = (np.add,), staticmethod(Sum.element)
    rounds_once = True

    def row_width(self, out_backprop: TensorType) -> int | None:
        return leading(out_backprop.sizes, self._axes(out_backprop.sizes)) if out_backprop.known else None

    def _axes(self, shape: tuple[int, ...]) -> list[int]:
        """All axes but that of the channel."""
        channel = 1 if self.data_format == "NCHW" else len(shape) - 1
        return [i for i in range(len(shape)) if i != channel]

    def partials(self, rows: Array) -> Any:
        return fold_rows(np.add, rows, dtypes.accumulate(rows.dtype))

    def bind(self, memory: Workspace, out_backprop: TensorType) -> Kernel:
        sizes, given = out_backprop.sizes, storage(out_backprop.dtype)
        channels: Any = _channels(self, "out_backprop", sizes, self.data_format)
        dtype = dtypes.accumulate(given)
        fold = bind_fold(np.add, sizes, self._axes(sizes), dtype, compiled=given if memory.compiled else None)
        memory.borrowed += channels * dtype.itemsize

        def kernel(out_backprop: Array, out: Array | None = None) -> Array:
            return cast_into(fold(out_backprop), given, out)

        return kernel

    def grad(self, out_backprop: Wire, output: Wire, dy: Wire) -> Any:
        return BiasAdd(data_format=self.data_format)(ZerosLike()(out_backprop), dy)
