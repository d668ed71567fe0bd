"""What quantization costs: the ratio of signal to noise."""

from __future__ import annotations

from math import log, prod

import numpy as np

from blocks.array_ops.broadcast import SumToLike
from blocks.kernels.casting import cast_into
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import fits
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class SQNR(Opaque):
    """Signal to quantization noise in dB, ``10 * log10(sum(reference ** 2) / sum((reference - value) ** 2))``.

    All sums are in float64. inf where both are equal, as empty ones are; -inf where the reference is all 0 and the
    value is not; NaN where either has a NaN, or the reference an inf.

    >>> SQNR()([1.0, 2.0, 2.9], [1.0, 2.0, 3.0]).round(2)
    np.float32(31.46)

    Source: the ratio of signal to noise power.
    """

    found_by = ("signal to noise", "quantization error", "psnr")
    T = ("float32", "float64")
    value = In("T", "the value with noise")
    reference = In("T", "the value without it, of the same shape")
    decibels = Out("T", "the ratio in dB", shape=())

    def infer(self, *types: TensorType) -> list[TensorType]:
        value, reference = types
        if not fits(value.shape, reference.shape):
            raise self.error(f"input 'value' must have the shape of 'reference', {reference}, got {value}")
        return super().infer(*types)

    def bind(self, memory: Workspace, value: TensorType, reference: TensorType) -> Kernel:
        buffer = memory.array(prod(value.sizes), np.float64).reshape(value.sizes)

        def kernel(value: Array, reference: Array, out: Array | None = None) -> Array:
            noise = np.subtract(reference, value, buffer, dtype=np.float64)
            lost = np.add.reduce(np.square(noise, noise), None)
            power = np.add.reduce(np.square(reference, buffer, dtype=np.float64), None)
            return cast_into(np.inf if lost == 0 else 10 * np.log10(power / lost), value.dtype, out)

        return kernel

    def grad(self, value: Wire, reference: Wire, decibels: Wire, dy: Wire) -> tuple[Wire, Wire]:
        noise = reference - value
        scale = dy * (20 / log(10))
        by_noise = scale * noise / SumToLike()(noise * noise, dy)
        return by_noise, scale * reference / SumToLike()(reference * reference, dy) - by_noise
