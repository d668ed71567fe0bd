"""Images in another size."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from blocks.image_ops.resize_gradient import ResizeBicubicGrad, ResizeBilinearGrad, ResizeNearestNeighborGrad, size_of
from blocks.image_ops.sampling import Bicubic, Bilinear, Nearest, Resampling, f32, given_size, image_shape
from blocks.math_ops.cast import Cast
from dataflow import dtypes
from dataflow.block import In, Out, TensorType

PIXELS = ("int8", "uint8", "int16", "uint16", "int32", "int64", *dtypes.floating)


class Resizing(Resampling, abstract=True):
    """Images and a size in, images of that size out."""

    T: ClassVar[Any] = PIXELS
    images = In("T", "images, [batch, height, width, channels]")
    size = In("int32", "height and width of the result", shape=(2,), static=True)
    resized_images = Out("float32", "[batch, *size, channels]")

    def shape_of(self, images: TensorType, size: TensorType) -> Any:
        batch, _, _, channels = image_shape(self, "images", images)
        return (batch, *given_size(self, size), channels)

    def kernel(self, images: Any, size: Any) -> Any:
        height, width = size.tolist()
        across = self.mixed(images.astype(f32, copy=False), 2, self.taps(images.shape[2], width))
        return self.mixed(across, 1, self.taps(images.shape[1], height))

    @staticmethod
    def mixed(images: Any, axis: int, taps: Any) -> Any:
        """The weighted sum of the pixels along an axis."""
        total: Any = None
        for index, weight in taps:
            part = np.take(images, index, axis)
            part *= weight.reshape([-1 if i == axis else 1 for i in range(4)])
            total = part if total is None else np.add(total, part, total)
        return total


class ResizeNearestNeighbor(Resizing, Nearest):
    """Images in another size, ``resized_images[y, x] = images[near(y), near(x)]``.

    >>> ResizeNearestNeighbor()(np.array([[[[1], [2]]]]), [1, 4]).ravel()
    array([1, 1, 2, 2])

    Source: tf.image.resize.
    """

    resized_images = Out("T", "[batch, *size, channels]")

    def kernel(self, images: Any, size: Any) -> Any:
        ((rows, _),) = self.taps(images.shape[1], int(size[0]))
        ((cols, _),) = self.taps(images.shape[2], int(size[1]))
        return np.take(np.take(images, rows, 1), cols, 2)

    def grad(self, images: Any, size: Any, resized_images: Any, dy: Any) -> Any:
        return ResizeNearestNeighborGrad(**self.attrs())(dy, size_of(images))


class ResizeBilinear(Resizing, Bilinear):
    """Images in another size, ``before + (behind - before) * part`` of the two pixels around each place.

    >>> ResizeBilinear()(np.array([[[[1.0], [3.0]]]]), [1, 4]).ravel()
    array([1., 2., 3., 3.], dtype=float32)

    Source: tf.image.resize.
    """

    @staticmethod
    def mixed(images: Any, axis: int, taps: Any) -> Any:
        (before, _), (behind, part) = taps
        first, second = np.take(images, before, axis), np.take(images, behind, axis)
        np.subtract(second, first, second)
        second *= part.reshape([-1 if i == axis else 1 for i in range(4)])
        return np.add(first, second, first)

    def grad(self, images: Any, size: Any, resized_images: Any, dy: Any) -> Any:
        return ResizeBilinearGrad(**self.attrs())(dy, images)


class ResizeBicubic(Resizing, Bicubic):
    """Images in another size, ``sum(weight[i] * pixel[i])`` of the four pixels around each place, by rows and columns.

    >>> ResizeBicubic()(np.array([[[[1.0], [3.0]]]]), [1, 4]).ravel()
    array([1.    , 2.    , 3.    , 3.1875], dtype=float32)

    Source: tf.image.resize.
    """

    def grad(self, images: Any, size: Any, resized_images: Any, dy: Any) -> Any:
        backward = ResizeBicubicGrad(**self.attrs())
        if images.dtype in backward.T:
            return backward(dy, images)
        return Cast(DstT=images.dtype)(backward(dy, Cast(DstT="float32")(images)))
