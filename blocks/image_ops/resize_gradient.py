"""Gradients of resizing: the gradient of each resized pixel, added by weight to the pixels that it was made of."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.shape import Shape as ShapeOf
from blocks.array_ops.slicing import Slice
from blocks.image_ops.resampling_base import Bicubic, Bilinear, Nearest, Resampling, given_size, image_shape
from blocks.kernels.chunked import TILE
from blocks.kernels.resample import WeightBand, weight_bands, weighted_sums
from dataflow.core import dtypes
from dataflow.core.block import Block, In, Out, TensorType
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.registry import blocks
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes
from dataflow.core.shapes import Shape, agree, show
from dataflow.core.wire import Wire

ROWS, COLUMNS = 16, 32  # of the image in a band: few enough that most weights are not 0
FEW = 8  # channels up to which pixels are too small to multiply one by one


class ResizeGradient(Resampling, abstract=True):
    """The weights transposed: a matrix for the rows, another for the columns, each in bands along its diagonal."""

    @property
    def forward(self) -> Block:
        """The block that this is the gradient of; found by name, as that one needs this one for its own gradient."""
        return blocks[type(self).__name__.removesuffix("Grad")](**self.attrs())

    def workspace(self, grads: TensorType, other: TensorType) -> int:
        (made,) = self.infer(grads, other)
        if not made.known or 0 in (*grads.sizes, *made.sizes):
            return 0
        scratch_arrays = self.scratch_arrays(grads.sizes, storage(grads.dtype), made.sizes, storage(made.dtype))
        weights = self.bands(grads.sizes, made.sizes, _exact(storage(made.dtype)))
        return scratch_bytes(*scratch_arrays) + sum(band.weights.nbytes for bands in weights for band in bands)

    def bands(
        self, grads: tuple[int, ...], images: tuple[int, ...], exact: DType
    ) -> tuple[list[WeightBand], list[WeightBand]]:
        """The weights of the rows and of the columns, for shapes of gradients and of images."""
        (_, height, width, channels), (_, rows, columns, _) = images, grads
        down, across = self.taps(height, rows), self.taps(width, columns)
        if channels > FEW:
            return weight_bands(down, height, ROWS, exact), weight_bands(across, width, COLUMNS, exact)
        beside = weight_bands(across, width, max(4, COLUMNS // channels), exact)
        return weight_bands(down, height, ROWS, exact), [
            band.by_element(channels) for band in beside
        ]  # larger products

    def scratch_arrays(
        self, grads: tuple[int, ...], given: DType, shape: tuple[int, ...], dtype: DType
    ) -> list[ArraySpec]:
        """Memory for rows of some images, and for copies of the gradients and of the result in the dtype to compute in.

        For an integer result also its integers, before they wrap around.
        """
        (batch, rows, columns, channels), (height, width) = grads, shape[1:3]
        exact, line = _exact(dtype), columns * channels
        images = min(batch, max(1, TILE // (line * max(height, rows))))
        lines = min(height, max(1, TILE // line // ROWS) * ROWS) if images == 1 else height
        result = images * lines * width * channels * (dtype != exact)
        return [
            ((images, lines, line), exact),
            ((images * (given != exact), rows, line), exact),
            ((result,), exact),
            ((result * (dtype.kind in "iu"),), np.int64),
        ]

    def by_images(self, grads: Array, output: Array) -> Array:
        """The gradient by the images, written to ``output``: the rows first, then the columns."""
        if not output.size or not grads.size:
            output.fill(0)
            return output
        (_, height, width, channels), columns, exact = output.shape, grads.shape[2], _exact(output.dtype)
        down, across = self.bands(grads.shape, output.shape, exact)
        with scratch(*self.scratch_arrays(grads.shape, grads.dtype, output.shape, output.dtype)) as (
            lines,
            copy,
            result,
            whole,
        ):
            images, step = lines.shape[:2]
            for image, row in product(range(0, len(grads), images), range(0, height, step)):
                # products of other strides add in other orders
                given = np.ascontiguousarray(grads[image : image + images])
                values = given.reshape(-1, grads.shape[1], lines.shape[2])
                if copy.size:
                    values = _converted(values, copy)
                target = output[image : image + images, row : row + step]
                made = result[: target.size].reshape(target.shape) if result.size else target
                between = lines[: len(target), : target.shape[1]]
                rows = [band for band in down if row <= band.pixels.start < row + step]
                weighted_sums(values, rows, between, row)
                if channels <= FEW:
                    weighted_sums(
                        between.reshape(1, -1, between.shape[2]).swapaxes(1, 2),
                        across,
                        made.reshape(1, -1, width * channels).swapaxes(1, 2),
                    )
                else:
                    weighted_sums(between.reshape(-1, columns, channels), across, made.reshape(-1, width, channels))
                if whole.size:
                    made = _converted(made, whole)  # an integer wraps around, a float does not
                if made is not target:
                    np.copyto(target, made, casting="unsafe")
        return output


def _converted(values: Array, buffer: Array) -> Array:
    """The values in the dtype of the buffer."""
    copy = buffer.reshape(-1)[: values.size].reshape(values.shape)
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

    def kernel(self, grads: Array, original_image: Array, out: Array | None = None) -> Array:
        return self.by_images(grads, np.empty(original_image.shape, original_image.dtype) if out is None else out)

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

    def kernel(self, grads: Array, size: Array, out: Array | None = None) -> Array:
        shape = (grads.shape[0], *size.tolist(), grads.shape[3])
        return self.by_images(grads, np.empty(shape, grads.dtype) if out is None else out)

    def grad(self, grads: Wire, size: Wire, output: Wire, dy: Wire) -> Any:
        return self.forward(dy, size_of(grads))


def size_of(images: Wire) -> Any:
    """Height and width of images, as numbers where they are known."""
    sizes = (None,) if images.shape is None else images.shape[1:3]
    return list(sizes) if all(isinstance(n, int) for n in sizes) else Slice()(ShapeOf()(images), [1], [2])
