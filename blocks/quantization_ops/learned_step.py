"""Quantizers whose step is trained: by the gradient of the rounding error, or by that of a threshold."""

from __future__ import annotations

from typing import Any

from blocks.array_ops.shape import Size
from blocks.math_ops.exponential import Sqrt
from blocks.math_ops.extrema import Maximum
from blocks.math_ops.select import SelectV2
from blocks.quantization_ops.quantizer_base import ROUNDED, VALUES, SignedMultiples, cast_to, wide
from dataflow.core.block import In, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid
from dataflow.core.wire import Wire


class LearnedStepQuantize(SignedMultiples):
    """Round to multiples of a step that is trained, ``rint(clip((x - offset) / step, low, high)) * step + offset``.

    The multiples are those of a signed integer, ``-2**(num_bits - 1)`` to ``2**(num_bits - 1) - 1``, or of an unsigned
    one, 0 to ``2**num_bits - 1``; those of a signed bit are -1 and 1, by the sign. Ties go to the even multiple; NaN
    stays NaN. `step` must be above 0. With an `offset` 0.0 need not be a level, so that the levels are no integer grid.

    The gradient by `x` passes strictly between the ends. That by `step` is summed over ``rint(v) - v``, where ``v`` is
    ``(x - offset) / step``, and beyond the ends over the multiple there; that by `offset` over what lies beyond the
    ends. Both are divided by ``sqrt(n * high)``, as `gradient_scale` says, and summed in float64.

    >>> LearnedStepQuantize(num_bits=3)([-9.0, 0.6, 1.1, 9.0], 0.5)
    array([-2. ,  0.5,  1. ,  1.5], dtype=float32)

    Source: Esser et al., Learned Step Size Quantization, 2020; with `offset` Bhalgat et al., LSQ+, 2020.
    """

    found_by = ("lsq", "lsq+", "quantization aware training", "qat", "learned step size", "fake quantization")
    x = VALUES
    step = In("R", "distance of two levels, above 0: a scalar, or with `axis` one per channel")
    offset = In("R", "value that the multiples are counted from, same shape as `step`; left out: 0", optional=True)
    y = ROUNDED
    gradient_scale: str = attr(
        "n of the gradients by step and offset: elements that share the step, those of one example of the first axis, "
        "or none: they stay as they are",
        default="elements",
        choices=("elements", "features", "none"),
    )

    def shape_of(self, x: TensorType, step: TensorType, offset: TensorType | None) -> Shape:
        self.check_channels("step", step, x)
        if offset is not None:
            self.check_channels("offset", offset, x)
        return x.shape

    def grid(self, x: Array | None, step: Array, offset: Array | None = None) -> Grid | None:
        return self.grid_of(step) if offset is None else None

    def covering(self, low: Array, high: Array) -> dict[str, Array]:
        return {"step": self.covering_step(low, high)}

    def body(self, x: Wire, step: Wire, offset: Wire | None) -> Wire:
        made = self.rounded(self._multiples(x, step, offset)) * self.beside(step, x)
        return cast_to(made if offset is None else made + self.beside(offset, x), x.dtype)

    def grad(self, x: Wire, step: Wire, offset: Wire | None, y: Wire, dy: Wire) -> tuple[Wire, ...]:
        low, high = self.codes
        v, dy = self._multiples(x, step, offset), wide(dy)
        inside, whole = (v > float(low)) & (v < float(high)), self.rounded(v)
        dx = cast_to(SelectV2()(inside, dy, 0), x.dtype)
        dstep = self._scaled(self.total(dy * SelectV2()(inside, whole - v, whole), step, x), x, step)
        if offset is None:
            return dx, dstep
        return dx, dstep, self._scaled(self.total(SelectV2()(inside, 0, dy), offset, x), x, step)

    def _multiples(self, x: Wire, step: Wire, offset: Wire | None) -> Wire:
        shifted = wide(x) if offset is None else wide(x) - self.beside(offset, x)
        return shifted / self.beside(step, x)

    def _scaled(self, slope: Wire, x: Wire, step: Wire) -> Wire:
        if self.gradient_scale == "none":
            return slope
        example = x[:1] if self.gradient_scale == "features" and x.shape != () else x
        count, steps = (cast_to(Size(out_type="int64")(value), "float64") for value in (example, step))
        n: Any = Maximum()(count / Maximum()(steps, 1.0), 1.0)
        return slope / cast_to(Sqrt()(n * float(self.codes[1])), slope.dtype)
