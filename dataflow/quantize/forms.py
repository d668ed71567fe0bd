"""Forms: how a wire of a quantized graph is carried among integers, and how one form becomes another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.fixed_point import fixed_point
from dataflow.core.quantized import Grid, Product
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graph.node import Node, Ref
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.quantizers import free_name

STORED = ("uint8", "int8", "uint16", "int16")


@dataclass(frozen=True, eq=False)
class Form:
    """A wire of integers that stand for ``(integer - zero_point) * scale``, cut off below ``low`` and above ``high``.

    ``scale`` (float64) is 0-d, or has an element for each channel along ``axis``. ``grid`` is that of codes; sums have
    none, and the zero point 0; ``most`` is the largest magnitude that any of them, or a part of one, may have. Sums of
    values that were on several grids are not ``exact``: each was rounded to a finer scale first.
    """

    wire: Ref
    scale: Array
    zero_point: int = 0
    axis: int | None = None
    grid: Grid | None = None
    low: float = -inf
    high: float = inf
    exact: bool = True
    most: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether values are still to be cut off."""
        return self.low > -inf or self.high < inf

    def same_grid(self, grid: Grid) -> bool:
        """Whether these are codes of this grid."""
        own = self.grid
        return own is not None and _told(own) == _told(grid)


def _told(grid: Grid) -> tuple[object, ...]:
    return grid.low, grid.high, grid.signs, float(grid.scale), int(grid.zero_point)


def farthest(grid: Grid) -> int:
    """The largest magnitude of a code less its zero point."""
    return int(max(np.max(grid.high - grid.zero_point), np.max(grid.zero_point - grid.low)))


def sum_type(most: int) -> str:
    """The dtype that holds sums of this magnitude."""
    return "int32" if most < 2**31 else "int64"


def stored_as(grid: Grid) -> str:
    """The narrowest dtype that holds the codes of a grid, unsigned where none is negative."""
    for dtype in STORED:
        limits = np.iinfo(dtype)
        if limits.min <= grid.low and grid.high <= limits.max and (grid.low < 0) == (limits.min < 0):
            return dtype
    return "int32"


def terms(weights: TensorType, role: Product) -> int:
    """How many products are added up, as many as there can be where that is not known."""
    size = None if weights.shape is None else weights.shape[role.summed]
    return size if isinstance(size, int) else 2**31


def largest_sum(codes: Array, grid: Grid, x: Form, role: Product) -> int:
    """The largest magnitude of sums of products of known weights with codes of a grid."""
    assert x.grid is not None
    centered = codes - grid.spread(grid.zero_point, codes.shape)
    axes = (0, 1) if role.depthwise else tuple(i for i in range(codes.ndim) if i != role.axis % codes.ndim)
    return int(np.abs(centered).sum(axes).max(initial=0)) * max(farthest(x.grid), 1)


def codes_form(wire: Ref, grid: Grid) -> Form:
    """The form of codes of a grid that is one for all values."""
    return Form(wire, grid.scale, int(grid.zero_point), grid=grid)


def are_alike(forms: list[Form]) -> bool:
    """Whether integers of several wires stand for values in the same way."""
    first = forms[0]
    return all(
        f.zero_point == first.zero_point
        and (f.grid is None) == (first.grid is None)
        and f.axis == first.axis
        and f.wire.dtype == first.wire.dtype
        and np.array_equal(f.scale, first.scale)
        and (f.low, f.high) == (first.low, first.high)
        for f in forms
    )


def as_sums(new: Rebuild, form: Form, name: str) -> Form:
    """Codes less their zero point as int32; sums as they are."""
    if form.grid is None:
        return form
    wide = new.add(blocks["Cast"](DstT="int32"), [form.wire], name=free_name(new, f"{name}/codes"))
    if form.zero_point:
        wide = new.add(blocks["Subtract"](), [wide, form.zero_point], name=free_name(new, f"{name}/centered"))
    return replace(form, wire=wide, zero_point=0, grid=None, most=farthest(form.grid))


def with_room(new: Rebuild, form: Form, most: int, name: str) -> Form:
    """Sums in a dtype that holds this magnitude."""
    wire, dtype = form.wire, sum_type(most)
    if dtype == "int64" and wire.dtype != dtype:
        wire = new.add(blocks["Cast"](DstT=dtype), [wire], name=free_name(new, f"{name}/wide"))
    return replace(form, wire=wire, most=most)


def requantized(new: Rebuild, form: Form, grid: Grid, name: str, rounding: str, power_of_two: bool) -> Form:
    """The values as codes of a grid: an exact product with a multiplier and a shift, rounded once, and the cuts."""
    form = as_sums(new, form, name)
    multiplier, shift = fixed_point(form.scale / grid.scale, power_of_two)
    low, high = (int(grid.codes(np.asarray(end))) for end in (form.low, form.high))
    made = new.add(
        _to_codes("FixedPointRequantize", grid, low, high, rounding=rounding, **_along(form)),
        [form.wire, multiplier, shift, np.int32(grid.zero_point)],
        name=name,
    )
    return codes_form(made, grid)


def rescaled(new: Rebuild, form: Form, scale: float, name: str, rounding: str) -> Ref:
    """The values as int32 multiples of a scale, rounded once."""
    form = as_sums(new, form, name)
    multiplier, shift = fixed_point(form.scale / scale)
    block = blocks["FixedPointRequantize"](out_type="int32", rounding=rounding, **_along(form))
    made: Ref = new.add(block, [form.wire, multiplier, shift, np.int32(0)], name=free_name(new, name))
    return made


def quantized(new: Rebuild, node: Node, operands: list[Any], grid: Grid) -> Form:
    """The codes of real values, by the arithmetic of the node of a quantizer."""
    block = node.block.on_codes
    if block is not None:
        return codes_form(new.add(block, operands, name=node.name), grid)
    values = new.add(node.block, operands, name=free_name(new, f"{node.name}/values"))
    to_codes = _to_codes("QuantizeLinear", grid, grid.low, grid.high)
    made = new.add(to_codes, [values, np.float32(grid.scale), np.int32(grid.zero_point)], name=node.name)
    return codes_form(made, grid)


def dequantized(new: Rebuild, form: Form, name: str, dtype: str = "float32") -> Ref:
    """The real values, computed in float32."""
    block = blocks["DequantizeLinear"](**_along(form))
    operands = [form.wire, form.scale.astype(np.float32), np.int32(form.zero_point)]
    made: Ref = new.add(block, operands, name=free_name(new, f"{name}/values"))
    if form.is_cut:
        ends = [max(form.low, float(np.finfo(np.float32).min)), min(form.high, float(np.finfo(np.float32).max))]
        made = new.add(blocks["ClipByValue"](), [made, *ends], name=free_name(new, f"{name}/cut"))
    return made if made.dtype == dtype else new.add(blocks["Cast"](DstT=dtype), [made], free_name(new, f"{name}/cast"))


def _along(form: Form) -> dict[str, Any]:
    return {"axis": form.axis} if form.scale.ndim else {}


def _to_codes(block: str, grid: Grid, low: int, high: int, **attrs: object) -> Any:
    """A block that gives codes, its limits left out where they are those of the dtype."""
    dtype = stored_as(grid)
    limits = np.iinfo(dtype)
    ends = {key: end for key, end, own in (("low", low, limits.min), ("high", high, limits.max)) if end != own}
    return blocks[block](out_type=dtype, **ends, **attrs)
