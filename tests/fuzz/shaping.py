"""Nodes for a random graph whose operands decide a shape: views, lists of inputs, products, what is chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dataflow import blocks
from dataflow.core import dtypes
from dataflow.core.typing_rules import accepted_dtypes

from .growth import Growth, Refused


def strided_slice(growth: Growth) -> Any:
    ref = growth.any(dtypes.every)
    begin, end, strides, masks = [], [], [], 0
    for i, d in enumerate(ref.shape):
        stride = int(growth.pick((1, -1, 2, -2, 3), (4, 5, 1, 1, 1)))
        whole = growth.chance(0.75)
        low, high = sorted(int(v) for v in growth.random.integers(0, d + 1, 2)) if not whole else (0, d)
        begin.append(low if stride > 0 else high - 1)
        end.append(high if stride > 0 else low - 1 - (d if low == 0 else 0))
        masks |= (1 << i) if whole else 0
        strides.append(stride)
    if not begin:
        raise Refused("a scalar")
    return growth.call("StridedSlice", ref, begin, end, strides, begin_mask=masks, end_mask=masks)


def slice_(growth: Growth) -> Any:
    ref = growth.any(dtypes.every)
    begin = [int(growth.random.integers(0, d)) if d and growth.chance(0.3) else 0 for d in ref.shape]
    if not begin:
        raise Refused("a scalar")
    return growth.call("Slice", ref, begin, [-1] * len(begin))


def transpose(growth: Growth) -> Any:
    ref = growth.any(dtypes.every)
    return growth.call("Transpose", ref, growth.random.permutation(len(ref.shape)).astype(np.int32))


def reshape(growth: Growth) -> Any:
    ref = growth.any(dtypes.every)
    size = int(np.prod(ref.shape))
    shapes = [s for s in growth.shapes if int(np.prod(s)) == size] or [(-1,), (1, -1), (-1, 1)]
    return growth.call("Reshape", ref, list(growth.pick(shapes)))


def expand(growth: Growth) -> Any:
    ref = growth.any(dtypes.every)
    if len(ref.shape) > 4:
        raise Refused("enough axes")
    return growth.call("ExpandDims", ref, int(growth.random.integers(-len(ref.shape) - 1, len(ref.shape) + 1)))


def squeeze(growth: Growth) -> Any:
    ones = [ref for ref in growth.wires if 1 in ref.shape]
    ref = growth.pick(ones) if ones else expand(growth)
    return growth.call("Squeeze", ref)


def broadcast_to(growth: Growth) -> Any:
    ref = growth.any(dtypes.every, large=0.3)
    shape = [growth.pick((2, 3, 5)) if d == 1 else d for d in ref.shape]
    return growth.call("BroadcastTo", ref, ([2] if growth.chance(0.3) else []) + shape)


def like(growth: Growth, name: str) -> Any:
    a, b = growth.any(dtypes.floating), growth.any(dtypes.floating, large=0.4)
    first, second = sorted((a, b), key=lambda ref: int(np.prod(ref.shape)))
    return growth.call(name, *((second, first) if name == "SumToLike" else (first, second)))


def several(growth: Growth, most: int = 4) -> list[Any]:
    """A few wires of one type, some of them twice."""
    ref = growth.any(dtypes.number)
    wires = [ref, *(growth.of(ref.dtype, ref.shape) for _ in range(growth.random.integers(1, most)))]
    return [wires[i] for i in growth.random.permutation(len(wires))]


def concat(growth: Growth) -> Any:
    wires = several(growth)
    if not wires[0].shape:
        raise Refused("scalars")
    return growth.call("Concat", wires, int(growth.random.integers(0, len(wires[0].shape))))


def stack(growth: Growth) -> Any:
    wires = several(growth)
    return growth.call("Stack", wires, axis=int(growth.random.integers(0, len(wires[0].shape) + 1)))


def split(growth: Growth) -> Any:
    ref = growth.any(dtypes.every)
    axes = [(i, k) for i, d in enumerate(ref.shape) for k in (2, 3) if d and d % k == 0]
    if not axes:
        raise Refused("of no even parts")
    axis, count = axes[growth.random.integers(0, len(axes))]
    return growth.call("Split", axis, ref, num_split=count)


def unstack(growth: Growth) -> Any:
    found = [(ref, i) for ref in growth.wires for i, d in enumerate(ref.shape) if 0 < d <= 6]
    if not found:
        raise Refused("no short axis")
    ref, axis = found[growth.random.integers(0, len(found))]
    return growth.call("Unstack", ref, num=ref.shape[axis], axis=axis)


def pad(growth: Growth) -> Any:
    ref = growth.any(dtypes.number)
    widths = growth.random.integers(0, 3, (len(ref.shape), 2)).astype(np.int32)
    if growth.chance(0.5):
        return growth.call("Pad", ref, widths)
    return growth.call("MirrorPad", ref, np.minimum(widths, 1), mode=growth.pick(("REFLECT", "SYMMETRIC")))


def tile(growth: Growth) -> Any:
    ref = growth.any(dtypes.number, large=0.4)
    return growth.call("Tile", ref, growth.random.integers(1, 3, len(ref.shape)).astype(np.int32))


def roll(growth: Growth) -> Any:
    ref = growth.any(dtypes.number)
    if not ref.shape:
        raise Refused("a scalar")
    return growth.call("Roll", ref, int(growth.random.integers(-5, 6)), int(growth.random.integers(0, len(ref.shape))))


def gather(growth: Growth) -> Any:
    ref = growth.any(dtypes.number)
    if not ref.shape or not ref.shape[0]:
        raise Refused("nothing to gather")
    count = int(growth.random.choice([1, 3, 17]))
    there = growth.source("int32", (count,), lambda random: random.integers(0, ref.shape[0], count).astype(np.int32))
    return growth.call("GatherV2", ref, there, 0) if growth.chance(0.5) else growth.call("Gather", ref, there)


def matmul(growth: Growth) -> Any:
    ref = growth.any(accepted_dtypes(blocks["MatMul"](), "T"))
    if len(ref.shape) != 2:
        raise Refused("no matrix")
    width = int(growth.random.choice([1, 3, 8]))
    return growth.call("MatMul", ref, growth.of(ref.dtype, (ref.shape[1], width)))


def select(growth: Growth) -> Any:
    t = growth.any(dtypes.real)
    condition = growth.call(growth.pick(("Greater", "LessEqual")), t, growth.beside(t.dtype, t.shape))
    return growth.call("SelectV2", condition, t, growth.beside(t.dtype, condition.shape))


SHAPING: dict[Callable[[Growth], Any], float] = {
    strided_slice: 5,
    slice_: 1,
    transpose: 3,
    reshape: 3,
    expand: 1,
    squeeze: 1,
    broadcast_to: 1,
    concat: 2,
    stack: 2,
    split: 1,
    unstack: 1,
    pad: 1,
    tile: 1,
    roll: 1,
    gather: 1,
    matmul: 1,
    select: 1,
    **{partial(like, name=name): 0.5 for name in ("BroadcastLike", "SumToLike", "ReshapeLike")},
}
