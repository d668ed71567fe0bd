"""Random choices: classes by their logits, and shuffled rows."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import numpy as np

from blocks.kernels.casting import cast_into
from blocks.kernels.chunked import cut
from blocks.kernels.sampling import uniform
from blocks.random_ops.seeded_base import Seeded
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque, Rearrange
from dataflow.core.random import CHUNK, Key
from dataflow.core.shapes import Shape
from dataflow.core.workspace import Kernel, Workspace

FEW = 32  # classes that are counted one by one, and numbers that make it worth while to search a row by itself


class Multinomial(Seeded, Opaque):
    """Random classes, each ``i`` drawn with probability ``exp(logits[i]) / sum(exp(logits))``.

    A class whose logit is NaN or infinite is never drawn; where all are, the number of classes stands for none.

    >>> Multinomial()([[0.0, -1e9], [-1e9, 0.0]], 3)
    array([[0, 0, 0],
           [1, 1, 1]])

    Source: tf.random.categorical.
    """

    found_by = ("categorical sample", "draw classes")
    T = dtypes.real
    logits = In("T", "logarithms of the probabilities, up to a constant per row", shape=("batch", "classes"))
    num_samples = In("int32", "how many are drawn per row", shape=(), static=True)
    output = Out("output_dtype", "the drawn classes, [batch, num_samples]")
    output_dtype: Dtype = attr("element type of the output", default="int64", choices=("int32", "int64"))
    grad = None

    def shape_of(self, logits: TensorType, num_samples: TensorType) -> Shape:
        batch, classes = logits.shape or (None, None)
        if classes == 0:
            raise self.error("input 'logits' must have at least one class, got none")
        count = None if num_samples.value is None else int(num_samples.value)
        if count is not None and count < 0:
            raise self.error(f"input 'num_samples' must be at least 0, got {count}")
        return batch, count

    def bind(self, memory: Workspace, logits: TensorType, num_samples: TensorType) -> Kernel:
        (batch, classes), count = logits.sizes, int(num_samples.value)
        few, dtype = classes <= FEW, dtypes.storage(self.output_dtype)
        # NumPy is slow with short rows
        cumulative = memory.array(batch * classes, np.float64).reshape((classes, batch) if few else (batch, classes))
        target = memory.array(batch * count, np.float64).reshape(batch, count)
        axis, step = 1 - few, max(1, CHUNK // max(batch, 1))
        each = 9 + classes if few else 8 if count >= FEW else 65  # bytes that looking for a class takes
        memory.borrowed += 8 * (batch + count * (not few)) + each * min(batch * count, max(CHUNK, batch))

        def kernel(logits: Array, num_samples: Array, out: Array | None = None, key: Key | None = None) -> Array:
            np.copyto(cumulative, logits.T if few else logits)
            cumulative[~np.isfinite(cumulative)] = -np.inf
            highest = cumulative.max(axis, keepdims=True)
            highest[highest == -np.inf] = 0
            np.subtract(cumulative, highest, cumulative)
            np.exp(cumulative, cumulative)
            if few:  # each column by itself
                for before, column in pairwise(cumulative):
                    np.add(before, column, column)
            else:
                np.cumsum(cumulative, 1, out=cumulative)
            uniform(key or Key(), target.shape, self.seed, self.seed2, out=target)
            output = np.empty(target.shape, dtype) if out is None else out
            for part in cut(count, step):
                (_count if few else _search)(cumulative, target[:, part], output[:, part])
            return output

        return kernel


def _count(columns: Array, values: Array, out: Array) -> None:
    """How many numbers of an ascending column are not above its last one times each value of a row."""
    targets = np.multiply(values.T, columns[-1], np.empty(values.shape[::-1]))
    reached = np.less_equal(columns[:, None], targets)
    out[...] = np.add.reduce(reached.view(np.uint8), 0, np.uint8).T


def _search(rows: Array, values: Array, out: Array) -> None:
    """How many numbers of an ascending row are not above its last one times each value of a row."""
    targets = values * rows[:, -1:]
    if values.shape[1] >= FEW:
        for row, target, made in zip(rows, targets, out, strict=True):
            made[...] = row.searchsorted(target, "right")
        return
    low, high = np.zeros(values.shape, np.intp), np.full(values.shape, rows.shape[1], np.intp)
    for _ in range(rows.shape[1].bit_length()):  # in all rows at once
        middle = (low + high) // 2
        # a search that is over stays where it is; past the end there is nothing to look at
        found = np.take_along_axis(rows, np.minimum(middle, rows.shape[1] - 1), axis=1)
        right = (found <= targets) & (low < high)
        low, high = np.where(right, middle + 1, low), np.where(right, high, middle)
    out[...] = low


class RandomShuffle(Seeded, Rearrange):
    """The rows in random order, ``output[i] = value[order[i]]`` with ``order`` a permutation.

    >>> np.sort(RandomShuffle()([3, 1, 2]))
    array([1, 2, 3], dtype=int32)

    Source: tf.random.shuffle.
    """

    found_by = ("permutation", "shuffle rows")
    T = dtypes.every
    value = In("T", "values, any shape; a single number is left as it is")
    output = Out("T", "the same rows, along the first dim, in another order")
    grad = None

    def shape_of(self, value: TensorType) -> Shape:
        return value.shape

    def bind(self, memory: Workspace, value: TensorType) -> Kernel:
        rows, dtype = value.sizes[:1], dtypes.storage(value.dtype)
        memory.borrowed += 8 * prod(rows)

        def kernel(value: Array, out: Array | None = None, key: Key | None = None) -> Array:
            if not rows:
                return cast_into(value.copy(), dtype, out)
            order = (key or Key()).generator(self.seed, self.seed2).permutation(rows[0])
            return np.asarray(value.take(order, 0, out, "clip"))

        return kernel
