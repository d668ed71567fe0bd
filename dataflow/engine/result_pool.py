"""Result arrays are reused once no caller holds them any more: fresh memory costs more than small arithmetic."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from math import prod
from threading import Lock

import numpy as np

from dataflow.core.dtypes import Array, DType
from dataflow.engine.memory_order import Order, strides_in

LEAST = 1 << 17  # bytes: smaller arrays are cheap to allocate
KEPT = 1 << 28  # bytes of results that are remembered; beyond that the oldest are forgotten


class ResultPool:
    """Arrays that were handed out. One is handed out again when the pool holds the only reference to it.

    A view, a memoryview or a tensor of another library that shows an array holds it too.
    """

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self.lock = Lock()

    def empty(self, shape: tuple[int, ...], dtype: DType | type[np.generic], order: Order | None = None) -> Array:
        """An uninitialized array of this shape and dtype, with its axes in this order of memory."""
        dtype = np.dtype(dtype)
        nbytes = prod(shape) * dtype.itemsize
        if nbytes < LEAST or nbytes > KEPT:
            return _empty(shape, dtype, order)
        strides = strides_in(order, shape, dtype)
        with self.lock:
            arrays = self.arrays
            for i in range(len(arrays)):
                fits = arrays[i].shape == shape and arrays[i].dtype == dtype and arrays[i].strides == strides
                if fits and sys.getrefcount(arrays[i]) == UNSHARED:
                    arrays.append(arrays.pop(i))
                    return arrays[-1]
            made = _empty(shape, dtype, order)
            arrays.append(made)
            total = sum(array.nbytes for array in arrays)
            while total > KEPT:
                total -= arrays.pop(0).nbytes
            return made

    def allocator(self, shape: tuple[int, ...], dtype: DType) -> Callable[..., Array]:
        """`empty` for this shape and dtype."""
        return partial(_empty if prod(shape) * dtype.itemsize < LEAST else self.empty, shape, dtype)

    def clear(self) -> None:
        """Forget all arrays."""
        with self.lock:
            self.arrays.clear()

    def forked(self) -> None:
        """Begin with an empty pool in a child process, where the thread that held the lock may be gone."""
        self.lock, self.arrays = Lock(), []


def _empty(shape: tuple[int, ...], dtype: DType, order: Order | None = None) -> Array:
    """An array of new memory, with its axes in this order."""
    return (
        np.empty(shape, dtype) if order is None else np.ndarray(shape, dtype, strides=strides_in(order, shape, dtype))
    )


def _unshared_count() -> int:
    """What `sys.getrefcount` says of an array that only a list holds."""
    arrays = [np.empty(0)]
    for i in range(len(arrays)):
        count = sys.getrefcount(arrays[i])
    return count


UNSHARED = _unshared_count()
results = ResultPool()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=results.forked)
