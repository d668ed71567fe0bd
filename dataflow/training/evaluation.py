"""Evaluation: means of the minimized value and of metrics over the rows of a split."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from dataflow.core.cancellation import CancelFlag
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.engine.plan import Plan
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.training.array_split import RowSplit, inputs_of
from dataflow.training.batch_sizes import rows_per_evaluation
from dataflow.training.row_checks import check_rows, wrong_for_evaluation
from dataflow.training.train_section import train_section


def metrics(graph: Graph) -> list[str]:
    """The minimized value and the metrics; of a graph that is not for training, all scalar outputs."""
    train = train_section(graph)
    if train is None:
        return [name for name, link in graph.outputs.items() if graph.deref(link).type.rank == 0]
    return list(dict.fromkeys([*([train.minimize] if train.minimize else []), *train.metrics]))


def evaluate(
    graph: Graph,
    data: RowSplit,
    names: list[str],
    variables: Mapping[str, Array],
    purpose: str = "measure with",
    cancel: CancelFlag | None = None,
) -> dict[str, float]:
    """Means of outputs over the rows of a split; GraphError where it has none."""
    inputs = inputs_of(data)
    split = data.who.rpartition("data '")[2].rstrip("'")
    check_rows(graph, wrong_for_evaluation(graph, split, inputs, data.length, purpose))
    plan, totals, seen = _planned(graph, names), dict.fromkeys(names, 0.0), 0
    fixed = {n: v for n, v in variables.items() if n in graph.nodes}
    try:
        for feeds in data.batches(rows_per_evaluation(graph, train_section(graph), inputs)):
            rows = len(next(iter(feeds.values())))
            for name, value in means(graph, plan.run({**fixed, **feeds}, cancel=cancel), names).items():
                totals[name] += value * rows
            seen += rows
    finally:
        plan.free_memory()  # which steps of training need until the next epoch ends
    return {name: total / seen for name, total in totals.items()}


def _planned(graph: Graph, names: list[str]) -> Plan:
    """The plan of these outputs and wires, kept with the graph: training measures after each epoch."""
    outputs = {n: graph.outputs[n] if n in graph.outputs else _link(graph, n) for n in names}
    key = "means", *outputs.items()
    if key not in graph.cache:
        wanted = graph.copy()
        wanted.outputs = outputs
        graph.cache[key] = Plan(wanted)
    plan: Plan = graph.cache[key]
    return plan


def _link(graph: Graph, wire: str) -> Link:
    ref = graph.ref(wire)
    return Link(ref.node, ref.port)


def means(graph: Graph, outputs: Mapping[str, Array], names: list[str]) -> dict[str, float]:
    """What a step or a batch reports of each name: a scalar, or the mean of a value per row."""
    return {name: _mean(graph, name, outputs[name]) for name in names}


def _mean(graph: Graph, name: str, value: Array) -> float:
    if value.ndim > 1:
        raise GraphError(
            f"graph '{graph.name}': train: '{name}' must be a scalar, or a value per row, got {value.shape}"
        )
    return float(np.mean(value, dtype=np.float64) if value.ndim else value)  # a mean of one takes long


def not_finite(found: Mapping[str, float]) -> list[str]:
    """The names whose mean is NaN or infinite."""
    return [name for name, value in found.items() if not math.isfinite(value)]
