"""What all optimizers have in common: the next value of each element follows from that element alone."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

import numpy as np

from blocks.kernels.chunked import SMALL, TILE
from blocks.math_ops.exponential import Rsqrt
from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.kinds import Update
from dataflow.core.scratch import one_array_bytes, scratch

rsqrt = Rsqrt().kernel


def toward(mean: Any, value: Any, share: Any, out: Any) -> None:
    """A mean moved by a share of its distance from a value, written to ``out``, which may be the value."""
    np.add(mean, np.multiply(np.subtract(value, mean, out), share, out), out)


class Optimizer(Update, abstract=True):
    """A step for one variable and what is kept beside it, done tile by tile.

    A subclass writes ``step``, which takes what the kernel does, an array for each output to write it to, and as many
    arrays to work in as ``scratch_arrays`` says.
    """

    T = dtypes.floating
    scratch_arrays: ClassVar[int] = 1
    step: ClassVar[Any]

    def kernel(self, *arrays: Any) -> Any:
        shape, dtype, size = arrays[0].shape, arrays[0].dtype, arrays[0].size
        outs = [np.empty(shape, dtype) for _ in self.signature.outputs]
        if size <= SMALL:
            self.step(*arrays, *outs, *[np.empty(shape, dtype) for _ in range(self.scratch_arrays)])
            return tuple(outs) if len(outs) > 1 else outs[0]
        flat = [a.reshape(-1) if a.ndim else a for a in (*arrays, *outs)]
        with scratch(((self.scratch_arrays, min(size, TILE)), dtype)) as (space,):
            for start in range(0, size, TILE):
                tile = slice(start, start + TILE)
                self.step(*[a[tile] if a.ndim else a for a in flat], *space[:, : size - start])
        return tuple(outs) if len(outs) > 1 else outs[0]

    def workspace(self, *types: TensorType) -> int:
        size: int = prod(types[0].shape)  # type: ignore[arg-type]
        nbytes = self.scratch_arrays * min(size, TILE) * dtypes.storage(types[0].dtype).itemsize
        return nbytes if size <= SMALL else one_array_bytes(nbytes)
