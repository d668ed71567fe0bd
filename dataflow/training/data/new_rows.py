"""Rows of another file, prepared as those that a graph was trained with: what predictions are made from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dataflow.core.errors import DataflowError, GraphError, listing
from dataflow.files import ArrayFile, Unreadable
from dataflow.files.endings import is_table
from dataflow.graph.graph import Graph
from dataflow.training.data import section, table
from dataflow.training.data.columns import selected
from dataflow.training.data.preparation import Fitted, is_prepared, needs_fit
from dataflow.training.data.section import Column, Csv, data_section
from dataflow.training.data.splits import Split, training_split

NAME = "new rows"


def rows_of_file(graph: Graph, path: str | os.PathLike[str], fitted: Mapping[str, Any] | None = None) -> Split:
    """The rows of a file for the inputs that the training split feeds from a file of this kind.

    An input is left out where the file does not have its columns, as labels are not known yet; ``lacks`` of the split
    has the first of them.

    fitted : what the training split told of each input, as `Split.fitted` says it; found anew where it is not given.

    Raises GraphError where the graph has no data, or the file feeds no input.
    """
    splits = data_section(graph)
    if not splits:
        raise GraphError(f"graph '{graph.name}' has no data; its file has no 'data' section to read others by")
    training = splits[training_split(splits)]
    known: Mapping[str, Any] = fitted if fitted is not None else _fitted(graph, splits)
    options = training.csv or Csv()
    names, hint = _names(path, options)
    inputs: dict[str, Column] = {}
    lacks: dict[str, str] = {}
    for feed, column in (training.inputs or {}).items():
        columns = None if column.array else _of(known.get(feed))
        try:
            if names:
                selected(names, column.array, columns or column.columns, DataflowError)
        except DataflowError as lacking:
            lacks[feed] = str(lacking)
            continue
        chosen = {"columns": columns} if columns else {}
        inputs[feed] = Column(**{**vars(column), **chosen, "path": None, "csv": None})
    if not inputs:
        told = [f"'{column}' for input '{feed}'" for feed, column in lacks.items()]
        having = f"; it has {listing(names, 'and')}" if names else ""
        raise GraphError(f"graph '{graph.name}': {path}: feeds no input; it lacks {listing(told, 'and')}{having}{hint}")
    made = section.Split(path=os.fspath(path), csv=training.csv, inputs=inputs)
    found = Split(graph, NAME, {NAME: made})
    found.prepare(known or None)
    found.lacks = lacks
    return found


def prepared_inputs(graph: Graph) -> set[str]:
    """The inputs to which the training split does more than to convert them."""
    splits = data_section(graph)
    columns = (splits[training_split(splits)].inputs or {}) if splits else {}
    return {name for name, column in columns.items() if is_prepared(column)}


def _fitted(graph: Graph, splits: Mapping[str, section.Split]) -> Mapping[str, Any]:
    """What the training split tells; its file is not opened where nothing is to be known of it."""
    training = training_split(splits)
    if not any(needs_fit(column) for column in (splits[training].inputs or {}).values()):
        return {}
    return Split(graph, training, splits).fit()


def _of(fitted: Fitted | Mapping[str, Any] | None) -> list[str] | None:
    """The columns of the table that an input was trained with."""
    found = fitted.get("names") if isinstance(fitted, Mapping) else fitted.names if fitted is not None else None
    return None if found is None else list(found)


def _names(path: str | os.PathLike[str], options: Csv) -> tuple[list[str], str]:
    """The columns or arrays in a file, and what may be wrong where they are not those that are wanted.

    Raises DataflowError where it cannot be read.
    """
    if is_table(path):
        opened = table.open_table(path, options)
        if isinstance(opened, table.CsvFile) and (other := opened.text.other_delimiter):
            own = opened.text.delimiter
            return opened.names, f"; its fields must be separated by {own!r}, as in training, got {other!r}; save it so"
        return opened.names, ""
    hint = table.as_table(path)
    try:
        with ArrayFile(path) as file:
            return file.names, f"; {hint}" if hint else ""
    except Unreadable as error:
        raise DataflowError(f"{path}: cannot be read as data: {error}") from None
