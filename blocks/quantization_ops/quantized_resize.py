"""Images of quantized numbers in another size, in fixed point."""

from __future__ import annotations

from math import prod

import numpy as np

from blocks.image_ops.resampling_base import Bilinear, given_size, image_shape
from blocks.image_ops.resize import ResizeBilinear
from blocks.kernels import resample_loops
from blocks.kernels.resample import Parts, Taps
from dataflow.core.block import In, Out, Shape, TensorType
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.workspace import Kernel, Workspace

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

    def bind(self, memory: Workspace, images: TensorType, size: TensorType, *ends: TensorType) -> Kernel:
        (made, *_), dtype = self.infer(images, size, *ends), storage(images.dtype)
        resize = self._bind_resize(memory, images, size, made.sizes)

        def kernel(
            images: Array, size: Array, min: Array, max: Array, out: Array | None = None
        ) -> tuple[Array, Array, Array]:
            out = np.empty(made.sizes, dtype) if out is None else out
            resize(images, size, out=out)
            return out, min.copy(), max.copy()

        return kernel

    def _bind_resize(self, memory: Workspace, images: TensorType, size: TensorType, resized: tuple[int, ...]) -> Kernel:
        if images.dtype == "float32":
            kernel: Kernel = ResizeBilinear(**self.attrs()).bind(memory, images, size)
            return kernel
        if resized == images.sizes or 0 in resized:
            return lambda images, size, out: np.copyto(out, images) if out.size else None
        given = storage(images.dtype)
        bits, dtype = FRACTION[given], WIDE[given]
        taps = [self.taps(images.sizes[axis], resized[axis]) for axis in (1, 2)]
        down, across = ([(i, (w * np.float32(1 << bits)).astype(dtype)) for i, w in each] for each in taps)
        if memory.compiled and prod(resized) > resample_loops.SMALL:
            loop = resample_loops.bind_loop(
                memory, resample_loops.interpolate_whole, images.sizes, resized, (down, across), dtype
            )
            return lambda images, size, out: loop(images, out)
        parts = Parts(images.sizes, resized, taps[0])
        memory.borrowed += self._taken(parts, images)
        memory.kept += parts.taps_bytes()
        bound = [(part, [(i[part.rows] - part.lines.start, w[part.rows]) for i, w in down]) for part in parts]

        def resize(images: Array, size: Array, out: Array) -> None:
            for (batch, rows, lines), down in bound:
                _interpolated(_widened(images[batch, lines], across, bits, dtype), down, bits, out[batch, rows])

        return resize

    @staticmethod
    def _taken(parts: Parts, images: TensorType) -> int:
        """Bytes of the arrays that are made for a part."""
        lines = parts.images * max(part.lines.stop - part.lines.start for part in parts)
        whole, rows = lines * parts.line, parts.images * parts.rows * parts.line
        wide, taken, copied = WIDE[storage(images.dtype)].itemsize, 1, 0
        if images.dtype == "qint32":
            taken, copied = 4, 4 * lines * prod(images.sizes[2:])
        return int(max(copied + whole * (2 * wide + taken), (whole + 3 * rows) * wide))


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
