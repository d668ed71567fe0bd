"""Gradients of resizing: the gradient of each resized pixel, added by weight to the pixels that it was made of."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.shape import Shape as ShapeOf
from blocks.array_ops.slicing import Slice
from blocks.image_ops.resampling_base import Bicubic, Bilinear, Nearest, Resampling, given_size, image_shape
from blocks.kernels.chunked import cut
from blocks.kernels.resample import Taps, WeightBand, weight_bands, weighted_sums
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.registry import blocks
from dataflow.core.scratch import ArraySpec
from dataflow.core.shapes import Shape, agree, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

ROWS, COLUMNS = 16, 32  # of the image in a band: few enough that most weights are not 0
TILE = 1 << 18  # elements of gradients to work on at a time: products of fewer are slower
FEW = 8  # channels up to which pixels are too small to multiply one by one


class ResizeGradient(Resampling, abstract=True):
    """The weights transposed: a matrix for the rows, another for the columns, each in bands along its diagonal."""

    @property
    def forward(self) -> Block:
        """The block that this is the gradient of; found by name, as that one needs this one for its own gradient."""
        return blocks[type(self).__name__.removesuffix("Grad")](**self.attrs())

    @staticmethod
    def bands(
        down: Taps, across: Taps, images: tuple[int, ...], exact: DType
    ) -> tuple[list[WeightBand], list[WeightBand]]:
        """The weights of the rows and of the columns of images of a shape."""
        _, height, width, channels = images
        if channels > FEW:
            return weight_bands(down, height, ROWS, exact), weight_bands(across, width, COLUMNS, exact)
        beside = weight_bands(across, width, max(4, COLUMNS // channels), exact)
        return weight_bands(down, height, ROWS, exact), [
            band.by_element(channels) for band in beside
        ]  # larger products

    def scratch_arrays(
        self, grads: tuple[int, ...], given: DType, shape: tuple[int, ...], dtype: DType
    ) -> tuple[int, int, list[ArraySpec]]:
        """How many images and how many of their rows to work on at once, and the memory that takes.

        For these rows, and for copies of the gradients and of the result in the dtype to compute in; of an integer
        result also its integers, before they wrap around.
        """
        (batch, rows, columns, channels), (height, width) = grads, shape[1:3]
        exact, line = _exact(dtype), columns * channels
        images = min(batch, max(1, TILE // (line * max(height, rows))))
        lines = min(height, max(1, TILE // line // ROWS) * ROWS) if images == 1 else height
        result = images * lines * width * channels * (dtype != exact)
        sizes = images * lines * line, images * rows * line * (given != exact), result
        integers: ArraySpec = (result * (dtype.kind in "iu"),), np.int64
        return images, lines, [*(((size,), exact) for size in sizes), integers]

    def bind(self, memory: Workspace, grads: TensorType, other: TensorType) -> Kernel:
        (made,), given = self.infer(grads, other), grads.sizes
        shape, dtype = made.sizes, storage(made.dtype)
        if 0 in (*given, *shape):
            return lambda grads, other, out=None: _zeros(shape, dtype, out)
        (_, height, width, channels), columns, line = shape, given[2], given[2] * given[3]
        taps = self.taps(height, given[1]), self.taps(width, given[2])
        down, across = self.bands(*taps, shape, _exact(dtype))
        images, step, wanted = self.scratch_arrays(given, storage(grads.dtype), shape, dtype)
        lines, copy, result, whole = memory.arrays(*wanted)
        lines = lines.reshape(images, step, line)
        memory.borrowed += sum(index.nbytes + weight.nbytes for each in taps for index, weight in each)
        memory.kept += sum(band.weights.nbytes for bands in (down, across) for band in bands)
        parts = [
            (some, rows, [band for band in down if rows.start <= band.pixels.start < rows.stop])
            for some, rows in product(cut(given[0], images), cut(height, step))
        ]

        def kernel(grads: Array, other: Array, out: Array | None = None) -> Array:
            out = np.empty(shape, dtype) if out is None else out
            for some, rows, bands in parts:
                # products of other strides add in other orders
                values = np.ascontiguousarray(grads[some]).reshape(-1, given[1], line)
                if copy.size:
                    values = _converted(values, copy)
                target = out[some, rows]
                computed = result[: target.size].reshape(target.shape) if result.size else target
                between = lines[: len(target), : target.shape[1]]
                weighted_sums(values, bands, between, rows.start)
                if channels <= FEW:
                    weighted_sums(
                        between.reshape(1, -1, line).swapaxes(1, 2),
                        across,
                        computed.reshape(1, -1, width * channels).swapaxes(1, 2),
                    )
                else:
                    weighted_sums(between.reshape(-1, columns, channels), across, computed.reshape(-1, width, channels))
                if whole.size:
                    computed = _converted(computed, whole)  # an integer wraps around, a float does not
                if computed is not target:
                    np.copyto(target, computed, casting="unsafe")
            return out

        return kernel


def _zeros(shape: tuple[int, ...], dtype: DType, out: Array | None) -> Array:
    made = np.empty(shape, dtype) if out is None else out
    made.fill(0)
    return made


def _converted(values: Array, buffer: Array) -> Array:
    """The values in the dtype of the buffer."""
    copy = buffer[: values.size].reshape(values.shape)
    np.copyto(copy, values, casting="unsafe")
    return copy


def _exact(dtype: DType) -> DType:
    """The dtype to compute in: float64 holds sums of integers exactly, and BLAS knows it."""
    return np.dtype(np.float64) if dtype.kind in "iu" else dtypes.compute(dtype)


class LikeImage(ResizeGradient, abstract=True):
    """A gradient that is given the image for its shape and dtype."""

    T: ClassVar[Any] = dtypes.floating
    grads = In("float32", "gradient by the resized images, [batch, rows, columns, channels]")
    original_image = In("T", "the images before, [batch, height, width, channels]", like=True)
    output = Out("T", "gradient by `original_image`")

    def shape_of(self, grads: TensorType, original_image: TensorType) -> Shape:
        after, before = image_shape(self, "grads", grads), image_shape(self, "original_image", original_image)
        if not (agree(after[0], before[0]) and agree(after[3], before[3])):
            raise self.error(
                f"input 'grads' must have the batch and channels of 'original_image', {show(before)}, got {show(after)}"
            )
        return before

    def grad(self, grads: Wire, original_image: Wire, output: Wire, dy: Wire) -> Any:
        return self.forward(dy, size_of(grads)), None


class ResizeBilinearGrad(LikeImage, Bilinear):
    """Gradient of ResizeBilinear, ``output = rows.T @ grads @ columns`` with the weights it took.

    Also in float64 TensorFlow's weights and sums have the digits of float32.

    >>> ResizeBilinearGrad()(np.ones((1, 1, 4, 1), "float32"), np.zeros((1, 1, 2, 1), "float32")).ravel()
    array([1.5, 2.5], dtype=float32)

    Source: tf.raw_ops.ResizeBilinearGrad.
    """


class ResizeBicubicGrad(LikeImage, Bicubic):
    """Gradient of ResizeBicubic, ``output = rows.T @ grads @ columns`` with the weights it took.

    Also in float64 TensorFlow's weights and sums have the digits of float32.

    >>> ResizeBicubicGrad()(np.ones((1, 1, 4, 1), "float32"), np.zeros((1, 1, 2, 1), "float32")).ravel()
    array([1.40625, 2.59375], dtype=float32)

    Source: tf.raw_ops.ResizeBicubicGrad.
    """

    T = ("float32", "float64")


class ResizeNearestNeighborGrad(ResizeGradient, Nearest):
    """Gradient of ResizeNearestNeighbor, ``output[near(i)] += grads[i]`` on zeros.

    Integers wrap around.

    >>> ResizeNearestNeighborGrad()(np.ones((1, 1, 4, 1), "float32"), [1, 2]).ravel()
    array([2., 2.], dtype=float32)

    Source: tf.raw_ops.ResizeNearestNeighborGrad.
    """

    T = ("uint8", "int8", "int32", *dtypes.floating)
    grads = In("T", "gradient by the resized images, [batch, rows, columns, channels]")
    size = In("int32", "height and width of the images before", shape=(2,), static=True)
    output = Out("T", "gradient by the images before")

    def shape_of(self, grads: TensorType, size: TensorType) -> Shape:
        batch, _, _, channels = image_shape(self, "grads", grads)
        return (batch, *given_size(self, size), channels)

    def grad(self, grads: Wire, size: Wire, output: Wire, dy: Wire) -> Any:
        return self.forward(dy, size_of(grads))


def size_of(images: Wire) -> Any:
    """Height and width of images, as numbers where they are known."""
    sizes = (None,) if images.shape is None else images.shape[1:3]
    return list(sizes) if all(isinstance(n, int) for n in sizes) else Slice()(ShapeOf()(images), [1], [2])
