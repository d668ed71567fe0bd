"""Local response normalization of each element by those of the channels beside it, and its gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.chunked import TILE, cut
from blocks.kernels.matrix_product import matmul
from dataflow.core.blas import one_thread
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Opaque
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

f32 = np.dtype(np.float32)
# for some positions at a time of arrays: memory for sums, in it the addends to be filled in, two arrays to work in, and
# the arrays, all but the last of them in float32
Slabs = Callable[..., Iterator[tuple[Array, ...]]]


class LocalResponse(Opaque, abstract=True):
    """Local response normalization or its gradient, for some positions at a time."""

    T = ("float32", "bfloat16", "float16")
    depth_radius: int = attr("how many channels on each side belong to the sum", default=5, ge=0)
    bias: float = attr("added to the sum; keeps it from 0", default=1.0)
    alpha: float = attr("factor of the sum", default=1.0)
    beta: float = attr("power of the sum", default=0.5)

    def bind_slabs(self, memory: Workspace, shape: tuple[int, ...], count: int) -> Slabs:
        """What gives, of arrays of this shape, some positions at a time: see `Slabs`."""
        channels, positions = shape[3], prod(shape[:3])
        radius = self.radius(channels)
        wide = channels + 2 * radius
        at_once = min(positions, max(1, TILE // wide)) if channels else 0
        size = at_once * wide + 2 * radius if at_once else 0
        sums = memory.array(4 * size, f32).reshape(4, size)
        work = memory.array((2 + count) * at_once * channels, f32).reshape(2 + count, at_once, channels)

        def slabs(*arrays: Array) -> Iterator[tuple[Array, ...]]:
            sums[0].fill(0)
            flat = [array.reshape(positions, channels) for array in arrays]
            for part in cut(positions if at_once else 0, at_once):
                *given, result = (array[part] for array in flat)
                count = len(result)
                inside = sums[0, : count * wide].reshape(count, wide)[:, radius : radius + channels]
                for i, array in enumerate(given):
                    if array.dtype != f32:
                        given[i] = work[2 + i, :count]
                        np.copyto(given[i], array)
                yield sums, inside, *work[:2, :count], *given, result

        return slabs

    def radius(self, channels: int) -> int:
        """The reach of the sum, no more than there are channels."""
        return min(self.depth_radius, channels - 1)

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

    def bind(self, memory: Workspace, input: TensorType) -> Kernel:
        slabs, dtype = self.bind_slabs(memory, input.sizes, 1), storage(input.dtype)

        def kernel(input: Array, out: Array | None = None) -> Array:
            y = np.empty(input.shape, dtype) if out is None else out
            for sums, inside, norm, buffer, x, result in slabs(input, y):
                power = self.power(self.norm(x, inside, sums, norm), buffer)
                np.divide(x, power, result, casting="unsafe")
            return y

        return kernel

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

    def bind(self, memory: Workspace, *types: TensorType) -> Kernel:
        slabs, dtype = self.bind_slabs(memory, types[0].sizes, 3), storage(types[0].dtype)

        def kernel(input_grads: Array, input_image: Array, output_image: Array, out: Array | None = None) -> Array:
            dx = np.empty(input_image.shape, dtype) if out is None else out
            for sums, inside, norm, buffer, dy, x, y, result in slabs(input_grads, input_image, output_image, dx):
                self.norm(x, inside, sums, norm)
                np.divide(np.multiply(dy, y, inside), norm, inside)
                by_neighbours = np.multiply(self.summed(inside, sums), x, buffer)
                np.multiply(by_neighbours, f32.type(2 * self.alpha * self.beta), by_neighbours)
                np.divide(dy, self.power(norm, inside), norm)
                np.subtract(norm, by_neighbours, result, casting="unsafe")
            return dx

        return kernel

    grad = None
