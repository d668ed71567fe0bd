"""Whether splits have the rows that training and evaluation need: some, and as many as make up batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from dataflow.core.errors import DataflowError, GraphError
from dataflow.graph.graph import Graph
from dataflow.graphfile.sections import Report
from dataflow.training.batch_sizes import fixed_rows, rows_per_step, training_split, validation_split
from dataflow.training.data import split
from dataflow.training.data.headers import row_counts_of
from dataflow.training.data.section import Split, data_section
from dataflow.training.train_section import Train


def check(graph: Graph, train: Train, report: Report) -> None:
    """Report where the splits that training uses have no rows, or not as many as batches need."""

    def count(name: str) -> int | None:
        with suppress(DataflowError):  # which the checks of the data report
            return split(graph, name).length
        return None

    _check(graph, train, report, count)


def check_headers(graph: Graph, train: Train, report: Report) -> None:
    """Report the same of splits whose rows the headers of their files tell."""
    _check(graph, train, report, row_counts_of(graph).get)


def _check(graph: Graph, train: Train, report: Report, count: Callable[[str], int | None]) -> None:
    splits: Mapping[str, Split] = {}
    with suppress(DataflowError):
        splits = data_section(graph)
    training, validation = training_split(splits), validation_split(train, splits)
    found = []
    if training is not None and (length := count(training)) is not None:
        found.append(wrong_for_training(graph, train, training, splits[training].inputs or (), length))
    if validation is not None and validation in splits and (length := count(validation)) is not None:
        found.append(wrong_for_evaluation(graph, validation, splits[validation].inputs or (), length))
    for wrong in found:
        if wrong:
            report((), wrong)


def wrong_for_training(graph: Graph, train: Train, name: str, inputs: Iterable[str], length: int) -> str:
    """Why a split of so many rows cannot be trained with, if it cannot."""
    inputs = [*inputs]
    size = rows_per_step(graph, train, inputs, length)
    if not length:
        return f"data '{name}': must have rows to train with, got none"
    if train.drop_remainder:
        least = f"at least {size} rows, as 'drop_remainder' leaves smaller batches out"
        return "" if length >= size else f"data '{name}': must have {least}, got {length}"
    return _wrong_for_fixed(graph, name, inputs, length, ", or write 'drop_remainder: true'")


def wrong_for_evaluation(
    graph: Graph, name: str, inputs: Iterable[str], length: int, purpose: str = "validate with"
) -> str:
    """Why a split of so many rows cannot be evaluated, if it cannot."""
    if not length:
        return f"data '{name}': must have rows to {purpose}, got none"
    return _wrong_for_fixed(graph, name, inputs, length, "")


def _wrong_for_fixed(graph: Graph, name: str, inputs: Iterable[str], length: int, way: str) -> str:
    for feed, rows in fixed_rows(graph, inputs).items():
        if length % rows if rows else length:
            wanted = f"a multiple of {rows} rows, which input '{feed}' takes at a time"
            return f"data '{name}': must have {wanted}, got {length}; take some by 'rows'{way}"
    return ""


def check_rows(graph: Graph, wrong: str) -> None:
    """Raise GraphError that tells what is wrong, if anything is."""
    if wrong:
        raise GraphError(f"graph '{graph.name}': {wrong}")
