"""The order in which the elements of an array lie in memory, which work on one element at a time may follow."""

from __future__ import annotations

from collections.abc import Iterable

from dataflow.core.contiguous import contiguous
from dataflow.core.dtypes import Array, DType

Order = tuple[int, ...]  # the axes, from the one along which neighbours lie farthest apart


def memory_order(array: Array) -> Order | None:
    """The order of the axes of an array that fills its memory; None where it does not."""
    axes = tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    return axes if array.transpose(axes).flags.c_contiguous else None


def common_order(arrays: Iterable[Array]) -> Order | None:
    """That of arrays of one shape which all lie alike, but not in the order of their elements; None for others."""
    first, *others = arrays
    if first.flags.c_contiguous or (order := memory_order(first)) is None:
        return None
    alike = all(a.shape == first.shape and a.transpose(order).flags.c_contiguous for a in others)
    return order if alike else None


def strides_in(order: Order | None, shape: tuple[int, ...], dtype: DType) -> tuple[int, ...]:
    """The strides of an array of this shape and dtype that lies in this order."""
    strides, step = [0] * len(shape), dtype.itemsize
    for axis in reversed(range(len(shape)) if order is None else order):
        strides[axis] = step
        step *= shape[axis]
    return tuple(strides)


def flat_in(order: Order | None, array: Array) -> Array:
    """The elements in one dim, in this order of axes or in their own; a copy where they do not lie so."""
    if array.ndim == 1 and array.flags.c_contiguous:
        return array
    if order is not None and array.ndim == len(order):
        array = array.transpose(order)
    flat: Array = contiguous(array).reshape(-1)
    return flat
