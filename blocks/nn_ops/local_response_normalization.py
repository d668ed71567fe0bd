"""Local response normalization of each element by those of the channels beside it, and its gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.chunked import TILE
from blocks.kernels.matrix_product import matmul
from dataflow.core.blas import one_thread
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.scratch import ArraySpec, scratch, scratch_bytes
from dataflow.core.wire import Wire

f32 = np.dtype(np.float32)


class LocalResponse(Opaque, abstract=True):
    """Local response normalization or its gradient, for some positions at a time."""

    T = ("float32", "bfloat16", "float16")
    depth_radius: int = attr("how many channels on each side belong to the sum", default=5, ge=0)
    bias: float = attr("added to the sum; keeps it from 0", default=1.0)
    alpha: float = attr("factor of the sum", default=1.0)
    beta: float = attr("power of the sum", default=0.5)

    def workspace(self, *types: TensorType) -> int:
        shape = types[0].sizes
        return scratch_bytes(*self.scratch_arrays(shape, len(types))) if prod(shape) else 0

    def scratch_arrays(self, shape: tuple[int, ...], arrays: int) -> list[ArraySpec]:
        """The memory to work in: four rows of sums, and two values per element beside copies of the arrays."""
        channels, positions = shape[3], prod(shape[:3])
        wide = channels + 2 * self.radius(channels)
        rows = min(positions, max(1, TILE // wide))
        return [((4, rows * wide + 2 * self.radius(channels)), f32), ((2 + arrays, rows, channels), f32)]

    def radius(self, channels: int) -> int:
        """The reach of the sum, no more than there are channels."""
        return min(self.depth_radius, channels - 1)

    def slabs(self, arrays: Sequence[Array], sums: Array, work: Array) -> Iterator[tuple[Array, ...]]:
        """For some positions at a time the addends of sums to be filled in, two arrays to work in, and the arrays.

        All but the last of the arrays are given in float32.
        """
        step, channels = work.shape[1:]
        radius = self.radius(channels)
        sums[0].fill(0)
        flat = [array.reshape(-1, channels) for array in arrays]
        for start in range(0, len(flat[0]), step):
            *given, result = (array[start : start + step] for array in flat)
            count, wide = len(result), channels + 2 * radius
            inside = sums[0, : count * wide].reshape(count, wide)[:, radius : radius + channels]
            for i, array in enumerate(given):
                if array.dtype != f32:
                    given[i] = work[2 + i, :count]
                    np.copyto(given[i], array)
            yield inside, *work[:2, :count], *given, result

    def summed(self, inside: Array, sums: Array) -> Array:
        """For each element of a slab the sum over its neighbours."""
        (count, channels), radius = inside.shape, self.radius(inside.shape[1])
        wide = channels + 2 * radius
        total = _window_sums(sums[:, : count * wide + 2 * radius], 2 * radius + 1)
        neighbours: Array = total.reshape(count, wide)[:, :channels]
        with one_thread:
            length = total @ total
        if not np.isfinite(length):  # what is not finite spoils all channels of its position
            place = np.arange(channels)
            return np.asarray(matmul(inside, (np.abs(place[:, None] - place) <= radius).astype(f32)))
        return neighbours

    def norm(self, x: Array, inside: Array, sums: Array, norm: Array) -> Array:
        """``bias + alpha * sum(x ** 2)`` over the neighbours."""
        np.square(x, inside)
        np.multiply(self.summed(inside, sums), f32.type(self.alpha), norm)
        np.add(norm, f32.type(self.bias), norm)
        return norm

    def power(self, norm: Array, buffer: Array) -> Array:
        """``norm ** beta``, in place."""
        if self.beta in (0.5, 0.75):
            np.sqrt(norm, norm)
            if self.beta == 0.75:
                np.multiply(norm, np.sqrt(norm, buffer), norm)
        elif self.beta != 1:
            np.multiply(np.log(norm, norm), f32.type(self.beta), norm)
            np.exp(norm, norm)
        return norm


def _window_sums(sums: Array, width: int) -> Array:
    """The sum of ``width`` elements from each on, of the first of four rows; the other rows are overwritten.

    Sums of 1, 2, 4, ... elements are computed, and those whose widths add up to this one are added.
    """
    part, *spare, buffer = sums
    total: Array = part
    size, done, count = 1, 0, len(part) - width + 1
    while True:
        if width & size:
            if done:
                total = np.add(total[:count], part[done : done + count], buffer[:count])
            done += size
        if done == width:
            return total[:count]
        longer = len(part) - 2 * size + 1
        np.add(part[:longer], part[size : size + longer], spare[0][:longer])
        part, spare, size = spare[0], spare[::-1], 2 * size


class LRN(LocalResponse):
    """Local response normalization, ``input / (bias + alpha * sum(input ** 2)) ** beta`` over nearby channels.

    NaN and infinities spoil all channels of their position.

    >>> LRN(depth_radius=1)([[[[2.0, 2.0, 0.0]]]]).round(3)
    array([[[[0.667, 0.667, 0.   ]]]], dtype=float32)

    Source: tf.nn.local_response_normalization.
    """

    found_by = ("local response normalization", "normalize")
    input = In("T", "values, channels last", shape=("N", "H", "W", "C"))
    output = Out("T", "same shape as `input`", shape=("N", "H", "W", "C"))

    def kernel(self, input: Array, out: Array | None = None) -> Array:
        y = np.empty(input.shape, input.dtype) if out is None else out
        if input.size:
            with scratch(*self.scratch_arrays(input.shape, 1)) as (sums, work):
                for inside, norm, buffer, x, result in self.slabs((input, y), sums, work):
                    power = self.power(self.norm(x, inside, sums, norm), buffer)
                    np.divide(x, power, result, casting="unsafe")
        return y

    def grad(self, input: Wire, output: Wire, dy: Wire) -> Any:
        return LRNGrad(**self.attrs())(dy, input, output)


class LRNGrad(LocalResponse):
    """Gradient of LRN, ``dy * norm ** -beta - 2 * alpha * beta * x * sum(dy * y / norm)`` over nearby channels.

    ``norm`` is ``bias + alpha * sum(x ** 2)``, with ``dy`` for ``input_grads``, ``x`` for ``input_image`` and ``y`` for
    ``output_image``. No second gradient flows.

    >>> LRNGrad(depth_radius=0)([[[[27.0]]]], [[[[0.0]]]], [[[[0.0]]]])
    array([[[[27.]]]], dtype=float32)

    Source: tf.raw_ops.LRNGrad.
    """

    input_grads = In("T", "gradient by the output of the LRN", shape=("N", "H", "W", "C"))
    input_image = In("T", "what the LRN took", shape=("N", "H", "W", "C"))
    output_image = In("T", "what the LRN gave", shape=("N", "H", "W", "C"))
    output = Out("T", "gradient by its input", shape=("N", "H", "W", "C"))

    def kernel(self, input_grads: Array, input_image: Array, output_image: Array, out: Array | None = None) -> Array:
        dx = np.empty(input_image.shape, input_image.dtype) if out is None else out
        if dx.size:
            with scratch(*self.scratch_arrays(dx.shape, 3)) as (sums, work):
                arrays = input_grads, input_image, output_image, dx
                for inside, norm, buffer, dy, x, y, result in self.slabs(arrays, sums, work):
                    self.norm(x, inside, sums, norm)
                    np.divide(np.multiply(dy, y, inside), norm, inside)
                    by_neighbours = np.multiply(self.summed(inside, sums), x, buffer)
                    np.multiply(by_neighbours, f32.type(2 * self.alpha * self.beta), by_neighbours)
                    np.divide(dy, self.power(norm, inside), norm)
                    np.subtract(norm, by_neighbours, result, casting="unsafe")
        return dx

    grad = None
