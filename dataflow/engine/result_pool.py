"""Memory for results, taken again when nobody holds them any more: fresh memory costs more than small arithmetic."""

from __future__ import annotations

import os
import sys
from math import prod
from threading import Lock
from typing import Any

import numpy as np

LEAST = 1 << 17  # bytes: smaller arrays are quickly made
KEPT = 1 << 28  # bytes of results that are kept in mind; what is more is forgotten, the oldest first


class Pool:
    """Arrays that were handed out. One is handed out again when the pool is the only one that holds it.

    A view, a memoryview or a tensor of another library that shows an array holds it too.
    """

    def __init__(self) -> None:
        self.arrays: list[np.ndarray[Any, Any]] = []
        self.lock = Lock()

    def empty(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
        """An array of this shape and dtype, whose values are whatever the memory holds."""
        dtype = np.dtype(dtype)
        nbytes = prod(shape) * dtype.itemsize
        if nbytes < LEAST or nbytes > KEPT:
            return np.empty(shape, dtype)
        with self.lock:
            arrays = self.arrays
            for i in range(len(arrays)):
                if arrays[i].shape == shape and arrays[i].dtype == dtype and sys.getrefcount(arrays[i]) == ALONE:
                    arrays.append(arrays.pop(i))
                    return arrays[-1]
            made = np.empty(shape, dtype)
            arrays.append(made)
            total = sum(array.nbytes for array in arrays)
            while total > KEPT:
                total -= arrays.pop(0).nbytes
            return made

    def clear(self) -> None:
        """Forget all arrays."""
        with self.lock:
            self.arrays.clear()

    def forked(self) -> None:
        """In a child process, where a thread that held the lock is not any more: begin anew."""
        self.lock, self.arrays = Lock(), []


def _alone() -> int:
    """What `sys.getrefcount` says of an array that only a list holds."""
    arrays = [np.empty(0)]
    for i in range(len(arrays)):
        count = sys.getrefcount(arrays[i])
    return count


ALONE = _alone()
results = Pool()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=results.forked)
