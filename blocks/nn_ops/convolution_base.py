"""Convolutions and their gradients, whatever their number of spatial dims: ports, shapes and kernels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import Any, ClassVar, Protocol

import numpy as np

from blocks.kernels import depthwise, grouped_convolution
from blocks.kernels.im2col import Bound, Geometry
from blocks.kernels.integer_way import told
from blocks.kernels.product_ranges import Terms, product_range
from blocks.kernels.static_shape import sizes
from blocks.kernels.window_ranges import Box, boxes, by_channel
from blocks.kernels.windows import Padding, Span, channels_last, join, split
from blocks.nn_ops.window_base import (
    EXPLICIT,
    FORMAT,
    FORMAT_3D,
    FORMATS,
    FORMATS_3D,
    PADDING,
    PADDING_IMPLICIT,
    PADDINGS,
    STRIDES,
    Windowed,
)
from dataflow.core import dtypes
from dataflow.core.block import In, Ints, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.quantized import Product
from dataflow.core.ranges import Range
from dataflow.core.shapes import Dim, Shape, agree, show
from dataflow.core.workspace import Kernel, Workspace

DILATIONS = "distance between the elements of the window, a number per dim; that of batch and channel is 1"


class Arithmetic(Protocol):
    """A convolution and its gradients, bound; a module is one."""

    def bind_convolve(self, memory: Workspace, of: Geometry) -> Bound: ...
    def bind_by_input(self, memory: Workspace, of: Geometry) -> Bound: ...
    def bind_by_filter(self, memory: Workspace, of: Geometry) -> Bound: ...


class Convolution(Windowed, abstract=True):
    """Windows over an input, each multiplied with a filter: the shapes of all three values and how they are checked."""

    uses_cores = True
    T: ClassVar[tuple[str, ...]] = dtypes.floating
    is_grouped: ClassVar[bool] = False  # whether the filter may have fewer channels than the input
    is_depthwise: ClassVar[bool] = False  # whether each channel is convolved by itself
    strides: Ints = attr(STRIDES)

    def check(self) -> None:
        _ = self.windows

    @cached_property
    def windows(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[Padding, ...]]:
        """Strides, dilations and padding of the spatial dims."""
        ones = (1,) * (len(self.layout) - 2)
        dilations = self.spatial("dilations") if "dilations" in self.signature.attrs else ones
        return self.spatial("strides"), dilations, self.spatial_padding()

    @property
    def arithmetic(self) -> Arithmetic:
        """The module that has the arithmetic."""
        return depthwise if self.is_depthwise else grouped_convolution

    # -- shapes -----------------------------------------------------------------------------------------------------

    def parts(self, port: str, shape: Shape) -> tuple[Dim, tuple[Dim, ...], Dim]:
        """Batch, spatial dims and channels of the value at a port."""
        shape = (None,) * len(self.layout) if shape is None else shape
        if len(shape) != len(self.layout):
            raise self.error(f"input '{port}' must have the dims {self.layout}, got shape {show(shape)}")
        return split(shape, self.layout)

    def outputs(self, channels: Dim, filter: Sequence[Dim], port: str, filter_port: str) -> Dim:
        """Number of output channels for an input with ``channels``; BlockError where the filter does not fit these."""
        depth, outputs = filter[-2:]
        if isinstance(channels, int) and isinstance(depth, int):
            if channels % depth or not channels or (channels != depth and not self.is_grouped):
                wanted = f"the {channels} channels of '{port}'" + ", or a divisor of that for groups" * self.is_grouped
                raise self.error(f"input '{filter_port}' must have {wanted}, got {depth}")
            groups = channels // depth
            if isinstance(outputs, int) and groups and outputs % groups:
                raise self.error(
                    f"input '{filter_port}' must have as many outputs for each of the {groups} groups, got {outputs}"
                )
        if self.is_depthwise:
            return depth * outputs if isinstance(depth, int) and isinstance(outputs, int) else None
        return outputs

    def convolved(self, input: Shape, filter: Shape, port: str = "input", filter_port: str = "filter") -> Shape:
        """Shape of the output, from the shapes of an input and a filter; the ports are named in errors."""
        batch, inner, channels = self.parts(port, input)
        filter = (None,) * len(self.layout) if filter is None else filter
        if len(filter) != len(self.layout):
            raise self.error(f"input '{filter_port}' must be {len(self.layout)} sizes, got {show(filter)}")
        if 0 in filter[:-1]:
            raise self.error(f"input '{filter_port}' must have a window and channels, got {show(filter)}")
        outputs = self.outputs(channels, filter, port, filter_port)
        return join(batch, (s.out for s in self.over(inner, filter, port)), outputs, self.layout)

    def over(self, inner: Sequence[Dim], filter: Sequence[Dim], port: str = "input") -> tuple[Span, ...]:
        """The window on each spatial dim."""
        return self.spans(port, inner, filter[:-2], *self.windows)

    def matched(self, out_backprop: Shape, output: Shape) -> None:
        """Raise BlockError where the gradient has not the shape of the output."""
        if out_backprop is not None and output is not None:
            self.parts("out_backprop", out_backprop)
            if not all(map(agree, out_backprop, output)):
                raise self.error(
                    f"input 'out_backprop' must have the shape of the output, {show(output)}, got {show(out_backprop)}"
                )

    # -- ranges ---------------------------------------------------------------------------------------------------

    def product_range(self, input: Range, filter: Range, made_of: str = "") -> Range | None:
        """The range of the windows' products; integers called ``made_of`` where they are not of the inputs' dtype."""
        if input.shape is None or filter.shape is None or not all(isinstance(n, int) for n in filter.shape):
            return None
        sizes: Any = filter.shape
        _, inner, channels = self.parts("input", input.shape)
        parts = boxes(self.over(inner, sizes), self.windows[2])
        if not isinstance(channels, int) or not parts or 0 in sizes:
            return None
        terms = self._terms(channels, sizes, parts, [-1 if dim == "C" else 1 for dim in self.layout])
        return product_range(by_channel(input, self.channel), filter, terms, made_of)

    def _terms(self, channels: int, sizes: tuple[int, ...], parts: Sequence[Box], shape: list[int]) -> Terms:
        """The products of each window, ``[...window, channels of the filter, outputs]``."""
        depth, outputs = sizes[-2:]
        rank = len(sizes)
        inner = tuple(range(rank - 2))
        group = np.arange(outputs) // max(outputs // (channels // depth), 1)

        def place(end: Array) -> Array:
            end = end.reshape(-1)
            if self.is_depthwise or len(end) == 1:
                return end[:, None]
            return end.reshape(-1, depth)[group].T

        def totals(products: Array) -> Array:
            products = products if self.is_depthwise else products.sum(axis=-2)
            return np.stack([products[part].sum(axis=inner) for part in parts])

        return Terms(
            place,
            lambda end: np.broadcast_to(end, sizes),
            inner if self.is_depthwise else (*inner, rank - 2),
            totals,
            lambda total: np.broadcast_to(total, sizes[-2:] if self.is_depthwise else (outputs,)).reshape(shape),
        )

    # -- arrays -----------------------------------------------------------------------------------------------------

    def last(self, x: Array) -> Array:
        """A view with the channels last."""
        return channels_last(x, self.layout)

    @property
    def channels_last(self) -> bool:
        """Whether values have their channels last already."""
        return not self.layout.startswith("NC")

    def geometry(self, shape: Sequence[int], filter: tuple[int, ...], dtype: DType) -> Geometry:
        """What is convolved, for shapes of images, in the layout of the block, and of a filter."""
        last = self.last_shape(shape)
        return Geometry(last, filter, self.over(last[1:-1], filter), dtype, self.channels_last)

    def last_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        """A shape with the channels last."""
        batch, inner, channels = split(shape, self.layout)
        return (batch, *inner, channels)


class ImageWindow(Convolution, abstract=True):
    """A convolution of images: the attrs by which the window moves."""

    padding: str = attr(PADDING, choices=PADDINGS)
    explicit_paddings: Ints = attr(EXPLICIT, default=())
    data_format: str = attr(FORMAT, default="NHWC", choices=FORMATS)
    dilations: Ints = attr(DILATIONS, default=(1, 1, 1, 1))


class VolumeWindow(Convolution, abstract=True):
    """A convolution of volumes: the attrs by which the window moves."""

    padding: str = attr(PADDING_IMPLICIT, choices=PADDINGS[:2])
    data_format: str = attr(FORMAT_3D, default="NDHWC", choices=FORMATS_3D)
    dilations: Ints = attr(DILATIONS, default=(1, 1, 1, 1, 1))


class Forward(Convolution, abstract=True):
    """The convolution itself."""

    input = In("T", "images, [batch, height, width, channels] or by `data_format`")
    filter = In("T", "weights of the window")
    output = Out("T", "the windows' products")

    @property
    def quantized_as(self) -> Product:
        inputs, channels = len(self.layout) - 2, -1 if self.channels_last else 1
        axis, summed = (inputs, 0) if self.is_depthwise else (inputs + 1, inputs)
        return Product("input", "filter", axis, summed, channels, self.is_depthwise)

    def shape_of(self, input: TensorType, filter: TensorType) -> Shape:
        return self.convolved(input.shape, filter.shape)

    def bound(self, input: Range, filter: Range) -> Range | None:
        return self.product_range(input, filter)

    def bind(self, memory: Workspace, input: TensorType, filter: TensorType) -> Kernel:
        made: Any = self.convolved(input.shape, filter.shape)
        dtype = storage(input.dtype)
        convolve = self.arithmetic.bind_convolve(memory, self.geometry(input.sizes, filter.sizes, dtype))

        def kernel(input: Array, filter: Array, out: Array | None = None) -> Array:
            out = np.empty(made, dtype) if out is None else out
            convolve(self.last(input), filter, self.last(out))
            return out

        return kernel

    def remark(self, input: TensorType, filter: TensorType) -> str:
        if input.dtype not in dtypes.integer:
            return ""
        windows = prod(self.infer(input, filter)[0].sizes) // max(filter.sizes[-1], 1)
        return told(windows, input, filter_matrix(filter))


def filter_matrix(filter: TensorType) -> TensorType:
    """The type of a filter as the matrix, [terms, outputs], that windows are multiplied with."""
    shape = prod(filter.sizes[:-1]), filter.sizes[-1]
    return TensorType(filter.dtype, shape, None if filter.value is None else filter.value.reshape(shape))


class InputGradient(Convolution, abstract=True):
    """The gradient of a convolution by its input."""

    takes_spatial_sizes: ClassVar[bool] = False  # whether `input_sizes` may be those of the spatial dims alone
    input_sizes = In("int32", "shape of the input of the convolution", shape=(4,), static=True)
    filter = In("T", "weights of the window")
    out_backprop = In("T", "gradient by the output of the convolution")
    output = Out("T", "gradient by its input, of shape `input_sizes`")

    def shape_of(self, input_sizes: TensorType, filter: TensorType, out_backprop: TensorType) -> Shape:
        self.parts("out_backprop", out_backprop.shape)
        shape = self.wanted(sizes(self, "input_sizes", input_sizes), filter.shape, out_backprop.shape)
        self.matched(out_backprop.shape, self.convolved(shape, filter.shape, "input_sizes"))
        return shape

    def wanted(self, shape: Shape, filter: Shape, out_backprop: Shape) -> Shape:
        """The shape asked for, from the numbers given."""
        batch = None if out_backprop is None else out_backprop[0]
        if shape is None or None in shape:
            return join(batch, (None,) * (len(self.layout) - 2), None, self.layout)
        if self.takes_spatial_sizes and len(shape) == len(self.layout) - 2:
            return join(batch, shape, None if filter is None else filter[-2], self.layout)
        if len(shape) != len(self.layout):
            raise self.error(f"input 'input_sizes' must be a size per dim of {self.layout}, got {show(shape)}")
        return shape

    def bind(self, memory: Workspace, input_sizes: TensorType, filter: TensorType, out_backprop: TensorType) -> Kernel:
        shape: Any = self.shape_of(input_sizes, filter, out_backprop)
        dtype = storage(filter.dtype)
        by_input = self.arithmetic.bind_by_input(memory, self.geometry(shape, filter.sizes, dtype))

        def kernel(input_sizes: Array, filter: Array, out_backprop: Array, out: Array | None = None) -> Array:
            out = np.empty(shape, dtype) if out is None else out
            by_input(filter, self.last(out_backprop), self.last(out))
            return out

        return kernel


class FilterGradient(Convolution, abstract=True):
    """The gradient of a convolution by its filter."""

    input = In("T", "images, [batch, height, width, channels] or by `data_format`")
    filter_sizes = In("int32", "shape of the filter", shape=(4,), static=True)
    out_backprop = In("T", "gradient by the output of the convolution")
    output = Out("T", "gradient by its filter, of shape `filter_sizes`")

    def shape_of(self, input: TensorType, filter_sizes: TensorType, out_backprop: TensorType) -> Shape:
        shape = sizes(self, "filter_sizes", filter_sizes)
        self.matched(out_backprop.shape, self.convolved(input.shape, shape, filter_port="filter_sizes"))
        return (None,) * len(self.layout) if shape is None else shape

    def bind(self, memory: Workspace, input: TensorType, filter_sizes: TensorType, out_backprop: TensorType) -> Kernel:
        filter: Any = self.shape_of(input, filter_sizes, out_backprop)
        dtype = storage(input.dtype)
        by_filter = self.arithmetic.bind_by_filter(memory, self.geometry(input.sizes, filter, dtype))

        def kernel(input: Array, filter_sizes: Array, out_backprop: Array, out: Array | None = None) -> Array:
            out = np.empty(filter, dtype) if out is None else out
            by_filter(self.last(input), self.last(out_backprop), out)
            return out

        return kernel
