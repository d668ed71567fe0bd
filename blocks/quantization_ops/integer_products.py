"""Products of codes less their zero points, with integers as results: what a lowered graph multiplies with."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels import integer_convolution, integer_product
from blocks.kernels.integer_convolution import depthwise_way
from blocks.kernels.integer_way import ends_of, expected, limits, told
from blocks.kernels.product_ranges import matrices_range
from blocks.math_ops.matmul import turned
from blocks.nn_ops import convolution, convolution_depthwise
from blocks.nn_ops.convolution_base import ImageWindow, filter_matrix
from dataflow.core import dtypes
from dataflow.core.block import Block, Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Contraction
from dataflow.core.ranges import Range
from dataflow.core.shapes import Dim, Shape, agree, show
from dataflow.core.workspace import Kernel, Workspace

CODES = tuple(name for name in dtypes.codes if storage(name).itemsize < 4)
ZERO = "the code of 0; left out: 0"
ZEROS = "the code of 0: one number, or one per output channel; left out: 0"


class IntegerProduct(Block, abstract=True):
    """Sums of products of two inputs less their zero points, which are codes: exact, they wrap around at the end."""

    L = R = CODES
    contiguous_inputs = False  # nothing is rounded, so the order of sums does not show
    out_type: Dtype = attr("dtype of the sums, in which they wrap around", default="int32", choices=("int32", "int64"))
    grad = None

    def check_zero_points(self, one: TensorType | None, each: TensorType | None, channels: Dim) -> None:
        """Raise BlockError where a zero point has another shape than its port allows."""
        _, _, *ports = self.signature.inputs
        for port, given, size in ((ports[0], one, None), (ports[1], each, channels)):
            if given is None or not given.shape:
                continue
            if port == ports[0] or len(given.shape) > 1:
                wanted = "one number" + ", or one per output channel" * (port == ports[1])
                raise self.error(f"input '{port}' must be {wanted}, got shape {show(given.shape)}")
            if not agree(given.shape[0], size):
                raise self.error(f"input '{port}' must have size {size}, one per output channel, got {given.shape[0]}")

    def check_codes(self, operands: tuple[Array, Array], zeros: tuple[Array | None, Array | None]) -> None:
        """Raise BlockError where a zero point is no code of the operand that it belongs to."""
        _, _, *ports = self.signature.inputs
        for port, operand, zero in zip(ports, operands, zeros, strict=True):
            low, high = limits(operand.dtype)
            if zero is not None and zero.size and not low <= zero.min() <= zero.max() <= high:
                wrong = zero[(zero < low) | (zero > high)].flat[0]
                raise self.error(f"input '{port}' must be a code of {operand.dtype}, {low} to {high}, got {wrong}")


class IntegerMatMul(IntegerProduct, Contraction):
    """Matrix products of codes less their zero points, ``(a - a_zero_point) @ (b - b_zero_point)``, as integers.

    Leading dims broadcast. Exact: sums only wrap around where `out_type` does not hold the result.

    >>> codes = np.array([[130, 126]], np.uint8), np.array([[3], [-5]], np.int8)
    >>> IntegerMatMul()(*codes, a_zero_point=128)
    array([[16]], dtype=int32)

    Source: ONNX's MatMulInteger.
    """

    found_by = ("MatMulInteger", "quantized matmul", "int8 matrix product", "gemmlowp")
    a = In("L", "codes of the left matrices, [..., m, k]")
    b = In("R", "codes of the right matrices, [..., k, n]")
    a_zero_point = In("int32", ZERO, optional=True)
    b_zero_point = In("int32", ZEROS.replace("output channel", "column of `b`"), optional=True)
    product = Out("out_type", "[..., m, n]")
    transpose_a: bool = attr("`a` is given as [..., k, m]", default=False)
    transpose_b: bool = attr("`b` is given as [..., n, k]", default=False)

    def shape_of(self, a: TensorType, b: TensorType, one: TensorType | None, each: TensorType | None) -> Shape:
        left, right = "k m" if self.transpose_a else "m k", "n k" if self.transpose_b else "k n"
        shape = self.contracted(f"... {left}, ... {right} -> ... m n", a, b)
        self.check_zero_points(one, each, None if shape is None else shape[-1])
        return shape

    def bound(self, a: Range, b: Range, one: Range | None, each: Range | None) -> Range | None:
        transposed = self.transpose_a, self.transpose_b
        codes, weights = a.less(one), b.less(each, (-1, 1) if self.transpose_b else (-1,))
        return codes and weights and matrices_range(codes, weights, transposed, self.out_type)

    def bind(
        self, memory: Workspace, a: TensorType, b: TensorType, one: TensorType | None, each: TensorType | None
    ) -> Kernel:
        rows, left, right = self.factors(a, b, one, each)
        memory.borrowed += integer_product.matmul_bytes(left.sizes, right.sizes, expected(rows, left, right, one, each))
        (made,) = self.infer(a, b, one, each)

        def kernel(
            a: Array, b: Array, one: Array | None = None, each: Array | None = None, out: Array | None = None
        ) -> Array:
            self.check_codes((a, b), (one, each))
            out = np.empty(made.sizes, storage(made.dtype)) if out is None else out
            left = a.swapaxes(-1, -2) if self.transpose_a else a
            integer_product.matmul(left, b.swapaxes(-1, -2) if self.transpose_b else b, out, one, each)
            return out

        return kernel

    def remark(self, a: TensorType, b: TensorType, one: TensorType | None, each: TensorType | None) -> str:
        return told(*self.factors(a, b, one, each), one, each)

    def factors(self, a: TensorType, b: TensorType, *zeros: TensorType | None) -> tuple[int, TensorType, TensorType]:
        """How many rows the product has, and the types of the matrices that are multiplied."""
        made = self.infer(a, b, *zeros)[0].sizes
        return prod(made[:-1]), turned(a, self.transpose_a), turned(b, self.transpose_b)


class IntegerWindow(IntegerProduct, ImageWindow, abstract=True):
    """A convolution of codes less their zero points; padding stands for 0, that is for the zero point."""

    input = In("L", "codes of images, [batch, height, width, channels] or by `data_format`")
    filter = In("R", "codes of the weights", shape=convolution.FILTER)
    input_zero_point = In("int32", ZERO, optional=True)
    filter_zero_point = In("int32", ZEROS, optional=True)
    output = Out("out_type", "sums for each window and output channel, in the layout of `input`")

    def shape_of(self, input: TensorType, filter: TensorType, one: TensorType | None, each: TensorType | None) -> Shape:
        shape = self.convolved(input.shape, filter.shape)
        self.check_zero_points(one, each, None if shape is None else self.parts("input", shape)[2])
        return shape

    def factors(
        self, input: TensorType, filter: TensorType, *zeros: TensorType | None
    ) -> tuple[int, TensorType, TensorType]:
        """How many windows there are, and the types of the matrices that they are multiplied with."""
        made = self.infer(input, filter, *zeros)[0]
        return prod(made.sizes) // max(filter.sizes[-1], 1), input, filter_matrix(filter)

    def bound(self, input: Range, filter: Range, one: Range | None, each: Range | None) -> Range | None:
        multiplier = filter.shape[-1] if filter.shape else None
        along = (-1, multiplier) if self.is_depthwise and isinstance(multiplier, int) else (-1,)
        codes, weights = input.less(one), filter.less(each, along)
        return codes and weights and self.product_range(codes, weights, self.out_type)

    def bind(
        self, memory: Workspace, input: TensorType, filter: TensorType, one: TensorType | None, each: TensorType | None
    ) -> Kernel:
        shape, dtype, (made,) = self.last_shape(input.sizes), storage(input.dtype), self.infer(input, filter, one, each)
        over = self.over(shape[1:-1], filter.sizes)
        if self.is_depthwise:
            convolve = integer_convolution.depthwise
            way = depthwise_way(filter.sizes, ends_of(input, one), ends_of(filter, each))
            memory.borrowed += integer_convolution.depthwise_bytes(shape, filter.sizes, over, way)
        else:
            convolve, last = integer_convolution.convolve, self.channels_last
            way = expected(*self.factors(input, filter, one, each), one, each)
            memory.borrowed += integer_convolution.convolve_bytes(shape, filter.sizes, over, dtype, last, way)

        def kernel(
            input: Array, filter: Array, one: Array | None = None, each: Array | None = None, out: Array | None = None
        ) -> Array:
            self.check_codes((input, filter), (one, each))
            out = np.empty(made.sizes, storage(made.dtype)) if out is None else out
            convolve(self.last(input), filter, over, self.last(out), (one, each))
            return out

        return kernel

    def remark(self, input: TensorType, filter: TensorType, one: TensorType | None, each: TensorType | None) -> str:
        if self.is_depthwise:
            return str(depthwise_way(filter.sizes, ends_of(input, one), ends_of(filter, each)))
        return told(*self.factors(input, filter, one, each), one, each)


class IntegerConv2D(IntegerWindow):
    """Convolution of codes less their zero points, as integers: ``Conv2D(input - zero, filter - zero)``.

    Padding stands for 0, so as codes it is the zero point. If the filter has fewer channels than the input they form
    groups. Exact: sums only wrap around where `out_type` does not hold the result.

    >>> codes = np.array([[[[130], [126]]]], np.uint8), np.array([[[[3]], [[-5]]]], np.int8)
    >>> IntegerConv2D(strides=[1, 1, 1, 1], padding="SAME")(*codes, input_zero_point=128).ravel()
    array([16, -6], dtype=int32)

    Source: ONNX's ConvInteger.
    """

    found_by = ("ConvInteger", "quantized convolution", "int8 convolution")
    is_grouped = True


class IntegerDepthwiseConv2D(IntegerWindow):
    """Depthwise convolution of codes, as integers: ``DepthwiseConv2dNative(input - zero, filter - zero)``.

    Padding stands for 0, so as codes it is the zero point. Exact: sums only wrap around where `out_type` does not hold
    the result.

    >>> codes = np.array([[[[130, 3], [126, 5]]]], np.uint8), np.array([[[[3], [2]], [[-5], [1]]]], np.int8)
    >>> IntegerDepthwiseConv2D(strides=[1, 1, 1, 1], padding="VALID")(*codes, 128, [0, 1]).ravel()
    array([  16, -125], dtype=int32)

    Source: ONNX's ConvInteger, with as many groups as channels.
    """

    found_by = ("ConvInteger", "quantized depthwise convolution", "int8 separable convolution")
    filter = In("R", "codes of the weights, for each channel", shape=convolution_depthwise.FILTER)
    is_depthwise = True
