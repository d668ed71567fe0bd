"""What each quantizer does to the values on its wire, measured while rows run through both graphs."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, log10

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.float_bins import WHOLE, finite_bins
from dataflow.core.quantized import Grid
from dataflow.core.registry import blocks
from dataflow.graph.node import Link, Node
from dataflow.quantize.grids import grid_of
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.rows import BATCH, run_rows
from dataflow.quantize.stages import quantizers
from dataflow.training.array_split import RowSplit

_BARS = 64  # of a histogram


def decibels(signal: float, noise: float) -> float:
    """The ratio of two powers in dB; inf without noise, -inf without a signal."""
    return inf if noise == 0 else -inf if signal == 0 else 10 * log10(signal / noise)


@dataclass
class Measure:
    """What a quantizer does to its values; sums of squares are in float64 over all rows.

    kind : ``weights``, ``values`` or ``bias``.
    signal : of the values in the float graph; ``own`` is the noise of this quantizer alone on them, of which
        ``beyond`` is that of values outside the grid; ``noise`` is that of the quantized graph, ``product`` the sum of
        products of both graphs' values.
    outside : values more than half a step outside the grid. ``used`` counts how often each code is given.
    channels : the largest absolute value of each channel.
    counts : of `HistogramObserver`, of the values in the float graph.
    """

    node: str
    wire: str
    kind: str
    bits: int
    grid: Grid
    total: int = 0
    outside: int = 0
    signal: float = 0.0
    own: float = 0.0
    beyond: float = 0.0
    noise: float = 0.0
    power: float = 0.0
    product: float = 0.0
    low: float = inf
    high: float = -inf
    channels: Array | None = None
    used: Array | None = None
    counts: Array | None = field(default=None, repr=False)

    @property
    def sqnr(self) -> float:
        """Of this quantizer alone, in dB."""
        return decibels(self.signal, self.own)

    @property
    def accumulated(self) -> float:
        """Of the quantized graph at this wire, in dB."""
        return decibels(self.signal, self.noise)

    @property
    def cosine(self) -> float:
        """Of the angle between the values of both graphs."""
        both = (self.signal * self.power) ** 0.5
        return self.product / both if both else 1.0

    @property
    def clipped(self) -> float:
        """The share of values outside the grid."""
        return self.outside / self.total if self.total else 0.0

    @property
    def unused(self) -> float | None:
        """The share of codes that no value has; None where a grid has more codes than are counted."""
        return None if self.used is None else float(np.mean(self.used == 0))

    def histogram(self, bars: int = _BARS) -> tuple[Array, Array]:
        """The ends of bars of one width, from the lowest to the highest value, and how many values are in each."""
        low, high = (self.low, self.high) if self.high > self.low else (self.low - 0.5, self.low + 0.5)
        edges = np.linspace(low, high, bars + 1)
        if self.counts is None:
            return edges, np.zeros(bars)
        places, first, last = finite_bins(WHOLE)
        held = self.counts[places]
        first, last = np.clip(first, low, high), np.clip(last, low, high)
        below = np.array([_below(edge, held, first, last) for edge in edges])
        return edges, np.diff(below)

    def add(self, exact: Array, alone: Array, given: Array) -> None:
        """Count values: of the float graph, those rounded by this quantizer alone, and those of the quantized graph."""
        wide, own, noise = exact.astype(np.float64), alone.astype(np.float64), given.astype(np.float64)
        grid = self.grid
        scale, zero = (grid.spread(n, exact.shape) for n in (grid.scale, grid.zero_point))
        ends = [(end - zero) * scale for end in (grid.low, grid.high)]
        inside = np.clip(wide, *ends)
        self.total += exact.size
        self.outside += int(np.count_nonzero(np.abs(wide - inside) > scale / 2))
        self.signal += float(np.sum(np.square(wide)))
        self.own += float(np.sum(np.square(own - wide)))
        self.beyond += float(np.sum(np.square(inside - wide)))
        self.noise += float(np.sum(np.square(noise - wide)))
        self.power += float(np.sum(np.square(noise)))
        self.product += float(np.sum(wide * noise))
        if exact.size:
            self.low, self.high = min(self.low, float(wide.min())), max(self.high, float(wide.max()))
            if exact.ndim > 1:
                axis = (grid.axis if grid.axis is not None else -1) % exact.ndim
                largest = np.abs(wide).max(tuple(i for i in range(exact.ndim) if i != axis))
                self.channels = largest if self.channels is None else np.maximum(self.channels, largest)
        size = grid.high - grid.low + 1
        if size <= 1 << 16:
            found = np.bincount((grid.codes(alone) - grid.low).reshape(-1), minlength=size)
            self.used = found if self.used is None else self.used + found
        counts = blocks["HistogramObserver"]()(np.ascontiguousarray(exact, np.float32))[0]
        self.counts = counts if self.counts is None else self.counts + counts


def _below(edge: float, held: Array, first: Array, last: Array) -> float:
    """How many values lie below an edge, those within a bin spread evenly."""
    width = np.where(last > first, last - first, 1.0)
    return float(np.sum(held * np.clip((edge - first) / width, 0.0, 1.0)))


def measure(model: Model, reference: Model, data: RowSplit, samples: int | None = None) -> list[Measure]:
    """What each quantizer of a graph does, in the order of the nodes; weights and biases need no rows."""
    graph, fixed = model.graph, fixed_nodes(model.graph)
    kinds = quantizers(model)
    known = [node for node in graph.nodes.values() if node.name in kinds and grid_of(model, node, fixed) is not None]
    found = {node.name: _start(model, node, kinds[node.name], fixed) for node in known}
    for node in known:
        if node.name in fixed:
            x = node.link(node.block.quantized_as.x)
            exact, given = reference.value(_in(reference, x)), model.value(node.first)
            found[node.name].add(exact, given if exact.shape != given.shape else _alone(model, node, exact), given)
    moving = [node for node in known if node.name not in fixed]
    links = {node.name: node.link(node.block.quantized_as.x) for node in moving}
    runs = (
        run_rows(reference, data, [_in(reference, link) for link in links.values()], samples, BATCH),
        run_rows(model, data, [node.first for node in moving], samples, BATCH),
    )
    for exact_values, given_values in zip(*runs, strict=True) if moving else ():
        for node in moving:
            exact = exact_values[_in(reference, links[node.name])]
            found[node.name].add(exact, _alone(model, node, exact), given_values[node.first])
    return list(found.values())


def _in(reference: Model, link: Link) -> Link:
    """A wire in the reference: that of the same name, or what a quantizer before it has read."""
    return link if link.node in reference.graph.nodes else Link(link.node.removesuffix("_q"), link.port)


def _start(model: Model, node: Node, kind: str, fixed: set[str]) -> Measure:
    grid = grid_of(model, node, fixed)
    assert grid is not None
    wire = model.graph.deref(node.link(node.block.quantized_as.x)).wire
    said = getattr(node.block, "num_bits", None)
    return Measure(node.name, wire, kind, said if isinstance(said, int) else grid.bits, grid)


def _alone(model: Model, node: Node, exact: Array) -> Array:
    """Values rounded by the quantizer of a node."""
    role = node.block.quantized_as
    others = [value for port, value in node.inputs.items() if port != role.x and isinstance(value, Link)]
    found = model.evaluate(others)
    operands: list[Array | None] = []
    for port, value in node.inputs.items():
        if port == role.x:
            operands.append(exact)
        else:
            operands.append(found[value] if isinstance(value, Link) else None if value is None else _literal(value))
    made: Array = node.block(*operands)
    return made


def _literal(value: object) -> Array:
    return np.asarray(getattr(value, "value", value))
