"""What batch normalization and its gradient share: how they move over a batch, with numbers per channel."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, prod
from typing import Any, ClassVar

import numpy as np

from blocks.array_ops.shape_ops import ExpandDims
from dataflow.block import TensorType, attr
from dataflow.kinds import Opaque
from dataflow.shapes import agree, show

_SLAB = 1 << 16  # elements that are worked on at once, few enough to stay in the cache
_WIDTH = 128  # elements of a row from which on longer ones are not faster


class PerChannel(Opaque, abstract=True):
    """What the normalizations and their gradients share: how they move over a batch."""

    T: ClassVar[tuple[str, ...]] = ("float32", "bfloat16", "float16")
    data_format: str
    epsilon: float = attr("added to the variance; keeps it from 0", default=0.0001)

    def channels(self, x: TensorType, scale: TensorType) -> Any:
        """How many channels there are; an error unless the batch has 4 or 5 dims and these channels."""
        size = None if scale.shape is None else scale.shape[0]
        if x.shape is not None:
            if len(x.shape) not in (4, 5):
                raise self.error(f"input 'x' must have 4 or 5 dims, got shape {show(x.shape)}")
            given = x.shape[1 if self.channels_first else -1]
            if not agree(given, size):
                raise self.error(f"input 'x' must have {size} channels like 'scale', got {given} in {show(x.shape)}")
        return size

    @property
    def channels_first(self) -> bool:
        return self.data_format.startswith("NC")

    def rows(self, batch: Any) -> Any:
        """The batch as ``[examples, channels, positions]`` where channels come first.

        Else as ``[rows, channels]``, with several rows side by side where they are short, which NumPy is faster with.
        """
        if self.channels_first:
            return batch.reshape(*batch.shape[:2], prod(batch.shape[2:]))
        count, channels = prod(batch.shape[:-1]), batch.shape[-1]
        beside = gcd(count, 1 << max(0, (_WIDTH // max(1, channels)).bit_length() - 1)) if count else 1
        return batch.reshape(count // beside, channels * beside)

    def along(self, per_channel: Any, rows: Any) -> Any:
        """One number per channel, so that it broadcasts with `rows`."""
        if self.channels_first:
            return per_channel[:, None]
        return np.tile(per_channel, rows.shape[1] // max(1, len(per_channel)))

    def folded(self, sums: Any, channels: int) -> Any:
        """Sums over `rows`, added up to one per channel."""
        return sums if self.channels_first else np.add.reduce(sums.reshape(-1, channels), 0)

    def along_wire(self, per_channel: Any, batch: Any) -> Any:
        """One number per channel on a wire, so that it broadcasts with the batch."""
        if not self.channels_first:
            return per_channel
        if batch.shape is None:
            raise self.error("input 'x' must have a known rank to have a second gradient where channels come first")
        for _ in batch.shape[2:]:
            per_channel = ExpandDims()(per_channel, -1)
        return per_channel

    def inverse_deviation(self, variance: Any) -> Any:
        """``1 / sqrt(variance + epsilon)`` in float32."""
        return np.reciprocal(np.sqrt(np.add(variance, self.epsilon, dtype=np.float64))).astype(np.float32)


def slabs(rows: Any, dtype: Any) -> Iterator[tuple[slice, Any, Any]]:
    """Which rows to work on at once, and two arrays of their shape to do it in."""
    step = max(1, min(len(rows), _SLAB // max(1, prod(rows.shape[1:]))))
    room = np.empty((2, step, *rows.shape[1:]), dtype)
    for start in range(0, len(rows), step):
        part = slice(start, min(start + step, len(rows)))
        yield part, *room[:, : part.stop - start]


def totals(slab: Any) -> Any:
    """Sum over all but the second dim."""
    if slab.ndim == 2:
        return np.ones(len(slab)) @ slab  # BLAS is four times as fast as np.add.reduce
    return np.add.reduce(np.add.reduce(slab, -1), 0)
