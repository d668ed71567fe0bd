"""From a declaration to what feeds an input: the file is opened, the array or the columns are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dataflow.core.errors import DataflowError, GraphError, instead
from dataflow.graph.graph import Graph
from dataflow.training.data import columns, section, table
from dataflow.training.data.feed import Feed, wanted_kind
from dataflow.training.data.section import Column, Csv
from dataflow.training.data.sources import RowSource
from dataflow.training.data.wanted import Wanted


def open_feed(graph: Graph, name: str, splits: Mapping[str, section.Split], feed: str) -> Feed:
    """What feeds an input in a split; GraphError where its file cannot be read or does not fit the input."""
    who = f"graph '{graph.name}': data '{name}': input '{feed}'"
    if feed not in graph.inputs:
        raise GraphError(f"{who}: no graph input named so; {instead(feed, graph.inputs)}")
    column = (splits[name].inputs or {})[feed]
    try:
        source = _source(graph, name, splits, feed, column)
    except DataflowError as error:
        raise GraphError(f"{who}: {error}") from None
    return Feed(who, graph.inputs[feed], column, source)


def _source(graph: Graph, name: str, splits: Mapping[str, section.Split], feed: str, column: Column) -> RowSource:
    place = _Place.of(column, splits[name])
    if place.path is None:
        raise GraphError("'path' must be given, got nothing")
    if not table.is_table(place.path):
        if column.columns is not None:
            hint = table.as_table(place.path) or "write 'array'"
            raise GraphError(f"'columns' are those of a table, got another file, {place.path}; {hint}")
        return table.array_of(place.path, column.array)
    file = table.open_table(place.path, place.csv)
    everything: set[Wanted] = set()
    for other, declared in splits.items():  # what all splits want of a file is read from it once
        for input_, each in (declared.inputs or {}).items():
            if input_ not in graph.inputs or _Place.of(each, declared) != place:
                continue
            kind, may_miss = wanted_kind(each, graph.inputs[input_])
            try:
                names = columns.selected(file.names, each.array, each.columns, file.unknown)
            except DataflowError:
                if (other, input_) == (name, feed):
                    raise
                continue  # told where it is used
            wanted = [Wanted(one, kind, may_miss) for one in names]
            everything.update(wanted)
            if (other, input_) == (name, feed):
                own, matrix = wanted, each.array is None or len(names) > 1
    try:
        rows = table.rows_of(place.path, place.csv, file, everything)
    except DataflowError:
        rows = table.rows_of(place.path, place.csv, file, own)  # or what is wrong with this input is told
    return table.TableColumns(rows, own, matrix)


@dataclass(frozen=True)
class _Place:
    """Where the values of an input are: a file, and how it is written."""

    path: str | None
    csv: Csv

    @classmethod
    def of(cls, column: Column, declared: section.Split) -> _Place:
        return cls(column.path or declared.path, column.csv or declared.csv or Csv())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Place) and self.path == other.path and vars(self.csv) == vars(other.csv)

    def __hash__(self) -> int:
        return hash(self.path)
