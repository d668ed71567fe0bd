"""Integer accumulators rescaled to codes with a multiplier and a shift, as integer hardware does it."""

from __future__ import annotations

import numpy as np

from blocks.kernels.channel_numbers import by_channel, by_channel_bytes
from blocks.kernels.fixed_point import rescale
from blocks.quantization_ops.codes_base import ToCodes
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.fixed_point import MOST_SHIFT, ROUNDINGS

LEAST_SHIFT = 24  # for the 15-bit multiplier of TensorFlow Lite


class FixedPointRequantize(ToCodes):
    """Accumulators as codes of another scale, ``clamp(round(input * multiplier / 2**shift) + zero_point, low, high)``.

    Exact in integers, with one rounding, whose name says where halves go: ``half_up``, ``half_even``, ``half_away``
    (from zero), or ``floor``, which drops the fraction. ``tflite_double`` rounds twice, as TensorFlow Lite does: the
    product divided by 2**31, halves up, then by what is left of the shift, halves away from zero; where the shift is
    below 31 the accumulator is shifted left first, and saturates as int32. ``tflite_single`` is what it does when built
    for a single rounding: ``half_up``. Both take int64 accumulators in its way: cut to 48 bits, by the multiplier
    rounded to 15 bits, halves up, shifts from 24 on. A real scale is made a multiplier and a shift by
    `dataflow.core.fixed_point`.

    >>> acc = np.array([-3, -1, 1, 3, 1000], np.int32)
    >>> FixedPointRequantize(out_type="int8", rounding="half_even")(acc, 2**30, 31, 0)
    array([ -2,   0,   0,   2, 127], dtype=int8)

    Source: none; TensorFlow Lite's and gemmlowp's arithmetic by name.
    """

    found_by = ("requantization", "rescale", "multiplier and shift", "int32 to int8")
    A = ("int32", "int64", "qint32")
    input = In("A", "accumulators, any shape")
    multiplier = In("int32", "at least 0: one number, or with `axis` one per channel")
    shift = In("int32", f"0 to {MOST_SHIFT}: one number, or with `axis` one per channel")
    zero_point = In("int32", "the code of 0: one number, or with `axis` one per channel")
    output = Out("out_type", "same shape as `input`")
    rounding: str = attr("how the quotient becomes whole", default=ROUNDINGS[0], choices=ROUNDINGS)

    def precompute(self, multiplier: Array, shift: Array, zero_point: Array) -> list[Array]:
        if (multiplier < 0).any():
            raise self.error(f"input 'multiplier' must be at least 0, got {multiplier.min()}")
        if (wrong := (shift < 0) | (shift > MOST_SHIFT)).any():
            raise self.error(f"input 'shift' must lie between 0 and {MOST_SHIFT}, got {shift[wrong].flat[0]}")
        return [a.astype(np.int64) for a in (multiplier, shift, zero_point)]

    def kernel(self, input: Array, by: list[Array], out: Array | None = None) -> Array:
        shift = by[1]
        if input.dtype == np.int64 and self.rounding.startswith("tflite") and (shift < LEAST_SHIFT).any():
            raise self.error(
                f"input 'shift' must be at least {LEAST_SHIFT} for int64 in rounding {self.rounding}, got {shift.min()}"
            )

        def step(x: Array, multiplier: Array, shift: Array, zero_point: Array, out: Array) -> None:
            rescale(x, multiplier, shift, zero_point, self.rounding, *self.limits, out)

        return by_channel(step, input, by, self.axis, dtypes.storage(self.out_type), out)

    def workspace(self, input: TensorType, *numbers: TensorType) -> int:
        return by_channel_bytes(36 if input.dtype == "int64" else 16, input, *numbers)
