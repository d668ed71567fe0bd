"""What a `data` section says against the headers of its files: what fits no input, and how many rows splits have.

No row is read but of small tables of text, which do not tell otherwise how many they are, and of what. A header is read
once for as long as its file stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from dataflow.core.dtypes import DType
from dataflow.core.errors import DataflowError
from dataflow.files.endings import is_table
from dataflow.files.stamps import Stamp, stamp
from dataflow.graph.graph import Graph
from dataflow.graphfile.suggest.stored import arrays_in
from dataflow.training.data import row_counts, section, table
from dataflow.training.data.feed_type import Given, check_given
from dataflow.training.data.opening import Place, declared_feed, file_of, is_matrix, wanted_of
from dataflow.training.data.section import Csv, data_section
from dataflow.training.data.sources import array_type
from dataflow.training.data.wanted import Vocabulary, Wanted

_KEPT = 256  # headers
P = ParamSpec("P")
T = TypeVar("T")


def _once(read: Callable[P, T]) -> Callable[P, T]:
    """A reader that remembers what it gave or why it could not: a file is read again only once it has changed."""

    @lru_cache(_KEPT)
    def outcome(*args: P.args, **kwargs: P.kwargs) -> T | DataflowError:
        try:
            return read(*args, **kwargs)
        except DataflowError as error:
            return error

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        found = outcome(*args, **kwargs)  # type: ignore[arg-type]  # none has any
        if isinstance(found, DataflowError):
            raise found.with_traceback(None)  # or frames of all times would be kept
        return found

    return reading


def given_of(graph: Graph, name: str, splits: Mapping[str, section.Split], feed: str) -> Given:
    """The dtype and shape of what feeds an input; GraphError where it cannot be read or does not fit, as in a run."""
    with declared_feed(graph, name, splits, feed) as (who, declared, column):
        place = Place.of(column, splits[name])
        path = file_of(place, column)
        if is_table(path):
            file, length = table_of(place)
            wanted = wanted_of(file, column, declared)
            if isinstance(file, table.CsvFile) and length is not None:
                _check_values(place, stamp(path), *wanted)
            shape = (length, len(wanted)) if is_matrix(column, wanted) else (length,)
            given = Given(wanted[0].storage, shape, is_table=True)
        else:
            given = Given(*_array(path, stamp(path), column.array))
    check_given(who, declared, column, given)
    return given


def rows_of(graph: Graph, name: str, splits: Mapping[str, section.Split]) -> int | None:
    """How many rows a split has; None where no header tells. GraphError as where the split is opened."""
    lengths = {feed: given_of(graph, name, splits, feed).shape[0] for feed in splits[name].inputs or {}}
    who = f"graph '{graph.name}': data '{name}'"
    whole = row_counts.common(who, lengths)
    if whole is None:
        return None
    start, stop = row_counts.bounds(who, splits[name], whole)
    return stop - start


def row_counts_of(graph: Graph) -> dict[str, int | None]:
    """How many rows each split of a graph has; None where no header tells, or something is wrong with the split."""
    found: dict[str, int | None] = {}
    splits = {}
    with suppress(DataflowError):
        splits = data_section(graph)
    for name in splits:
        found[name] = None
        with suppress(DataflowError):
            found[name] = rows_of(graph, name, splits)
    return found


def names_in(path: str, beside: Mapping[str, object]) -> Mapping[str, str]:
    """The arrays of a file, or the columns of a table as the key `csv` beside its path says that it is written."""
    if not is_table(path):
        return arrays_in(path, beside)
    with suppress(DataflowError, ValueError):
        file, _ = table_of(Place(path, Csv.parse(beside.get("csv") or {})))
        return dict.fromkeys(filter(None, file.names), "column")
    return {}


def table_of(place: Place) -> tuple[table.TableFile, int | None]:
    """A table of which only the names and the number of rows are known, the latter if it is quickly told."""
    return _table(place, stamp(place.path or ""))


@_once
def _array(path: str, seen: Stamp | None, name: str | None) -> tuple[DType, tuple[int, ...]]:
    with table.no_table(path):
        return array_type(path, name)


@_once
def _check_values(place: Place, seen: Stamp | None, *wanted: Wanted) -> None:
    """Raise DataflowError where something is wrong with the values in columns of a small table."""
    file = table.open_table(place.path or "", place.csv)
    try:
        for _ in file.pieces(wanted, Vocabulary()):
            pass
    finally:
        file.close()


@_once
def _table(place: Place, seen: Stamp | None) -> tuple[table.TableFile, int | None]:
    file = table.open_table(place.path or "", place.csv)
    try:
        return file, file.length()
    finally:
        file.close()
