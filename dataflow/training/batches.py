"""The batches of an epoch, in its order."""

from __future__ import annotations

from collections.abc import Iterator

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.training.array_split import RowSplit
from dataflow.training.data.row_order import Order, shuffled


def batches_of(
    data: RowSplit | None, size: int, count: int, done: int, seed: int, epoch: int, whole: bool
) -> Iterator[dict[str, Array]]:
    """The batches of an epoch that are left once so many rows are done; empty ones for a graph without data.

    size, count : rows of a batch, and batches of an epoch.
    whole : whether a last batch that would be smaller is left out.
    """
    if data is None:
        return ({} for _ in range(done, count))
    order = shuffled(data.length, seed, epoch)
    last = count * size if whole else data.length
    return (data.rows(_part(data, order, start, min(start + size, last))) for start in range(done, last, size))


def _part(data: RowSplit, order: Order, start: int, stop: int) -> Array:
    """The numbers of the rows of a batch."""
    try:
        return order[start:stop]
    except MemoryError:
        raise GraphError(
            f"{data.who}: {stop - start:,} rows at a time take more memory than there is; give fewer by 'batch_size'"
        ) from None
