"""Rounding to whole numbers, through which no gradient flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Unary


class Floor(Unary):
    """The whole number at or below, ``floor(x)``.

    >>> Floor()([1.5, -1.5])
    array([ 1., -2.], dtype=float32)

    Source: tf.math.floor.
    """

    found_by = ("round down",)
    monotone = True
    ufunc = np.floor
    grad = None


class Ceil(Unary):
    """The whole number at or above, ``ceil(x)``.

    >>> Ceil()([1.5, -1.5])
    array([ 2., -1.], dtype=float32)

    Source: tf.math.ceil.
    """

    found_by = ("round up", "ceiling")
    monotone = True
    ufunc = np.ceil
    grad = None


class Rint(Unary):
    """The nearest whole number, ``rint(x)``.

    A half goes to the even neighbour.

    >>> Rint()([0.5, 1.5, -1.2])
    array([ 0.,  2., -1.], dtype=float32)

    Source: tf.math.rint.
    """

    found_by = ("round half to even",)
    monotone = True
    ufunc = np.rint
    grad = None


class Round(Unary):
    """The nearest whole number, ``round(x)``; integers stay as they are.

    A half goes to the even neighbour. TensorFlow's CPU kernel makes zeros of all integers.

    >>> Round()([0.5, 1.5, -1.2])
    array([ 0.,  2., -1.], dtype=float32)

    Source: tf.math.round.
    """

    found_by = ("round half to even",)
    monotone = True
    T = dtypes.floating + dtypes.signed
    reuses = ("x",)
    grad = None

    def kernel_for(self, dtype: DType) -> Callable[..., Any]:
        return np.positive if dtype.kind == "i" else np.rint

    def kernel(self, x: Array, out: Array | None = None) -> Any:
        return self.kernel_for(x.dtype)(x, out)
