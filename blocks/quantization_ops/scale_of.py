"""The step and the zero point of a range, by which its codes are turned into values."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.kernels.casting import cast_into
from blocks.kernels.nudged_range import Ranges
from dataflow.core import dtypes
from dataflow.core.block import In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import fits, show
from dataflow.core.workspace import Kernel, Workspace


class ScaleOf(Opaque):
    """Step and zero point of a range once it is nudged, so that ``(code - zero_point) * scale`` are its levels.

    They are those to which FakeQuantWithMinMaxVars and FakeQuantWithMinMaxVarsPerChannel round with the same attrs, to
    the bit. Codes count from 0, or from 1 with `narrow_range`; a signed code is ``2**(num_bits - 1)`` less. A range of
    0.0 alone has the scale 0.0. No gradient flows.

    >>> ScaleOf()([1.0, 2.55], [-1.0, 0.0])
    ScaleOfOutputs(scale=array([0.00784314, 0.01      ], dtype=float32), zero_point=array([127,   0], dtype=int32))

    Source: the nudged range of tf.quantization.fake_quant_with_min_max_vars.
    """

    found_by = ("quantization parameters", "qparams", "step", "zero point")
    R = dtypes.floating
    max = In("R", "upper end of the range, a scalar or one per channel")
    min = In("R", "lower end of the range, same shape as `max`; left out: `-max`", optional=True)
    scale = Out("float32", "distance of two levels, same shape as `max`")
    zero_point = Out("int32", "the code of 0.0, same shape as `max`")
    num_bits: int = attr("width of the integer", default=8, ge=2, le=16)
    narrow_range: bool = attr("leave out the lowest level, for a symmetric range", default=False)
    grad = None

    def shape_of(self, max: TensorType, min: TensorType | None) -> list[Shape]:
        if min is not None and not fits(min.shape, max.shape):
            raise self.error(f"inputs 'max' and 'min' must have one shape, got {show(max.shape)} and {show(min.shape)}")
        return [max.shape] * 2

    def bind(self, memory: Workspace, max: TensorType, min: TensorType | None) -> Kernel:
        memory.borrowed += 52 * prod(max.sizes)

        def kernel(max: Array, min: Array | None, out: Array | None = None) -> tuple[Array, Array]:
            grid = Ranges(-max if min is None else min, max, self.num_bits, self.narrow_range).grid()
            return cast_into(grid.scale, np.dtype(np.float32), out), grid.zero_point.astype(np.int32)

        return kernel
