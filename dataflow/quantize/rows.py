"""Rows of a split run through a graph, a fixed number at a time: sums may have other bits in a run of other rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, listing
from dataflow.engine.plan import Plan
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.graph.rewrite import eliminate_dead_code
from dataflow.quantize.model import Model
from dataflow.training.array_split import RowSplit, inputs_of
from dataflow.training.batch_sizes import rows_per_evaluation
from dataflow.training.row_checks import check_rows, wrong_for_evaluation
from dataflow.training.train_section import train_section

BATCH = 512  # rows of a run where two graphs must have the same


class Runs:
    """The rows of a split, run through a graph that has the variables of a model and outputs of its own.

    graph : with the outputs that are wanted; only what they need is run.
    samples : how many rows, spread evenly over the split; all by default.
    size : rows of a run; by default those of evaluation. The last may have fewer.
    purpose : what messages say that it is done for.

    Raises GraphError where there are no rows, or where outputs need an input that the split does not feed.
    """

    def __init__(
        self,
        model: Model,
        graph: Graph,
        data: RowSplit,
        samples: int | None = None,
        size: int | None = None,
        purpose: str = "quantize with",
    ):
        self.data = data
        self.split = data.who.rpartition("data '")[2].rstrip("'")
        check_rows(graph, wrong_for_evaluation(graph, self.split, inputs_of(data), data.length, purpose))
        self.graph = eliminate_dead_code(graph, graph.outputs)
        inputs = self.graph.inputs
        lacking = [name for name in inputs if name not in data.feeds and not self.graph.nodes[name].inputs]
        if lacking:
            raise GraphError(f"{data.who}: must feed {listing(map(repr, lacking), 'and')} to {purpose}, got none")
        self.values = {name: value for name, value in model.values.items() if name in self.graph.nodes}
        self.length = data.length if samples is None else min(samples, data.length)
        self.size = size or rows_per_evaluation(graph, train_section(graph), inputs_of(data))
        self.plan = Plan(self.graph)

    def outputs(self, first: int = 0, stop: int | None = None) -> Iterator[tuple[int, dict[str, Array]]]:
        """How many rows ran, and the outputs for them: from one of the rows to before another, all by default."""
        used = self.graph.inputs
        stop = self.length if stop is None else stop
        for start in range(first, stop, self.size):
            indices = np.arange(start, min(start + self.size, stop))
            if self.length < self.data.length:
                indices = indices * self.data.length // self.length
            feeds = {name: array for name, array in self.data.rows(indices).items() if name in used}
            yield len(indices), self.plan.run({**self.values, **feeds})


def run_rows(
    model: Model, data: RowSplit, links: Iterable[Link], samples: int | None = None, size: int | None = None
) -> Iterator[dict[Link, Array]]:
    """The values of wires for batches of rows, in the order of the split; see `Runs`."""
    wanted = model.graph.copy()
    wanted.outputs = {str(i): link for i, link in enumerate(dict.fromkeys(links))}
    for _, outputs in Runs(model, wanted, data, samples, size).outputs():
        yield {link: outputs[name] for name, link in wanted.outputs.items()}
