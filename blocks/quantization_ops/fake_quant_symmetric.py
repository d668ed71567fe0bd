"""Fake quantization in a range from ``-m`` to ``m``, per tensor, per channel or per group of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.kernels.nudged_range import Ranges
from blocks.quantization_ops.fake_quant import FakeQuantWithMinMaxVars, FakeQuantWithMinMaxVarsPerChannel
from blocks.quantization_ops.fake_quant_gradient import (
    FakeQuantWithMinMaxVarsGradient,
    FakeQuantWithMinMaxVarsPerChannelGradient,
)
from blocks.quantization_ops.groups import Groups
from blocks.quantization_ops.quantizer_base import ROUNDED, VALUES, ToGrid, cast_to, sign, wide
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Shape, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.quantized import Grid
from dataflow.core.shapes import Dim, fits, show
from dataflow.core.wire import Wire


class FakeQuantSymmetric(ToGrid):
    """Round to levels about 0.0 in a range that stays symmetric, ``round(clip(x, -m, m) / step) * step``.

    With `narrow_range` there are as many levels on each side, ``step`` is ``m / (2**(num_bits - 1) - 1)``. Without, the
    integer's lowest level is one more: ``step`` is ``m / 2**(num_bits - 1)``, the highest level ``m - step``. With one
    bit the levels are ``-m`` and ``m``, by the sign. All else is as for FakeQuantWithMinMaxVars, or with `axis` as for
    FakeQuantWithMinMaxVarsPerChannel, of the same range: ties go up, NaN stays NaN, all becomes 0.0 where `m` is.

    The gradient by `x` passes where it lies in the range; that by `m` is the sum where `x` lies above it, less the sum
    where it lies below, so that the range stays symmetric while it is trained.

    >>> FakeQuantSymmetric(num_bits=3)([-9.0, 0.4, 1.6, 9.0], 3.0)
    array([-3.,  0.,  2.,  3.], dtype=float32)

    Source: tf.quantization.fake_quant_with_min_max_vars of a range whose ends are one number.
    """

    found_by = ("quantization aware training", "qat", "symmetric range", "group quantization")
    x = VALUES
    m = In("R", "upper end of the range: a scalar; with `axis` one per channel; with `group` one per group")
    y = ROUNDED
    narrow_range: bool = attr("leave out the lowest level, for as many on each side", default=True)
    group: int = attr("so many neighbours along `axis` share a range in place of a channel; 0: none", default=0, ge=0)

    def check(self) -> None:
        if self.group and self.axis is None:
            raise self.error("attr 'axis' must be given with attr 'group', got none; name the axis that groups lie on")

    def shape_of(self, x: TensorType, m: TensorType) -> Shape:
        if not self.group:
            self.check_channels("m", m, x)
        elif x.shape is not None:
            axis = self.axis_of(x)
            size: Dim = x.shape[axis]
            groups = -(-size // self.group) if isinstance(size, int) else None
            wanted = (*x.shape[:axis], groups, *x.shape[axis + 1 :])
            if not fits(m.shape, wanted):
                raise self.error(
                    f"input 'm' must have shape {show(wanted)}, a number for {self.group} neighbours along dim {axis} "
                    f"of {x}, got {show(m.shape)}"
                )
        return x.shape

    def grid(self, x: Array | None, m: Array) -> Grid:
        ends = m.astype(dtypes.compute(m.dtype))
        zeros, group = np.zeros(m.shape, np.int64), self.group or None
        if self.num_bits == 1:
            return Grid(ends.astype(np.float64), zeros, -1, 1, self.axis, group, signs=True)
        scale = Ranges(-ends, ends * ends.dtype.type(self._upper), self.num_bits, self.narrow_range).grid().scale
        most = 2 ** (self.num_bits - 1)
        return Grid(scale, zeros, self.narrow_range - most, most - 1, self.axis, group)

    def covering(self, low: Array, high: Array) -> dict[str, Array]:
        return {"m": np.maximum(-low, high)}

    def body(self, x: Wire, m: Wire) -> Any:
        groups = self._groups(x)
        rows, ends = (x, m) if groups is None else (groups.rows(x), groups.per_row(m))
        if self.num_bits == 1:
            most = cast_to(self.beside(ends, x) if groups is None else ends[:, None], x.dtype)
            made = sign(rows) * most
        else:
            settings = {"num_bits": self.num_bits, "narrow_range": self.narrow_range}
            made = self._round(settings)(rows, *self._range(wide(ends)))
        return made if groups is None else groups.values(made)

    def grad(self, x: Wire, m: Wire, y: Wire, dy: Wire) -> tuple[Wire, Wire]:
        groups = self._groups(x)
        given, ends = ((dy, x), m) if groups is None else ((groups.rows(dy), groups.rows(x)), groups.per_row(m))
        # one bit passes the gradients that two bits pass
        settings = {"num_bits": max(self.num_bits, 2), "narrow_range": self.narrow_range or self.num_bits == 1}
        dx, dlow, dhigh = self._slopes(settings)(*given, *self._range(wide(ends)))
        dm = (dhigh if self._upper == 1.0 else dhigh * self._upper) - dlow
        if groups is not None:
            dx, dm = groups.values(dx), groups.per_group(dm, m)
        return dx, cast_to(dm, m.dtype)

    def _groups(self, x: Wire) -> Groups | None:
        if not self.group:
            return None
        axis = self.axis_of(x.type)
        if not isinstance((x.shape or ())[axis], int):
            raise self.error(f"input 'x' must have a known size along its axis {axis}, got {x.type}; give its shape")
        return Groups(x, axis, self.group)

    def _round(self, settings: dict[str, Any]) -> Block:
        if self.axis is None:
            return FakeQuantWithMinMaxVars(**settings)
        return FakeQuantWithMinMaxVarsPerChannel(**settings, axis=0 if self.group else self.axis)

    def _slopes(self, settings: dict[str, Any]) -> Block:
        if self.axis is None:
            return FakeQuantWithMinMaxVarsGradient(**settings)
        return FakeQuantWithMinMaxVarsPerChannelGradient(**settings, axis=0 if self.group else self.axis)

    @property
    def _upper(self) -> float:
        """The highest level of a range that begins at -1."""
        return 1.0 if self.narrow_range or self.num_bits == 1 else 1.0 - 2.0 ** (1 - self.num_bits)

    def _range(self, ends: Wire) -> tuple[Wire, Wire]:
        return -ends, ends if self._upper == 1.0 else ends * self._upper
