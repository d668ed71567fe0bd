"""What all optimizers have in common: the next value of each element follows from that element alone."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.math_ops.exponential import Rsqrt
from dataflow import dtypes
from dataflow.kinds import Update

SLAB = 1 << 15  # elements: of so many, all that a step makes stays in the cache
rsqrt = Rsqrt().kernel


class Optimizer(Update, abstract=True):
    """A step for one variable and what is kept beside it, done slab by slab.

    A subclass writes ``step``, a formula, which takes and returns what a kernel does.
    """

    T = dtypes.floating
    step: ClassVar[Any]

    def kernel(self, *arrays: Any) -> Any:
        like = arrays[0]
        if like.size <= SLAB:
            return self.step(*arrays)
        outs = [np.empty(like.shape, like.dtype) for _ in self.signature.outputs]
        flat_outs = [out.reshape(-1) for out in outs]
        flat = [array.reshape(-1) if array.ndim else array for array in arrays]
        for start in range(0, like.size, SLAB):
            slab = slice(start, start + SLAB)
            results = self.step(*(array[slab] if array.ndim else array for array in flat))
            for out, result in zip(flat_outs, results if len(outs) > 1 else (results,), strict=True):
                out[slab] = result
        return tuple(outs) if len(outs) > 1 else outs[0]
