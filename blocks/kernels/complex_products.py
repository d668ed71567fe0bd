"""Products of complex numbers, each of their four products and two sums rounded by itself.

NumPy fuses a product and a sum where its vector instructions do, which depends on how the arrays lie.
"""

from __future__ import annotations

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import TensorType
from dataflow.core.dtypes import Array
from dataflow.core.shapes import broadcast, element_count


def multiply(x: Array, y: Array, out: Array | None = None) -> Array:
    """``x * y``, of any dtype; ``out`` may be one of them."""
    if x.dtype.kind != "c":
        return np.multiply(x, y, out=out)
    real = x.real * y.real
    real -= x.imag * y.imag
    imaginary = x.real * y.imag
    imaginary += x.imag * y.real
    if out is None:
        out = np.empty(real.shape, x.dtype)
    out.real, out.imag = real, imaginary
    return out


def square(x: Array, out: Array | None = None) -> Array:
    """``x * x``, of any dtype; ``out`` may be ``x``."""
    return multiply(x, x, out) if x.dtype.kind == "c" else np.square(x, out=out)


def multiply_bytes(*types: TensorType, most: int | None = None) -> int:
    """What `multiply` takes for itself, for values of known types, for ``most`` elements at most."""
    if types[0].dtype not in dtypes.complexes:
        return 0
    count = element_count(broadcast(*[t.shape for t in types])) or 0
    return min(count, most or count) * dtypes.storage(types[0].dtype).itemsize * 3 // 2
