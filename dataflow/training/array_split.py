"""Splits: rows by graph input, in batches; those of files are in `training/data`, those in memory here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from dataflow.core import conversion
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, listing, nearest
from dataflow.core.shapes import TensorType, fits
from dataflow.graph.graph import Graph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class RowSplit(Protocol):
    """What training needs of a split."""

    who: str
    length: int

    @property
    def feeds(self) -> Mapping[str, object]:
        """What it feeds, by graph input."""

    def rows(self, indices: Array | None = None) -> dict[str, Array]:
        """The rows with these numbers by graph input; all rows by default."""

    def batches(self, size: int, start: int = 0, order: Array | None = None) -> Iterator[dict[str, Array]]:
        """The rows in batches, the last one shorter if need be, from batch ``start`` on; in file order by default."""


def inputs_of(split: RowSplit) -> list[str]:
    """The inputs that a split feeds."""
    return [*split.feeds]


class ArraySplit:
    """Arrays in memory that feed the inputs of a graph, equally long.

    Raises GraphError where one feeds no input or does not fit it.
    """

    def __init__(self, graph: Graph, name: str, arrays: Mapping[str, ArrayLike]):
        self.who = f"graph '{graph.name}': data '{name}'"
        self.feeds = {feed: self._array(graph, feed, value) for feed, value in arrays.items()}
        lengths = {feed: len(array) for feed, array in self.feeds.items()}
        if len({*lengths.values()}) > 1:
            told = listing([f"{feed} {length}" for feed, length in lengths.items()], "and")
            raise GraphError(f"{self.who}: arrays must have equally many rows, got {told}")
        self.length = next(iter(lengths.values()), 0)

    def _array(self, graph: Graph, feed: str, value: ArrayLike) -> Array:
        who, inputs = f"{self.who}: input '{feed}'", graph.inputs
        if feed not in inputs:
            hint = nearest(feed, inputs) or f"it has {listing(inputs, 'and')}"
            raise GraphError(f"{self.who}: no graph input named '{feed}'; {hint}")
        declared = inputs[feed]
        try:
            array = conversion.array(value, declared.dtype)
        except conversion.ConversionError as error:
            raise GraphError(f"{who} {error}") from None
        if not array.ndim or not fits(array.shape, (None, *(declared.shape or array.shape)[1:])):
            raise GraphError(f"{who} must be {declared}, got {TensorType.of(array)}")
        return array

    def rows(self, indices: Array | None = None) -> dict[str, Array]:
        """The rows with these numbers by graph input; all rows by default."""
        return {
            feed: array if indices is None else np.take(array, indices, axis=0) for feed, array in self.feeds.items()
        }

    def batches(self, size: int, start: int = 0, order: Array | None = None) -> Iterator[dict[str, Array]]:
        """The rows in batches, the last one shorter if need be, from batch ``start`` on; as they lie by default."""
        order = np.arange(self.length) if order is None else order
        for first in range(start * size, len(order), size):
            yield self.rows(order[first : first + size])

    @property
    def digest(self) -> str:
        """A digest of all values."""
        digest = hashlib.sha256()
        for feed, array in sorted(self.feeds.items()):
            digest.update(f"{feed} {TensorType.of(array)}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
