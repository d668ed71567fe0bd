"""Softmax and its logarithm along the last axis."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

import numpy as np

from blocks.kernels.rowwise import Rows, bind_rows
from blocks.math_ops.exponential import Exp
from blocks.math_ops.reduction import Sum
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.ranges import Range, limits
from dataflow.core.shapes import Shape
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class Softmax(Opaque):
    """Exponentials over the last axis, divided by their sum, ``exp(logits) / sum(exp(logits))``.

    The largest logit is subtracted first, so that nothing overflows. NaN where a row has a NaN or inf, or is all -inf.

    >>> Softmax()([[0.0, 0.0], [0.0, 100.0]]).round(3)
    array([[0.5, 0.5],
           [0. , 1. ]], dtype=float32)

    Source: tf.nn.softmax.
    """

    found_by: ClassVar[tuple[str, ...]] = ("probabilities", "normalize", "activation")
    T = dtypes.floating
    logits = In("T", "values with at least one dim")
    softmax = Out("T", "same shape as `logits`, positive, with sum 1 along the last axis")
    reuses = ("logits",)
    buffers: ClassVar[int] = 0  # arrays to work in

    def bound(self, logits: Range) -> Range:
        dtype = logits.low.dtype
        return Range(dtype.type(0).reshape(()), dtype.type(1).reshape(()))

    def shape_of(self, logits: TensorType) -> Shape:
        if logits.shape == ():
            raise self.error("input 'logits' must have at least one dim, got a scalar")
        return logits.shape

    def bind(self, memory: Workspace, logits: TensorType) -> Kernel:
        sizes, dtype = logits.sizes, storage(logits.dtype)
        shape = prod(sizes[:-1]), sizes[-1]
        by_rows = bind_rows(memory, shape, dtype, self.buffers, 1, 1)

        def kernel(logits: Array, out: Array | None = None) -> Array:
            out = np.empty(sizes, dtype) if out is None else out
            by_rows(self.step, [logits.reshape(shape)], [out.reshape(shape)])
            return out

        return kernel

    def step(self, part: slice, rows: Rows, x: Array, y: Array, *buffers: Array) -> None:
        """Some rows of the result."""
        np.exp(rows.shifted(x, y), y)
        rows.divide(y, rows.sums(y).astype(y.dtype))

    def grad(self, logits: Wire, softmax: Wire, dy: Wire) -> Any:
        return (dy - Sum(keep_dims=True)(dy * softmax, -1)) * softmax


class LogSoftmax(Softmax):
    """Logarithm of the softmax over the last axis, ``logits - log(sum(exp(logits)))``.

    The largest logit is subtracted first, so that nothing overflows. NaN where a row has a NaN or inf, or is all -inf.

    >>> LogSoftmax()([0.0, 0.0]).round(3)
    array([-0.693, -0.693], dtype=float32)

    Source: tf.nn.log_softmax.
    """

    found_by = ("log probabilities", "normalize")
    logsoftmax = Out("T", "same shape as `logits`, at most 0")

    buffers = 1

    def bound(self, logits: Range) -> Range:
        dtype = logits.low.dtype
        return Range(limits(dtypes.name_of(dtype))[0], dtype.type(0).reshape(()))

    def step(self, part: slice, rows: Rows, x: Array, y: Array, *buffers: Array) -> None:
        """Some rows of the result."""
        (buffer,) = buffers
        np.exp(rows.shifted(x, y), buffer)
        rows.subtract(y, np.log(rows.sums(buffer).astype(y.dtype)), y)

    def grad(self, logits: Wire, logsoftmax: Wire, dy: Wire) -> Any:
        return dy - Sum(keep_dims=True)(dy, -1) * Exp()(logsoftmax)
