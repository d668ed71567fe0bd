"""Images of quantized numbers in another size, in fixed point."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from blocks.image_ops.resampling_base import Bilinear, given_size, image_shape
from blocks.image_ops.resize import ResizeBilinear
from blocks.kernels.resample import Parts, Taps
from dataflow.core.block import In, Out, Shape, TensorType
from dataflow.core.dtypes import Array, DType, storage

FRACTION = {np.dtype(np.uint8): 7, np.dtype(np.int32): 30}  # bits of a weight
WIDE: dict[DType, DType] = {np.dtype(np.uint8): np.dtype(np.int32), np.dtype(np.int32): np.dtype(np.int64)}


class QuantizedResizeBilinear(Bilinear):
    """Images of quantized numbers in another size, ``before + (behind - before) * part`` of the pixels around a place.

    Weights have 7 bits for quint8 and 30 for qint32, whose numbers are rounded to 24 bits first. Between columns
    nothing is rounded; of the difference of two rows the fraction is left out; the result is ``trunc(x + 0.5)``, so
    that a negative qint32 may come out one too high. Images of the same size are copied. float32 is resized as by
    ResizeBilinear, while the reference reads it as numbers of 32 bits and gives none that mean anything; nor does it
    give a range for images without elements.

    >>> QuantizedResizeBilinear()(np.array([[[[10], [30]]]], np.uint8), [1, 4], -1.0, 1.0).resized_images.ravel()
    array([10, 20, 30, 30], dtype=uint8)

    Source: tf.raw_ops.QuantizedResizeBilinear.
    """

    found_by = ("scale images", "interpolate", "upsample")
    T = ("quint8", "qint32", "float32")
    images = In("T", "images, [batch, height, width, channels]")
    size = In("int32", "height and width of the result", shape=(2,), static=True)
    min = In("float32", "value of the lowest number", shape=())
    max = In("float32", "value of the highest number", shape=())
    resized_images = Out("T", "[batch, *size, channels]")
    out_min = Out("float32", "`min`", shape=())
    out_max = Out("float32", "`max`", shape=())
    grad = None

    def shape_of(self, images: TensorType, size: TensorType, *ends: TensorType) -> Shape:
        batch, _, _, channels = image_shape(self, "images", images)
        return (batch, *given_size(self, size), channels)

    def kernel(
        self, images: Array, size: Array, min: Array, max: Array, out: Array | None = None
    ) -> tuple[Array, Array, Array]:
        if out is None:
            shape: Any = self.shape_of(TensorType.of(images), TensorType.of(size))
            out = np.empty(shape, images.dtype)
        if images.dtype == np.float32:
            ResizeBilinear(**self.attrs()).kernel(images, size, out)
        elif out.shape == images.shape:
            np.copyto(out, images)
        elif out.size:
            self._resize(images, out)
        return out, min.copy(), max.copy()

    def _resize(self, images: Array, out: Array) -> None:
        bits, dtype = FRACTION[images.dtype], WIDE[images.dtype]
        down, across = ([(i, self._weight(w, bits, dtype)) for i, w in taps] for taps in self._taps(images, out))
        for batch, rows, lines in self._parts(images.shape, out.shape):
            taps = [(i[rows] - lines.start, w[rows]) for i, w in down]
            _interpolated(_widened(images[batch, lines], across, bits, dtype), taps, bits, out[batch, rows])

    def _weight(self, weight: Array, bits: int, dtype: DType) -> Array:
        return (weight * np.float32(1 << bits)).astype(dtype)

    def _taps(self, images: Array, out: Array) -> Any:
        return [self.taps(images.shape[axis], out.shape[axis]) for axis in (1, 2)]

    def _parts(self, shape: tuple[int, ...], resized: tuple[int, ...]) -> Parts:
        return Parts(shape, resized, self.taps(shape[1], resized[1]))

    def workspace(self, images: TensorType, size: TensorType, *ends: TensorType) -> int:
        (made, *_) = self.infer(images, size, *ends)
        if not made.known or 0 in made.sizes or made.sizes == images.sizes:
            return 0
        if images.dtype == "float32":
            return ResizeBilinear(**self.attrs()).workspace(images, size)
        parts = self._parts(images.sizes, made.sizes)
        lines = parts.images * max(part.lines.stop - part.lines.start for part in parts)
        whole, rows = lines * parts.line, parts.images * parts.rows * parts.line
        wide, taken, copied = WIDE[storage(images.dtype)].itemsize, 1, 0
        if images.dtype == "qint32":
            taken, copied = 4, 4 * lines * prod(images.sizes[2:])
        return int(max(copied + whole * (2 * wide + taken), (whole + 3 * rows) * wide)) + parts.taps_bytes()


def _widened(source: Array, across: Taps, bits: int, dtype: DType) -> Array:
    """Lines of images at their new width, with so many more bits."""
    # on their way to 64 bits the reference takes numbers through float32
    source = source.astype(np.float32) if source.dtype == np.int32 else source
    (left, _), (right, part) = across
    wide = source.take(left, 2).astype(dtype)
    behind = source.take(right, 2).astype(dtype)
    behind -= wide
    behind *= part[:, None]
    wide <<= bits
    wide += behind
    return wide


def _interpolated(wide: Array, down: Taps, bits: int, out: Array) -> None:
    """Write the rows between lines, without the further bits."""
    (upper, _), (lower, part) = down
    top, bottom = wide.take(upper, 1), wide.take(lower, 1)
    buffer = np.empty_like(top)
    bottom -= top
    _truncate(bottom, bits, buffer)
    bottom *= part[:, None, None]
    top += bottom
    top += 1 << bits - 1
    _truncate(top, bits, buffer)
    np.copyto(out, top, casting="unsafe")


def _truncate(x: Array, bits: int, buffer: Array) -> None:
    """``trunc(x / 2**bits)`` in place."""
    np.right_shift(x, 8 * x.itemsize - 1, out=buffer)
    np.bitwise_and(buffer, (1 << bits) - 1, out=buffer)
    x += buffer
    x >>= bits
