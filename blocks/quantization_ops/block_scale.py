"""Block-scaled formats: groups of neighbours in a narrow format that share a scale."""

from __future__ import annotations

from functools import cached_property
from math import prod

import numpy as np

from blocks.kernels.block_scaling import POWERS, TILE, BlockScaling, as_three, groups
from blocks.kernels.casting import cast_into
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.quantized import Grid, Quantizer
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

ELEMENTS = ("int2", "int4", "int8", *(name for name in dtypes.narrow_floats if name != POWERS))
SCALES = (POWERS, "float8_e4m3fn", "bfloat16", "float16", "float32")


class BlockScaleQuantize(Opaque):
    """Groups of neighbours rounded to a narrow format times a scale that they share, ``round(x / scale) * scale``.

    A scale in float8_e8m0fnu follows the OCP Microscaling formats (MX): the power of two by which the largest magnitude
    of the group has the exponent of the largest element, where int8 stands for fractions from -127/64 to 127/64. MXFP8,
    MXFP6, MXFP4 and MXINT8 are the elements float8, float6, float4 and int8 with groups of 32. Other scales are the
    largest magnitude over the largest element, rounded to their format, but not to zero. NVFP4 is float4_e2m1fn in
    groups of 16 with scales in float8_e4m3fn, which are relative to `tensor_scale` where that is wired: as a rule the
    largest magnitude of all over 448 * 6.

    Elements are rounded to the nearest, halves to even, and saturate; of integers the lowest is left out. The last
    group along the axis may be shorter. A group in which a value is NaN or infinite becomes NaN. The gradient passes as
    if nothing was rounded.

    >>> BlockScaleQuantize(element_format="float4_e2m1fn", group=4)([0.1, 2.4, 2.6, -7.0, 1.0, 0.0, 0.3, 0.2])
    array([ 0.  ,  2.  ,  3.  , -6.  ,  1.  ,  0.  ,  0.25,  0.25],
          dtype=float32)

    Source: OCP Microscaling Formats (MX) Specification 1.0; NVFP4.
    """

    found_by = ("mx", "mxfp4", "mxfp8", "mxint8", "nvfp4", "microscaling", "group quantization")
    T = dtypes.floating
    x = In("T", "values to quantize, rank 1 or more")
    tensor_scale = In("float32", "what the scales are relative to, above 0; left out: 1", shape=(), optional=True)
    y = Out("T", "same shape as `x`")
    element_format: str = attr("format of an element", default="float4_e2m1fn", choices=ELEMENTS)
    scale_format: str = attr("format of the scale of a group", default=POWERS, choices=SCALES)
    group: int = attr("so many neighbours along `axis` share a scale", default=32, ge=1)
    axis: int = attr("the axis that groups lie along, counted from the end if negative", default=-1)
    smooth = False
    quantized_as = Quantizer("x")

    def shape_of(self, x: TensorType, tensor_scale: TensorType | None) -> Shape:
        if tensor_scale is not None and self.scale_format == POWERS:
            raise self.error(f"input 'tensor_scale' must be left out for scales in {POWERS}, got one")
        rank = x.rank
        if rank is not None and not -rank <= self.axis < rank:
            wanted = f"attr 'axis' must lie in [{-rank}, {rank})" if rank else "input 'x' must have rank 1 or more"
            raise self.error(f"{wanted}, got {f'{self.axis} for {x}' if rank else 'a scalar'}")
        return x.shape

    @cached_property
    def _scaling(self) -> BlockScaling:
        return BlockScaling(self.element_format, self.scale_format)

    def bind(self, memory: Workspace, x: TensorType, tensor_scale: TensorType | None) -> Kernel:
        given, shape = storage(x.dtype), as_three(x.sizes, self.axis)
        dtype, cuts = dtypes.compute(given), list(groups(x.sizes, self.axis, self.group))
        arrays = 2 if self._scaling.whole else 4
        memory.borrowed += (arrays * dtype.itemsize + 2) * min(prod(x.sizes), max(TILE, self.group))

        def kernel(x: Array, tensor_scale: Array | None, out: Array | None = None) -> Array:
            self._check(tensor_scale)
            result = out if out is not None and out.flags.c_contiguous else np.empty(x.shape, given)
            values, made = x.reshape(shape), result.reshape(shape)
            relative = None if tensor_scale is None else tensor_scale.astype(dtype)
            for cut, sizes in cuts:
                part = values[cut].astype(dtype, copy=False).reshape(sizes)
                steps = self._scaling.steps(np.max(np.abs(part), axis=1, keepdims=True), relative)
                self._scaling.round(part, steps, part := np.empty(sizes, given))
                made[cut] = part.reshape(made[cut].shape)
            return cast_into(result, given, out)

        return kernel

    def grid(self, x: Array | None, tensor_scale: Array | None = None) -> Grid | None:
        if x is None or self.element_format.startswith("float"):
            return None
        dtype, axis = dtypes.compute(x.dtype), self.axis % x.ndim
        relative = None if tensor_scale is None else tensor_scale.astype(dtype)
        starts = np.arange(0, x.shape[axis], self.group)
        largest = np.maximum.reduceat(np.abs(x.astype(dtype)), starts, axis)
        steps = self._scaling.steps(largest, relative).astype(np.float64)
        most = dtypes.limits(self.element_format)[1]
        return Grid(steps, np.zeros(steps.shape, np.int64), -most, most, axis, self.group)

    def grad(self, x: Wire, tensor_scale: Wire | None, y: Wire, dy: Wire) -> Wire:
        return dy

    def _check(self, tensor_scale: Array | None) -> None:
        if tensor_scale is not None and not 0 < tensor_scale < np.inf:
            raise self.error(f"input 'tensor_scale' must be above 0 and finite, got {tensor_scale}")
