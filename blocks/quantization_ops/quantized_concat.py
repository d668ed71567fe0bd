"""Concatenation of quantized tensors with different ranges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, pairwise

import numpy as np

from blocks.kernels.affine import quantized_bytes, requantize
from blocks.kernels.flush_subnormals import Float, flush, scalar
from blocks.kernels.known_numbers import once_per_bits
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Dim, Shape, agree, element_count, show
from dataflow.core.workspace import Kernel, Workspace


class QuantizedConcat(Opaque):
    """Quantized values joined along one axis over their common range, ``[min(0, *input_mins), max(*input_maxes)]``.

    For qint32 the common range is symmetric about 0. Values whose range is the common one are copied; the others are
    rounded to the common levels, halves away from zero. A NaN at the end of a range does not count for the common one.
    What is NaN by an infinite range, or one with NaN, gives 0, while the reference gives the lowest number.

    >>> a, b = np.array([0, 255], np.uint8), np.array([0, 255], np.uint8)
    >>> QuantizedConcat()(0, [a, b], [0.0, 0.0], [1.0, 2.0]).output
    array([  0, 128,   0, 255], dtype=uint8)

    Source: tf.raw_ops.QuantizedConcat.
    """

    T = dtypes.quantized
    concat_dim = In("int32", "the axis to join along, counted from 0", shape=(), static=True)
    values = In("T", "what to join: equal in all dims but `concat_dim`", many=True)
    input_mins = In("float32", "value of the lowest number of each of `values`", many=True)
    input_maxes = In("float32", "value of the highest number of each of `values`", many=True)
    output = Out("T", "the values one after the other along `concat_dim`")
    output_min = Out("float32", "lower end of the common range", shape=())
    output_max = Out("float32", "upper end of the common range", shape=())

    def shape_of(
        self,
        concat_dim: TensorType,
        values: tuple[TensorType, ...],
        input_mins: tuple[TensorType, ...],
        input_maxes: tuple[TensorType, ...],
    ) -> list[Shape]:
        for name, ends in (("input_mins", input_mins), ("input_maxes", input_maxes)):
            if len(ends) != len(values):
                raise self.error(f"input '{name}' must be {len(values)} values like 'values', got {len(ends)}")
            for end in ends:
                if element_count(end.shape) not in (None, 1):
                    raise self.error(f"input '{name}' must be one value for each of 'values', got {end}")
        axis = None if concat_dim.value is None else int(concat_dim.value)
        return [self._joined(axis, [value.shape for value in values]), (), ()]

    def _joined(self, axis: int | None, shapes: list[Shape]) -> Shape:
        known = [shape for shape in shapes if shape is not None]
        if not known:
            return None
        rank = len(known[0])
        if axis is not None and not 0 <= axis < rank:
            raise self.error(f"input 'concat_dim' must lie in [0, {rank}) for values of rank {rank}, got {axis}")
        joined = list(known[0])
        for shape in known[1:]:
            if len(shape) != rank:
                raise self.error(f"input 'values' must have one rank, got {show(known[0])} and {show(shape)}")
            if axis is None:
                continue
            for i, (a, b) in enumerate(zip(joined, shape, strict=True)):
                if i != axis and not agree(a, b):
                    raise self.error(
                        f"input 'values' must be equal in all dims but {axis}, got {show(known[0])} and {show(shape)}"
                    )
                joined[i] = a if isinstance(a, int) or b is None else b
        if axis is None:
            return (None,) * rank
        sizes: list[Dim] = [None if shape is None else shape[axis] for shape in shapes]
        joined[axis] = sum(d for d in sizes if isinstance(d, int)) if all(isinstance(d, int) for d in sizes) else None
        return tuple(joined)

    def bind(
        self, memory: Workspace, concat_dim: TensorType, values: tuple[TensorType, ...], *ends: tuple[TensorType, ...]
    ) -> Kernel:
        axis, (made, *_) = int(concat_dim.value), self.infer(concat_dim, values, *ends)
        dtype = dtypes.storage(values[0].dtype)
        memory.borrowed += max(map(quantized_bytes, values), default=0)
        stops = list(accumulate(value.sizes[axis] for value in values))
        lead = (slice(None),) * axis
        places = [(*lead, slice(*pair)) for pair in pairwise((0, *stops))]

        known = once_per_bits(partial(_ranges, symmetric=dtype == np.int32))

        def kernel(
            concat_dim: Array,
            values: Sequence[Array],
            input_mins: Sequence[Array],
            input_maxes: Sequence[Array],
            out: Array | None = None,
        ) -> tuple[Array, Float, Float]:
            ranges, low, high = known(*input_mins, *input_maxes)
            out = np.empty(made.sizes, dtype) if out is None else out
            for value, place, (lo, hi) in zip(values, places, ranges, strict=True):
                if lo == low and hi == high:
                    out[place] = value
                else:
                    requantize(value, lo, hi, low, high, dtypes.name_of(dtype), out[place])
            return out, low, high

        return kernel

    grad = None


def _ranges(*ends: Array, symmetric: bool) -> tuple[list[tuple[Float, Float]], Float, Float]:
    """The ranges whose lower ends and then upper ends are given, and the ends of the common one."""
    values = [flush(scalar(end)) for end in ends]
    half = len(values) // 2
    ranges = list(zip(values[:half], values[half:], strict=True))
    low, high = np.float32(0), ranges[0][1]
    for lo, hi in ranges:
        low = lo if lo < low else low
        high = hi if high < hi or np.isnan(high) else high
    if symmetric:
        high = max(abs(low), abs(high))
        low = -high
    return ranges, low, high
