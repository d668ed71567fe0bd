"""Calibration: what is seen on wires of a graph while rows run through it once, in memory that does not grow with them.

Rows run a fixed number at a time, whoever runs them: sums of products may have other bits in a run of other rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.quantize.digests import data_digest, graph_digest, values_digest
from dataflow.quantize.model import Model
from dataflow.quantize.rows import Runs
from dataflow.quantize.statistics import Rows, Seen, Statistics
from dataflow.training.array_split import RowSplit

BATCH = 32  # rows of a batch of the moving average
Tick = Callable[[int, int], None]  # told how many rows of how many were seen


@dataclass(frozen=True)
class Observed:
    """A wire to observe.

    channels : the axis of its channels, whose ends are kept.
    apart : whether the histogram of each channel is kept, in place of that of all values.
    """

    link: Link
    channels: int = -1
    apart: bool = False


def calibrate(
    model: Model,
    data: RowSplit,
    wires: Mapping[str, Observed],
    samples: int | None = None,
    part: tuple[int, int] | None = None,
    tick: Tick | None = None,
) -> Statistics:
    """What is seen on wires, by name, while rows of a split run through a graph with the values of its variables.

    samples : how many rows, spread evenly over the split; all by default.
    part : the first of these rows to take and the one before which to stop, so that others take the rest: multiples of
        `Statistics.size`, or the end.

    Raises GraphError where there are no rows, where a wire needs an input that the split does not feed, or where a part
    does not begin and end between runs.
    """
    return Calibration(model, data, wires, samples).statistics(part, tick)


class Calibration:
    """A calibration before its rows run: ``about`` has all that its statistics say of themselves, but no wires.

    The arguments are those of `calibrate`.
    """

    def __init__(
        self,
        model: Model,
        data: RowSplit,
        wires: Mapping[str, Observed],
        samples: int | None = None,
    ):
        self.wires = dict(wires)
        self.runs = Runs(model, _observing(model.graph, self.wires), data, samples, purpose="calibrate with")
        self.length, size, split = self.runs.length, self.runs.size, self.runs.split
        self.by_rows = {name for name, each in self.wires.items() if _has_rows(model.graph, each.link, size)}
        self.about = Statistics(
            wires={},
            graph=graph_digest(self.runs.graph),
            variables=values_digest(self.runs.values),
            size=size,
            batch=BATCH,
            rows=(Rows(self._data_digest(model.graph, split), 0, self.length, f"data '{split}'"),),
        )

    def part(self, number: int, count: int) -> tuple[int, int]:
        """The first row of a part of all, of which there are ``count``, and the row after its last one.

        Raises GraphError where there are not as many parts.
        """
        size = self.about.size
        runs = -(-self.length // size)
        if count > runs:
            raise GraphError(
                f"{self.runs.data.who}: must be divided into {runs} parts at most, of {size} rows each, got {count}"
            )
        return (number - 1) * runs // count * size, min(number * runs // count * size, self.length)

    def is_done_by(self, statistics: Statistics, part: tuple[int, int] | None = None) -> bool:
        """Whether these statistics are what running the rows, or a part of them, would give."""
        first, stop = part or (0, self.length)
        (rows,) = self.about.rows
        wanted = replace(self.about, rows=(replace(rows, first=first, stop=stop),))
        same = statistics.told_of == wanted.told_of
        return same and all(
            name in statistics.wires and statistics.wires[name].axis == (each.channels if each.apart else None)
            for name, each in self.wires.items()
        )

    def _data_digest(self, graph: Graph, split: str) -> str:
        """A digest of the rows that are calibrated with."""
        digest = hashlib.sha256(data_digest(graph, self.runs.data, split).encode())
        if self.length < self.runs.data.length:
            digest.update(f" {self.length} rows".encode())
        return digest.hexdigest()

    def statistics(self, part: tuple[int, int] | None = None, tick: Tick | None = None) -> Statistics:
        """Run the rows, or a part of them."""
        first, stop = part or (0, self.length)
        size = self.about.size
        if not (0 <= first < stop <= self.length and first % size == 0 and (stop % size == 0 or stop == self.length)):
            raise GraphError(
                f"{self.runs.data.who}: part must begin and end at multiples of {size} rows, or at the end, "
                f"{self.length}, got {first} to {stop}"
            )
        (whole,) = self.about.rows
        rows_of = replace(whole, first=first, stop=stop)
        batches = self.about.batches_of(rows_of)
        totals = {name: _Total(each, batches if name in self.by_rows else 0) for name, each in self.wires.items()}
        done = 0
        for rows, outputs in self.runs.outputs(first, stop):
            for i, total in enumerate(totals.values()):
                total.add({port: outputs[f"{i}/{port}"] for port in _PORTS if f"{i}/{port}" in outputs}, rows)
            done += rows
            if tick is not None:
                tick(done, stop - first)
        return replace(
            self.about,
            wires={name: total.seen() for name, total in totals.items()},
            rows=(rows_of,),
        )


_PORTS = ("counts", "low", "high", "batches_low", "batches_high", "channels_low", "channels_high")


def _observing(graph: Graph, wires: Mapping[str, Observed]) -> Graph:
    """The graph with observers on the wires, whose outputs are its outputs."""
    made = graph.copy()
    made.outputs = {}
    for i, each in enumerate(wires.values()):
        wire = made.deref(each.link)
        rank = wire.type.rank
        found = {"": blocks["HistogramObserver"](axis=each.channels if each.apart else None)(wire)}
        if rank:
            found["batches_"] = blocks["MinMaxObserver"](axis=0, group=BATCH)(wire)
        if rank and rank > 1:
            found["channels_"] = blocks["MinMaxObserver"](axis=each.channels)(wire)
        for prefix, outputs in found.items():
            ports = ("counts", "low", "high")[-len(outputs) :]
            for port, ref in zip(ports, outputs, strict=True):
                made.output(f"{i}/{prefix}{port}", ref)
    return made


def _has_rows(graph: Graph, link: Link, size: int) -> bool:
    """Whether the first axis of a wire is that of the rows that run together."""
    shape = graph.deref(link).type.shape
    return shape is not None and len(shape) > 0 and (not isinstance(shape[0], int) or shape[0] == size)


class _Total:
    """What was seen on a wire so far; ``batches`` is how many there will be, 0 where it has no axis of rows."""

    def __init__(self, observed: Observed, batches: int):
        self.observed, self.batches, self.filled = observed, batches, 0
        self.found: dict[str, Array] = {}
        self.table: Array | None = None

    def add(self, outputs: Mapping[str, Array], rows: int) -> None:
        """Add what observers saw in a run of so many rows."""
        self._add_batches(outputs.get("batches_low"), outputs.get("batches_high"), -(-rows // BATCH))
        for port, ufunc in _FOLDS.items():
            if port not in outputs:
                continue
            if port in self.found:
                ufunc(self.found[port], outputs[port], out=self.found[port])
            else:
                self.found[port] = np.array(outputs[port])

    def _add_batches(self, low: Array | None, high: Array | None, count: int) -> None:
        if low is None or high is None or len(low) != count:
            self.batches = 0
        if not self.batches or low is None or high is None:
            return
        if self.table is None:
            self.table = np.empty((self.batches, 2), low.dtype)
        part = self.table[self.filled : self.filled + count]
        part[:, 0], part[:, 1] = low, high
        part[~np.isfinite(part).all(-1)] = np.nan
        self.filled += count

    def seen(self) -> Seen:
        """All of it."""
        found = self.found
        channels = np.stack([found["channels_low"], found["channels_high"]]) if "channels_low" in found else None
        axis = self.observed.channels if self.observed.apart else None
        batches = self.table if self.batches else None
        return Seen(found["counts"], found["low"], found["high"], channels, batches, axis)


_FOLDS = {
    "counts": np.add,
    "low": np.minimum,
    "high": np.maximum,
    "channels_low": np.minimum,
    "channels_high": np.maximum,
}
