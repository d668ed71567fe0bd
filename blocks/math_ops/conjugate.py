"""Complex conjugates."""

from __future__ import annotations

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import In, Out
from dataflow.core.kinds import Unary
from dataflow.core.wire import Wire


def conj(x: Wire) -> Wire:
    """The complex conjugate of a wire; a real wire is its own."""
    return Conj()(x) if x.dtype in dtypes.complexes else x


class Conj(Unary):
    """Complex conjugate, ``real(input) - i * imag(input)``.

    >>> Conj()([1 + 2j])
    array([1.-2.j], dtype=complex64)

    Source: tf.math.conj.
    """

    found_by = ("conjugate",)
    T = dtypes.complexes
    ufunc = np.conjugate
    input = In("T", "values, any shape")
    output = Out("T", "same shape as `input`")

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Wire:
        return Conj()(dy)
