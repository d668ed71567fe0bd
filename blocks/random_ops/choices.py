"""Random choices: classes by their logits, and shuffled rows."""

from __future__ import annotations

import numpy as np

from blocks.kernels.sampling import uniform
from blocks.random_ops.seeded_base import Seeded
from dataflow.core import dtypes
from dataflow.core.block import Dtype, In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque, Rearrange
from dataflow.core.random import CHUNK, Key
from dataflow.core.shapes import Shape, element_count


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

    def workspace(self, logits: TensorType, num_samples: TensorType) -> int:
        (made,) = self.infer(logits, num_samples)
        chunk = max(CHUNK, len(made.shape or ()) and int(made.shape[0]))  # type: ignore[index,arg-type]
        count, rows = element_count(made.shape) or 0, element_count(logits.shape) or 0
        return 8 * count + 57 * min(count, chunk) + 16 * rows

    def kernel(self, logits: Array, num_samples: Array, key: Key | None = None) -> Array:
        self.shape_of(TensorType.of(logits), TensorType.of(num_samples))
        shape = len(logits), int(num_samples)
        logits = logits.astype(np.float64)
        logits[~np.isfinite(logits)] = -np.inf
        highest = logits.max(axis=1, keepdims=True)
        highest[highest == -np.inf] = 0
        logits -= highest
        cumulative = np.cumsum(np.exp(logits, logits), axis=1)
        target = uniform(key or Key(), shape, self.seed, self.seed2)
        target *= cumulative[:, -1:]
        output = np.empty(shape, dtypes.storage(self.output_dtype))
        step = max(1, CHUNK // max(len(logits), 1))
        for start in range(0, shape[1], step):
            part = np.s_[:, start : start + step]
            output[part] = _count_up_to(cumulative, target[part])
        return output


def _count_up_to(rows: Array, values: Array) -> Array:
    """How many numbers of an ascending row are not above each of its values, by binary search in all rows at once."""
    low, high = np.zeros(values.shape, np.intp), np.full(values.shape, rows.shape[1], np.intp)
    for _ in range(rows.shape[1].bit_length()):
        middle = (low + high) // 2
        # a search that is over stays where it is; past the end there is nothing to look at
        found = np.take_along_axis(rows, np.minimum(middle, rows.shape[1] - 1), axis=1)
        right = (found <= values) & (low < high)
        low, high = np.where(right, middle + 1, low), np.where(right, high, middle)
    return low


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

    def kernel(self, value: Array, key: Key | None = None) -> Array:
        if value.ndim == 0:
            return value.copy()
        order = (key or Key()).generator(self.seed, self.seed2).permutation(len(value))
        return value[order]

    def workspace(self, value: TensorType) -> int:
        return 8 * int(value.shape[0]) if value.shape else 0  # type: ignore[arg-type]
