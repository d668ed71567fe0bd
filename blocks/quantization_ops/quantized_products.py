"""Products of matrices and convolutions of quantized numbers, each with a range of its own, as qint32."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from blocks.kernels import integer_convolution, integer_product
from blocks.kernels.affine import level_of, product_range
from blocks.kernels.flush_subnormals import Float, scalar
from blocks.kernels.integer_way import Ends, Way, way
from blocks.kernels.known_numbers import once_per_bits
from blocks.kernels.product_ranges import matrices_range
from blocks.kernels.windows import Span
from blocks.math_ops.matmul import UNUSED, turned
from blocks.nn_ops.convolution import FILTER
from blocks.nn_ops.convolution_base import Convolution
from blocks.nn_ops.window_base import PADDING_IMPLICIT, PADDINGS
from blocks.quantization_ops.quantized_arithmetic import known_ranges, require_width
from dataflow.core import dtypes
from dataflow.core.block import Block, Dtype, In, Ints, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Contraction
from dataflow.core.ranges import Range
from dataflow.core.shapes import Dim
from dataflow.core.workspace import Kernel, Workspace

Zeros = tuple[Array, Array, Float, Float]
FAR = 1 << 20  # steps: with 0.0 this far from a range, 32 bits hold no sum, and float32 hardly tells its ends apart


class QuantizedProduct(Block, abstract=True):
    """Sums of products of two operands less the numbers of 0.0 in their ranges; a step is the product of theirs."""

    contiguous_inputs = False  # nothing is rounded, so the order of sums does not show
    grad = None

    def zero(self, port: str, low: Float, high: Float) -> Array:
        """The number of 0.0 in the range of an operand; BlockError that names the port of one too far from it."""
        zero = level_of(0.0, low, high, "quint8")
        if abs(zero) > FAR:
            raise self.error(f"input '{port}' must lie within {FAR} steps of 0.0, got the range {low} to {high}")
        return np.array(zero)

    def zeros(self, one: tuple[str, Float, Float], other: tuple[str, Float, Float]) -> Zeros:
        """The numbers of 0.0 in the ranges of two operands, whose ports come first, and the range of their products."""
        return self.zero(*one), self.zero(*other), *product_range((*one[1:], "quint8"), (*other[1:], "quint8"))

    def less(self, operands: tuple[Range, Range], ends: Sequence[Range]) -> tuple[Range, Range] | None:
        """Both operands less the numbers of 0.0; None where their ranges are not known, or too far from it."""
        ranges = known_ranges(ends)
        if ranges is None:
            return None
        zeros = [level_of(0.0, *each, "quint8") for each in ranges]
        x, w = (each.less(Range.of(np.array(zero))) for each, zero in zip(operands, zeros, strict=True))
        return (x, w) if x is not None and w is not None and max(map(abs, zeros)) <= FAR else None

    def with_ends(self, made: Range | None, ends: Sequence[Range]) -> list[Range] | None:
        """The ranges of all outputs, from that of the first."""
        ranges = known_ranges(ends)
        if made is None or ranges is None:
            return None
        return [made, *(Range.of(np.asarray(end)) for end in product_range(*((*each, "quint8") for each in ranges)))]

    def between(self, low: TensorType, high: TensorType) -> Ends:
        """Between which numbers an operand lies, less that of 0.0 in a range that may not be known yet."""
        lowest, highest = dtypes.limits("quint8")
        if low.value is None or high.value is None:
            return lowest - FAR, highest + FAR
        zero = level_of(0.0, scalar(low.value), scalar(high.value), "quint8")
        return lowest - zero, highest - zero

    def way(self, terms: int, ends: Sequence[TensorType]) -> Way:
        """How sums of so many terms are made at worst, from the ends of both ranges."""
        return way(terms, self.between(*ends[:2]), self.between(*ends[2:]))

    def told(self, terms: int, ends: Sequence[TensorType]) -> str:
        """What a plan says of that."""
        how = self.way(terms, ends)
        return str(how) if how.is_best else f"by what values there are; at worst {how}"


class QuantizedMatMul(QuantizedProduct, Contraction):
    """Matrix product of quantized numbers, ``(a - number of 0.0) @ (b - number of 0.0)``, exact.

    One step of `out` is the product of one step of each matrix. Sums that need more than 32 bits wrap around. A range
    may lie beside 0.0, but not more than 2**20 of its steps away.

    >>> a, b = np.array([[0, 255]], np.uint8), np.array([[255], [51]], np.uint8)
    >>> out, low, high = QuantizedMatMul()(a, b, -1.0, 1.0, 0.0, 5.0)
    >>> print(out, low.round(), high.round())
    [[-26163]] -330255.0 330255.0

    Source: tf.raw_ops.QuantizedMatMul.
    """

    found_by = ("dot", "matrix multiply", "integer matmul")
    T1 = T2 = ("quint8",)
    a = In("T1", "left matrix, [m, k]")
    b = In("T2", "right matrix, [k, n]")
    min_a = In("float32", "value of the lowest number of `a`", shape=())
    max_a = In("float32", "value of the highest number of `a`, above `min_a`", shape=())
    min_b = In("float32", "value of the lowest number of `b`", shape=())
    max_b = In("float32", "value of the highest number of `b`, above `min_b`", shape=())
    out = Out("Toutput", "[m, n]")
    min_out = Out("float32", "value of the lowest number of `out`", shape=())
    max_out = Out("float32", "value of the highest number of `out`", shape=())
    Toutput: Dtype = attr("dtype of the sums", default="qint32", choices=("qint32",))
    transpose_a: bool = attr("`a` is given as [k, m]", default=False)
    transpose_b: bool = attr("`b` is given as [n, k]", default=False)
    Tactivation: Dtype = attr(UNUSED, default="quint8", choices=dtypes.quantized)

    def shape_of(self, a: TensorType, b: TensorType, *ends: TensorType) -> Shape:
        for port, given in (("a", a), ("b", b)):
            if given.shape is not None and len(given.shape) != 2:
                raise self.error(f"input '{port}' must be a matrix, got {given}")
        left, right = "k m" if self.transpose_a else "m k", "n k" if self.transpose_b else "k n"
        shape = self.contracted(f"{left}, {right} -> m n", a, b)
        return (None, None) if shape is None else shape

    def bind(self, memory: Workspace, a: TensorType, b: TensorType, *ends: TensorType) -> Kernel:
        left, right = turned(a, self.transpose_a), turned(b, self.transpose_b)
        memory.borrowed += integer_product.matmul_bytes(left.sizes, right.sizes, self.way(left.sizes[1], ends))
        made = left.sizes[0], right.sizes[1]

        def of_ends(*ends: Array) -> Zeros:
            low_a, high_a, low_b, high_b = map(scalar, ends)
            require_width(self, "a", low_a, high_a)
            require_width(self, "b", low_b, high_b)
            return self.zeros(("a", low_a, high_a), ("b", low_b, high_b))

        known = once_per_bits(of_ends)

        def kernel(a: Array, b: Array, *ends: Array, out: Array | None = None) -> tuple[Array, Float, Float]:
            zero_a, zero_b, low, high = known(*ends)
            a, b = a.T if self.transpose_a else a, b.T if self.transpose_b else b
            out = np.empty(made, np.int32) if out is None else out
            integer_product.matmul(a, b, out, zero_a, zero_b)
            return out, low, high

        return kernel

    def bound(self, a: Range, b: Range, *ends: Range) -> list[Range] | None:
        factors = self.less((a, b), ends)
        transposed = self.transpose_a, self.transpose_b
        return self.with_ends(factors and matrices_range(*factors, transposed, self.Toutput), ends)

    def remark(self, a: TensorType, b: TensorType, *ends: TensorType) -> str:
        return self.told(a.sizes[0 if self.transpose_a else 1], ends)


class QuantizedConv2D(QuantizedProduct, Convolution):
    """Convolution of quantized images, ``Conv2D(input - number of 0.0, filter - number of 0.0)``, exact.

    One step of `output` is the product of one step of each operand. Sums that need more than 32 bits wrap around. A
    range may lie beside 0.0, but not more than 2**20 of its steps away.

    Windows are centered: of n elements that they leave out along a dim ``trunc(n / 2)`` lie before the first with SAME
    padding, ``trunc((n - 1) / 2)`` with VALID, while those of Conv2D begin at the border. Padding stands for 0.0; the
    reference pads with another number where that of 0.0 is above 255, and refuses strides that differ. Its kernel for
    qint8 filters, of oneDNN, leaves out the numbers of 0.0, as IntegerConv2D does unless it is given some.

    >>> block = QuantizedConv2D(strides=[1, 1, 1, 1], padding="VALID")
    >>> input, filter = np.array([[[[0], [255]]]], np.uint8), np.array([[[[255]], [[51]]]], np.uint8)
    >>> output, low, high = block(input, filter, -1.0, 1.0, 0.0, 5.0)
    >>> print(output.ravel(), low.round(), high.round())
    [-26163] -330255.0 330255.0

    Source: tf.raw_ops.QuantizedConv2D.
    """

    found_by = ("convolution", "convolutional layer", "integer convolution")
    Tinput = Tfilter = ("quint8",)
    input = In("Tinput", "images of quantized numbers, [batch, height, width, channels]")
    filter = In("Tfilter", "quantized weights of the window", shape=FILTER)
    min_input = In("float32", "value of the lowest number of `input`", shape=())
    max_input = In("float32", "value of the highest number of `input`", shape=())
    min_filter = In("float32", "value of the lowest number of `filter`", shape=())
    max_filter = In("float32", "value of the highest number of `filter`", shape=())
    output = Out("out_type", "images of `out_channels` channels")
    min_output = Out("float32", "value of the lowest number of `output`", shape=())
    max_output = Out("float32", "value of the highest number of `output`", shape=())
    out_type: Dtype = attr("dtype of the sums", default="qint32", choices=("qint32",))
    padding: str = attr(PADDING_IMPLICIT, choices=PADDINGS[:2])
    dilations: Ints = attr("distance between the elements of the window, 1 in all dims", default=(1, 1, 1, 1))

    def check(self) -> None:
        super().check()
        if max(self.dilations) > 1:
            raise self.error(f"attr 'dilations' must be 1 in all dims, got {list(self.dilations)}")

    def shape_of(self, input: TensorType, filter: TensorType, *ends: TensorType) -> Shape:
        return self.convolved(input.shape, filter.shape)

    def bind(self, memory: Workspace, input: TensorType, filter: TensorType, *ends: TensorType) -> Kernel:
        begin, over = self._centered(input.sizes, filter.sizes)
        shape = (input.sizes[0], *(span.known[0] for span in over), input.sizes[-1])
        way, made = self.way(prod(filter.sizes[:-1]), ends), TensorType("qint32", self.shape_of(input, filter, *ends))
        memory.borrowed += integer_convolution.convolve_bytes(shape, filter.sizes, over, np.dtype(np.uint8), True, way)
        used = (slice(None), *(slice(start, None) for start in begin))

        def of_ends(*ends: Array) -> Zeros:
            low_x, high_x, low_w, high_w = map(scalar, ends)
            return self.zeros(("input", low_x, high_x), ("filter", low_w, high_w))

        known = once_per_bits(of_ends)

        def kernel(input: Array, filter: Array, *ends: Array, out: Array | None = None) -> tuple[Array, Float, Float]:
            zero_x, zero_w, low, high = known(*ends)
            out = np.empty(made.sizes, np.int32) if out is None else out
            integer_convolution.convolve(input[used], filter, over, out, (zero_x, zero_w))
            return out, low, high

        return kernel

    def bound(self, input: Range, filter: Range, *ends: Range) -> list[Range] | None:
        factors = self.less((input, filter), ends)
        return self.with_ends(factors and self.product_range(*factors, self.out_type), ends)

    def remark(self, input: TensorType, filter: TensorType, *ends: TensorType) -> str:
        return self.told(prod(filter.sizes[:-1]), ends)

    def _centered(self, shape: Sequence[Dim], filter: Sequence[Dim]) -> tuple[list[int], tuple[Span, ...]]:
        """The element of each spatial dim at which the input begins to be of use, and the windows over what follows."""
        begin, over = [], []
        for span in self.over(shape[1:-1], filter):
            size, _, out = span.known
            beyond = (out - 1) * span.stride + span.extent - size
            before = int((beyond + (self.padding == "VALID")) / 2)  # towards 0
            start = max(-before, 0)
            begin.append(start)
            padding = {"before": before + start, "after": max(beyond - before, 0)}
            over.append(span._replace(size=size - start, **padding))
        return begin, tuple(over)
