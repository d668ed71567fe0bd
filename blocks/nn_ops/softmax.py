"""Numbers to probabilities along the last axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from blocks.math_ops.exponential import Exp
from blocks.math_ops.reduction import Sum, rounded
from dataflow import dtypes
from dataflow.block import In, Out, TensorType
from dataflow.kinds import Opaque
from dataflow.shapes import Shape


class Softmax(Opaque):
    """Exponentials over the last axis, divided by their sum, ``exp(logits) / sum(exp(logits))``.

    The largest logit is subtracted first, so that nothing overflows. NaN where a row has a NaN or inf, or is all -inf.

    >>> Softmax()([[0.0, 0.0], [0.0, 100.0]]).round(3)
    array([[0.5, 0.5],
           [0. , 1. ]], dtype=float32)

    Source: tf.nn.softmax.
    """

    T = dtypes.floating
    logits = In("T", "values with at least one dim")
    softmax = Out("T", "same shape as `logits`, positive, with sum 1 along the last axis")
    reuses = ("logits",)

    def shape_of(self, logits: TensorType) -> Shape:
        if logits.shape == ():
            raise self.error("input 'logits' must have at least one dim, got a scalar")
        return logits.shape

    def kernel(self, logits: Any, out: Any = None) -> Any:
        shifted = _shifted(logits, out)
        np.exp(shifted, shifted)
        shifted /= _row_sums(shifted)
        return shifted if shifted is out else rounded(shifted, logits.dtype, out)

    def grad(self, logits: Any, softmax: Any, dy: Any) -> Any:
        return (dy - Sum(keep_dims=True)(dy * softmax, -1)) * softmax


class LogSoftmax(Softmax):
    """Logarithm of the softmax over the last axis, ``logits - log(sum(exp(logits)))``.

    The largest logit is subtracted first, so that nothing overflows. NaN where a row has a NaN or inf, or is all -inf.

    >>> LogSoftmax()([0.0, 0.0]).round(3)
    array([-0.693, -0.693], dtype=float32)

    Source: tf.nn.log_softmax.
    """

    logsoftmax = Out("T", "same shape as `logits`, at most 0")

    def kernel(self, logits: Any, out: Any = None) -> Any:
        shifted = _shifted(logits, out)
        shifted -= np.log(_row_sums(np.exp(shifted)))
        return shifted if shifted is out else rounded(shifted, logits.dtype, out)

    def grad(self, logits: Any, logsoftmax: Any, dy: Any) -> Any:
        return dy - Sum(keep_dims=True)(dy, -1) * Exp()(logsoftmax)


def _shifted(logits: Any, out: Any) -> Any:
    """``logits - max(logits)`` by row, in the dtype to compute in; in ``out`` where that has this dtype."""
    logits = logits.astype(dtypes.compute_dtype(logits.dtype.name), copy=False)
    largest = np.maximum.reduce(logits, -1, keepdims=True, initial=-np.inf)
    return np.subtract(logits, largest, out if out is not None and out.dtype == logits.dtype else None)


def _row_sums(exponentials: Any) -> Any:
    return np.add.reduce(exponentials, -1, np.float64, keepdims=True).astype(exponentials.dtype)
