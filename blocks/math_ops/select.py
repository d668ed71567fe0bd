"""Selection of elements from two values by a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from blocks.array_ops.fill import ZerosLike
from blocks.kernels.chunked import in_parts, part_bytes
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.errors import listing
from dataflow.core.kinds import Elementwise, Opaque
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape, fits, merge, show
from dataflow.core.wire import Wire

_WORTH_MASKING = 4096  # elements from which masks are faster


def pick(condition: Array, t: Array, e: Array, out: Array) -> Array:
    """``t if condition else e`` into ``out``, which may be ``t`` but not ``e``."""
    if out.size < _WORTH_MASKING or out.itemsize > 8:
        return in_parts(_pick_by_where, out, condition, t, e)
    return in_parts(_pick_by_masks, out, condition, t, e)


def pick_bytes(*types: TensorType) -> int:
    """What `pick` takes for values of these types, of which the condition is the first."""
    width = dtypes.storage(types[1].dtype).itemsize
    return part_bytes(width, *types)


def _pick_by_where(condition: Array, t: Array, e: Array, out: Array) -> None:
    out[...] = np.where(condition, t, e)


def _pick_by_masks(condition: Array, t: Array, e: Array, out: Array) -> None:
    # np.where branches per element, which costs five times as much as masking bits when the condition has no pattern
    bits = f"i{out.itemsize}"
    chosen = condition.view("i1").astype(bits)
    result, t, e = out.view(bits), t.view(bits), e.view(bits)
    np.bitwise_xor(t, e, result)
    np.multiply(result, chosen, result)  # by 0 or 1
    np.bitwise_xor(result, e, result)


class SelectV2(Elementwise):
    """Elements of two values by a condition, ``t if condition else e``.

    >>> SelectV2()([True, False, True], [1.0, 2.0, 3.0], 0.0)
    array([1., 0., 3.], dtype=float32)

    Source: tf.where.
    """

    found_by = ("where", "if", "choose", "condition", "mask")
    T = dtypes.every
    condition = In("bool", "whether to take from `t`")
    t = In("T", "taken where the condition is true; broadcasts")
    e = In("T", "taken where the condition is false; broadcasts")
    output = Out("T", "the broadcast shape of all three")
    reuses = ("t",)
    rounds_once = True

    def bound(self, condition: Range, t: Range, e: Range) -> Range:
        return t.joined(e)

    def same_as(self, known: Mapping[str, Array]) -> str | None:
        condition = known.get("condition")
        return None if condition is None or condition.size != 1 else "t" if condition.all() else "e"

    @staticmethod
    def element(condition: np.bool_, t: np.generic, e: np.generic) -> np.generic:
        return t if condition else e

    def kernel(self, condition: Array, t: Array, e: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty(np.broadcast_shapes(condition.shape, t.shape, e.shape), t.dtype)
        return pick(condition, t, e, out)

    def workspace(self, condition: TensorType, t: TensorType, e: TensorType) -> int:
        return pick_bytes(condition, t, e)

    def grad(self, condition: Wire, t: Wire, e: Wire, output: Wire, dy: Wire) -> tuple[None, Wire, Wire]:
        return None, SelectV2()(condition, dy, 0), SelectV2()(condition, 0, dy)


class Select(Opaque):
    """Elements, rows or the whole of one of two values by a condition, ``x if condition else y``.

    A condition of the shape of ``x`` picks elements, a vector picks along the first dim, a scalar picks all of one.

    >>> Select()([True, False], [[1, 2], [3, 4]], [[5, 6], [7, 8]])
    array([[1, 2],
           [7, 8]], dtype=int32)

    Source: tf.raw_ops.Select.
    """

    found_by = ("where", "if", "choose")
    aliases = ("Where3",)
    T = dtypes.every
    condition = In("bool", "whether to take from `x`: the shape of `x`, a vector over its first dim, or a scalar")
    x = In("T", "taken where the condition is true")
    y = In("T", "taken where the condition is false, same shape as `x`")
    output = Out("T", "same shape as `x`")
    reuses = ("x",)

    def bound(self, condition: Range, x: Range, y: Range) -> Range:
        return x.joined(y)

    def shape_of(self, condition: TensorType, x: TensorType, y: TensorType) -> Shape:
        if not fits(y.shape, x.shape):
            raise self.error(f"input 'y' must have the shape of 'x', {show(x.shape)}, got {show(y.shape)}")
        shape = merge(x.shape, y.shape)
        if shape is not None and not any(fits(condition.shape, each) for each in (shape, shape[:1], ())):
            wanted = listing(dict.fromkeys(map(show, (shape, shape[:1], ()))))
            raise self.error(f"input 'condition' must have shape {wanted}, got {show(condition.shape)}")
        return shape

    def decomposed(self, condition: TensorType, x: TensorType, y: TensorType) -> Sequence[Block]:
        alike = x.known and x.shape == y.shape and condition.shape in (x.shape, ())
        return (SelectV2(),) if alike else ()

    def kernel(self, condition: Array, x: Array, y: Array, out: Array | None = None) -> Array:
        if condition.ndim == 1 and x.ndim > 1:
            condition = condition.reshape(-1, *[1] * (x.ndim - 1))
        return pick(condition, x, y, np.empty(x.shape, x.dtype) if out is None else out)

    def workspace(self, condition: TensorType, x: TensorType, y: TensorType) -> int:
        return pick_bytes(TensorType("bool", x.shape), x, y)

    def grad(self, condition: Wire, x: Wire, y: Wire, output: Wire, dy: Wire) -> tuple[None, Wire, Wire]:
        zeros = ZerosLike()(dy)
        return None, Select()(condition, dy, zeros), Select()(condition, zeros, dy)
