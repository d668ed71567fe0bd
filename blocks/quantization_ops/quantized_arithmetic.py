"""Products and sums of quantized numbers, each with a range of its own, as qint32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod

import numpy as np

from blocks.kernels import quantized_loops
from blocks.kernels.affine import level_of, product_range, requantize, saturated, value_of, wrapped, zero_of
from blocks.kernels.byte_tables import every_number, look_up, look_up_bytes
from blocks.kernels.chunked import in_parts, part_bytes
from blocks.kernels.flush_subnormals import Float, flush, scalar
from blocks.kernels.known_numbers import once_per_bits
from blocks.kernels.quantize_loops import FEW
from dataflow.core.block import Block, Dtype, In, Out, Shape, TensorType, attr, broadcast
from dataflow.core.bounding import as_integers
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.ranges import Range, exact
from dataflow.core.shapes import agree, show
from dataflow.core.workspace import Kernel, Workspace

QUINT8 = ("quint8",)
BYTES = ("quint8", "qint8")
Interval = tuple[Float, Float]
Combine = Callable[[Array, Array, Array], Array]  # two operands, into the third array


def require_width(block: Block, operand: str, low: Float, high: Float) -> None:
    """Raise BlockError that names the port unless the second end of the range of an operand is above the first."""
    if not flush(high) > flush(low):
        raise block.error(f"input 'max_{operand}' must be above 'min_{operand}', got {high} and {low}")


def known_ranges(ends: Sequence[Range]) -> tuple[Interval, Interval] | None:
    """The ranges of two operands, if all four of their ends are known."""
    known = [scalar(end.value) for end in ends if end.value is not None]
    return ((known[0], known[1]), (known[2], known[3])) if len(known) == 4 else None


class QuantizedBinary(Opaque, abstract=True):
    """Two quantized operands that broadcast, each with a range that has a width; qint32 and its range."""

    broadcasts = True
    T1 = T2 = QUINT8
    x = In("T1", "left operand, quantized numbers")
    y = In("T2", "right operand, quantized numbers; broadcasts with `x`")
    min_x = In("float32", "value of the lowest number of `x`", shape=())
    max_x = In("float32", "value of the highest number of `x`, above `min_x`", shape=())
    min_y = In("float32", "value of the lowest number of `y`", shape=())
    max_y = In("float32", "value of the highest number of `y`, above `min_y`", shape=())
    z = Out("Toutput", "the broadcast shape of `x` and `y`")
    min_z = Out("float32", "value of the lowest number of `z`", shape=())
    max_z = Out("float32", "value of the highest number of `z`", shape=())
    Toutput: Dtype = attr("dtype of `z`", default="qint32", choices=("qint32",))
    grad = None

    def shape_of(self, x: TensorType, y: TensorType, *ends: TensorType) -> Shape:
        try:
            return broadcast(x.shape, y.shape)
        except ValueError:
            raise self.error(f"inputs 'x' and 'y' must broadcast, got {show(x.shape)} and {show(y.shape)}") from None

    def bind(self, memory: Workspace, x: TensorType, y: TensorType, *ends: TensorType) -> Kernel:
        (made, *_) = self.infer(x, y, *ends)
        memory.borrowed += part_bytes(4, y)  # the second operand in 32 bits
        compiled = memory.compiled and x.shape == y.shape and prod(x.sizes) > FEW

        def of_ends(*ends: Array) -> tuple[Combine, Float, Float]:
            min_x, max_x, min_y, max_y = map(scalar, ends)
            require_width(self, "x", min_x, max_x)
            require_width(self, "y", min_y, max_y)
            return self.of_ranges((min_x, max_x), (min_y, max_y), compiled)

        known = once_per_bits(of_ends)

        def kernel(x: Array, y: Array, *ends: Array, out: Array | None = None) -> tuple[Array, Float, Float]:
            combine, low, high = known(*ends)
            return combine(x, y, np.empty(made.sizes, np.int32) if out is None else out), low, high

        return kernel

    def of_ranges(self, of_x: Interval, of_y: Interval, compiled: bool) -> tuple[Combine, Float, Float]:
        """What combines operands of these ranges, compiled for operands of one shape, and the range of the result."""
        raise TypeError(f"{self._who}: must have a method of_ranges, got none; write one")


class QuantizedMul(QuantizedBinary):
    """Product of quantized numbers, ``(x - number of 0.0) * (y - number of 0.0)``.

    One step of `z` is the product of one step of each operand. 0.0 may have a number beyond the dtype; what has more
    than 32 bits then wraps around. The reference refuses operands with more than two dims that broadcast differently,
    and where it does not refuse it is right only for an operand that is repeated along the first dims.

    >>> QuantizedMul()(np.array([0, 255], np.uint8), np.array([255], np.uint8), 0.0, 1.0, 0.0, 2.0).z
    array([    0, 65025], dtype=int32)

    Source: tf.raw_ops.QuantizedMul.
    """

    found_by = ("times", "integer multiply")

    def bound(self, x: Range, y: Range, *ends: Range) -> list[Range] | None:
        ranges = known_ranges(ends)
        if ranges is None:
            return None
        zeros = [zero_of(*each, "quint8") for each in ranges]
        left, right = ([exact(end) - zero for end in (r.low, r.high)] for r, zero in zip((x, y), zeros, strict=True))
        corners = [a * b for a in left for b in right]
        found = [as_integers(reduce(least, corners), "qint32") for least in (np.minimum, np.maximum)]
        if found[0] is None or found[1] is None:  # it might wrap around
            return None
        of_z = product_range((*ranges[0], "quint8"), (*ranges[1], "quint8"))
        return [Range(found[0], found[1]), *(Range.of(np.asarray(end)) for end in of_z)]

    def of_ranges(self, of_x: Interval, of_y: Interval, compiled: bool) -> tuple[Combine, Float, Float]:
        zero_x, zero_y = zero_of(*of_x, "quint8"), zero_of(*of_y, "quint8")

        def step(x: Array, y: Array, z: Array) -> None:
            np.copyto(z, x)  # by itself: a ufunc that converts works through a buffer
            np.subtract(z, zero_x, z)
            right = y.astype(np.int32)
            np.multiply(z, np.subtract(right, zero_y, right), z)

        def combine(x: Array, y: Array, z: Array) -> Array:
            if not compiled:
                return in_parts(step, z, x, y)
            quantized_loops.multiply(x.reshape(-1), y.reshape(-1), zero_x, zero_y, z.reshape(-1))
            return z

        low, high = product_range((*of_x, "quint8"), (*of_y, "quint8"))
        return combine, low, high


class QuantizedAdd(QuantizedBinary):
    """Sum of quantized numbers, ``number of value(x) + number of value(y)`` in a range that holds both.

    The range is ``2**14`` times the largest of ``|min_x|``, ``|max_x|``, ``|min_y|`` and ``|max_y|`` on either side of
    0. Numbers are moved to it in whole steps, ``number of value(0) + x * (number of value(1) - number of value(0))``;
    an operand of one element (`x` alone if both are) by its value. An infinite range gives 0. The reference refuses
    operands with more than two dims that broadcast differently, and where it does not refuse it is right only for an
    operand that is repeated along the first dims.

    >>> z, low, high = QuantizedAdd()(np.array([0, 255], np.uint8), np.array([255], np.uint8), -1.0, 1.0, 0.0, 2.0)
    >>> print(z, low, high)
    [ 65793 196863] -32768.0 32768.0

    Source: tf.raw_ops.QuantizedAdd.
    """

    found_by = ("plus", "integer add")

    def of_ranges(self, of_x: Interval, of_y: Interval, compiled: bool) -> tuple[Combine, Float, Float]:
        top: Float = flush(np.float32(max(abs(float(end)) for end in (*of_x, *of_y)))) * np.float32(2.0**14)
        steps = _first_and_step((0, 1), *of_x, top), _first_and_step((0, 1), *of_y, top)

        def combine(x: Array, y: Array, z: Array) -> Array:
            first_x, step_x = steps[0] if x.size != 1 else _first_and_step((x.item(), x.item()), *of_x, top)
            alone = y.size == 1 and x.size != 1
            first_y, step_y = _first_and_step((y.item(), y.item()), *of_y, top) if alone else steps[1]
            origin = wrapped(first_x + first_y)
            if compiled:
                quantized_loops.add_steps(x.reshape(-1), y.reshape(-1), step_x, step_y, origin, z.reshape(-1))
                return z

            def step(x: Array, y: Array, z: Array) -> None:
                np.copyto(z, x)
                np.multiply(z, step_x, z)
                right = y.astype(np.int32)
                np.add(np.multiply(right, step_y, right), origin, right)
                np.add(z, right, z)

            return in_parts(step, z, x, y)

        return combine, -top, top


def _first_and_step(numbers: tuple[int, int], lo: Float, hi: Float, top: Float) -> tuple[int, np.int32]:
    """The qint32 of the range ``[-top, top]`` for the value of one quint8, and by how much that of another is above."""
    first, second = (level_of(float(value_of(q, lo, hi, "quint8")), -top, top, "qint32") for q in numbers)
    return first, np.int32(second - first)


class QuantizedBiasAdd(Opaque):
    """Sum of quantized numbers with one per channel, ``number of value(input) + number of value(bias)``.

    The range of the sum is ``2**17`` times the largest of `max_input`, `-min_input`, `max_bias` and `-min_bias` on
    either side of 0, and values are rounded to its numbers, halves away from zero. Where that range has no end all
    become the lowest number. A value that is NaN, by an end of its range, counts as 0; there as the lowest number.
    Without channels the reference divides by 0.

    >>> block = QuantizedBiasAdd(out_type="qint32")
    >>> block(np.array([[0, 255]], np.uint8), np.array([0, 255], np.uint8), -1.0, 1.0, 0.0, 0.5).output
    array([[-16320,  24640]], dtype=int32)

    Source: tf.raw_ops.QuantizedBiasAdd.
    """

    found_by = ("bias", "dense", "fully connected")
    T1 = T2 = BYTES
    input = In("T1", "quantized numbers of rank 2 or more, the channels along the last axis")
    bias = In("T2", "a quantized number per channel", shape=("C",))
    min_input = In("float32", "value of the lowest number of `input`", shape=())
    max_input = In("float32", "value of the highest number of `input`", shape=())
    min_bias = In("float32", "value of the lowest number of `bias`", shape=())
    max_bias = In("float32", "value of the highest number of `bias`", shape=())
    output = Out("out_type", "same shape as `input`")
    min_out = Out("float32", "value of the lowest number of `output`", shape=())
    max_out = Out("float32", "value of the highest number of `output`", shape=())
    out_type: Dtype = attr("dtype of `output`", choices=("qint32",))
    grad = None

    def shape_of(self, input: TensorType, bias: TensorType, *ends: TensorType) -> Shape:
        shape = input.shape
        if shape is not None and len(shape) < 2:
            raise self.error(f"input 'input' must have at least 2 dims, got {input}")
        if shape is not None and bias.shape is not None and not agree(shape[-1], bias.shape[0]):
            raise self.error(f"input 'bias' must have one number per channel, {shape[-1]}, got {bias.shape[0]}")
        return shape

    def bind(self, memory: Workspace, input: TensorType, bias: TensorType, *ends: TensorType) -> Kernel:
        memory.borrowed += look_up_bytes(4, input) + part_bytes(19, bias) + 4 * bias.sizes[0]
        sizes, every = input.sizes, every_number(storage(input.dtype))

        def worked_out(bias: Array, *ends: Array) -> tuple[Array, Array, Float]:
            """The table of all numbers of the input, those of the bias and the upper end of their range."""
            low, high, low_bias, high_bias = map(scalar, ends)
            # one end at a time, as an end that is NaN counts only where it stands on the left
            reach = (high, -low, high_bias, -low_bias)
            top: Float = flush(reduce(lambda right, left: right if left < right else left, reversed(reach)))
            top *= np.float32(2.0**17)
            numbers = requantize(bias, low_bias, high_bias, -top, top, "qint32")
            numbers += np.int32(saturated(level_of(0.0, -top, top, "qint32"), "qint32"))
            return requantize(every, low, high, -top, top, "qint32"), numbers, top

        known = once_per_bits(worked_out)

        def kernel(input: Array, bias: Array, *ends: Array, out: Array | None = None) -> tuple[Array, Float, Float]:
            table, numbers, top = known(bias, *ends)

            def step(input: Array, numbers: Array, output: Array) -> None:
                np.add(look_up(table, input, output), numbers, out=output)

            return in_parts(step, np.empty(sizes, np.int32) if out is None else out, input, numbers), -top, top

        return kernel
