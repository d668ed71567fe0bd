"""Images in another size."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, ClassVar

import numpy as np

from blocks.image_ops.resampling_base import Bicubic, Bilinear, Nearest, Resampling, given_size, image_shape
from blocks.image_ops.resize_gradient import ResizeBicubicGrad, ResizeBilinearGrad, ResizeNearestNeighborGrad, size_of
from blocks.kernels import resample_loops
from blocks.kernels.resample import Parts, Taps, columns, gather
from blocks.kernels.window_ranges import averaged, by_channel
from blocks.math_ops.cast import Cast
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array, storage
from dataflow.core.numpy_state import in_short_runs
from dataflow.core.ranges import Range
from dataflow.core.shapes import Shape
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

LOOPED = tuple(map(storage, ("uint8", "float32", "float64")))  # dtypes of pixels that loops convert as NumPy does
PIXELS = ("int8", "uint8", "int16", "uint16", "int32", "int64", *dtypes.floating)


class Resizing(Resampling, abstract=True):
    """Images resized to a given size: the columns first, then the rows.

    A subclass writes ``interpolate(taps, source, target, buffer)``, which makes pixels of those along the second dim of
    the source; the buffer has one dim and is as large as the target. ``loop`` is one of `resample_loops` that does so.
    """

    T: ClassVar[Any] = PIXELS
    images = In("T", "images, [batch, height, width, channels]")
    size = In("int32", "height and width of the result", shape=(2,), static=True)
    resized_images = Out("float32", "[batch, *size, channels]")
    interpolate: ClassVar[Any]
    interpolates: ClassVar[bool] = True  # whether it needs the buffer
    loop: ClassVar[Callable[..., None] | None] = None

    def shape_of(self, images: TensorType, size: TensorType) -> Shape:
        batch, _, _, channels = image_shape(self, "images", images)
        return (batch, *given_size(self, size), channels)

    def bind(self, memory: Workspace, images: TensorType, size: TensorType) -> Kernel:
        shape, given = images.sizes, storage(images.dtype)
        (made,) = self.infer(images, size)
        resized, dtype = made.sizes, storage(made.dtype)
        if 0 in resized:
            return lambda images, size, out=None: np.empty(resized, dtype) if out is None else out
        if self.loop is not None and memory.compiled and given in LOOPED and prod(resized) > resample_loops.SMALL:
            taps = self.taps(shape[1], resized[1]), self.taps(shape[2], resized[2])
            move = resample_loops.bind_loop(memory, self.loop, shape, resized, taps, dtype)
            return lambda images, size, out=None: move(images, np.empty(resized, dtype) if out is None else out)
        channels, width = shape[3], resized[2]
        across = columns(self.taps(shape[2], width), channels, dtype.itemsize)
        pixels = (channels,) if len(across[0][0]) == width else ()
        parts = Parts(shape, resized, self.taps(shape[1], resized[1]))
        wide, buffer, copy = memory.arrays(*parts.scratch_arrays(dtype, given, self.interpolates))
        memory.kept += parts.taps_bytes()
        bound = [
            (part, [(index[part.rows] - part.lines.start, weight[part.rows, None]) for index, weight in parts.down])
            for part in parts
        ]

        def kernel(images: Array, size: Array, out: Array | None = None) -> Array:
            out = np.empty(resized, dtype) if out is None else out
            for (batch, rows, lines), down in bound:
                source, target = images[batch, lines], out[batch, rows]
                if copy.size:
                    np.copyto(copy[: source.size].reshape(source.shape), source)
                    source = copy[: source.size].reshape(source.shape)
                source = source.reshape(-1, shape[2] * channels // prod(pixels), *pixels)
                between = wide[: len(source) * parts.line].reshape(-1, parts.line)
                self.interpolate(across, source, between, buffer)
                target = target.reshape(len(target), -1, parts.line)
                self.interpolate(down, between.reshape(len(target), -1, parts.line), target, buffer)
            return out

        return in_short_runs(kernel, prod(resized))


class ResizeNearestNeighbor(Resizing, Nearest):
    """Images in another size, ``resized_images[y, x] = images[near(y), near(x)]``.

    >>> ResizeNearestNeighbor()(np.array([[[[1], [2]]]]), [1, 4]).ravel()
    array([1, 1, 2, 2])

    Source: tf.image.resize.
    """

    found_by = ("scale images", "interpolate", "upsample")
    resized_images = Out("T", "[batch, *size, channels]")

    interpolates = False

    def bound(self, images: Range, size: Range) -> Range:
        return by_channel(images, images.low.ndim - 1)

    @staticmethod
    def interpolate(taps: Taps, source: Array, target: Array, buffer: Array) -> None:
        ((near, _),) = taps
        gather(source, near, target)

    def grad(self, images: Wire, size: Wire, resized_images: Wire, dy: Wire) -> Any:
        return ResizeNearestNeighborGrad(**self.attrs())(dy, size_of(images))


class ResizeBilinear(Resizing, Bilinear):
    """Images in another size, ``before + (behind - before) * part`` of the two pixels around each place.

    >>> ResizeBilinear()(np.array([[[[1.0], [3.0]]]]), [1, 4]).ravel()
    array([1., 2., 3., 3.], dtype=float32)

    Source: tf.image.resize.
    """

    found_by = ("scale images", "interpolate", "upsample")
    loop = resample_loops.interpolate

    def bound(self, images: Range, size: Range) -> Range:
        floats = Range(images.low.astype(np.float32), images.high.astype(np.float32), images.shape)
        return averaged(by_channel(floats, images.low.ndim - 1), 16)

    @staticmethod
    def interpolate(taps: Taps, source: Array, target: Array, buffer: Array) -> None:
        (before, _), (behind, part) = taps
        buffer = buffer[: target.size].reshape(target.shape)
        gather(source, before, target)
        np.subtract(gather(source, behind, buffer), target, buffer)
        np.add(target, np.multiply(buffer, part, buffer), target)

    def grad(self, images: Wire, size: Wire, resized_images: Wire, dy: Wire) -> Any:
        return ResizeBilinearGrad(**self.attrs())(dy, images)


class ResizeBicubic(Resizing, Bicubic):
    """Images in another size, ``sum(weight[i] * pixel[i])`` of the four pixels around each place, by rows and columns.

    >>> ResizeBicubic()(np.array([[[[1.0], [3.0]]]]), [1, 4]).ravel()
    array([1.    , 2.    , 3.    , 3.1875], dtype=float32)

    Source: tf.image.resize.
    """

    found_by = ("scale images", "interpolate", "upsample")
    loop = resample_loops.weigh

    @staticmethod
    def interpolate(taps: Taps, source: Array, target: Array, buffer: Array) -> None:
        buffer = buffer[: target.size].reshape(target.shape)
        for i, (index, weight) in enumerate(taps):
            part = gather(source, index, buffer if i else target)
            np.multiply(part, weight, part)
            if i:
                np.add(target, buffer, target)

    def grad(self, images: Wire, size: Wire, resized_images: Wire, dy: Wire) -> Any:
        backward = ResizeBicubicGrad(**self.attrs())
        if images.dtype in backward.T:
            return backward(dy, images)
        return Cast(DstT=images.dtype)(backward(dy, Cast(DstT="float32")(images)))
