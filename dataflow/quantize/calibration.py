"""Calibration: what is seen on wires of a graph while rows run through it once, in memory that does not grow with them.

Rows run a fixed number at a time, whoever runs them: sums of products may have other bits in a run of other rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dataflow.core.dtypes import Array, name_of
from dataflow.core.errors import GraphError, listing
from dataflow.core.registry import blocks
from dataflow.engine.plan import Plan
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.graph.rewrite import eliminate_dead_code
from dataflow.quantize.model import Model
from dataflow.quantize.statistics import Rows, Seen, Statistics
from dataflow.training.array_split import RowSplit, inputs_of
from dataflow.training.batch_sizes import rows_per_evaluation
from dataflow.training.data import Split
from dataflow.training.row_checks import check_rows, wrong_for_evaluation
from dataflow.training.train_section import train_section
from dataflow.training.trained_with import digest_of_split, node_digest

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
        graph = model.graph
        self.data, self.wires = data, dict(wires)
        split = data.who.rpartition("data '")[2].rstrip("'")
        check_rows(graph, wrong_for_evaluation(graph, split, inputs_of(data), data.length, "calibrate with"))
        self.length = data.length if samples is None else min(samples, data.length)
        self.observing = _observing(graph, self.wires)
        needed = [
            name for name in self.observing.inputs if name not in data.feeds and _must_be_fed(self.observing, name)
        ]
        if needed:
            raise GraphError(f"{data.who}: must feed {listing(map(repr, needed), 'and')}, which calibration needs")
        self.plan = Plan(self.observing)
        self.values = {name: model.values[name] for name in self.observing.nodes if name in model.values}
        size = rows_per_evaluation(graph, train_section(graph), inputs_of(data))
        self.by_rows = {name for name, each in self.wires.items() if _has_rows(graph, each.link, size)}
        self.about = Statistics(
            wires={},
            graph=_graph_digest(self.observing),
            variables=_values_digest(self.values),
            size=size,
            batch=BATCH,
            rows=(Rows(self._data_digest(graph, split), 0, self.length, f"data '{split}'"),),
        )

    def part(self, number: int, count: int) -> tuple[int, int]:
        """The first row of a part of all, of which there are ``count``, and the row after its last one.

        Raises GraphError where there are not as many parts.
        """
        size = self.about.size
        runs = -(-self.length // size)
        if count > runs:
            raise GraphError(
                f"{self.data.who}: must be divided into {runs} parts at most, as {size} rows run together, got {count}"
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
        digest = hashlib.sha256(data_digest(graph, self.data, split).encode())
        if self.length < self.data.length:
            digest.update(f" {self.length} rows".encode())
        return digest.hexdigest()

    def statistics(self, part: tuple[int, int] | None = None, tick: Tick | None = None) -> Statistics:
        """Run the rows, or a part of them."""
        first, stop = part or (0, self.length)
        size = self.about.size
        if not (0 <= first < stop <= self.length and first % size == 0 and (stop % size == 0 or stop == self.length)):
            raise GraphError(
                f"{self.data.who}: part must begin and end at multiples of {size} rows, or at the end, "
                f"{self.length}, got {first} to {stop}"
            )
        (whole,) = self.about.rows
        rows_of = replace(whole, first=first, stop=stop)
        batches = self.about.batches_of(rows_of)
        totals = {name: _Total(each, batches if name in self.by_rows else 0) for name, each in self.wires.items()}
        done = first
        for feeds in self._runs(first, stop):
            rows = min(size, stop - done)
            outputs = self.plan.run({**self.values, **feeds})
            for i, total in enumerate(totals.values()):
                total.add({port: outputs[f"{i}/{port}"] for port in _PORTS if f"{i}/{port}" in outputs}, rows)
            done += rows
            if tick is not None:
                tick(done - first, stop - first)
        return replace(
            self.about,
            wires={name: total.seen() for name, total in totals.items()},
            rows=(rows_of,),
        )

    def _runs(self, first: int, stop: int) -> Iterator[Mapping[str, Array]]:
        size = self.about.size
        used = self.observing.inputs
        for start in range(first, stop, size):
            indices = np.arange(start, min(start + size, stop))
            if self.length < self.data.length:
                indices = indices * self.data.length // self.length
            yield {name: array for name, array in self.data.rows(indices).items() if name in used}


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
    return eliminate_dead_code(made, made.outputs)


def _has_rows(graph: Graph, link: Link, size: int) -> bool:
    """Whether the first axis of a wire is that of the rows that run together."""
    shape = graph.deref(link).type.shape
    return shape is not None and len(shape) > 0 and (not isinstance(shape[0], int) or shape[0] == size)


def _must_be_fed(graph: Graph, name: str) -> bool:
    return not graph.nodes[name].block.makes_value and not graph.nodes[name].inputs


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


# -- digests ----------------------------------------------------------------------------------------------------------


def data_digest(graph: Graph, data: RowSplit, name: str) -> str:
    """A digest of a split: of its values where they are in memory, else of what is said of its files."""
    own: str = getattr(data, "digest", "")
    if own or not isinstance(data, Split):
        return own
    section = dict(graph.sections.get("data") or {})
    section.setdefault(name, {"path": data.splits[data.name].path})
    told = json.dumps(data.fitted, sort_keys=True, default=str)
    return hashlib.sha256((digest_of_split(section, name) + told).encode()).hexdigest()


def _graph_digest(graph: Graph) -> str:
    """A digest of the nodes; the first values of variables count as values."""
    digest = hashlib.sha256()
    for name, node in sorted(graph.nodes.items()):
        told = replace(node, inputs={}) if node.block.stateful else node
        digest.update(f"{name} {node_digest(told)}\n".encode())
    return digest.hexdigest()


def _values_digest(values: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(values.items()):
        digest.update(f"{name} {name_of(array.dtype)} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
