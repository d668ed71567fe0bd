"""Splits of a graph's `data` section: which rows feed which input, prepared by the training split, in which batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, UnknownNameError, instead, listing, nearest
from dataflow.graph.graph import Graph
from dataflow.training.data import row_counts, row_order, section
from dataflow.training.data.opening import open_feed
from dataflow.training.data.preparation import Fitted
from dataflow.training.data.row_order import Order
from dataflow.training.data.section import Column, data_section


def split(graph: Graph, name: str | None = None, fitted: Mapping[str, Any] | None = None) -> Split:
    """A split of the graph's `data` section; the first one where none is named.

    fitted : what the training split told of each input, as `Split.fitted` says it; found anew where it is not given.

    Raises GraphError where there is none, or where its arrays do not fit the inputs that they feed.
    """
    splits = data_section(graph)
    if name is None and splits:
        name = next(iter(splits))
    if name is None or name not in splits:
        known = f"it has {listing(splits, 'and')}" if splits else "its file has no 'data' section"
        what = "data" if name is None else f"data '{name}'"
        raise UnknownNameError(f"graph '{graph.name}' has no {what}; {nearest(name or '', splits) or known}")
    found = Split(graph, name, splits)
    found.prepare(fitted)
    return found


def training_split(splits: Mapping[str, section.Split]) -> str:
    """The split to which preparing is fitted: `train`, or the first one."""
    return "train" if "train" in splits else next(iter(splits))


def load_data(graph: Graph, name: str | None = None) -> dict[str, Array]:
    """All rows of a split by graph input; of a graph without data, if none is named, nothing."""
    return {} if name is None and not graph.sections.get("data") else split(graph, name).rows()


class Split:
    """The arrays that feed the inputs of a graph, equally long."""

    def __init__(self, graph: Graph, name: str, splits: Mapping[str, section.Split]):
        self.graph, self.name, self.splits = graph, name, splits
        self.who = f"graph '{graph.name}': data '{name}'"
        declared = splits[name]
        self.feeds = {feed: open_feed(graph, name, splits, feed) for feed in declared.inputs or {}}
        lengths = {feed: found.source.shape[0] for feed, found in self.feeds.items()}
        whole = row_counts.common(self.who, lengths) or 0
        self.start, stop = row_counts.bounds(self.who, declared, whole)
        self.length = stop - self.start
        self.lacks: dict[str, str] = {}  # input that is left out -> column that it would need
        self.digest = ""  # of what it is made of, where the section does not say it
        self.chosen: Array | None = None  # the numbers of its rows, where they are not contiguous
        if declared.fraction is not None:
            try:
                groups = None if declared.stratify is None else self._groups(declared.stratify, whole)
                self.chosen = row_order.part(whole, declared.fraction, declared.seed or 0, groups)
            except GraphError as error:
                raise GraphError(f"{self.who}: {error}") from None

    def _groups(self, feed: str, count: int) -> Array:
        """The values by which rows are stratified, as numbers."""
        if feed not in self.feeds:
            raise GraphError(f"'stratify' must be an input, got '{feed}'; {instead(feed, self.feeds)}")
        source = self.feeds[feed].source
        if len(source.shape) != 1:
            got = f"'{feed}' of shape {list(source.shape)}"
            raise GraphError(f"'stratify' must be an input with a value per row, got {got}")
        return source.take(np.arange(count))

    # -- preparing ------------------------------------------------------------------------------------------------

    def prepare(self, fitted: Mapping[str, Any] | None = None) -> None:
        """Fit to the training split what is to be fitted, unless that is known."""
        if fitted is None:
            fitted = self.fit()
        for feed, found in self.feeds.items():
            known = fitted.get(feed, Fitted())
            found.use(known if isinstance(known, Fitted) else Fitted(**known))

    @property
    def fitted(self) -> dict[str, dict[str, Any]]:
        """What is known of the training split, by input, as plain data."""
        return {feed: found.fitted.plain() for feed, found in self.feeds.items() if found.fitted != Fitted()}

    def fit(self, inputs: Collection[str] | None = None) -> dict[str, Fitted]:
        """What the training split tells of each input, or of some."""
        feeds = {feed: found for feed, found in self.feeds.items() if inputs is None or feed in inputs}
        name = training_split(self.splits)
        from_other = name != self.name and any(feed.needs_fit for feed in feeds.values())
        source = Split(self.graph, name, self.splits) if from_other else self
        fitted = {}
        for feed, found in feeds.items():
            base = source.feeds.get(feed)
            if found.needs_fit and (base is None or _prepares(base.column) != _prepares(found.column)):
                raise GraphError(
                    f"{found.who}: must be prepared as in split '{name}', to which it is fitted; write like: {name}"
                )
            fitted[feed] = (base if base is not None and found.needs_fit else found).fit(source.parts)
        return fitted

    def parts(self, size: int) -> Iterator[Array]:
        """The numbers in the file of all rows, so many at a time."""
        for first in range(0, self.length, size):
            yield self._numbers(np.arange(first, min(first + size, self.length)))

    # -- rows -----------------------------------------------------------------------------------------------------

    def _numbers(self, indices: Array) -> Array:
        """The numbers in the file of rows of the split."""
        return self.start + indices if self.chosen is None else self.chosen[indices]

    def rows(self, indices: Array | None = None) -> dict[str, Array]:
        """The rows with these numbers by graph input; all rows by default."""
        count = self.length if indices is None else len(indices)
        with self._enough_memory(count):
            numbers = self._numbers(np.arange(count) if indices is None else indices)
            return {feed: found.rows(numbers) for feed, found in self.feeds.items()}

    def batches(self, size: int, start: int = 0, order: Order | None = None) -> Iterator[dict[str, Array]]:
        """The rows in batches, the last one shorter if need be, from batch ``start`` on; in file order by default."""
        for first in range(start * size, self.length, size):
            last = min(first + size, self.length)
            with self._enough_memory(last - first):
                indices = np.arange(first, last) if order is None else order[first:last]
            yield self.rows(indices)

    @contextmanager
    def _enough_memory(self, count: int) -> Iterator[None]:
        try:
            yield
        except MemoryError:
            raise GraphError(
                f"{self.who}: {count:,} rows at a time take more memory than there is; "
                "give fewer by 'rows' here, or by 'batch_size' in training"
            ) from None

    def part(self, indices: Array) -> Split:
        """The split of some of the rows."""
        made = Split.__new__(Split)
        made.__dict__.update(self.__dict__, chosen=self._numbers(indices), length=len(indices))
        made.feeds = {name: copy(feed) for name, feed in self.feeds.items()}
        return made

    def fold(self, i: int, count: int, seed: int) -> tuple[Split, Split]:
        """The rows for training and for validation of the fold ``i`` of ``count``; prepared by those for training."""
        declared = self.splits[self.name]
        if not 2 <= count <= self.length:
            raise GraphError(f"{self.who}: folds must be from 2 to its {self.length} rows, got {count}")
        groups = None
        if declared.stratify is not None:
            groups = self.feeds[declared.stratify].source.take(self._numbers(np.arange(self.length)))
        held = row_order.part(self.length, (i / count, (i + 1) / count), seed, groups)
        rest = np.setdiff1d(np.arange(self.length), held, assume_unique=True)
        training, validation = self.part(rest), self.part(held)
        fitted = {name: feed.fit(training.parts) for name, feed in training.feeds.items()}
        for each, what in ((training, "without"), (validation, "with")):
            each.digest = f"{what} fold {i} of {count}, seed {seed}"
            each.prepare(fitted)
        return training, validation


def _prepares(column: Column) -> dict[str, Any]:
    keys = ("missing", "scale", "offset", "normalize", "classes", "categories", "weights")
    return {key: getattr(column, key) for key in keys}
