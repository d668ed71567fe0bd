"""Conversion from one dtype to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from blocks.kernels.chunked import in_parts, part_bytes
from blocks.kernels.half import convert, convert_bytes
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.kinds import Elementwise
from dataflow.core.ranges import Range, limits
from dataflow.core.wire import Wire

Number = np.number[Any]
_BY_INT64 = ("uint32", "int64", "uint64")
_DIFFERENTIABLE = dtypes.floating + dtypes.complexes
_CUT_BITS = {
    ("float64", "float32"): 52 - 23,
    ("float64", "float16"): 52 - 10,
    ("float32", "float16"): 23 - 10,
    ("float32", "bfloat16"): 23 - 7,
}


def _as_it_is(x: Number) -> Number:
    return x


def _by_int32(x: Number) -> Number:
    return np.int32(x)


def _by_int64(x: Number) -> Number:
    return np.int64(x)


def _unlike_zero(x: Number, zero: Number) -> np.bool_:
    return x != zero


class Cast(Elementwise):
    """The same values in another dtype, ``DstT(x)``.

    Floats are rounded to the nearest, halves to the even one: what is too large becomes infinity, NaN in float8_e4m3fn
    and float8_e8m0fnu, and the largest number in the formats of 4 and 6 bits. Those of 4 and 6 bits have no NaN: it
    becomes -0.0; float8_e8m0fnu has powers of two alone, NaN stands there for zero and what is negative. Floats become
    integers toward zero; integers that do not fit wrap around, and of a complex number the real part is kept. To bool,
    everything but zero is true. What NaN, an infinity or a float that does not fit becomes as an integer
    is left to the processor. On the way to complex numbers ``Truncate`` does nothing; TensorFlow's kernel cuts off
    nearly all digits.

    >>> Cast(DstT="int32")([1.7, -1.7])
    array([ 1, -1], dtype=int32)

    Source: tf.cast.
    """

    found_by = ("convert", "dtype", "astype", "to float")
    SrcT = dtypes.every
    x = In("SrcT", "values, any shape")
    y = Out("DstT", "same shape as `x`")
    DstT: Dtype = attr("dtype to convert to")
    Truncate: bool = attr(
        "cut off the digits that do not fit instead of rounding them: from float64 to float32 or float16, from float32 "
        "to float16 or bfloat16",
        default=False,
    )

    @property
    def rounds_once(self) -> bool:
        return self.DstT != "uint32"  # an infinity of float16 becomes another number than in NumPy

    @property
    def element(self) -> Callable[..., Any] | None:
        if self.Truncate or self.DstT in dtypes.floating:
            return None if self.Truncate else _as_it_is
        # floats become small integers by way of large ones, whose last bits are kept, as in NumPy
        return _unlike_zero if self.DstT == "bool" else _by_int64 if self.DstT in _BY_INT64 else _by_int32

    def element_args(self, dtype: DType, precomputed: None) -> tuple[Any, ...] | None:
        if self.DstT == "uint64" and dtype.kind == "f":
            return None  # what does not fit gets other values
        return (dtype.type(0),) if self.DstT == "bool" else ()

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        dtype = dtypes.storage(self.DstT)
        truncate = self.Truncate
        if x.dtype.kind == "c" and dtype.kind != "c":
            x = x.real
            truncate = truncate and self.DstT != "bfloat16"  # complex numbers are rounded to that all the same
        if truncate and (cut := _CUT_BITS.get((dtypes.name_of(x.dtype), self.DstT))):
            bits = f"i{x.itemsize}"
            cut_off = np.bitwise_and(x.view(bits), np.array(-1 << cut, bits)).view(x.dtype)
            if np.isinf(cut_off).any():
                np.copyto(cut_off, x, where=np.isnan(x))  # the bits that distinguish NaN may have been cut off
            x = cut_off
        if {self.DstT, dtypes.name_of(x.dtype)} & {*dtypes.narrow}:
            out = np.empty(x.shape, dtype) if out is None else out
            return in_parts(self._of_storage, out, x)
        if self.DstT == "uint32" and dtypes.name_of(x.dtype) in dtypes.floating:
            # by way of int64: what does not fit gets other values in NumPy's vector loop than in what that leaves over
            out = np.empty(x.shape, dtype) if out is None else out
            return np.positive(x, out, dtype=np.int64, casting="unsafe")
        return convert(x, np.empty_like(x, dtype) if out is None else out)

    def _of_storage(self, x: Array, out: Array) -> None:
        """From or to a format of 2 to 8 bits."""
        if self.DstT in dtypes.narrow_floats:
            np.copyto(out, dtypes.rounded(x, out.dtype))
            return
        x = dtypes.widened(x)
        if self.DstT in dtypes.narrow_integers and x.dtype.kind not in "iub":
            x = x.astype(np.int32)  # whose last bits are kept
        np.copyto(out, x, casting="unsafe")

    def workspace(self, x: TensorType) -> int:
        return part_bytes(32, x) if {self.DstT, x.dtype} & {*dtypes.narrow} else convert_bytes(x, self.DstT)

    def bound(self, x: Range) -> Range | None:
        given, made = x.low.dtype, dtypes.storage(self.DstT)
        if made.kind == "b" or given.kind == "b" or {self.DstT, dtypes.name_of(given)} & {*dtypes.narrow}:
            return None
        if self.DstT not in dtypes.floating:
            low, high = limits(self.DstT)
            if not (np.all(x.low >= low) and np.all(x.high <= high)):
                return None
        ends = Range(self.kernel(x.low), self.kernel(x.high))
        return replace(ends, units=x.whole if self.DstT in dtypes.floating else None)

    def grad(self, x: Wire, y: Wire, dy: Wire) -> Wire | None:
        if x.dtype in _DIFFERENTIABLE and y.dtype in _DIFFERENTIABLE:
            return Cast(DstT=x.dtype)(dy)
        return None
