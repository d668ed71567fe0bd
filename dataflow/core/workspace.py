"""Binding: a kernel is made ready for inputs of certain types once, with the memory that it works in.

A block with a method ``bind(memory, <a TensorType per input>)`` has no kernel of its own. It works out there all that
follows from the types, asks ``memory`` for the arrays that it works in, and returns the kernel: the arithmetic alone.
A plan binds each step when it is made ready to run; a block called on arrays keeps the kernel of its last call.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.ports import map_port
from dataflow.core.scratch import ALIGNMENT, ArraySpec, Scratch, aligned
from dataflow.core.shapes import TensorType
from dataflow.core.thread_pool import thread_limit

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from dataflow.core.block import Block
    from dataflow.core.random import Key
    from dataflow.core.typing_rules import OperandType

KEPT = 1 << 20  # bytes up to which a block called on arrays keeps the memory that its kernel is bound to
Kernel = Callable[..., Any]
_CELL = np.zeros(ALIGNMENT, np.uint8)


class Workspace:
    """Memory for a kernel that is bound: arrays of one dim, which hold anything at each call, as others work there too.

    Without ``space`` it is only counted what is asked for; arrays then have all their elements in one place.

    nbytes : of the arrays so far.
    borrowed : bytes that the kernel will take by itself while it runs.
    kept : bytes of what it works out once and keeps, such as weights.
    compiled : whether it may be a compiled loop (`dataflow.core.evaluator.jit_loop`), of which the bits are the same.
    """

    def __init__(self, space: Array | None = None, compiled: bool = False):
        self.space, self.compiled = space, compiled
        self.nbytes = self.borrowed = self.kept = 0

    def arrays(self, *wanted: ArraySpec) -> list[Array]:
        """Arrays of these shapes, of one dim, and dtypes."""
        return [self.array(size, dtype) for (size,), dtype in wanted]

    def array(self, size: int, dtype: DTypeLike) -> Array:
        """An array of so many elements."""
        start, stored = self.nbytes, np.dtype(dtype)
        self.nbytes += -(-size * stored.itemsize // ALIGNMENT) * ALIGNMENT
        if self.space is None:
            return np.ndarray((size,), stored, _CELL, 0, (0,))
        return np.ndarray((size,), stored, self.space, start if size else 0)


def counted(block: Block, types: Sequence[OperandType], compiled: bool = False) -> Workspace:
    """The memory that a block binds for inputs of these types, as a number."""
    memory = Workspace(compiled=compiled)
    _bind(block)(memory, *types)
    return memory


def call(block: Block, arrays: Sequence[Any], out: Array | None = None, **drawn_by: Key) -> Any:
    """What the kernel of a block that binds gives for these arrays, in port order; by a ``key`` if it draws numbers."""
    key = get_ident(), thread_limit(), *likes(block, arrays)
    last = block.__dict__.get("_bound")
    if last is not None and last[0] == key:
        return last[1](*arrays, out=out, **drawn_by)
    types = [map_port(TensorType.of, array) for array in arrays]
    memory = counted(block, types)
    if memory.nbytes + memory.kept > KEPT:
        with Scratch() as empty:
            bound = _bind(block)(Workspace(empty((memory.nbytes,), np.uint8)), *types)
            return bound(*arrays, out=out, **drawn_by)
    kernel = _bind(block)(Workspace(aligned(memory.nbytes)), *types)
    block.__dict__["_bound"] = key, kernel  # one tuple, so that other threads never see half of it
    return kernel(*arrays, out=out, **drawn_by)


def _bind(block: Block) -> Callable[..., Any]:
    """How a block binds, or how its base does, where it has a kernel that calls the one bound there."""
    bind: Callable[..., Any] = block.bind or block.written_bind
    return bind


def likes(block: Block, arrays: Sequence[Any]) -> list[Hashable]:
    """What a kernel is bound for: dtypes and shapes, and the values of static inputs."""
    found: list[Hashable] = []
    for port, given in zip(block.signature.inputs.values(), arrays, strict=True):
        if isinstance(given, tuple):
            found.append(len(given))
        for array in given if isinstance(given, tuple) else (given,):
            if array is None:
                found.append(None)
            elif port.static:
                found += array.dtype, array.shape, array.tobytes()
            else:
                found += array.dtype, array.shape
    return found
