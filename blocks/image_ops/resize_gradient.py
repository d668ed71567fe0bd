"""Gradients of resized images: what each pixel of the result gave back to the pixels that it was made of."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.shape_ops import Shape
from blocks.array_ops.slicing import Slice
from blocks.image_ops.sampling import Bicubic, Bilinear, Nearest, Resampling, f32, given_size, image_shape
from dataflow import dtypes
from dataflow.block import In, Out, TensorType
from dataflow.registry import blocks
from dataflow.shapes import agree, show


class ResizeGradient(Resampling, abstract=True):
    """The weights transposed: a matrix for the rows, another for the columns."""

    @property
    def forward(self) -> Any:
        """The block that this is the gradient of; found by name, as that one needs this one for its own gradient."""
        return blocks[type(self).__name__.removesuffix("Grad")](**self.attrs())

    def weights(self, size: int, resized: int, dtype: Any) -> Any:
        """How much each pixel of the image, [size], got into each pixel of the resized one, [resized]."""
        matrix = np.zeros((resized, size), f32)
        rows = np.arange(resized)
        for index, weight in self.taps(size, resized):
            matrix[rows, index] += weight
        return matrix.astype(dtype)

    def pulled(self, grads: Any, height: int, width: int, exact: Any) -> Any:
        """The gradient by the image, computed in the given dtype: rows first, then columns."""
        batch, rows, cols, channels = grads.shape
        values = grads.astype(exact, copy=False).reshape(batch, rows, cols * channels)
        folded = np.matmul(self.weights(height, rows, exact).T, values).reshape(batch, height, cols, channels)
        lines = np.ascontiguousarray(folded.swapaxes(2, 3)).reshape(-1, cols)
        result = (lines @ self.weights(width, cols, exact)).reshape(batch, height, channels, width)
        return np.ascontiguousarray(result.swapaxes(2, 3))


class LikeImage(ResizeGradient, abstract=True):
    """A gradient that is given the image for its shape and dtype."""

    T: ClassVar[Any] = dtypes.floating
    grads = In("float32", "gradient by the resized images, [batch, rows, columns, channels]")
    original_image = In("T", "the images before, [batch, height, width, channels]", like=True)
    output = Out("T", "gradient by `original_image`")

    def shape_of(self, grads: TensorType, original_image: TensorType) -> Any:
        after, before = image_shape(self, "grads", grads), image_shape(self, "original_image", original_image)
        if not (agree(after[0], before[0]) and agree(after[3], before[3])):
            raise self.error(
                f"input 'grads' must have the batch and channels of 'original_image', {show(before)}, got {show(after)}"
            )
        return before

    def kernel(self, grads: Any, original_image: Any) -> Any:
        _, height, width, _ = original_image.shape
        exact = dtypes.compute_dtype(dtypes.name_of(original_image.dtype))
        return self.pulled(grads, height, width, exact).astype(original_image.dtype, copy=False)

    def grad(self, grads: Any, original_image: Any, output: Any, dy: Any) -> Any:
        return self.forward(dy, size_of(grads)), None


class ResizeBilinearGrad(LikeImage, Bilinear):
    """Gradient of ResizeBilinear, ``output = rows.T @ grads @ columns`` with the weights it took.

    >>> ResizeBilinearGrad()(np.ones((1, 1, 4, 1), "float32"), np.zeros((1, 1, 2, 1), "float32")).ravel()
    array([1.5, 2.5], dtype=float32)

    Source: tf.raw_ops.ResizeBilinearGrad.
    """


class ResizeBicubicGrad(LikeImage, Bicubic):
    """Gradient of ResizeBicubic, ``output = rows.T @ grads @ columns`` with the weights it took.

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

    def shape_of(self, grads: TensorType, size: TensorType) -> Any:
        batch, _, _, channels = image_shape(self, "grads", grads)
        return (batch, *given_size(self, size), channels)

    def kernel(self, grads: Any, size: Any) -> Any:
        height, width = size.tolist()
        if grads.dtype.kind in "iu":  # float64 holds the sums exactly, and BLAS knows it
            return self.pulled(grads, height, width, np.float64).astype(np.int64).astype(grads.dtype)
        exact = dtypes.compute_dtype(dtypes.name_of(grads.dtype))
        return self.pulled(grads, height, width, exact).astype(grads.dtype, copy=False)

    def grad(self, grads: Any, size: Any, output: Any, dy: Any) -> Any:
        return self.forward(dy, size_of(grads))


def size_of(images: Any) -> Any:
    """Height and width of images, as numbers where they are known."""
    sizes = (None,) if images.shape is None else images.shape[1:3]
    return list(sizes) if all(isinstance(n, int) for n in sizes) else Slice()(Shape()(images), [1], [2])
