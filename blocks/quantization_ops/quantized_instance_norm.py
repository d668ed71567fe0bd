"""Normalization of each channel of each image of quantized numbers by its own moments."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from blocks.kernels import affine, quantized_loops
from blocks.kernels.chunked import TILE, in_parts, part_bytes
from blocks.kernels.flush_subnormals import Float, flush, scalar
from blocks.kernels.quantize_loops import FEW
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.workspace import Kernel, Workspace

SMALL = np.float32(2.0**-50)  # a scale from which on squares of deviations are zero or normal


class QuantizedInstanceNorm(Opaque):
    """Quantized images normalized channel by channel, ``(x - mean) / sqrt(variance + variance_epsilon)``.

    The moments are of one channel of one image, in float32: sums go along the columns, one after the other. The result
    is rounded to the range that it takes in all, or to a given one, which is widened to `min_separation` at its upper
    end. The reciprocal root is correctly rounded; that of the reference is off by up to two units in the last place,
    by the processor, and with it the range, and now and then a number by one. What is NaN gives 0: all of a range
    without end, and with `variance_epsilon` 0 a channel of equal numbers.

    >>> y, low, high = QuantizedInstanceNorm()(np.array([[[[0], [3]], [[1], [2]]]], np.uint8), -1.0, 4.1)
    >>> print(y.ravel(), low.round(3), high.round(3))
    [  0 255  85 171] -1.328 1.328

    Source: tf.raw_ops.QuantizedInstanceNorm.
    """

    found_by = ("instance norm", "normalize")
    T = ("quint8",)
    x = In("T", "images of quantized numbers", shape=("N", "H", "W", "C"))
    x_min = In("float32", "value of the lowest number of `x`", shape=())
    x_max = In("float32", "value of the highest number of `x`, above `x_min`", shape=())
    y = Out("T", "same shape as `x`", shape=("N", "H", "W", "C"))
    y_min = Out("float32", "value of the lowest number of `y`", shape=())
    y_max = Out("float32", "value of the highest number of `y`", shape=())
    output_range_given: bool = attr("round to the range of `given_y_min` and `given_y_max`", default=False)
    given_y_min: float = attr("lower end of the range of `y`, if it is given", default=0.0)
    given_y_max: float = attr("upper end of the range of `y`, if it is given: above the lower one", default=0.0)
    variance_epsilon: float = attr("what is added to variances, so that their roots are not 0", default=1e-5)
    min_separation: float = attr("least width of the range of `y`", default=1e-3)
    grad = None

    def check(self) -> None:
        if self.output_range_given and not self.given_y_min < self.given_y_max:
            got = f"{self.given_y_max} and {self.given_y_min}"
            raise self.error(f"attr 'given_y_max' must be above 'given_y_min', got {got}")

    def bind(self, memory: Workspace, x: TensorType, *ends: TensorType) -> Kernel:
        count, height, width, channels = x.sizes
        form, pixels = (count, height * width, channels), np.float32(height * width)
        rounding = part_bytes(8, x, size=affine.TILE)  # float32 numbers and their halves
        memory.borrowed += prod(x.sizes) + part_bytes(4, x) + rounding + 24 * count * channels
        may_compile = memory.compiled and prod(x.sizes) > FEW

        def kernel(x: Array, x_min: Array, x_max: Array, out: Array | None = None) -> tuple[Array, Float, Float]:
            low, high = flush(scalar(x_min)), flush(scalar(x_max))
            if not high > low:
                raise self.error(f"input 'x_max' must be above 'x_min', got {high} and {low}")
            scale = flush(flush(high - low) / np.float32(255))
            compiled = may_compile and bool(SMALL < scale < np.inf)
            images = x if compiled else np.ascontiguousarray(x.swapaxes(1, 2)).reshape(form)
            mean = (_compiled_sums(quantized_loops.sum_pixels, x) if compiled else _sums(images, _unchanged)) / pixels

            def squares(part: Array, index: slice) -> Array:
                deviations = _deviations(part, mean[index, None], scale)
                np.multiply(deviations, deviations, out=deviations)
                return deviations if scale > SMALL else flush(deviations, deviations)

            total = _compiled_sums(quantized_loops.sum_squares, x, mean, scale) if compiled else _sums(images, squares)
            variance = flush(flush(total / pixels) + flush(np.float32(self.variance_epsilon)))
            root = (1 / np.sqrt(variance.astype(np.float64))).astype(np.float32)
            y = np.empty(x.shape, np.uint8) if out is None else out
            compiled = compiled and bool(np.isfinite(root).all())
            bottom, top = np.float32(self.given_y_min), np.float32(self.given_y_max)
            if not self.output_range_given:
                extremes = _compiled_extremes if compiled else _extremes
                bottom, top = extremes(x, mean, scale, root)
            least = np.float32(self.min_separation)
            top = flush(bottom + least) if flush(top - bottom) < least else top
            steps, shift = affine.scale_and_shift(bottom, top, "quint8")
            if compiled and not steps > affine.LARGE_SCALE:
                quantized_loops.normalize(x, mean, scale, root, steps, shift, affine.BELOW_HALF, y)
                return y, bottom, top

            def step(x: Array, mean: Array, root: Array, y: Array) -> None:
                affine.to_quantized(_normalized(x, mean, scale, root), bottom, top, "quint8", y)

            return in_parts(step, y, x, mean[:, None, None], root[:, None, None]), bottom, top

        return kernel


def _unchanged(part: Array, index: slice) -> Array:
    return part.astype(np.float32)


def _deviations(x: Array, mean: Array, scale: Float) -> Array:
    """The values of numbers less that of their mean."""
    made: Array = np.subtract(x, mean, dtype=np.float32)
    np.multiply(made, scale, out=made)
    return made


def _normalized(x: Array, mean: Array, scale: Float, root: Array) -> Array:
    made = _deviations(x, mean, scale)
    return np.multiply(made, root, out=made)


def _extremes(x: Array, mean: Array, scale: Float, root: Array) -> tuple[Float, Float]:
    """The least and the greatest number that is normalized; NaN where one is."""
    bottom, top = np.float32(np.inf), np.float32(-np.inf)
    for index, part in _parts(x.reshape(len(x), prod(x.shape[1:3]), x.shape[-1])):
        values = _normalized(part, mean[index, None], scale, root[index, None])
        bottom, top = np.minimum(bottom, values.min(initial=np.inf)), np.maximum(top, values.max(initial=-np.inf))
    return bottom, top


def _compiled_extremes(x: Array, mean: Array, scale: Float, root: Array) -> tuple[Float, Float]:
    lowest, highest = (np.full_like(mean, end) for end in (np.inf, -np.inf))
    quantized_loops.normalized_extremes(x, mean, scale, root, lowest, highest)
    return lowest.min(), highest.max()


def _compiled_sums(loop: Callable[..., None], x: Array, *numbers: Array | Float) -> Array:
    total = np.zeros((len(x), x.shape[-1]), np.float32)
    loop(x, *numbers, total)
    return total


def _parts(images: Array) -> list[tuple[slice, Array]]:
    """Parts of images, [image, pixel, channel]: some whole ones, or some pixels of one; and which images they are."""
    count, pixels, channels = images.shape
    together = max(1, TILE // max(pixels * channels, 1))
    rows = max(1, TILE // max(channels, 1))
    return [
        (slice(image, image + together), images[image : image + together, row : row + rows])
        for image in range(0, count, together)
        for row in range(0, pixels, rows)
    ]


def _sums(images: Array, made: Callable[[Array, slice], Array]) -> Array:
    """For each channel of each image the sum of what is made of its numbers, one pixel after the other."""
    total = np.zeros((len(images), images.shape[-1]), np.float32)
    for index, part in _parts(images):
        values = made(part, index)
        values[:, 0] += total[index]
        total[index] = np.add.accumulate(values, axis=1, out=values)[:, -1]
    return total
