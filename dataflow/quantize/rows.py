"""Values of inner wires while the rows of a split run through a graph, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.engine.plan import Plan
from dataflow.graph.node import Link
from dataflow.graph.rewrite import eliminate_dead_code
from dataflow.quantize.model import Model
from dataflow.training.array_split import RowSplit, inputs_of
from dataflow.training.batch_sizes import rows_per_evaluation
from dataflow.training.row_checks import check_rows, wrong_for_evaluation
from dataflow.training.train_section import train_section

BATCH = 512  # rows of a batch where two graphs must have the same


def run_rows(
    model: Model, data: RowSplit, links: Iterable[Link], samples: int | None = None, size: int | None = None
) -> Iterator[dict[Link, Array]]:
    """The values of wires for batches of rows, in the order of the split.

    samples : how many rows, spread evenly over the split; all by default.
    size : rows of a batch; by default those of evaluation. The last may be smaller.

    Raises GraphError where there are no rows.
    """
    graph = model.graph
    split = data.who.rpartition("data '")[2].rstrip("'")
    check_rows(graph, wrong_for_evaluation(graph, split, inputs_of(data), data.length, "quantize with"))
    wanted = graph.copy()
    wanted.outputs = {str(i): link for i, link in enumerate(dict.fromkeys(links))}
    wanted = eliminate_dead_code(wanted, wanted.outputs)
    plan, names = Plan(wanted), {*wanted.inputs}
    values = {name: value for name, value in model.values.items() if name in wanted.nodes}
    length = data.length if samples is None else min(samples, data.length)
    size = size or rows_per_evaluation(graph, train_section(graph), inputs_of(data))
    for start in range(0, length, size):
        indices = np.arange(start, min(start + size, length)) * data.length // length
        feeds = {name: array for name, array in data.rows(indices).items() if name in names}
        outputs = plan.run({**values, **feeds})
        yield {link: outputs[name] for name, link in wanted.outputs.items()}
