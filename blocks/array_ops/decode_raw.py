"""Numbers read from bytes."""

from __future__ import annotations

import numpy as np

from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Shape

DECODED = (
    *("float16", "float32", "float64", "int32", "uint16", "uint8", "int16", "int8", "int64"),
    *("complex64", "complex128", "bool", "bfloat16"),
)


class DecodeRaw(Opaque):
    """The numbers that bytes are the memory of, ``output[i] = bytes[i * size : (i + 1) * size]`` read as one number.

    There is no dtype for text here: a string is a row of bytes, the last dim of an array of uint8, and all strings of
    an array have one length. It must be a multiple of the size of a number. Where there are no strings the last dim is
    what it is for others; TensorFlow makes it 0.

    >>> DecodeRaw(out_type="int16")([1, 0, 255, 255])
    array([ 1, -1], dtype=int16)

    Source: tf.io.decode_raw.
    """

    found_by = ("bytes", "frombuffer")
    bytes = In("uint8", "rows of bytes along the last dim")
    output = Out("out_type", "the shape of `bytes`, the last dim shorter by the size of a number")
    out_type: Dtype = attr("dtype of the numbers", choices=DECODED)
    little_endian: bool = attr("the lowest byte of a number comes first; else it comes last", default=True)
    grad = None

    def shape_of(self, bytes: TensorType) -> Shape:
        if bytes.shape is None:
            return None
        if not bytes.shape:
            raise self.error("input 'bytes' must have at least one dim, the bytes of a string, got a scalar")
        *lead, length = bytes.shape
        size = dtypes.storage(self.out_type).itemsize
        if not isinstance(length, int):
            return (*lead, length if size == 1 else None)
        if length % size:
            raise self.error(
                f"input 'bytes' must have rows of a multiple of {size} bytes, the size of {self.out_type}, got {length}"
            )
        return (*lead, length // size)

    def kernel(self, bytes: Array) -> Array:
        target = dtypes.storage(self.out_type)
        shape = (*bytes.shape[:-1], bytes.shape[-1] // target.itemsize)
        if self.out_type == "bool":
            return bytes != 0
        if target.itemsize == 1:
            return bytes.astype(target)
        width = target.itemsize // (1 + (target.kind == "c"))  # both parts of a complex number have their own order
        rows = bytes.reshape(-1, width)
        output = np.empty(shape, target)
        output.reshape(-1).view(np.uint8).reshape(rows.shape)[...] = rows if self.little_endian else rows[:, ::-1]
        return output
