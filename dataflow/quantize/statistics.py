"""Statistics of the values on wires, which ranges follow from: kept in a file, and merged to the bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, listing
from dataflow.core.float_bins import finite_bins


@dataclass(frozen=True, order=True)
class Rows:
    """Rows of some data, from ``first`` to before ``stop``: its digest, and what it is called."""

    digest: str
    first: int
    stop: int
    data: str


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen on a wire.

    counts : of HistogramObserver, ``[65536]``, or ``[channels, 4096]`` where channels along ``axis`` are kept apart.
    low, high : the lowest and highest finite value, of all or of each channel; inf and -inf where there is none.
    channels : the lowest and highest value of each channel, ``[2, channels]``; NaN where one is NaN.
    batches : the lowest and highest value of each batch of rows, ``[batches, 2]``, NaN for one with other than
        finite values; None where the wire has no axis of rows.
    """

    counts: Array
    low: Array
    high: Array
    channels: Array | None = None
    batches: Array | None = None
    axis: int | None = None

    @property
    def layout(self) -> tuple[Any, ...]:
        """What must be equal in statistics that are merged."""
        return self.axis, self.counts.shape, self.low.dtype, self.channels is None or self.channels.shape

    @property
    def total(self) -> int:
        """How many values were seen."""
        return int(self.counts.sum())

    @property
    def not_finite(self) -> int:
        """How many of them are NaN or infinite."""
        counts = self.counts.reshape(-1, self.counts.shape[-1])
        places = finite_bins(counts.shape[1].bit_length() - 1).places
        return self.total - int(counts[:, places].sum())


@dataclass(frozen=True, eq=False)
class Statistics:
    """What was seen on some wires of a graph, by their names.

    graph, variables : digests of what computed the values.
    size : rows that were run at a time; sums in a run may have other bits for another number of rows.
    batch : rows in a batch of ``Seen.batches``; the last one of a run may have fewer.
    rows : which rows were seen, in the order of their digests and numbers.
    """

    wires: Mapping[str, Seen]
    graph: str
    variables: str
    size: int
    batch: int
    rows: tuple[Rows, ...]

    @property
    def row_count(self) -> int:
        """How many rows were seen."""
        return sum(rows.stop - rows.first for rows in self.rows)

    @property
    def told_of(self) -> tuple[Any, ...]:
        """All that says what was seen."""
        return self.graph, self.variables, self.size, self.batch, self.rows

    @property
    def told(self) -> str:
        """What was seen, as messages name it."""
        return listing(dict.fromkeys(rows.data for rows in self.rows), "and") or "no data"

    def batches_of(self, rows: Rows) -> int:
        """How many batches these rows make."""
        count = rows.stop - rows.first
        return count // self.size * -(-self.size // self.batch) + -(-(count % self.size) // self.batch)


def merge(parts: Sequence[Statistics]) -> Statistics:
    """The statistics of all rows that the parts have seen, the same bits in whichever order they come.

    Raises DataflowError where they are not of one graph with one set of variables and wires, or where rows come twice.
    """
    first, *others = parts
    for other in others:
        for what, said in _SAME.items():
            if getattr(first, what) != getattr(other, what):
                raise DataflowError(
                    f"statistics must be of one {said} to be merged, those of {first.told} and of {other.told} are "
                    "not; calibrate both again with the same"
                )
        one, two = ({name: seen.layout for name, seen in part.wires.items()} for part in (first, other))
        if one != two:
            names = sorted(name for name in {*one, *two} if one.get(name) != two.get(name))
            raise DataflowError(
                f"statistics must be of the same wires to be merged, those of {first.told} and of {other.told} differ "
                f"in {listing(map(repr, names), 'and')}"
            )
    pieces = sorted(((rows, part) for part in parts for rows in part.rows), key=lambda piece: piece[0])
    for (before, _), (after, _) in pairwise(pieces):
        if before.digest == after.digest and after.first < before.stop:
            raise DataflowError(
                "statistics must be of different rows to be merged, "
                f"got rows {after.first} to {min(before.stop, after.stop)} of {after.data} twice"
            )
    return replace(
        first,
        wires={name: _merged([part.wires[name] for part in parts], _tables(name, pieces)) for name in first.wires},
        rows=_joined([rows for rows, _ in pieces]),
    )


_SAME = {
    "graph": "graph",
    "variables": "set of variables",
    "size": "number of rows at a time",
    "batch": "number of rows in a batch",
}


def _merged(parts: Sequence[Seen], batches: Array | None) -> Seen:
    channels = [seen.channels for seen in parts]
    known = [each for each in channels if each is not None]
    return replace(
        parts[0],
        counts=np.add.reduce([seen.counts for seen in parts]),
        low=np.minimum.reduce([seen.low for seen in parts]),
        high=np.maximum.reduce([seen.high for seen in parts]),
        channels=lowest_and_highest(known) if len(known) == len(parts) else None,
        batches=batches,
    )


def lowest_and_highest(pairs: Sequence[Array]) -> Array:
    """The lowest of the first and the highest of the second of several pairs of arrays; NaN where one is NaN."""
    return np.stack([np.minimum.reduce([p[0] for p in pairs]), np.maximum.reduce([p[1] for p in pairs])])


def _tables(name: str, pieces: Sequence[tuple[Rows, Statistics]]) -> Array | None:
    """The batches of a wire, in the order of the rows."""
    found = []
    for rows, part in pieces:
        table = part.wires[name].batches
        if table is None:
            return None
        start = sum(part.batches_of(each) for each in part.rows[: part.rows.index(rows)])
        found.append(table[start : start + part.batches_of(rows)])
    return np.concatenate(found)


def _joined(pieces: Sequence[Rows]) -> tuple[Rows, ...]:
    """Rows that follow each other as one."""
    made: list[Rows] = []
    for rows in pieces:
        if made and (made[-1].digest, made[-1].stop) == (rows.digest, rows.first):
            made[-1] = replace(made[-1], stop=rows.stop)
        else:
            made.append(rows)
    return tuple(made)
