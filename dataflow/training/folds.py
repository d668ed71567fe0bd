"""Cross-validation: a graph trained once per fold, each time without the rows that it is then measured on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataflow.core.errors import GraphError
from dataflow.graph.graph import Graph
from dataflow.graph.overrides import NO_OVERRIDES, Overrides
from dataflow.training.data import split
from dataflow.training.data.section import data_section
from dataflow.training.data.splits import training_split
from dataflow.training.epoch_report import Report
from dataflow.training.train_section import train_section
from dataflow.training.trainer import Trainer


@dataclass(frozen=True)
class Fold:
    """What a training without a fold reached on it: means over its rows by name."""

    number: int  # from 1
    rows: int
    measured: dict[str, float]


def train_folds(
    graph: Graph,
    count: int,
    epochs: int | None = None,
    measured: Graph | None = None,
    tick: Callable[[Trainer], Any] | None = None,
    overrides: Overrides = NO_OVERRIDES,
) -> Iterator[Fold]:
    """Train once per fold of the training split; the rows of the others are for training, its own for measuring.

    The rows are shuffled, and stratified, as the split says; what prepares them is fitted to the rows for training. A
    fold is measured after the last epoch, or after the best one if the section says `restore_best`. The trainings keep
    nothing.

    count : folds, from 2 to the number of rows.

    Raises GraphError where the graph has no data.
    """
    splits = data_section(graph)
    if not splits:
        raise GraphError(f"graph '{graph.name}': must have data to train in folds, got none")
    name = training_split(splits)
    whole, train = split(graph, name), train_section(graph)
    held = (train.validate if train else None) or "validate"
    for i in range(count):
        training, validation = whole.fold(i, count, splits[name].seed or 0)
        trainer = Trainer(
            graph, epochs=epochs, measured=measured, data={"train": training, held: validation}, overrides=overrides
        )
        report = _last(trainer, tick)
        yield Fold(i + 1, validation.length, report.validate)


def _last(trainer: Trainer, tick: Callable[[Trainer], Any] | None) -> Report:
    """The report of the last epoch, or of the best one if the variables become its."""
    stopping = trainer.settings.early_stopping
    best = stopping is not None and stopping.restore_best
    kept = None
    for report in trainer.run(tick):
        if kept is None or report.best or not best:
            kept = report
    assert kept is not None
    return kept


def mean_and_spread(folds: list[Fold]) -> Mapping[str, tuple[float, float]]:
    """The mean over folds of each name, and the standard deviation of a fold, estimated from them."""
    found = {name: np.array([fold.measured[name] for fold in folds]) for name in folds[0].measured}
    return {name: (float(values.mean()), float(values.std(ddof=1))) for name, values in found.items()}
