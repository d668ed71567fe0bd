"""How many rows a step takes and how many steps there are: what the section says, within what the graph fixes."""

from __future__ import annotations

from collections.abc import Iterable

from dataflow.core.errors import GraphError
from dataflow.graph.graph import Graph
from dataflow.training.data import split
from dataflow.training.data.section import data_section
from dataflow.training.train_section import Train

EVALUATED = 512  # rows at a time in evaluation


def fixed_rows(graph: Graph, inputs: Iterable[str]) -> dict[str, int]:
    """The inputs that take a fixed number of rows at a time, and that number."""
    types = {name: graph.inputs[name] for name in inputs if name in graph.inputs}
    return {name: t.shape[0] for name, t in types.items() if t.shape and isinstance(t.shape[0], int)}


def rows_per_step(graph: Graph, train: Train, inputs: Iterable[str], length: int) -> int:
    """Rows in a step of training over so many rows."""
    return train.batch_size or next(iter(fixed_rows(graph, inputs).values()), length)


def steps_per_epoch(length: int, size: int, drop_remainder: bool) -> int:
    """Steps in which so many rows are seen."""
    return length // size if drop_remainder else -(-length // size)


def rows_per_evaluation(graph: Graph, train: Train | None, inputs: Iterable[str]) -> int:
    """Rows at a time in evaluation."""
    given = train.evaluate.batch_size if train else None
    return given or next(iter(fixed_rows(graph, inputs).values()), EVALUATED)


def training_split(names: Iterable[str]) -> str | None:
    """The split that is trained with: `train`, or the first one."""
    splits = [*names]
    return "train" if "train" in splits else splits[0] if splits else None


def validation_split(train: Train, names: Iterable[str]) -> str | None:
    """The split that is evaluated after each epoch, if there is one."""
    splits = [*names]
    return train.validate or next((name for name in ("validate", "validation") if name in splits), None)


def all_steps(graph: Graph, train: Train) -> int:
    """The number of all steps of training; opens the data of the graph."""
    splits = data_section(graph)
    name = training_split(splits)
    if name is None:
        return train.epochs * train.steps_per_epoch
    length = split(graph, name).length
    if not length:
        raise GraphError(f"graph '{graph.name}': data '{name}': must have rows to train with, got none")
    size = rows_per_step(graph, train, splits[name].inputs or (), length)
    return train.epochs * steps_per_epoch(length, size, train.drop_remainder)
