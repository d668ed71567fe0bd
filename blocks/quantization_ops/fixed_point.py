"""Integer accumulators rescaled to codes with a multiplier and a shift, as integer hardware does it."""

from __future__ import annotations

import numpy as np

from blocks.kernels.casting import cast_into
from blocks.kernels.channel_rows import ROW, layouts
from blocks.kernels.chunked import parts
from blocks.kernels.fixed_point import Rescaling, rescale
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.fixed_point import MOST_SHIFT, ROUNDINGS
from dataflow.core.kinds import Elementwise
from dataflow.core.shapes import agree, element_count, show

TILE = 1 << 15  # elements to work on at a time: as int64 numbers they stay in the cache
LEAST_SHIFT = 24  # for the 15-bit multiplier of TensorFlow Lite


class FixedPointRequantize(Elementwise):
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
    out_type: Dtype = attr("dtype of the codes", choices=(*dtypes.integer[:3], "uint8", "uint16", *dtypes.quantized))
    rounding: str = attr("how the quotient becomes whole", default=ROUNDINGS[0], choices=ROUNDINGS)
    low: int | None = attr("lowest code; none: that of the dtype", default=None)
    high: int | None = attr("highest code; none: that of the dtype", default=None)
    axis: int | None = attr("the axis of channels, counted from the end if negative; none: one scale", default=None)

    def check(self) -> None:
        low, high = self.limits
        lowest, highest = dtypes.limits(self.out_type)
        if not lowest <= low <= high <= highest:
            raise self.error(
                f"attrs 'low' and 'high' must lie between {lowest} and {highest} for {self.out_type}, in this order, "
                f"got {low} and {high}"
            )

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest code."""
        low, high = dtypes.limits(self.out_type)
        return low if self.low is None else self.low, high if self.high is None else self.high

    def shape_of(self, input: TensorType, *numbers: TensorType) -> Shape:
        rank = input.rank
        if self.axis is not None and rank is not None and not -rank <= self.axis < rank:
            raise self.error(f"attr 'axis' must lie in [{-rank}, {rank}) for 'input' of rank {rank}, got {self.axis}")
        for name, given in zip(("multiplier", "shift", "zero_point"), numbers, strict=True):
            if not given.shape:  # unknown, or one number
                continue
            if self.axis is None or len(given.shape) > 1:
                wanted = "one number" if self.axis is None else "one number, or one per channel"
                hint = "; give the attr 'axis'" if self.axis is None and len(given.shape) == 1 else ""
                raise self.error(f"input '{name}' must be {wanted}, got shape {show(given.shape)}{hint}")
            if input.shape is not None and not agree(given.shape[0], input.shape[self.axis]):
                raise self.error(
                    f"input '{name}' must have size {input.shape[self.axis]} like dim {self.axis} of 'input', got "
                    f"{given.shape[0]}"
                )
        return input.shape

    def channel_axis(self, rank: int) -> int | None:
        return None if self.axis is None else self.axis % rank

    def precompute(self, multiplier: Array, shift: Array, zero_point: Array) -> Rescaling:
        if (multiplier < 0).any():
            raise self.error(f"input 'multiplier' must be at least 0, got {multiplier.min()}")
        if (wrong := (shift < 0) | (shift > MOST_SHIFT)).any():
            raise self.error(f"input 'shift' must lie between 0 and {MOST_SHIFT}, got {shift[wrong].flat[0]}")
        return Rescaling(*[a.astype(np.int64) for a in (multiplier, shift, zero_point)])

    def kernel(self, input: Array, by: Rescaling, out: Array | None = None) -> Array:
        if input.dtype == np.int64 and self.rounding.startswith("tflite") and (by.shift < LEAST_SHIFT).any():
            raise self.error(
                f"input 'shift' must be at least {LEAST_SHIFT} for int64 in rounding {self.rounding}, got "
                f"{by.shift.min()}"
            )
        dtype = dtypes.storage(self.out_type)
        result = out if out is not None and out.flags.c_contiguous else np.empty(input.shape, dtype)
        flat_x, flat_result = np.ascontiguousarray(input).reshape(-1), result.reshape(-1)
        per_channel = any(a.ndim for a in by)
        cuts = layouts(input.shape, self.axis or 0) if per_channel else [(slice(None), None)]
        for part, layout in cuts:
            rows = (-1,) if layout is None else layout.shape
            spread = by.spread(layout)
            for x, *numbers, to in parts(TILE, flat_result[part].reshape(rows), flat_x[part].reshape(rows), *spread):
                rescale(x, Rescaling(*numbers), self.rounding, *self.limits, to)
        return cast_into(result, dtype, out)

    def workspace(self, input: TensorType, *numbers: TensorType) -> int:
        # int64 numbers: those of a tile, and of channels those that are spread over a row and made from these
        size = element_count(input.shape) or 0
        rows = max((max(ROW, *t.sizes) for t in numbers if t.known and t.rank), default=0)
        each = 36 if input.dtype == "int64" else 16
        return each * min(size, TILE) + 48 * rows

    grad = None
