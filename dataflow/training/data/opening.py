"""From a declaration to what feeds an input: the file is opened, the array or the columns are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from dataflow.core.errors import DataflowError, GraphError, instead
from dataflow.core.shapes import TensorType
from dataflow.files.endings import is_table
from dataflow.graph.graph import Graph
from dataflow.training.data import columns, section, table
from dataflow.training.data.feed import Feed
from dataflow.training.data.feed_type import wanted_kind
from dataflow.training.data.section import Column, Csv
from dataflow.training.data.sources import RowSource
from dataflow.training.data.wanted import Wanted


def open_feed(graph: Graph, name: str, splits: Mapping[str, section.Split], feed: str) -> Feed:
    """What feeds an input in a split; GraphError where its file cannot be read or does not fit the input."""
    with declared_feed(graph, name, splits, feed) as (who, declared, column):
        source = _source(graph, name, splits, feed, column)
    return Feed(who, declared, column, source)


@contextmanager
def declared_feed(
    graph: Graph, name: str, splits: Mapping[str, section.Split], feed: str
) -> Iterator[tuple[str, TensorType, Column]]:
    """How messages name an input of a split, its type in the graph, and its declaration; errors within name it."""
    who = f"graph '{graph.name}': data '{name}': input '{feed}'"
    if feed not in graph.inputs:
        raise GraphError(f"{who}: no graph input named so; {instead(feed, graph.inputs)}")
    try:
        yield who, graph.inputs[feed], (splits[name].inputs or {})[feed]
    except DataflowError as error:
        raise GraphError(f"{who}: {error}") from None


def _source(graph: Graph, name: str, splits: Mapping[str, section.Split], feed: str, column: Column) -> RowSource:
    place = Place.of(column, splits[name])
    path = file_of(place, column)
    if not is_table(path):
        return table.array_of(path, column.array)
    file = table.open_table(path, place.csv)
    own = wanted_of(file, column, graph.inputs[feed])
    everything = set(own)
    for declared in splits.values():  # what all splits want of a file is read from it once
        for input_, each in (declared.inputs or {}).items():
            if input_ in graph.inputs and Place.of(each, declared) == place:
                with suppress(DataflowError):  # told where it is used
                    everything.update(wanted_of(file, each, graph.inputs[input_]))
    try:
        rows = table.rows_of(path, place.csv, file, everything)
    except DataflowError:
        rows = table.rows_of(path, place.csv, file, own)  # or what is wrong with this input is told
    return table.TableColumns(rows, own, is_matrix(column, own))


def file_of(place: Place, column: Column) -> str:
    """The file of an input; DataflowError where there is none, or none that can have what the input names."""
    if place.path is None:
        raise GraphError("'path' must be given, got nothing")
    if column.columns is not None and not is_table(place.path):
        hint = table.as_table(place.path) or "write 'array'"
        raise GraphError(f"'columns' are those of a table, got another file, {place.path}; {hint}")
    return place.path


def wanted_of(file: table.TableFile, column: Column, declared: TensorType) -> list[Wanted]:
    """What an input wants of a table, column by column; DataflowError where it lacks one."""
    kind, may_miss = wanted_kind(column, declared)
    names = columns.selected(file.names, column.array, column.columns, file.unknown)
    return [Wanted(name, kind, may_miss) for name in names]


def is_matrix(column: Column, wanted: Sequence[Wanted]) -> bool:
    """Whether columns of a table make a matrix, however many they are."""
    return column.array is None or len(wanted) > 1


@dataclass(frozen=True)
class Place:
    """Where the values of an input are: a file, and how it is written."""

    path: str | None
    csv: Csv

    @classmethod
    def of(cls, column: Column, declared: section.Split) -> Place:
        """The place of an input in a split."""
        return cls(column.path or declared.path, column.csv or declared.csv or Csv())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.path == other.path and vars(self.csv) == vars(other.csv)

    def __hash__(self) -> int:
        return hash(self.path)
