"""What quantizers do to the values on their ports: width, grid, how much is clipped, and what the error amounts to."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from dataflow.core import dtypes
from dataflow.core.cancellation import CancelFlag
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.quantized import Grid, Quantizer
from dataflow.engine.kept import Kept
from dataflow.engine.watching import port_name
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.quantize.measures import decibels
from dataflow.quantize.model import Model
from dataflow.quantize.stages import with_only
from dataflow.studio.jobs.statistics import MOST

EXACT = 300.0  # dB that stand for no error at all: more than float64 can tell from it
SHOWN = 256  # channels whose scales are told


def quantizers(graph: Graph) -> list[Node]:
    """The nodes that round to a grid, in the order of the graph."""
    return [node for node in graph.nodes.values() if isinstance(node.block.quantized_as, Quantizer)]


@dataclass(frozen=True)
class Reference:
    """The values of a graph without its quantizers, by port, for the same rows."""

    values: Mapping[str, Array]
    sources: Mapping[str, str]  # the port there that has what a quantizer here reads, by the quantizer's name
    behind: Sequence[str]  # ports whose values follow from those of quantizers, and are real numbers in both graphs

    @classmethod
    def of(
        cls,
        graph: Graph,
        feeds: Mapping[str, Array],
        tokens: Mapping[str, Hashable],
        kept: Kept,
        cancel: CancelFlag,
    ) -> Reference:
        """Run the graph without its quantizers, of which only what is compared is kept.

        Nothing where it cannot be run so. ``tokens`` and ``kept`` are those of `dataflow.engine.kept`.
        """
        plain = with_only(Model.of(graph), ()).graph
        sources = {}
        for node in quantizers(graph):
            link = node.link(node.block.quantized_as.x)
            while link.node not in plain.nodes:  # a quantizer that is gone: what it read
                before = graph.nodes[link.node]
                link = before.link(before.block.quantized_as.x)
            sources[node.name] = port_name(link)
        behind = [
            port_name(Link(name, port))
            for name in graph.descendants(sources) - {*sources}
            for port, type_ in graph.nodes[name].types.items()
            if type_.dtype in dtypes.floating and name in plain.nodes and port in plain.nodes[name].types
        ]
        values: dict[str, Array] = {}
        plain.outputs = {}
        used = {name: array for name, array in feeds.items() if name in plain.nodes}
        with suppress(DataflowError):
            watched = [*sources.values(), *behind]
            kept.run(plain, used, tokens=tokens, watch=watched, observe=values.__setitem__, cancel=cancel)
        return cls(values, sources, behind)

    def sqnr(self, port: str, value: Array) -> float | None:
        """How near a value behind quantizers is to that without them, in dB; None where that is not known."""
        exact = self.values.get(port)
        return None if exact is None or exact.shape != value.shape else _sqnr(exact, value)

    def quality(self, node: Node, values: Mapping[str, Array]) -> dict[str, object] | None:
        """The `Quality` of what a quantizer gives; None where its grid is not known.

        values : by port, those of the run with quantizers.
        """
        x = values.get(port_name(node.link(node.block.quantized_as.x)))
        given = values.get(port_name(node.first))
        grid = _grid(node, values)
        if x is None or given is None or grid is None:
            return None
        said = getattr(node.block, "num_bits", None)
        exact = self.values.get(self.sources.get(node.name, ""))
        return {
            "bits": said if isinstance(said, int) else grid.bits,
            "scale": [float(each) for each in grid.scale.reshape(-1)[:SHOWN]],
            "zero_point": [int(each) for each in grid.zero_point.reshape(-1)[:SHOWN]],
            "clipped": _clipped(x, grid),
            "sqnr": None if exact is None or exact.shape != given.shape else _sqnr(exact, _real(given, grid)),
        }


def _grid(node: Node, values: Mapping[str, Array]) -> Grid | None:
    """The grid of a quantizer, from the values on its ports."""
    arrays: list[Array | None] = []
    for operand in node.inputs.values():
        if isinstance(operand, Link):
            found = values.get(port_name(operand))
            if found is None:
                return None
            arrays.append(found)
        else:
            arrays.append(None if operand is None else np.asarray(getattr(operand, "value", operand)))
    return node.block.grid(*arrays)


def _part(shape: tuple[int, ...], axis: int | None) -> tuple[slice, ...]:
    """An index of at most about `MOST` elements of an array, evenly spread, with all channels of an axis."""
    steps = [1] * len(shape)
    while shape and math.prod(-(-size // step) for size, step in zip(shape, steps, strict=True)) > MOST:
        free = [i for i in range(len(shape)) if axis is None or i != axis % len(shape)]
        left = {i: -(-shape[i] // steps[i]) for i in free}
        longest = max(left, key=lambda i: left[i], default=-1)
        if longest < 0 or left[longest] == 1:
            break
        steps[longest] += 1
    return tuple(slice(None, None, step) for step in steps)


def _clipped(x: Array, grid: Grid) -> float:
    """Which percentage of the values lies more than half a step outside the grid."""
    part = _part(x.shape, grid.axis)
    scale, zero = (np.broadcast_to(grid.spread(n, x.shape), x.shape)[part] for n in (grid.scale, grid.zero_point))
    wide = x[part].astype(np.float64)
    if not wide.size:
        return 0.0
    with np.errstate(all="ignore"):
        outside = (wide < (grid.low - zero - 0.5) * scale) | (wide > (grid.high - zero + 0.5) * scale)
    return 100.0 * float(np.count_nonzero(outside)) / wide.size


def _real(given: Array, grid: Grid) -> Array:
    """The values that a quantizer gives: codes stand for some."""
    return grid.values(given) if given.dtype.kind in "iu" else given


def _sqnr(exact: Array, given: Array) -> float | None:
    """The power of the values of the graph without quantizers over that of their error, in dB."""
    part = _part(exact.shape, None)
    wide = exact[part].astype(np.float64)
    with np.errstate(all="ignore"):
        signal, noise = np.square(wide).sum(), np.square(given[part].astype(np.float64) - wide).sum()
    if not (math.isfinite(signal) and math.isfinite(noise)):
        return None
    return min(EXACT, max(-EXACT, decibels(float(signal), float(noise))))
