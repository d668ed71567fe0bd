"""Splits of a graph's `data` section: which array feeds which input, in which dtype and scale, in which batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, UnknownNameError, listing, nearest
from dataflow.core.random import Key
from dataflow.core.shapes import TensorType, fits
from dataflow.graph.graph import Graph
from dataflow.training.data import section
from dataflow.training.data.arrays import RowSource, open_rows
from dataflow.training.data.section import data_section


def split(graph: Graph, name: str | None = None) -> Split:
    """A split of the graph's `data` section; the first one where none is named.

    Raises GraphError where there is none, or where its arrays do not fit the inputs that they feed.
    """
    splits = data_section(graph)
    if name is None and splits:
        name = next(iter(splits))
    if name is None or name not in splits:
        known = f"it has {listing(splits, 'and')}" if splits else "its file has no 'data' section"
        what = "data" if name is None else f"data '{name}'"
        raise UnknownNameError(f"graph '{graph.name}' has no {what}; {nearest(name or '', splits) or known}")
    return Split(graph, name, splits[name])


def load_data(graph: Graph, name: str | None = None) -> dict[str, Array]:
    """All rows of a split by graph input; of a graph without data, if none is named, nothing."""
    return {} if name is None and not graph.sections.get("data") else split(graph, name).rows()


class Split:
    """The arrays that feed the inputs of a graph, equally long."""

    def __init__(self, graph: Graph, name: str, declared: section.Split):
        self.who = f"graph '{graph.name}': data '{name}'"
        self.columns = {
            feed: _Column(f"{self.who}: input '{feed}'", graph.inputs[feed], column, column.path or declared.path)
            for feed, column in declared.inputs.items()
        }
        lengths = {feed: column.source.shape[0] for feed, column in self.columns.items()}
        if len(set(lengths.values())) > 1:
            told = listing([f"{feed} {length}" for feed, length in lengths.items()], "and")
            raise GraphError(f"{self.who}: arrays must have equally many rows, got {told}")
        whole = next(iter(lengths.values()), 0)
        self.start, stop = declared.rows or (0, whole)
        if not 0 <= self.start <= stop <= whole:
            raise GraphError(f"{self.who}: 'rows' must lie within the {whole} there are, got {[self.start, stop]}")
        self.length = stop - self.start

    def rows(self, indices: Array | None = None) -> dict[str, Array]:
        """The rows with these numbers by graph input; all rows by default."""
        count = self.length if indices is None else len(indices)
        try:
            indices = self.start + (np.arange(count) if indices is None else indices)
            return {feed: column.rows(indices) for feed, column in self.columns.items()}
        except MemoryError:
            raise GraphError(
                f"{self.who}: {count:,} rows at a time take more memory than there is; "
                "give fewer by 'rows' here, or by 'batch_size' in training"
            ) from None

    def batches(self, size: int, start: int = 0, order: Array | None = None) -> Iterator[dict[str, Array]]:
        """The rows in batches, the last one shorter if need be, from batch ``start`` on; in file order by default."""
        order = np.arange(self.length) if order is None else order
        for first in range(start * size, self.length, size):
            yield self.rows(order[first : first + size])


def shuffled(length: int, seed: int, epoch: int) -> Array:
    """The order of rows in an epoch: the same for the same seed and epoch."""
    try:
        return Key(seed, "shuffle", epoch).generator().permutation(length)
    except MemoryError:
        raise GraphError(
            f"the order of {length:,} rows takes more memory than there is; give fewer by 'rows'"
        ) from None


class _Column:
    """An array that feeds one input."""

    def __init__(self, who: str, declared: TensorType, column: section.Column, path: str | None):
        self.who, self.declared = who, declared
        self.scale, self.offset, self.depth = column.scale, column.offset, column.one_hot
        self.dtype = dtypes.storage(declared.dtype)
        if path is None:
            raise GraphError(f"{who}: 'path' must be given, got nothing")
        try:
            self.source: RowSource = open_rows(path, column.array)
        except DataflowError as error:
            raise GraphError(f"{who}: {error}") from None
        shape = (*self.source.shape, *((self.depth,) if self.depth else ()))
        if not fits(shape, (None, *(declared.shape or shape)[1:])):
            raise GraphError(f"{who} must be {declared}, got {TensorType(column.dtype or '', shape)}")
        given = self.source.dtype.newbyteorder("=")
        changes = (column.dtype, self.scale, self.offset, self.depth)
        if all(change is None for change in changes) and given != self.dtype:
            raise GraphError(
                f"{who} must be {declared.dtype}, got {given.name}; write dtype: {declared.dtype} to convert"
            )
        if column.dtype is not None and dtypes.storage(column.dtype) != self.dtype:
            raise GraphError(f"{who} must be {declared.dtype}, got 'dtype' {column.dtype}")

    def rows(self, indices: Array) -> Array:
        values = self.source.take(indices)
        if self.depth:
            values = values[..., None] == np.arange(self.depth)
        values = values.astype(self.dtype, copy=False)
        if self.scale is not None:
            values = values * self.dtype.type(self.scale)
        if self.offset is not None:
            values = values + self.dtype.type(self.offset)
        return values
