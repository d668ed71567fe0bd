"""Remainders of divisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Binary
from dataflow.core.wire import Wire


class Mod(Binary):
    """Remainder of a division rounded toward zero, ``x - y * trunc(x / y)``; it has the sign of ``x``.

    An integer by zero is an error; a float by zero, or an infinite ``x``, gives NaN.

    >>> Mod()([7, -7, 7], [3, 3, -3])
    array([ 1, -1,  1], dtype=int32)

    Source: tf.raw_ops.Mod.
    """

    found_by = ("remainder", "fmod")
    T = ("int32", "int64", *dtypes.floating)
    reuses = ("x", "y")

    def kernel_for(self, dtype: DType) -> Callable[..., Any]:
        return self.kernel if dtype.kind == "i" else np.fmod

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Array:
        if y.dtype.kind == "i" and not y.all():
            raise self.error("input 'y' must not be 0 for integers, got 0; convert both with Cast to float")
        return np.fmod(x, y, out)

    def grad(self, x: Wire, y: Wire, z: Wire, dy: Wire) -> tuple[Wire, Wire]:
        return dy, dy * ((z - x) / y)
