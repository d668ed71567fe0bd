"""Batch normalizations and their gradients: the channels of a batch, and the deviation per channel."""

from __future__ import annotations

from math import prod
from typing import ClassVar

import numpy as np

from blocks.array_ops.reshape import ExpandDims
from blocks.kernels.channels import ChannelMatrix
from dataflow.core.block import TensorType, attr
from dataflow.core.columns import COLUMNS
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Opaque
from dataflow.core.shapes import Dim, agree, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Workspace

FEW = 1 << 10  # elements up to which compiled loops are not faster
WIDE, ROWS = 1 << 13, 64  # elements of a row that NumPy is fastest with, and how many rows there must be then


class PerChannel(Opaque, abstract=True):
    """A normalization of a batch with a number per channel, or its gradient."""

    T: ClassVar[tuple[str, ...]] = ("float32", "bfloat16", "float16")
    data_format: str
    epsilon: float = attr("added to the variance; keeps it from 0", default=0.0001)

    def channels(self, x: TensorType, scale: TensorType) -> Dim:
        """How many channels there are; BlockError unless the batch has 4 or 5 dims and these channels."""
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
        """Whether channels are the second dim of the batch, not the last."""
        return self.data_format.startswith("NC")

    def compiles(self, memory: Workspace, x: TensorType) -> bool:
        """Whether kernels for this batch are compiled loops."""
        return memory.compiled and not self.channels_first and x.dtype == "float32" and prod(x.sizes) > FEW

    def in_passes(self, x: TensorType, compiled: bool) -> ChannelMatrix:
        """The batch in rows as passes that add nothing are fastest with."""
        most = COLUMNS if compiled else max(COLUMNS, min(WIDE, prod(x.sizes) // ROWS))
        return ChannelMatrix(x.sizes, self.channels_first, most)

    def broadcast_wire(self, per_channel: Wire, batch: Wire) -> Wire:
        """One number per channel on a wire, with dims added so that it broadcasts with the batch."""
        if not self.channels_first:
            return per_channel
        if batch.shape is None:
            raise self.error("input 'x' must have a known rank to have a second gradient where channels come first")
        for _ in batch.shape[2:]:
            per_channel = ExpandDims()(per_channel, -1)
        return per_channel

    def inverse_deviation(self, variance: Array) -> Array:
        """``1 / sqrt(variance + epsilon)`` in float32."""
        inverse: Array = np.reciprocal(np.sqrt(np.add(variance, self.epsilon, dtype=np.float64)))
        return inverse.astype(np.float32)
